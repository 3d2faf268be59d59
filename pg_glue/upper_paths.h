// What is above the scan in a query that Redis can do as well: LIMIT, OFFSET and count(*).

#ifndef REDIS_FDW_PG_GLUE_UPPER_PATHS_H_
#define REDIS_FDW_PG_GLUE_UPPER_PATHS_H_

#include "pg_glue/path_data.h"
#include "pg_glue/pg.h"

namespace redis_fdw {

void GetForeignUpperPaths(PlannerInfo* root, UpperRelationKind stage, RelOptInfo* input,
                          RelOptInfo* output, void* extra);

// The table of ours that a query is about, if it reads nothing else and returns its rows as they
// are: no joins, groups, aggregates, sets, windows, row marks; null otherwise.
RelOptInfo* OnlyTableOf(PlannerInfo* root);

// Rows after which the query stops, where it reads `rel` alone and that many rows of a scan suffice
// if no clause is left to PostgreSQL: the LIMIT (with the OFFSET) of constants, 1 for EXISTS; -1:
// all.
double RowsThatSuffice(PlannerInfo* root, RelOptInfo* rel);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_UPPER_PATHS_H_
