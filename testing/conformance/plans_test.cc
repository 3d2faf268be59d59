// What plans promise of the rows they bring, over every layout of every registered type, against a
// real Redis: how many there are, which of them a limit and an offset leave, and their order. What
// a type does not promise is PostgreSQL's to do, and is not tried.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/row_batch.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/conformance/conformance_fixture.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;

constexpr ScanMode kModes[] = {ScanMode::kAuto, ScanMode::kSnapshot, ScanMode::kCursor};
// Enough for hashes and sets to be more than one page, and for Redis to leave its small encodings.
constexpr int kRows = 700;

// The ordinals of the operands of a plan that is tried.
constexpr int kLimitOperand = 0;
constexpr int kOffsetOperand = 1;
constexpr int kFirstOperand = 2;

// Rows with the groups that they came in.
struct Found {
  std::vector<SampleRow> rows;
  std::vector<int64_t> groups;
};

// Predicates with their operands, and the rows that they are true of.
struct Condition {
  std::string name;
  std::vector<Predicate> predicates;
  std::vector<Cell> operands;
  std::vector<SampleRow> rows;
};

Predicate On(const SampleLookup& lookup, CompareOp op) {
  Predicate predicate;
  predicate.column = lookup.column;
  predicate.op = op;
  predicate.semantics = lookup.semantics;
  predicate.operand = kFirstOperand;
  return predicate;
}

bool Has(const SampleRow& row, int column, absl::Span<const Cell> operands) {
  const Cell& cell = row.cells()[static_cast<size_t>(column)];
  return std::find(operands.begin(), operands.end(), cell) != operands.end();
}

// As Redis orders what it orders: ids of the samples have as many digits as each other.
int Compare(const Cell& a, const Cell& b) {
  switch (a.kind()) {
    case Cell::Kind::kInt64:
      return a.int64() < b.int64() ? -1 : a.int64() > b.int64();
    case Cell::Kind::kDouble:
      return a.dbl() < b.dbl() ? -1 : a.dbl() > b.dbl();
    case Cell::Kind::kBytes:
      return a.bytes().compare(b.bytes());
    default:
      ADD_FAILURE() << "a column that has no order: " << DebugString(a);
      return 0;
  }
}

class PlansTest : public ConformanceTest {
 protected:
  void SetUp() override {
    ConformanceTest::SetUp();
    if (HasFatalFailure()) return;
    rows_ = Rows(kRows);
    Put(rows_);
    // What is not the table's is in no plan's result.
    if (!sample().many_keys) return;
    redis().Command(sample().type == "list"
                        ? Argv{"SET", absl::StrCat(kKeyPrefix, "other"), "x"}
                        : Argv{"RPUSH", absl::StrCat(kKeyPrefix, "other"), "x"});
    redis().Command({"SADD", "another key", "x"});
  }

  // None; of each column that is looked up: one value, one that is nowhere, and a list; of each of
  // numbers, ranges.
  std::vector<Condition> Conditions() {
    std::vector<Condition> conditions = {{"none", {}, {}, rows_}};
    absent_ = sample().row(kRows + 5);
    for (const SampleLookup& lookup : sample().lookups) {
      const auto column = static_cast<size_t>(lookup.column);
      const Cell& one = rows_.front().cells()[column];
      const Cell& other = rows_.back().cells()[column];
      lists_.push_back({one, absent_.cells()[column], Cell::Null(), other, one});
      const std::vector<Cell>& list = lists_.back();
      auto add = [&](CompareOp op, const Cell& operand, absl::Span<const Cell> values) {
        Condition condition;
        condition.name = absl::StrCat(lookup.column, OpName(op), DebugString(operand));
        condition.predicates = {On(lookup, op)};
        condition.operands = {operand};
        for (const SampleRow& row : rows_) {
          if (Has(row, lookup.column, values)) condition.rows.push_back(row);
        }
        conditions.push_back(std::move(condition));
      };
      add(CompareOp::kEq, one, {one});
      add(CompareOp::kEq, absent_.cells()[column], {absent_.cells()[column]});
      add(CompareOp::kIn, Cell::List(list), list);
    }
    for (size_t column = 0; column < rows_[0].cells().size(); ++column)
      AddRange(column, &conditions);
    return conditions;
  }
  // From one row's number, and from there to another's. The latter are of two predicates.
  void AddRange(size_t column, std::vector<Condition>* conditions) const {
    const Cell& low = rows_[rows_.size() / 3].cells()[column];
    const Cell& high = rows_[rows_.size() / 2].cells()[column];
    SampleLookup lookup = {static_cast<int>(column), Semantics::kInteger};
    if (low.kind() == Cell::Kind::kDouble) lookup.semantics = Semantics::kDouble;
    if (low.kind() != Cell::Kind::kDouble && low.kind() != Cell::Kind::kInt64) return;
    Condition from = {
        absl::StrCat(column, ">=", DebugString(low)), {On(lookup, CompareOp::kGe)}, {low}, {}};
    Condition between = {absl::StrCat(from.name, "<", DebugString(high)),
                         {On(lookup, CompareOp::kGe), On(lookup, CompareOp::kLt)},
                         {low, high},
                         {}};
    between.predicates[1].operand = kFirstOperand + 1;
    for (const SampleRow& row : rows_) {
      if (Compare(row.cells()[column], low) < 0) continue;
      from.rows.push_back(row);
      if (Compare(row.cells()[column], high) < 0) between.rows.push_back(row);
    }
    conditions->push_back(std::move(from));
    conditions->push_back(std::move(between));
  }

