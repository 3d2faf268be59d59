#include "pg_glue/plan_data.h"

#include <cstdlib>
#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

List* EncodePredicate(const PlannedPredicate& p) {
  List* list = list_make4_int(p.predicate.column, static_cast<int>(p.predicate.op),
                              static_cast<int>(p.predicate.semantics), p.predicate.operand);
  return lappend_int(list, static_cast<int>(p.answer));
}

PlannedPredicate DecodePredicate(List* list) {
  PlannedPredicate p;
  p.predicate.column = list_nth_int(list, 0);
  p.predicate.op = static_cast<CompareOp>(list_nth_int(list, 1));
  p.predicate.semantics = static_cast<Semantics>(list_nth_int(list, 2));
  p.predicate.operand = list_nth_int(list, 3);
  p.answer = static_cast<Answer>(list_nth_int(list, 4));
  return p;
}

}  // namespace

List* EncodeScanPlan(const ScanPlan& plan, List* operand_types, List* operand_array,
                     List* operand_names) {
  List* shape = list_make4_int(static_cast<int>(plan.op), static_cast<int>(plan.output.kind),
                               plan.order.column, plan.order.descending ? 1 : 0);
  shape = lappend_int(shape, static_cast<int>(plan.keys));
  shape = lappend_int(shape, plan.output.naming);
  shape = lappend_int(shape, plan.order.grouped ? 1 : 0);
  shape = lappend_int(shape, plan.limit_operand);
  shape = lappend_int(shape, plan.offset_operand);
  List* predicates = NIL;
  for (const PlannedPredicate& p : plan.predicates) {
    predicates = lappend(predicates, EncodePredicate(p));
  }
  List* columns = NIL;
  for (int column : plan.output.columns) columns = lappend_int(columns, column);
  List* limits = list_make2(makeString(psprintf(INT64_FORMAT, (int64)plan.limit)),
                            makeString(psprintf(INT64_FORMAT, (int64)plan.expected_rows)));

  List* slots = NIL;  // in the order of ScanPrivateSlot
  slots = lappend(slots, shape);
  slots = lappend(slots, limits);
  slots = lappend(slots, predicates);
  slots = lappend(slots, columns);
  slots = lappend(slots, operand_types);
  slots = lappend(slots, operand_array);
  slots = lappend(slots, operand_names);
  slots = lappend(slots, NIL);
  Assert(list_length(slots) == kScanSlots);
  return slots;
}

void SetSortOperator(List* fdw_private, Oid sort_operator, Oid collation) {
  lfirst(list_nth_cell(fdw_private, kScanSort)) = list_make2_oid(sort_operator, collation);
}

void DecodeScanPlan(List* fdw_private, ScanPlan* plan) {
  List* shape = (List*)list_nth(fdw_private, kScanShape);
  plan->op = static_cast<ScanOp>(list_nth_int(shape, 0));
  plan->output.kind = static_cast<OutputKind>(list_nth_int(shape, 1));
  plan->order.column = list_nth_int(shape, 2);
  plan->order.descending = list_nth_int(shape, 3) != 0;
  plan->keys = static_cast<KeyAccess>(list_nth_int(shape, 4));
  plan->output.naming = list_nth_int(shape, 5);
  plan->order.grouped = list_nth_int(shape, 6) != 0;
  plan->limit_operand = list_nth_int(shape, 7);
  plan->offset_operand = list_nth_int(shape, 8);
  List* limits = (List*)list_nth(fdw_private, kScanLimits);
  plan->limit = strtoll(StringValue(linitial(limits)), nullptr, 10);
  plan->expected_rows = strtoll(StringValue(lsecond(limits)), nullptr, 10);
  ListCell* lc;
  foreach (lc, (List*)list_nth(fdw_private, kScanPredicates)) {
    plan->predicates.push_back(DecodePredicate((List*)lfirst(lc)));
  }
  foreach (lc, (List*)list_nth(fdw_private, kScanColumns)) {
    plan->output.columns.push_back(lfirst_int(lc));
  }
}

}  // namespace redis_fdw
