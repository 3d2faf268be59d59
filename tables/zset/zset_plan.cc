// Planning scans of sorted sets, and EXPLAIN.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tables/common/element_source.h"
#include "tables/common/planning.h"
#include "tables/common/positions.h"
#include "tables/zset/zset_lex.h"
#include "tables/zset/zset_table.h"

namespace redis_fdw {
namespace {

// Doubles compare in Redis as in PostgreSQL. Where the column shows integers, a score between two
// of them is in the range, and it is PostgreSQL's to say what becomes of it. Of a numeric only the
// nearest double is known.
Answer AnswerScore(Semantics semantics) {
  switch (semantics) {
    case Semantics::kDouble:
      return Answer::kExact;
    case Semantics::kInteger:
    case Semantics::kNumeric:
      return Answer::kSuperset;
    default:
      return Answer::kLocal;
  }
}

Answer AnswerRank(Semantics semantics) {
  return semantics == Semantics::kInteger ? Answer::kExact : Answer::kLocal;
}

Answer AnswerMember(Semantics semantics) {
  return semantics == Semantics::kBytes ? Answer::kSuperset : Answer::kLocal;
}

// Ranks are in the order of scores.
bool IsByScore(const Ordering& order) {
  return !order.grouped &&
         (order.column == ZsetElements::kScore || order.column == ZsetElements::kRank);
}

// The list on scores that has fewest values; -1: none. The values of two lists are not compared,
// since those of one need not be exact.
int ShortestList(const ScanRequest& request) {
  int shortest = -1;
  double least = 0;
  for (size_t i = 0; i < request.predicates.size(); ++i) {
    const Predicate& predicate = request.predicates[i];
    if (predicate.column != ZsetElements::kScore || predicate.op != CompareOp::kIn) continue;
    if (AnswerScore(predicate.semantics) == Answer::kLocal) continue;
    const double operands = OperandCount(predicate, request.StatsOf(i));
    if (shortest >= 0 && operands >= least) continue;
    shortest = static_cast<int>(i);
    least = operands;
  }
  return shortest;
}

// Makes *plan, which may be a range, one of a range for each value of a list too.
bool PlanScoreLists(const ScanRequest& request, ScanPlan* plan) {
  const int shortest = ShortestList(request);
  if (shortest < 0) return false;
  const auto index = static_cast<size_t>(shortest);
  const Predicate& list = request.predicates[index];
  const PredicateStats stats = request.StatsOf(index);
  const double operands = OperandCount(list, stats);
  const double kept = stats.selectivity >= 0 ? request.rows_in_key * stats.selectivity : operands;
  plan->op = ScanOp::kRange;
  plan->predicates.push_back({list, AnswerScore(list.semantics)});
  plan->cost.rows = std::min(plan->cost.rows, std::max(1.0, kept));
  plan->cost.startup += operands * kLookupCost;
  return true;
}

// One end of a range of scores as EXPLAIN shows it.
std::string BoundText(const ScanPlan& plan, CompareOp exclusive, CompareOp inclusive,
                      absl::string_view unbounded, absl::Span<const std::string> operand_names) {
  std::string open = OperandText(plan, ZsetElements::kScore, {exclusive}, operand_names);
  std::string closed =
      OperandText(plan, ZsetElements::kScore, {inclusive, CompareOp::kEq}, operand_names);
  if (open.empty() && closed.empty()) return std::string(unbounded);
  if (open.empty()) return closed;
  return closed.empty() ? absl::StrCat("(", open) : absl::StrCat("(", open, " & ", closed);
}

std::string MinText(const ScanPlan& plan, absl::Span<const std::string> operand_names) {
  return BoundText(plan, CompareOp::kGt, CompareOp::kGe, "-inf", operand_names);
}

std::string MaxText(const ScanPlan& plan, absl::Span<const std::string> operand_names) {
  return BoundText(plan, CompareOp::kLt, CompareOp::kLe, "+inf", operand_names);
}

}  // namespace

ScanPlan ZsetElements::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  if (PlanLookup(request, kMember, Semantics::kBytes, &plan)) {
    if (SingleOperand(plan, kMember)) plan.order = request.order;  // one row is in any
    return plan;
  }
  if (columns().has(kRank) && PlanRange(request, kRank, &AnswerRank, &plan)) {
    if (TurnIntoCount(request, &plan)) return plan;
    plan.order.column = kRank;
    const bool any = SingleOperand(plan, kRank) || !request.order.descending;
    if (any && IsByScore(request.order)) plan.order = request.order;
    CostOneReply(request, &plan);
    return plan;
  }
  const bool ranged = PlanRange(request, kScore, &AnswerScore, &plan);
  if (!columns().has(kRank) && PlanScoreLists(request, &plan)) {
    CostOneReply(request, &plan);
    return plan;
  }
  if (TurnIntoCount(request, &plan)) return plan;
  if (ranged || IsByScore(request.order)) {
    plan.op = ScanOp::kRange;
    plan.order.column = kScore;
    if (IsByScore(request.order)) plan.order = request.order;
    CostOneReply(request, &plan);
    return plan;
  }
  ScanPlan members;
  if (PlanMatch(request, kMember, &plan) && !columns().has(kRank) &&
      PlanRange(request, kMember, &AnswerMember, &members)) {
    CostLexRange(request, members.cost.rows, &plan);
  }
  return plan;
}

