// Which way a table type chooses to answer a set of clauses.

#ifndef REDIS_FDW_PG_GLUE_SCAN_CHOICE_H_
#define REDIS_FDW_PG_GLUE_SCAN_CHOICE_H_

#include "pg_glue/binding.h"
#include "pg_glue/hung.h"
#include "pg_glue/pg.h"
#include "pushdown/scan_plan.h"

namespace redis_fdw {

// Plain data in the memory context it was chosen in, which owns the plan too.
struct ScanChoice {
  bool narrows;          // Redis is not asked for everything
  Hung<ScanPlan>* plan;  // operand ordinals index the lists below; no output columns yet
  List* operands;        // of Expr
  List* operand_types;   // OidList
  List* operand_array;   // IntList
  List* exact_clauses;   // of RestrictInfo: Redis alone decides these
  double rows;
  Cost startup_cost;
  Cost total_cost;
};

// Proves what can be proven of `clauses` (RestrictInfos, join clauses among them), and lets the
// table type choose.
ScanChoice* ChooseScan(PlannerInfo* root, const TableBinding& binding, RelOptInfo* rel,
                       List* clauses);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_SCAN_CHOICE_H_
