// ANALYZE: a random sample of a table's rows, and how many there are.

#ifndef REDIS_FDW_PG_GLUE_ANALYZE_H_
#define REDIS_FDW_PG_GLUE_ANALYZE_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

// The callback of FdwRoutine. What it costs grows with the statistics target, not with the table.
// Like a scan the sample fails if Redis cannot be reached, or a value does not fit its column.
bool AnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc* func, BlockNumber* totalpages);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_ANALYZE_H_
