#include "pg_glue/plan.h"

#include <memory>

#include "pg_glue/estimate.h"
#include "pg_glue/guard.h"
#include "pg_glue/join_paths.h"
#include "pg_glue/operand_names.h"
#include "pg_glue/order_paths.h"
#include "pg_glue/path_data.h"
#include "pg_glue/pg.h"
#include "pg_glue/plan_data.h"
#include "pg_glue/quals.h"
#include "pg_glue/scan_choice.h"
#include "pg_glue/upper_paths.h"
#include "pg_glue/write_conflict.h"

namespace redis_fdw {
namespace {

// Elements a key is taken to have where ANALYZE has said nothing. Redis keys that people make
// tables of are rarely small, and a wrong guess downwards reads a whole key where a lookup would
// do.
constexpr double kUnknownRows = 10000;

// Marks the bound columns that `node` uses, and all of them for a whole-row reference.
void MarkColumns(const TableBinding& binding, RelOptInfo* rel, Node* node, bool* used) {
  Bitmapset* attrs = nullptr;
  pull_varattnos(node, rel->relid, &attrs);
  bool whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, attrs);
  for (int column = 0; column < binding.ncolumns; ++column) {
    int member = binding.attnums[column] - FirstLowInvalidHeapAttributeNumber;
    if (whole_row || bms_is_member(member, attrs)) used[column] = true;
  }
  bms_free(attrs);
}

}  // namespace

void GetForeignRelSize(PlannerInfo* root, RelOptInfo* rel, Oid relid) {
  TableBinding* binding = BindForeignTable(relid, PlanUserId(root, rel), CurrentMemoryContext);
  rel->fdw_private = binding;
  binding->query_writes = QueryWrites(root, binding);
  binding->keys = KeysInTable(root, rel, *binding);
  const bool known = rel->tuples > 0;
  if (!known) rel->tuples = kUnknownRows;
  set_baserel_size_estimates(root, rel);

  ScanChoice* choice = ChooseScan(root, *binding, rel, rel->baserestrictinfo, ScanWish());
  if (LearnRows(root, *binding, *choice->plan->object, known, rel)) {
    set_baserel_size_estimates(root, rel);
    choice = ChooseScan(root, *binding, rel, rel->baserestrictinfo, ScanWish());
  }
  if (choice->narrows) rel->rows = clamp_row_est(Min(rel->rows, choice->rows));
}

void GetForeignPaths(PlannerInfo* root, RelOptInfo* rel, Oid) {
  const TableBinding& binding = *(TableBinding*)rel->fdw_private;
  AddScanPath(root, rel, binding, PathData(), NIL);
  AddOrderedPaths(root, rel, binding);
  AddJoinPaths(root, rel, binding);
}

