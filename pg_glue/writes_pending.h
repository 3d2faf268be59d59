// Writes of this backend that are still in a batch.
//
// Whatever reads from Redis flushes them first, so that a trigger or function reads what its
// statement wrote.

#ifndef REDIS_FDW_PG_GLUE_WRITES_PENDING_H_
#define REDIS_FDW_PG_GLUE_WRITES_PENDING_H_

namespace redis_fdw {

// Flushes every batch of every modification that is under way. Raises what Redis refuses; the
// modification it belongs to then fails too when it goes on, even if somebody catches this error.
void FlushPendingWrites();

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_WRITES_PENDING_H_