  ScanRequest RequestOf(const Condition& condition) const {
    ScanRequest request;
    request.predicates = condition.predicates;
    request.rows_in_key = kRows;
    for (size_t i = 0; i < table().columns().size(); ++i) {
      request.output.columns.push_back(static_cast<int>(i));
    }
    return request;
  }
  // A plan that decides all of the request's predicates; only then is what it counts or cuts off
  // what the query wants.
  static bool DecidesAll(const ScanRequest& request, const ScanPlan& plan) {
    return plan.predicates.size() == request.predicates.size() &&
           std::all_of(
               plan.predicates.begin(), plan.predicates.end(),
               [](const PlannedPredicate& planned) { return planned.answer == Answer::kExact; });
  }
  static std::vector<Cell> ParamsOf(const Condition& condition, int64_t limit, int64_t offset) {
    std::vector<Cell> params = {limit < 0 ? Cell::Null() : Cell::Int64(limit), Cell::Int64(offset)};
    params.insert(params.end(), condition.operands.begin(), condition.operands.end());
    return params;
  }

  absl::StatusOr<Found> Read(const ScanPlan& plan, const std::vector<Cell>& params) {
    ASSIGN_OR_RETURN(std::unique_ptr<redis_fdw::Scan> scan,
                     table().OpenScan(plan, options_, &pipeline()));
    absl::Span<const Cell> span = params;
    RETURN_IF_ERROR(scan->Start(absl::MakeConstSpan(&span, 1)));
    RowBatch batch(plan.output.width(), batch_rows_, 16 << 20);
    Found found;
    do {
      RETURN_IF_ERROR(scan->NextBatch(&batch));
      for (size_t i = 0; i < batch.rows(); ++i) {
        SampleRow row;
        for (const Cell& cell : batch.row(i)) row.Append(cell);
        found.rows.push_back(std::move(row));
        found.groups.push_back(batch.row_number(i));
      }
    } while (batch.rows() > 0);
    return found;
  }

  // Fails unless the rows are as many as limit and offset leave of the condition's, each of them
  // one, and none twice.
  void ExpectSome(const Found& found, const Condition& condition, int64_t limit, int64_t offset) {
    const auto all = static_cast<int64_t>(condition.rows.size());
    int64_t count = std::max<int64_t>(0, all - offset);
    if (limit >= 0) count = std::min(count, limit);
    EXPECT_EQ(static_cast<int64_t>(found.rows.size()), count);
    const Lines lines = LinesOf(condition.rows);
    const std::multiset<std::string> whole(lines.begin(), lines.end());
    const Lines some = LinesOf(found.rows);
    for (const std::string& line : std::set<std::string>(some.begin(), some.end())) {
      EXPECT_LE(std::count(some.begin(), some.end(), line),
                static_cast<ptrdiff_t>(whole.count(line)))
          << line;
    }
  }

  // Fails unless the found rows, sorted within their groups, are in the order, and have in its
  // column what the slice of all rows has.
  void ExpectOrdered(Found found, const ScanPlan& plan, const Condition& condition, int64_t limit,
                     int64_t offset) {
    const auto column = static_cast<size_t>(plan.order.column);
    auto before = [&](const SampleRow& a, const SampleRow& b) {
      const int order = Compare(a.cells()[column], b.cells()[column]);
      return plan.order.descending ? order > 0 : order < 0;
    };
    if (plan.order.grouped) {
      for (size_t begin = 0; begin < found.rows.size();) {
        size_t end = begin;
        while (end < found.rows.size() && found.groups[end] == found.groups[begin]) ++end;
        std::sort(found.rows.begin() + static_cast<ptrdiff_t>(begin),
                  found.rows.begin() + static_cast<ptrdiff_t>(end), before);
        begin = end;
      }
    }
    std::vector<SampleRow> sorted = condition.rows;
    std::sort(sorted.begin(), sorted.end(), before);
    const size_t first = std::min(sorted.size(), static_cast<size_t>(offset));
    size_t last = sorted.size();
    if (limit >= 0) last = std::min(last, first + static_cast<size_t>(limit));
    ASSERT_EQ(found.rows.size(), last - first);
    for (size_t i = first; i < last; ++i) {
      ASSERT_EQ(DebugString(found.rows[i - first].cells()[column]),
                DebugString(sorted[i].cells()[column]))
          << "row " << i;
    }
  }

