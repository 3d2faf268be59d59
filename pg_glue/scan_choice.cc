#include "pg_glue/scan_choice.h"

#include <utility>
#include <vector>

#include "pg_glue/guard.h"
#include "pg_glue/pg.h"
#include "pg_glue/quals.h"

namespace redis_fdw {
namespace {

struct Proofs {
  ProvenClause* items;    // those that depend on the row
  PredicateStats* stats;  // of each
  int count;
  List* always;  // of RestrictInfo: true of every row
  bool never;    // a clause is true of no row
};

// What the planner believes of a clause.
PredicateStats StatsOf(PlannerInfo* root, RelOptInfo* rel, const ProvenClause& proof) {
  PredicateStats stats;
  stats.selectivity =
      clause_selectivity(root, (Node*)proof.rinfo, (int)rel->relid, JOIN_INNER, nullptr);
  if (proof.op != CompareOp::kIn) return stats;
  Node* list = (Node*)proof.operand;
  if (IsA(list, ArrayExpr)) {
    stats.operands = list_length(((ArrayExpr*)list)->elements);
  } else if (IsA(list, Const) && !((Const*)list)->constisnull) {
    ArrayType* array = DatumGetArrayTypeP(((Const*)list)->constvalue);
    stats.operands = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
  }
  return stats;
}

Proofs ProveAll(PlannerInfo* root, const TableBinding& binding, RelOptInfo* rel, List* clauses) {
  Proofs proofs = {};
  proofs.items = (ProvenClause*)palloc0(sizeof(ProvenClause) * (list_length(clauses) + 1));
  proofs.stats = (PredicateStats*)palloc0(sizeof(PredicateStats) * (list_length(clauses) + 1));
  ListCell* lc;
  foreach (lc, clauses) {
    ProvenClause* next = &proofs.items[proofs.count];
    if (!ProveClause(root, binding, rel, (RestrictInfo*)lfirst(lc), next)) continue;
    if (next->truth == Truth::kNever) proofs.never = true;
    if (next->truth == Truth::kAlways) proofs.always = lappend(proofs.always, next->rinfo);
    if (next->truth != Truth::kOfRow) continue;
    proofs.stats[proofs.count++] = StatsOf(root, rel, *next);
  }
  return proofs;
}

// Asks the table type. Operand ordinals in the answer index proofs.items.
void PlanInto(const TableBinding& binding, const Proofs& proofs, double rows_in_key,
              const ScanWish& wish, ScanChoice* choice) {
  CallCpp([&] {
    ScanRequest request;
    request.rows_in_key = rows_in_key;
    request.keys = binding.keys;
    request.round_trip_cost = binding.options->startup_cost;
    request.element_cost = binding.options->tuple_cost;
    request.order = wish.order;
    request.rows_wanted = wish.rows;
    request.output.kind = wish.count ? OutputKind::kCount : OutputKind::kColumns;
    for (int i = 0; i < proofs.count; ++i) {
      Predicate predicate;
      predicate.column = proofs.items[i].column;
      predicate.op = proofs.items[i].op;
      predicate.semantics = proofs.items[i].semantics;
      predicate.operand = i;
      request.predicates.push_back(predicate);
      request.stats.push_back(proofs.stats[i]);
    }
    choice->plan->object = new ScanPlan(binding.table().Plan(request));
    if (!proofs.never) return absl::OkStatus();
    ScanPlan nothing;
    nothing.op = ScanOp::kNothing;
    nothing.output = request.output;
    nothing.order = wish.order;
    *choice->plan->object = std::move(nothing);
    return absl::OkStatus();
  });
}

// Only the operands that the plan uses become expressions of the scan; numbers them anew.
void TakeOperands(const Proofs& proofs, ScanChoice* choice) {
  for (PlannedPredicate& planned : choice->plan->object->predicates) {
    const ProvenClause& proof = proofs.items[planned.predicate.operand];
    planned.predicate.operand = list_length(choice->operands);
    choice->operands = lappend(choice->operands, proof.operand);
    choice->operand_types = lappend_oid(choice->operand_types, proof.operand_type);
    choice->operand_array = lappend_int(choice->operand_array, proof.op == CompareOp::kIn ? 1 : 0);
    if (planned.answer == Answer::kExact) {
      choice->exact_clauses = lappend(choice->exact_clauses, proof.rinfo);
    }
  }
}

}  // namespace

List* ClausesOf(RelOptInfo* rel, ParamPathInfo* info) {
  if (info == nullptr) return rel->baserestrictinfo;
  return list_concat_copy(rel->baserestrictinfo, info->ppi_clauses);
}

ScanChoice* ChooseScan(PlannerInfo* root, const TableBinding& binding, RelOptInfo* rel,
                       List* clauses, const ScanWish& wish) {
  ScanChoice* choice = (ScanChoice*)palloc0(sizeof(ScanChoice));
  choice->plan = Hang<ScanPlan>(CurrentMemoryContext);
  Proofs proofs = ProveAll(root, binding, rel, clauses);
  PlanInto(binding, proofs, rel->tuples, wish, choice);

  const ScanPlan& plan = *choice->plan->object;
  choice->narrows = proofs.never || (!plan.predicates.empty() &&
                                     (plan.op != ScanOp::kScan || plan.keys == KeyAccess::kLookup));
  choice->rows = plan.cost.rows;
  choice->startup_cost = plan.cost.startup;
  choice->total_cost = plan.cost.startup + plan.cost.rows * (plan.cost.per_row + cpu_tuple_cost);
  choice->exact_clauses = proofs.never ? list_copy(clauses) : proofs.always;
  TakeOperands(proofs, choice);
  choice->exact = true;
  ListCell* lc;
  foreach (lc, clauses) {
    RestrictInfo* rinfo = (RestrictInfo*)lfirst(lc);
    // One without variables is decided before the scan.
    if (rinfo->pseudoconstant || list_member_ptr(choice->exact_clauses, rinfo)) continue;
    choice->exact = false;
  }
  return choice;
}

int AddOperand(ScanChoice* choice, Node* expr) {
  choice->operands = lappend(choice->operands, expr);
  choice->operand_types = lappend_oid(choice->operand_types, INT8OID);
  choice->operand_array = lappend_int(choice->operand_array, 0);
  return list_length(choice->operands) - 1;
}

}  // namespace redis_fdw