namespace {

// The columns that a query uses, and those that name a row in the message about a value of it that
// its column cannot take.
void ChooseOutput(const TableBinding& binding, const bool* used, OutputShape* output) {
  bool any_value = false;
  for (int column = 0; column < binding.ncolumns; ++column) {
    if (!used[column]) continue;
    output->columns.push_back(column);
    any_value |= !binding.table().columns()[column].identity;
  }
  if (!any_value) return;
  for (int column = 0; column < binding.ncolumns; ++column) {
    if (used[column] || !binding.table().columns()[column].identity) continue;
    output->columns.push_back(column);
    ++output->naming;
  }
}

// Divides the clauses: `local` PostgreSQL evaluates; `recheck` Redis has decided, and they are
// evaluated again only on rows locked and changed meanwhile.
void DivideClauses(const ScanChoice* choice, List* clauses, List** local, List** recheck) {
  ListCell* lc;
  foreach (lc, clauses) {
    RestrictInfo* rinfo = (RestrictInfo*)lfirst(lc);
    if (rinfo->pseudoconstant) continue;
    List** list = list_member_ptr(choice->exact_clauses, rinfo) ? recheck : local;
    *list = lappend(*list, rinfo->clause);
  }
}

// How many rows the scan will give before the query stops, where that can be told.
int64 ExpectedRows(PlannerInfo* root, RelOptInfo* rel, const Path* path, const ScanChoice* choice) {
  if (!pathkeys_contained_in(root->query_pathkeys, path->pathkeys)) return -1;
  double rows = RowsThatSuffice(root, rel);
  if (rows < 0) return -1;
  double dropped = choice->exact ? 1 : Max(1.0, choice->rows / clamp_row_est(rel->rows));
  return (int64)Min(rows * dropped, 1e9);
}

// What the query's end does to the plan, and what its rows are.
void FinishPlan(PlannerInfo* root, RelOptInfo* rel, const Path* path, const PathData& data,
                ScanChoice* choice) {
  ScanPlan* plan = choice->plan->object;
  if (data.wish.order.column < 0) plan->order = Ordering();
  if (data.kind == PathKind::kScan) {
    if (data.wish.rows >= 0) plan->limit = (int64)data.wish.rows;
    plan->expected_rows = ExpectedRows(root, rel, path, choice);
  } else if (data.kind == PathKind::kLimit) {
    Query* query = root->parse;
    if (query->limitCount != nullptr) plan->limit_operand = AddOperand(choice, query->limitCount);
    if (query->limitOffset != nullptr) {
      plan->offset_operand = AddOperand(choice, query->limitOffset);
    }
  }
}

// The counts that the plan returns, each once.
List* CountTargets(List* exprs) {
  List* counts = NIL;
  ListCell* lc;
  foreach (lc, pull_var_clause((Node*)exprs, PVC_INCLUDE_AGGREGATES)) {
    if (!list_member(counts, lfirst(lc))) counts = lappend(counts, lfirst(lc));
  }
  return add_to_flat_tlist(NIL, counts);
}

}  // namespace

ForeignScan* GetForeignPlan(PlannerInfo* root, RelOptInfo* planned, Oid, ForeignPath* path,
                            List* tlist, List* scan_clauses, Plan* outer_plan) {
  const PathData data = DecodePathData(path->fdw_private);
  const bool counts = data.kind == PathKind::kCount;
  RelOptInfo* rel = counts ? (RelOptInfo*)planned->fdw_private : planned;
  const TableBinding& binding = *(TableBinding*)rel->fdw_private;
  if (counts) scan_clauses = rel->baserestrictinfo;
  ScanChoice* choice =
      ChooseScan(root, binding, rel, ClausesOf(rel, path->path.param_info), data.wish);
  FinishPlan(root, rel, &path->path, data, choice);

  List* local = NIL;
  List* recheck = NIL;
  DivideClauses(choice, scan_clauses, &local, &recheck);
  bool* used = (bool*)palloc0(sizeof(bool) * (binding.ncolumns + 1));
  if (!counts) {
    // Not of `tlist`: the planner fills it with every column there is where that costs it nothing.
    MarkColumns(binding, rel, (Node*)path->path.pathtarget->exprs, used);
    MarkColumns(binding, rel, (Node*)local, used);
    if (choice->groups(data.wish)) used[data.wish.order.column] = true;
  }

  List* names = NamesInPlan(root, choice->operands);
  List* fdw_private = NIL;
  CallCpp([&] {
    ScanPlan plan = *choice->plan->object;
    if (!counts) ChooseOutput(binding, used, &plan.output);
    return CallPg([&] {
      fdw_private = EncodeScanPlan(plan, choice->operand_types, choice->operand_array, names);
    });
  });
  SetSortOperator(fdw_private, data.sort_operator, data.collation);
  if (counts) {
    return make_foreignscan(tlist, NIL, 0, choice->operands, fdw_private,
                            CountTargets(planned->reltarget->exprs), NIL, outer_plan);
  }
  return make_foreignscan(tlist, local, rel->relid, choice->operands, fdw_private, NIL, recheck,
                          outer_plan);
}

}  // namespace redis_fdw
