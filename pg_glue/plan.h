// Planning of scans: the three planner callbacks of FdwRoutine.

#ifndef REDIS_FDW_PG_GLUE_PLAN_H_
#define REDIS_FDW_PG_GLUE_PLAN_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

void GetForeignRelSize(PlannerInfo* root, RelOptInfo* rel, Oid relid);
void GetForeignPaths(PlannerInfo* root, RelOptInfo* rel, Oid relid);
ForeignScan* GetForeignPlan(PlannerInfo* root, RelOptInfo* rel, Oid relid, ForeignPath* path,
                            List* tlist, List* scan_clauses, Plan* outer_plan);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_PLAN_H_
