// What the table types' Plan() and Describe() share.
//
// Costs are in the planner's units, in which reading a page sequentially is 1 and handling a tuple
// 0.01 (cpu_tuple_cost, which pg_glue adds for the row itself).

#ifndef REDIS_FDW_TABLES_COMMON_PLANNING_H_
#define REDIS_FDW_TABLES_COMMON_PLANNING_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "pushdown/predicate.h"
#include "pushdown/scan_plan.h"

namespace redis_fdw {

// A round trip takes 25 to 80 microseconds where an element, sent, decoded and made a row, takes
// 0.3 to 0.8; the defaults of ScanRequest leave a margin for servers that are not on the same
// machine.
//
// One that is named costs Redis a search and us an argument as well.
constexpr double kLookupCost = 0.05;
// How many operands an IN list is taken to have; its length is known only when it runs.
constexpr double kGuessedOperands = 10;

// How many values an equality (=, IN) names.
double OperandCount(const Predicate& predicate, const PredicateStats& stats);

// What Redis spends on an element that it looks at and does not send, as a share of the cost of one
// that it sends: a cursor over 1,000,000 fields of which none matches takes half of the time of one
// that brings them all (1.4 and 2.6 seconds on a busy machine).
constexpr double kWalkShare = 0.5;
// The share of rows that LIKE keeps, as DEFAULT_MATCH_SEL of PostgreSQL.
constexpr double kGuessedMatches = 0.01;

// A plan that reads everything.
ScanPlan PlanScan(const ScanRequest& request);

// If equalities (=, IN) of these semantics are asked of `column`: makes *plan a lookup that decides
// all of them exactly, and returns true.
bool PlanLookup(const ScanRequest& request, int column, Semantics semantics, ScanPlan* plan);

// If the number of all rows is asked for: makes *plan a count, whose one command is waited for, and
// returns true.
bool PlanCount(const ScanRequest& request, ScanPlan* plan);

// Predicates on one column that a MATCH is made of (AnswerByMatch() in pushdown/glob.h).
struct Matching {
  std::vector<PlannedPredicate> predicates;
  // The rows that it probably keeps. What two bounds have in common is known only when the scan
  // runs, so they count for nothing.
  double share = 1;
  bool narrows = false;  // false: one bound alone, which tells only that no row is above NULL
};
Matching PlanMatching(const ScanRequest& request, int column);

// If predicates are asked of `column` that narrow a MATCH: makes *plan a scan with it, and returns
// true. Redis looks at every element, and sends those that match.
bool PlanMatch(const ScanRequest& request, int column, ScanPlan* plan);

// If comparisons (all but IN) are asked of `column` that `answer` does not call local: makes *plan
// a range that serves all of them, and returns true. One bounded end is taken to keep a third of
// the rows, two or an equality few, as PostgreSQL guesses without statistics.
bool PlanRange(const ScanRequest& request, int column, Answer (*answer)(Semantics), ScanPlan* plan);

// Whether the plan decides every predicate of the request exactly.
bool DecidesAll(const ScanRequest& request, const ScanPlan& plan);

// If the rows of the plan, which decides all, are only counted: makes it a count by one command,
// and returns true. No order is promised of it.
bool TurnIntoCount(const ScanRequest& request, ScanPlan* plan);

// Costs of a plan whose rows come in one reply (ZRANGE, LRANGE), which Redis makes as a whole
// before the first row can be read: most of an element's cost is paid then. Where a limit will
// reach Redis (it is known, all predicates are decided exactly, and the order that is wanted is the
// plan's) it makes only so many.
void CostOneReply(const ScanRequest& request, ScanPlan* plan);

// What narrows a MATCH, for EXPLAIN: the predicates on `column` that are no equalities, "narrowed
// by field LIKE $1 AND >= $2". Empty: none. `name` is what the column is.
std::string NarrowingText(const ScanPlan& plan, int column, absl::string_view name,
                          absl::Span<const std::string> operand_names);

// The predicates that the plan makes use of.
std::vector<Predicate> PredicatesOf(const ScanPlan& plan);

// Whether an equality of the plan on `column` leaves one operand at most.
bool SingleOperand(const ScanPlan& plan, int column);

// The operands of the plan's predicates on `column` with an operator of `ops`, as they are named:
// "$1", or several joined by " & ".
std::string OperandText(const ScanPlan& plan, int column, absl::Span<const CompareOp> ops,
                        absl::Span<const std::string> operand_names);
// The same for equalities.
std::string EqualityText(const ScanPlan& plan, int column,
                         absl::Span<const std::string> operand_names);

// Whether any predicate of the plan is on `column`.
bool UsesColumn(const ScanPlan& plan, int column);

// The offset and the limit of the plan as they are named; "0" and "-1" where there is none.
std::string OffsetText(const ScanPlan& plan, absl::Span<const std::string> operand_names);
std::string LimitText(const ScanPlan& plan, absl::Span<const std::string> operand_names);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_PLANNING_H_
