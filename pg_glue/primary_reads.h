// When a read has to go to a primary although option read_from says otherwise: a replica lags, so
// what feeds a write, or follows one in the same transaction, is not to come from there.

#ifndef REDIS_FDW_PG_GLUE_PRIMARY_READS_H_
#define REDIS_FDW_PG_GLUE_PRIMARY_READS_H_

#include "pg_glue/options.h"
#include "pg_glue/pg.h"

namespace redis_fdw {

// A write to the server is about to be sent. Remembered until the transaction ends: rolling a
// subtransaction back takes nothing back in Redis.
void NoteWrite(const FdwOptions* options);

// Whether a scan of the statement must read from primaries: it is no plain SELECT, it locks rows,
// or this transaction has written to the server. What a function reads for the statement that calls
// it counts as a statement of its own.
bool MustReadPrimary(const EState* statement, const FdwOptions* options);

// Registers the callback that forgets. Once, from _PG_init.
void InitPrimaryReads();

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_PRIMARY_READS_H_
