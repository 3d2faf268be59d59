#include "pg_glue/scan_choice.h"

#include <utility>
#include <vector>

#include "pg_glue/guard.h"
#include "pg_glue/pg.h"
#include "pg_glue/quals.h"

namespace redis_fdw {
namespace {

struct Proofs {
  ProvenClause* items;
  int count;
};

Proofs ProveAll(PlannerInfo* root, const TableBinding& binding, RelOptInfo* rel, List* clauses) {
  Proofs proofs;
  proofs.items = (ProvenClause*)palloc0(sizeof(ProvenClause) * (list_length(clauses) + 1));
  proofs.count = 0;
  ListCell* lc;
  foreach (lc, clauses) {
    ProvenClause* next = &proofs.items[proofs.count];
    if (ProveClause(root, binding, rel, (RestrictInfo*)lfirst(lc), next)) ++proofs.count;
  }
  return proofs;
}

// Asks the table type. Operand ordinals in the answer index proofs.items.
void PlanInto(const TableBinding& binding, const Proofs& proofs, double rows_in_key,
              ScanChoice* choice) {
  CallCpp([&] {
    ScanRequest request;
    request.rows_in_key = rows_in_key;
    for (int i = 0; i < proofs.count; ++i) {
      Predicate predicate;
      predicate.column = proofs.items[i].column;
      predicate.op = proofs.items[i].op;
      predicate.semantics = proofs.items[i].semantics;
      predicate.operand = i;
      request.predicates.push_back(predicate);
    }
    choice->plan->object = new ScanPlan(binding.table().Plan(request));
    return absl::OkStatus();
  });
}

}  // namespace

ScanChoice* ChooseScan(PlannerInfo* root, const TableBinding& binding, RelOptInfo* rel,
                       List* clauses) {
  ScanChoice* choice = (ScanChoice*)palloc0(sizeof(ScanChoice));
  choice->plan = Hang<ScanPlan>(CurrentMemoryContext);
  Proofs proofs = ProveAll(root, binding, rel, clauses);
  PlanInto(binding, proofs, rel->tuples, choice);

  ScanPlan& plan = *choice->plan->object;
  choice->narrows = plan.op != ScanOp::kScan || plan.keys == KeyAccess::kLookup;
  choice->rows = plan.cost.rows;
  choice->startup_cost = plan.cost.startup;
  choice->total_cost = plan.cost.startup + plan.cost.rows * (plan.cost.per_row + cpu_tuple_cost);
  // Only the operands that the plan uses become expressions of the scan; number them anew.
  for (PlannedPredicate& planned : plan.predicates) {
    const ProvenClause& proof = proofs.items[planned.predicate.operand];
    planned.predicate.operand = list_length(choice->operands);
    choice->operands = lappend(choice->operands, proof.operand);
    choice->operand_types = lappend_oid(choice->operand_types, proof.operand_type);
    choice->operand_array = lappend_int(choice->operand_array, proof.op == CompareOp::kIn ? 1 : 0);
    if (planned.answer == Answer::kExact) {
      choice->exact_clauses = lappend(choice->exact_clauses, proof.rinfo);
    }
  }
  return choice;
}

}  // namespace redis_fdw
