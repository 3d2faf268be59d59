// Writes of this backend that are still in a batch.
//
// Whatever reads from Redis flushes them first, so that a trigger or function reads what its
// statement wrote. The scans of the writing statement itself do not: a statement does not see its
// own writes.

#ifndef REDIS_FDW_PG_GLUE_WRITES_PENDING_H_
#define REDIS_FDW_PG_GLUE_WRITES_PENDING_H_

struct EState;

namespace redis_fdw {

// Flushes the batches of all modifications under way but those of the statement that `reader`
// belongs to. Raises what Redis refuses; the modification it belongs to then fails too when it goes
// on, even if somebody catches this error.
void FlushPendingWrites(const EState* reader);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_WRITES_PENDING_H_
