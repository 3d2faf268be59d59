// Paths of scans, above all of those in an order that Redis delivers.

#ifndef REDIS_FDW_PG_GLUE_ORDER_PATHS_H_
#define REDIS_FDW_PG_GLUE_ORDER_PATHS_H_

#include "pg_glue/binding.h"
#include "pg_glue/path_data.h"
#include "pg_glue/pg.h"

namespace redis_fdw {

// Whether `key` sorts by a column of `rel` as the table type understands the column's order: fills
// what a scan has to be asked for.
bool OrderOfPathKey(const TableBinding& binding, RelOptInfo* rel, const PathKey* key,
                    PathData* data);

// Adds the path of a scan that delivers `pathkeys` (NIL: no order), if the table type does what
// `data` asks for. Where the query is known to take so many rows of it and no more, it returns no
// more.
void AddScanPath(PlannerInfo* root, RelOptInfo* rel, const TableBinding& binding, PathData data,
                 List* pathkeys);

// Adds a path for each order that the query has a use for (ORDER BY, merge joins, min and max) and
// the table type delivers.
void AddOrderedPaths(PlannerInfo* root, RelOptInfo* rel, const TableBinding& binding);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_ORDER_PATHS_H_
