// Which way a table type chooses to answer a set of clauses.

#ifndef REDIS_FDW_PG_GLUE_SCAN_CHOICE_H_
#define REDIS_FDW_PG_GLUE_SCAN_CHOICE_H_

#include "pg_glue/binding.h"
#include "pg_glue/hung.h"
#include "pg_glue/pg.h"
#include "pushdown/scan_plan.h"

namespace redis_fdw {

// What is asked of a scan beside its clauses.
struct ScanWish {
  Ordering order;      // column -1: none
  bool count = false;  // how many rows there are, instead of them
  double rows = -1;    // that a limit leaves; -1: all
};

// Plain data in the memory context it was chosen in, which owns the plan too.
struct ScanChoice {
  bool narrows;          // Redis is not asked for everything
  bool exact;            // PostgreSQL has no clause left to decide
  Hung<ScanPlan>* plan;  // operand ordinals index the lists below; no output columns yet
  List* operands;        // of Expr
  List* operand_types;   // OidList
  List* operand_array;   // IntList
  List* exact_clauses;   // of RestrictInfo: these need not be evaluated
  double rows;
  Cost startup_cost;
  Cost total_cost;

  bool delivers(const ScanWish& wish) const {
    const Ordering& order = plan->object->order;
    if (wish.count != (plan->object->output.kind == OutputKind::kCount)) return false;
    return wish.order.column < 0 ||
           (order.column == wish.order.column && order.descending == wish.order.descending);
  }
  // Whether that order is one of groups, which PostgreSQL has yet to sort.
  bool groups(const ScanWish& wish) const {
    return wish.order.column >= 0 && plan->object->order.grouped;
  }
};

// The clauses that a path of `rel` answers: the relation's own and, where the path is
// parameterized, the join clauses. A plan asks for the same list as its path did, so that the
// choice is the same: the planner hands over the clauses sorted by what they cost.
List* ClausesOf(RelOptInfo* rel, ParamPathInfo* info);

// Proves what can be proven of `clauses` (RestrictInfos, join clauses among them), and lets the
// table type choose. It may not deliver what is wished for.
ScanChoice* ChooseScan(PlannerInfo* root, const TableBinding& binding, RelOptInfo* rel,
                       List* clauses, const ScanWish& wish);

// Adds an int8 operand to the plan's; its ordinal.
int AddOperand(ScanChoice* choice, Node* expr);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_SCAN_CHOICE_H_
