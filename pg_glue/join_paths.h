// Paths that take their operands from the other side of a join: a lookup for each outer row.

#ifndef REDIS_FDW_PG_GLUE_JOIN_PATHS_H_
#define REDIS_FDW_PG_GLUE_JOIN_PATHS_H_

#include "pg_glue/binding.h"
#include "pg_glue/pg.h"

namespace redis_fdw {

// Adds a parameterized path for each set of outer relations whose join clauses make a lookup or a
// range of the scan.
void AddJoinPaths(PlannerInfo* root, RelOptInfo* rel, const TableBinding& binding);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_JOIN_PATHS_H_