bool ZsetElements::ShowsRank(const OutputShape& output) {
  return std::find(output.columns.begin(), output.columns.end(), kRank) != output.columns.end();
}

bool ZsetElements::Descends(const ScanPlan& plan) {
  return plan.order.column >= 0 && plan.order.descending;
}

std::vector<std::string> ZsetElements::Describe(const ScanPlan& plan, const ScanOptions& options,
                                                absl::Span<const std::string> operand_names,
                                                absl::string_view key) const {
  switch (plan.op) {
    case ScanOp::kLookup:
      return {DescribeLookup(plan, operand_names, key)};
    case ScanOp::kCount:
      return {DescribeCount(plan, operand_names, key)};
    case ScanOp::kRange:
      return {DescribeRange(plan, operand_names, key)};
    default:
      break;
  }
  if (ShowsRank(plan.output)) {
    return {DescribePositions("ZRANGE", " WITHSCORES", plan, kRank, "rank", operand_names, key)};
  }
  const std::string narrowed = NarrowingText(plan, kMember, "member", operand_names);
  const std::string scan =
      DescribeCollectionScan("ZRANGE", "ZSCAN", key, " 0 -1 WITHSCORES", options, narrowed);
  if (narrowed.empty() || options.mode == ScanMode::kSnapshot) return {scan};
  return {DescribeLexPages(key, options, narrowed), absl::StrCat(scan, " (otherwise)")};
}

std::string ZsetElements::DescribeLookup(const ScanPlan& plan,
                                         absl::Span<const std::string> operand_names,
                                         absl::string_view key) {
  const char* command = SingleOperand(plan, kMember) ? "ZSCORE " : "ZMSCORE ";
  if (ShowsRank(plan.output)) command = "EVAL (ZSCORE, ZRANK) ";
  return absl::StrCat(command, key, " ", EqualityText(plan, kMember, operand_names));
}

std::string ZsetElements::DescribeCount(const ScanPlan& plan,
                                        absl::Span<const std::string> operand_names,
                                        absl::string_view key) {
  if (!UsesColumn(plan, kScore)) return absl::StrCat("ZCARD ", key);
  return absl::StrCat("ZCOUNT ", key, " ", MinText(plan, operand_names), " ",
                      MaxText(plan, operand_names));
}

std::string ZsetElements::DescribeRange(const ScanPlan& plan,
                                        absl::Span<const std::string> operand_names,
                                        absl::string_view key) {
  const bool down = Descends(plan);
  const bool ranked = ShowsRank(plan.output);
  const bool limited = plan.limit >= 0 || plan.limit_operand >= 0;
  if (UsesColumn(plan, kRank) || (ranked && !UsesColumn(plan, kScore) && !down)) {
    return DescribePositions("ZRANGE", " WITHSCORES", plan, kRank, "rank", operand_names, key);
  }
  if (ranked && !UsesColumn(plan, kScore) && !limited) {
    return absl::StrCat("ZREVRANGE ", key, " 0 -1 WITHSCORES");
  }
  if (!ranked && !UsesColumn(plan, kScore) && plan.offset_operand >= 0) {
    return DescribePositions(down ? "ZREVRANGE" : "ZRANGE", " WITHSCORES", plan, kRank, "rank",
                             operand_names, key);
  }
  const std::string list = OperandText(plan, kScore, {CompareOp::kIn}, operand_names);
  if (!list.empty()) {
    return absl::StrCat("EVAL (ZCOUNT, ZRANGEBYSCORE) ", key,
                        " SCORE SCORE WITHSCORES (for each SCORE of ", list, ")");
  }
  std::string command = down ? "ZREVRANGEBYSCORE" : "ZRANGEBYSCORE";
  if (ranked) command = absl::StrCat("EVAL (ZCOUNT, ", command, ")");
  const std::string min = MinText(plan, operand_names);
  const std::string max = MaxText(plan, operand_names);
  std::string text =
      absl::StrCat(command, " ", key, " ", down ? max : min, " ", down ? min : max, " WITHSCORES");
  if (limited || plan.offset_operand >= 0) {
    absl::StrAppend(&text, " LIMIT ", OffsetText(plan, operand_names), " ",
                    LimitText(plan, operand_names));
  }
  return text;
}

}  // namespace redis_fdw
