// Planning scans of lists, and EXPLAIN.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tables/common/planning.h"
#include "tables/common/positions.h"
#include "tables/list/list_scan.h"
#include "tables/list/list_table.h"

namespace redis_fdw {
namespace {

// What Redis spends on an element that it compares, as a share of the cost of one that it sends:
// 31 ms of 220 for 1,000,000.
constexpr double kCompareShare = 0.15;

Answer AnswerIndex(Semantics semantics) {
  return semantics == Semantics::kInteger ? Answer::kExact : Answer::kLocal;
}

double TotalOf(const ScanCost& cost) { return cost.startup + cost.rows * cost.per_row; }

// Adds to *plan the predicates of `range` other than equalities, which it may have already.
void AddBounds(const ScanPlan& range, ScanPlan* plan) {
  for (const PlannedPredicate& planned : range.predicates) {
    if (planned.predicate.op != CompareOp::kEq) plan->predicates.push_back(planned);
  }
}

// If elements are named: makes *plan one that has Redis look for them, each through the whole list.
bool PlanElements(const ScanRequest& request, ScanPlan* plan) {
  if (!PlanLookup(request, ListElements::kElement, Semantics::kBytes, plan)) return false;
  double operands = request.rows_in_key;
  double kept = request.rows_in_key;
  for (size_t i = 0; i < request.predicates.size(); ++i) {
    const Predicate& predicate = request.predicates[i];
    if (predicate.column != ListElements::kElement) continue;
    if (predicate.op != CompareOp::kEq && predicate.op != CompareOp::kIn) continue;
    const PredicateStats stats = request.StatsOf(i);
    operands = std::min(operands, OperandCount(predicate, stats));
    if (stats.selectivity >= 0) kept = std::min(kept, request.rows_in_key * stats.selectivity);
  }
  plan->cost.startup += operands * request.rows_in_key * request.element_cost * kCompareShare;
  plan->cost.rows = kept < request.rows_in_key ? std::max(1.0, kept) : plan->cost.rows;
  plan->cost.per_row = request.element_cost;
  return true;
}

}  // namespace

ScanPlan ListElements::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  if (has_index()) {
    ScanPlan range;
    const bool ranged = PlanRange(request, kIndex, &AnswerIndex, &range);
    if (PlanLookup(request, kIndex, Semantics::kInteger, &plan)) {
      // Other comparisons take indexes away before anything is asked.
      AddBounds(range, &plan);
      if (SingleOperand(plan, kIndex)) plan.order = request.order;  // one row is in any
      return plan;
    }
    if (ranged) plan = std::move(range);
    plan.order.column = kIndex;
  }
  ScanPlan elements;
  const bool named = PlanElements(request, &elements);
  if (named && has_index()) {
    AddBounds(plan, &elements);
    if (SingleOperand(elements, kElement)) elements.order.column = kIndex;
  }
  if (TurnIntoCount(request, &plan)) return plan;
  if (MayReverse(request, plan)) {
    plan.op = ScanOp::kRange;
    plan.order = request.order;
  }
  CostOneReply(request, &plan);
  return named && TotalOf(elements.cost) < TotalOf(plan.cost) ? elements : plan;
}

bool ListElements::MayReverse(const ScanRequest& request, const ScanPlan& plan) {
  const Ordering& order = request.order;
  return order.column == kIndex && order.descending && !order.grouped && request.rows_wanted >= 0 &&
         request.rows_wanted <= kMaxReversed && DecidesAll(request, plan);
}

bool ListElements::Descends(const ScanPlan& plan) {
  return plan.op == ScanOp::kRange && plan.order.column >= 0 && plan.order.descending;
}

std::vector<std::string> ListElements::Describe(const ScanPlan& plan, const ScanOptions&,
                                                absl::Span<const std::string> operand_names,
                                                absl::string_view key) const {
  if (plan.op == ScanOp::kCount) return {absl::StrCat("LLEN ", key)};
  if (plan.op == ScanOp::kLookup && UsesColumn(plan, kElement)) {
    std::string text =
        absl::StrCat("LPOS ", key, " ", EqualityText(plan, kElement, operand_names), " COUNT ");
    const bool limited = plan.limit >= 0 || plan.limit_operand >= 0;
    if (limited && !UsesColumn(plan, kIndex)) {
      absl::StrAppend(&text, LimitText(plan, operand_names));
      if (plan.offset_operand >= 0) absl::StrAppend(&text, " + ", OffsetText(plan, operand_names));
      return {text};
    }
    absl::StrAppend(&text, "0");
    const std::string more = PositionsText(plan, kIndex, "index", operand_names);
    if (!more.empty()) absl::StrAppend(&text, " (", more, ")");
    return {text};
  }
  if (plan.op == ScanOp::kLookup) {
    return {absl::StrCat("LINDEX ", key, " ", EqualityText(plan, kIndex, operand_names))};
  }
  if (!Descends(plan)) {
    return {DescribePositions("LRANGE", "", plan, kIndex, "index", operand_names, key)};
  }
  const std::string more = PositionsText(plan, kIndex, "index", operand_names);
  return {absl::StrCat("EVAL (LLEN, LRANGE) ", key, " (backwards", more.empty() ? "" : ", ", more,
                       ")")};
}

}  // namespace redis_fdw
