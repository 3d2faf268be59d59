// Letting go of what a failed query holds, as soon as it has failed.
//
// The memory of a query that failed is freed late in places: that of a cursor's when the
// transaction ends, that of a SQL function's with the expression that called it. With a savepoint
// around, or an exception block, statements follow before that. To them the failed query must not
// look as if it went on: its rows are not to be written any more, nor its results to be set aside.
// But its resource owner is released at once.

#ifndef REDIS_FDW_PG_GLUE_QUERY_FAILURE_H_
#define REDIS_FDW_PG_GLUE_QUERY_FAILURE_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

// Calls `let_go(arg)` once if the query that begins now fails, unless `context`, which belongs to
// the query, is reset before. It must not raise, throw or call PostgreSQL. May raise.
void OnQueryFailure(MemoryContext context, void (*let_go)(void* arg), void* arg);

// Once, from _PG_init.
void InitQueryFailure();

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_QUERY_FAILURE_H_
