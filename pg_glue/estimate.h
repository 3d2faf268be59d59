// What the planner is told of a table beside what ANALYZE left: how many rows one O(1) command says
// there are, and how many keys.

#ifndef REDIS_FDW_PG_GLUE_ESTIMATE_H_
#define REDIS_FDW_PG_GLUE_ESTIMATE_H_

#include "pg_glue/binding.h"
#include "pg_glue/pg.h"
#include "pushdown/scan_plan.h"

namespace redis_fdw {

// Asks Redis how many rows the table has, if one O(1) command says so: one key, of a type with such
// a command. -1: not known. No error but that of a cancel: it is tried for a second at most, and a
// server that did not answer is left alone for a while.
double RemoteRows(const TableBinding& binding);

// As use_remote_estimate says: asks, unless `plan` looks up what it is told, and sets rel->tuples.
// True if that has changed. `known`: ANALYZE has told how many rows there are.
bool LearnRows(PlannerInfo* root, const TableBinding& binding, const ScanPlan& plan, bool known,
               RelOptInfo* rel);

// How many keys a table of many keys has, by the statistics of the column that shows them; -1: not
// known.
double KeysInTable(PlannerInfo* root, RelOptInfo* rel, const TableBinding& binding);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_ESTIMATE_H_
