#include "pg_glue/direct_modify.h"
#include "pg_glue/guard.h"
#include "pg_glue/pg.h"
#include "pg_glue/plan_data.h"
#include "pg_glue/settings.h"

namespace redis_fdw {
namespace {

// What is set, in the order of the SET list.
struct SetList {
  List* exprs;
  List* ordinals;  // IntList: of bound columns
};

// The scan of the target alone, if the modification is made of that; else null.
ForeignScan* ScanOfTarget(ModifyTable* plan, Index target, int subplan) {
  Plan* child = outerPlan(plan);
  // Over several targets there is an Append, perhaps below a Result that evaluates the SET list.
  if (child != nullptr && IsA(child, Result) && outerPlan(child) != nullptr &&
      IsA(outerPlan(child), Append)) {
    child = outerPlan(child);
  }
  if (child != nullptr && IsA(child, Append)) {
    List* children = ((Append*)child)->appendplans;
    if (subplan >= list_length(children)) return nullptr;
    child = (Plan*)list_nth(children, subplan);
  }
  if (child == nullptr || !IsA(child, ForeignScan)) return nullptr;
  ForeignScan* scan = (ForeignScan*)child;
  return scan->scan.scanrelid == target ? scan : nullptr;
}

// Whether an expression takes a column of a subquery that sets several: what the subquery reads
// does not show there, nor does it run where there is no scan.
bool TakesFromSubquery(Node* node, void* context) {
  if (node == nullptr) return false;
  if (IsA(node, Param) && ((Param*)node)->paramkind == PARAM_MULTIEXPR) return true;
  return WalkExpression(node, TakesFromSubquery, context);
}

bool IsConstantInStatement(Node* expr) {
  return !contain_var_clause(expr) && !contain_volatile_functions(expr) &&
         !contain_subplans(expr) && !TakesFromSubquery(expr, nullptr);
}

// What an UPDATE sets; false if it needs the rows for that.
bool ReadSetList(PlannerInfo* root, const TableBinding& binding, Index target, SetList* set) {
  List* entries;
  List* attnums;
  get_translated_update_targetlist(root, target, &entries, &attnums);
  ListCell* entry;
  ListCell* attnum;
  forboth(entry, entries, attnum, attnums) {
    Expr* expr = ((TargetEntry*)lfirst(entry))->expr;
    int ordinal = binding.ordinals[lfirst_int(attnum) - 1];
    // A column that only shows something is refused the ordinary way.
    if (ordinal < 0 || !binding.table().columns()[ordinal].writable) return false;
    if (!IsConstantInStatement((Node*)expr)) return false;
    set->exprs = lappend(set->exprs, expr);
    set->ordinals = lappend_int(set->ordinals, ordinal);
  }
  return true;
}

// Whether the table type can name the rows from the plan's operands.
bool NamesRows(const TableBinding& binding, ForeignScan* scan, WriteKind kind) {
  bool names = false;
  CallCpp([&] {
    ScanPlan plan;
    DecodeScanPlan(scan->fdw_private, &plan);
    for (const PlannedPredicate& planned : plan.predicates) {
      if (planned.answer != Answer::kExact) return absl::OkStatus();
    }
    names = binding.table().NamesRows(plan, kind);
    return absl::OkStatus();
  });
  return names;
}

}  // namespace

bool PlanDirectModify(PlannerInfo* root, ModifyTable* plan, Index target, int subplan) {
  if (!enable_pushdown || plan->returningLists != NIL) return false;
  bool is_update = plan->operation == CMD_UPDATE;
  if (!is_update && plan->operation != CMD_DELETE) return false;
  ForeignScan* scan = ScanOfTarget(plan, target, subplan);
  if (scan == nullptr || scan->scan.plan.qual != NIL) return false;
  if (is_update && get_rel_relispartition(planner_rt_fetch(target, root)->relid)) return false;

  const TableBinding& binding = *(TableBinding*)find_base_rel(root, target)->fdw_private;
  SetList set = {NIL, NIL};
  if (is_update && !ReadSetList(root, binding, target, &set)) return false;
  if (!NamesRows(binding, scan, is_update ? WriteKind::kUpdate : WriteKind::kDelete)) return false;

  scan->operation = plan->operation;
  scan->resultRelation = target;
  scan->fdw_exprs = list_concat(scan->fdw_exprs, set.exprs);
  scan->fdw_private = lappend(scan->fdw_private, set.ordinals);                     // kDirectSet
  scan->fdw_private = lappend(scan->fdw_private, list_make1_int(plan->canSetTag));  // kDirectCounts
  return true;
}

}  // namespace redis_fdw