  std::vector<SampleRow> rows_;
  SampleRow absent_;
  std::deque<std::vector<Cell>> lists_;
};

INSTANTIATE_TEST_SUITE_P(AllLayouts, PlansTest, ::testing::ValuesIn(LayoutNames()),
                         [](const auto& info) { return info.param; });

TEST_P(PlansTest, CountsAreWhatAScanFinds) {
  for (const Condition& condition : Conditions()) {
    SCOPED_TRACE(condition.name);
    ScanRequest request = RequestOf(condition);
    request.output.columns.clear();
    request.output.kind = OutputKind::kCount;
    const ScanPlan plan = table().Plan(request);
    EXPECT_EQ(plan.output.kind, OutputKind::kCount);
    if (!DecidesAll(request, plan)) continue;
    const std::string count = absl::StrCat(condition.rows.size());
    const std::vector<Cell> params = ParamsOf(condition, -1, 0);
    for (ScanMode mode : kModes) {
      options_.mode = mode;
      auto lines = Scan(plan, {params});
      ASSERT_TRUE(lines.ok()) << lines.status();
      EXPECT_THAT(*lines, ElementsAre(count));
      lines = Scan(plan, {params, params});
      ASSERT_TRUE(lines.ok()) << lines.status();
      EXPECT_THAT(*lines, ElementsAre("0: " + count, "1: " + count));
    }
  }
}

TEST_P(PlansTest, CountsOfNothing) {
  redis().FlushAll();
  ScanRequest request;
  request.output.kind = OutputKind::kCount;
  auto lines = Scan(table().Plan(request), {{}});
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_THAT(*lines, ElementsAre("0"));
}

// EXISTS and the like: rows without a cell.
TEST_P(PlansTest, RowsWithoutColumnsAreAsMany) {
  for (const Condition& condition : Conditions()) {
    SCOPED_TRACE(condition.name);
    ScanRequest request = RequestOf(condition);
    request.output.columns.clear();
    const ScanPlan plan = table().Plan(request);
    if (!DecidesAll(request, plan)) continue;
    auto found = Read(plan, ParamsOf(condition, -1, 0));
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->rows.size(), condition.rows.size());
  }
}

TEST_P(PlansTest, LimitsAndOffsetsLeaveSomeOfTheRows) {
  for (const Condition& condition : Conditions()) {
    const ScanRequest request = RequestOf(condition);
    ScanPlan plan = table().Plan(request);
    if (!DecidesAll(request, plan)) continue;
    plan.limit_operand = kLimitOperand;
    plan.offset_operand = kOffsetOperand;
    for (ScanMode mode : kModes) {
      options_.mode = mode;
      for (int64_t limit : {-1, 0, 1, 7, 150, 2 * kRows}) {
        for (int64_t offset : {0, 1, 139, kRows - 1, kRows + 10}) {
          SCOPED_TRACE(absl::StrCat(condition.name, " LIMIT ", limit, " OFFSET ", offset));
          auto found = Read(plan, ParamsOf(condition, limit, offset));
          ASSERT_TRUE(found.ok()) << found.status();
          ExpectSome(*found, condition, limit, offset);
        }
      }
    }
  }
  EXPECT_EQ(pool().leased(), 0u);
}

TEST_P(PlansTest, OrdersThatPlansDeliver) {
  for (const Condition& condition : Conditions()) {
    ScanRequest request = RequestOf(condition);
    for (size_t column = 0; column < table().columns().size(); ++column) {
      for (int kind = 0; kind < 4; ++kind) {
        request.order.column = static_cast<int>(column);
        request.order.descending = kind % 2 == 1;
        request.order.grouped = kind >= 2;
        ScanPlan plan = table().Plan(request);
        if (plan.order.column < 0 || !DecidesAll(request, plan)) continue;
        plan.limit_operand = kLimitOperand;
        plan.offset_operand = kOffsetOperand;
        // A limit of groups would cut one in the middle.
        const bool cuts = !plan.order.grouped;
        for (int64_t limit :
             cuts ? std::vector<int64_t>{-1, 1, 10, 150} : std::vector<int64_t>{-1}) {
          for (int64_t offset :
               cuts ? std::vector<int64_t>{0, 3, 139, kRows} : std::vector<int64_t>{0}) {
            SCOPED_TRACE(absl::StrCat(condition.name, " ORDER BY ", plan.order.column,
                                      plan.order.descending ? " DESC" : "", " LIMIT ", limit,
                                      " OFFSET ", offset));
            auto found = Read(plan, ParamsOf(condition, limit, offset));
            ASSERT_TRUE(found.ok()) << found.status();
            ExpectSome(*found, condition, limit, offset);
            ExpectOrdered(*found, plan, condition, limit, offset);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace redis_fdw::test
