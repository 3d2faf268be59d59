#include "tables/common/planning.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pushdown/glob.h"

namespace redis_fdw {
namespace {

// As DEFAULT_INEQ_SEL and DEFAULT_RANGE_INEQ_SEL of PostgreSQL.
constexpr double kOneEndSelectivity = 1.0 / 3;
constexpr double kTwoEndsSelectivity = 0.005;

// The share of an element's cost that is Redis's: to find it and to put it into the reply.
constexpr double kRedisShare = 0.7;

bool IsEquality(CompareOp op) { return op == CompareOp::kEq || op == CompareOp::kIn; }

// How many rows a range keeps: by what the planner knows of its predicates, else as PostgreSQL
// guesses.
double RowsOfRange(const ScanRequest& request, double known, bool has_min, bool has_max) {
  double guess = has_min && has_max ? kTwoEndsSelectivity : kOneEndSelectivity;
  return std::max(1.0, request.rows_in_key * (known >= 0 ? known : guess));
}

}  // namespace

double OperandCount(const Predicate& predicate, const PredicateStats& stats) {
  if (predicate.op == CompareOp::kEq) return 1;
  return stats.operands >= 0 ? stats.operands : kGuessedOperands;
}

ScanPlan PlanScan(const ScanRequest& request) {
  ScanPlan plan;
  plan.op = ScanOp::kScan;
  plan.output = request.output;
  plan.cost.startup = request.round_trip_cost;
  plan.cost.rows = request.rows_in_key;
  plan.cost.per_row = request.element_cost;
  return plan;
}

bool PlanLookup(const ScanRequest& request, int column, Semantics semantics, ScanPlan* plan) {
  ScanPlan lookup = PlanScan(request);
  lookup.op = ScanOp::kLookup;
  for (size_t i = 0; i < request.predicates.size(); ++i) {
    const Predicate& predicate = request.predicates[i];
    if (predicate.column != column || predicate.semantics != semantics) continue;
    if (!IsEquality(predicate.op)) continue;
    lookup.cost.rows = std::min(lookup.cost.rows, OperandCount(predicate, request.StatsOf(i)));
    lookup.predicates.push_back({predicate, Answer::kExact});
  }
  if (lookup.predicates.empty()) return false;
  lookup.cost.rows = std::max(1.0, lookup.cost.rows);
  lookup.cost.per_row = kLookupCost;
  *plan = std::move(lookup);
  return true;
}

bool PlanCount(const ScanRequest& request, ScanPlan* plan) {
  ScanPlan count = PlanScan(request);
  if (!TurnIntoCount(request, &count)) return false;
  *plan = std::move(count);
  return true;
}

Matching PlanMatching(const ScanRequest& request, int column) {
  Matching matching;
  bool has_min = false;
  bool has_max = false;
  for (size_t i = 0; i < request.predicates.size(); ++i) {
    const Predicate& predicate = request.predicates[i];
    if (predicate.column != column) continue;
    const Answer answer = AnswerByMatch(predicate);
    if (answer == Answer::kLocal) continue;
    matching.predicates.push_back({predicate, answer});
    const bool min = predicate.op == CompareOp::kGt || predicate.op == CompareOp::kGe;
    const bool max = predicate.op == CompareOp::kLt || predicate.op == CompareOp::kLe;
    has_min |= min;
    has_max |= max;
    if (min || max) continue;
    const double selectivity = request.StatsOf(i).selectivity;
    matching.share *= selectivity < 0 ? kGuessedMatches : selectivity;
    matching.narrows = true;
  }
  matching.narrows |= has_min && has_max;
  return matching;
}

bool PlanMatch(const ScanRequest& request, int column, ScanPlan* plan) {
  Matching matching = PlanMatching(request, column);
  if (!matching.narrows) return false;
  *plan = PlanScan(request);
  plan->predicates = std::move(matching.predicates);
  const double walked = plan->cost.rows * request.element_cost * kWalkShare;
  plan->cost.rows = std::max(1.0, plan->cost.rows * matching.share);
  plan->cost.per_row = request.element_cost * (1 - kWalkShare) + walked / plan->cost.rows;
  return true;
}

bool PlanRange(const ScanRequest& request, int column, Answer (*answer)(Semantics),
               ScanPlan* plan) {
  ScanPlan range = PlanScan(request);
  range.op = ScanOp::kRange;
  bool has_min = false;
  bool has_max = false;
  double known = 1;  // the share of rows that is kept; -1: unknown
  for (size_t i = 0; i < request.predicates.size(); ++i) {
    const Predicate& predicate = request.predicates[i];
    if (predicate.column != column || predicate.op == CompareOp::kIn) continue;
    Answer decided = answer(predicate.semantics);
    if (decided == Answer::kLocal) continue;
    range.predicates.push_back({predicate, decided});
    const double selectivity = request.StatsOf(i).selectivity;
    known = known < 0 || selectivity < 0 ? -1 : known * selectivity;
    has_min |= predicate.op != CompareOp::kLt && predicate.op != CompareOp::kLe;
    has_max |= predicate.op != CompareOp::kGt && predicate.op != CompareOp::kGe;
  }
  if (range.predicates.empty()) return false;
  range.cost.rows = RowsOfRange(request, known, has_min, has_max);
  *plan = std::move(range);
  return true;
}

bool DecidesAll(const ScanRequest& request, const ScanPlan& plan) {
  return plan.predicates.size() == request.predicates.size() &&
         std::all_of(plan.predicates.begin(), plan.predicates.end(),
                     [](const PlannedPredicate& p) { return p.answer == Answer::kExact; });
}

bool TurnIntoCount(const ScanRequest& request, ScanPlan* plan) {
  if (request.output.kind != OutputKind::kCount || !DecidesAll(request, *plan)) return false;
  plan->op = ScanOp::kCount;
  plan->order = Ordering();
  plan->cost.startup = request.round_trip_cost;
  plan->cost.rows = 1;
  plan->cost.per_row = 0;
  return true;
}

void CostOneReply(const ScanRequest& request, ScanPlan* plan) {
  const bool ordered = request.order.column < 0 || plan->order == request.order;
  if (request.rows_wanted >= 0 && ordered && DecidesAll(request, *plan)) {
    plan->cost.rows = std::min(plan->cost.rows, std::max(1.0, request.rows_wanted));
  }
  plan->cost.startup += plan->cost.rows * request.element_cost * kRedisShare;
  plan->cost.per_row = request.element_cost * (1 - kRedisShare);
}

std::string NarrowingText(const ScanPlan& plan, int column, absl::string_view name,
                          absl::Span<const std::string> operand_names) {
  std::vector<std::string> narrowed;
  for (const PlannedPredicate& planned : plan.predicates) {
    const Predicate& predicate = planned.predicate;
    if (predicate.column != column || IsEquality(predicate.op)) continue;
    narrowed.push_back(absl::StrCat(OpName(predicate.op), " ",
                                    operand_names[static_cast<size_t>(predicate.operand)]));
  }
  if (narrowed.empty()) return "";
  return absl::StrCat("narrowed by ", name, " ", absl::StrJoin(narrowed, " AND "));
}

std::vector<Predicate> PredicatesOf(const ScanPlan& plan) {
  std::vector<Predicate> predicates;
  for (const PlannedPredicate& planned : plan.predicates) predicates.push_back(planned.predicate);
  return predicates;
}

bool SingleOperand(const ScanPlan& plan, int column) {
  for (const PlannedPredicate& planned : plan.predicates) {
    const Predicate& predicate = planned.predicate;
    if (predicate.column == column && predicate.op == CompareOp::kEq) return true;
  }
  return false;
}

std::string OperandText(const ScanPlan& plan, int column, absl::Span<const CompareOp> ops,
                        absl::Span<const std::string> operand_names) {
  std::vector<std::string> names;
  for (const PlannedPredicate& planned : plan.predicates) {
    const Predicate& predicate = planned.predicate;
    if (predicate.column != column) continue;
    if (std::find(ops.begin(), ops.end(), predicate.op) == ops.end()) continue;
    names.push_back(operand_names[static_cast<size_t>(predicate.operand)]);
  }
  return absl::StrJoin(names, " & ");
}

std::string EqualityText(const ScanPlan& plan, int column,
                         absl::Span<const std::string> operand_names) {
  return OperandText(plan, column, {CompareOp::kEq, CompareOp::kIn}, operand_names);
}

bool UsesColumn(const ScanPlan& plan, int column) {
  return std::any_of(
      plan.predicates.begin(), plan.predicates.end(),
      [column](const PlannedPredicate& planned) { return planned.predicate.column == column; });
}

std::string OffsetText(const ScanPlan& plan, absl::Span<const std::string> operand_names) {
  return plan.offset_operand < 0 ? "0" : operand_names[static_cast<size_t>(plan.offset_operand)];
}

std::string LimitText(const ScanPlan& plan, absl::Span<const std::string> operand_names) {
  if (plan.limit_operand < 0) return absl::StrCat(plan.limit);
  const std::string& name = operand_names[static_cast<size_t>(plan.limit_operand)];
  return plan.limit < 0 ? name : absl::StrCat("LEAST(", plan.limit, ", ", name, ")");
}

}  // namespace redis_fdw
