#include "pg_glue/plan.h"

#include <memory>

#include "pg_glue/guard.h"
#include "pg_glue/join_paths.h"
#include "pg_glue/pg.h"
#include "pg_glue/plan_data.h"
#include "pg_glue/quals.h"
#include "pg_glue/scan_choice.h"

namespace redis_fdw {
namespace {

// Elements a key is taken to have where ANALYZE has said nothing. Redis keys that people make
// tables of are rarely small, and a wrong guess downwards reads a whole key where a lookup would
// do.
constexpr double kUnknownRows = 10000;

// The role whose user mapping applies.
Oid PlanUserId(PlannerInfo* root, RelOptInfo* rel) {
#if PG_VERSION_NUM >= 160000
  (void)root;
  Oid user = rel->userid;
#else
  Oid user = planner_rt_fetch(rel->relid, root)->checkAsUser;
#endif
  return OidIsValid(user) ? user : GetUserId();
}

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

// How EXPLAIN names an operand.
const char* OperandName(PlannerInfo* root, Expr* operand) {
  if (IsA(operand, RelabelType)) return OperandName(root, ((RelabelType*)operand)->arg);
  if (IsA(operand, Const)) {
    Const* c = (Const*)operand;
    if (c->constisnull) return "NULL";
    Oid out;
    bool varlena;
    getTypeOutputInfo(c->consttype, &out, &varlena);
    return quote_literal_cstr(OidOutputFunctionCall(out, c->constvalue));
  }
  if (IsA(operand, Param)) return psprintf("$%d", ((Param*)operand)->paramid);
  if (IsA(operand, Var)) {
    Var* var = (Var*)operand;
    if (var->varno > 0 && var->varno < root->simple_rel_array_size) {
      RangeTblEntry* rte = planner_rt_fetch(var->varno, root);
      return psprintf("%s.%s", quote_identifier(rte->eref->aliasname),
                      quote_identifier(get_rte_attribute_name(rte, var->varattno)));
    }
  }
  return "(expression)";
}

}  // namespace

void GetForeignRelSize(PlannerInfo* root, RelOptInfo* rel, Oid relid) {
  TableBinding* binding = BindForeignTable(relid, PlanUserId(root, rel), CurrentMemoryContext);
  rel->fdw_private = binding;
  if (rel->tuples <= 0) rel->tuples = kUnknownRows;
  set_baserel_size_estimates(root, rel);

  ScanChoice* choice = ChooseScan(root, *binding, rel, rel->baserestrictinfo);
  if (choice->narrows) rel->rows = clamp_row_est(Min(rel->rows, choice->rows));
}

void GetForeignPaths(PlannerInfo* root, RelOptInfo* rel, Oid) {
  const TableBinding& binding = *(TableBinding*)rel->fdw_private;
  ScanChoice* choice = ChooseScan(root, binding, rel, rel->baserestrictinfo);
  add_path(rel, (Path*)NewForeignScanPath(root, rel, rel->rows, choice->startup_cost,
                                          choice->total_cost, rel->lateral_relids));
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

}  // namespace

ForeignScan* GetForeignPlan(PlannerInfo* root, RelOptInfo* rel, Oid, ForeignPath*, List* tlist,
                            List* scan_clauses, Plan* outer_plan) {
  const TableBinding& binding = *(TableBinding*)rel->fdw_private;
  ScanChoice* choice = ChooseScan(root, binding, rel, scan_clauses);

  List* local = NIL;  // PostgreSQL evaluates
  List* recheck =
      NIL;  // Redis has decided; evaluated again only on rows locked and changed meanwhile
  ListCell* lc;
  foreach (lc, scan_clauses) {
    RestrictInfo* rinfo = (RestrictInfo*)lfirst(lc);
    if (rinfo->pseudoconstant) continue;
    if (list_member_ptr(choice->exact_clauses, rinfo)) {
      recheck = lappend(recheck, rinfo->clause);
    } else {
      local = lappend(local, rinfo->clause);
    }
  }

  bool* used = (bool*)palloc0(sizeof(bool) * (binding.ncolumns + 1));
  // Not of `tlist`: the planner fills it with every column there is where that costs it nothing.
  MarkColumns(binding, rel, (Node*)rel->reltarget->exprs, used);
  MarkColumns(binding, rel, (Node*)local, used);

  List* names = NIL;
  foreach (lc, choice->operands) {
    names = lappend(names, makeString(pstrdup(OperandName(root, (Expr*)lfirst(lc)))));
  }
  List* fdw_private = NIL;
  CallCpp([&] {
    ScanPlan plan = *choice->plan->object;
    ChooseOutput(binding, used, &plan.output);
    return CallPg([&] {
      fdw_private = EncodeScanPlan(plan, choice->operand_types, choice->operand_array, names);
    });
  });
  return make_foreignscan(tlist, local, rel->relid, choice->operands, fdw_private, NIL, recheck,
                          outer_plan);
}

}  // namespace redis_fdw
