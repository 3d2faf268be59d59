// Lists and sorted sets by position and by score, against a real Redis: random ranges, orders,
// limits and offsets must bring what a model of the rows does.

#include <algorithm>
#include <list>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/conformance/conformance_fixture.h"

namespace redis_fdw::test {
namespace {

// (member, score, rank) or (index, element).
using Row = std::vector<Cell>;

bool Less(const Cell& a, const Cell& b) {
  switch (a.kind()) {
    case Cell::Kind::kInt64:
      return a.int64() < b.int64();
    case Cell::Kind::kDouble:
      return a.dbl() < b.dbl();
    default:
      return a.bytes() < b.bytes();
  }
}

bool IsTrue(CompareOp op, const Cell& value, const Cell& operand) {
  switch (op) {
    case CompareOp::kEq:
      return !Less(value, operand) && !Less(operand, value);
    case CompareOp::kLt:
      return Less(value, operand);
    case CompareOp::kLe:
      return !Less(operand, value);
    case CompareOp::kGt:
      return Less(operand, value);
    case CompareOp::kGe:
      return !Less(value, operand);
    default:
      return std::any_of(operand.list().begin(), operand.list().end(),
                         [&](const Cell& one) { return IsTrue(CompareOp::kEq, value, one); });
  }
}

Semantics SemanticsOf(const Cell& cell) {
  if (cell.kind() == Cell::Kind::kInt64) return Semantics::kInteger;
  return cell.kind() == Cell::Kind::kDouble ? Semantics::kDouble : Semantics::kBytes;
}

class OrderedTest : public ConformanceTest {
 protected:
  static constexpr int kRows = 60;

  void SetUp() override {
    ConformanceTest::SetUp();
    zset_ = GetParam() == "zset";
    BindColumns(false);
  }
  void BindColumns(bool ranked) {
    std::vector<ColumnDef> columns = sample().columns;
    ranked_ = ranked && zset_;
    if (ranked_) {
      columns.emplace_back();
      columns.back().name = "r";
      columns.back().type = ColumnType::kInteger;
      columns.back().role = "rank";
    }
    Bind(columns);
  }
  int Pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  // Fills the key and the model; scores and elements repeat.
  void Fill() {
    redis().FlushAll();
    model_.clear();
    for (int i = 0; i < kRows; ++i) {
      texts_[i] = zset_ ? absl::StrCat("m", i + 100) : absl::StrCat("e", Pick(8));
    }
    std::vector<double> scores;
    for (int i = 0; i < kRows; ++i) scores.push_back(Pick(20) / 2.0 - 4);
    std::sort(scores.begin(), scores.end());
    Argv argv = {zset_ ? "ZADD" : "RPUSH", kKey};
    for (int i = 0; i < kRows; ++i) {
      if (zset_) argv.push_back(absl::StrCat(scores[static_cast<size_t>(i)]));
      argv.push_back(texts_[i]);
      Row row = {Cell::Bytes(texts_[i]), Cell::Double(scores[static_cast<size_t>(i)]),
                 Cell::Int64(i)};
      if (!zset_) row = {Cell::Int64(i), Cell::Bytes(texts_[i])};
      row.resize(table().columns().size());
      model_.push_back(row);
    }
    redis().Command(argv);
  }
  // A value that the column may have, or nearly.
  Cell Value(int column) {
    Cell cell = model_[static_cast<size_t>(Pick(kRows))][static_cast<size_t>(column)];
    if (cell.kind() == Cell::Kind::kInt64) return Cell::Int64(cell.int64() + Pick(20) - 10);
    if (cell.kind() == Cell::Kind::kDouble) return Cell::Double(cell.dbl() + Pick(3) / 4.0);
    return cell;
  }
  void AddPredicate(ScanRequest* request, Row* operands) {
    Predicate predicate;
    predicate.column = Pick(static_cast<int>(table().columns().size()));
    predicate.semantics = SemanticsOf(model_[0][static_cast<size_t>(predicate.column)]);
    const CompareOp ops[] = {CompareOp::kEq, CompareOp::kLt, CompareOp::kLe, CompareOp::kGt,
                             CompareOp::kGe, CompareOp::kGe, CompareOp::kIn};
    predicate.op = ops[Pick(7)];
    // Those of bytes only narrow.
    if (predicate.semantics == Semantics::kBytes && predicate.op != CompareOp::kIn) {
      predicate.op = CompareOp::kEq;
    }
    predicate.operand = static_cast<int>(operands->size());
    if (predicate.op == CompareOp::kIn) {
      lists_.emplace_back();
      for (int i = Pick(5); i > 0; --i) lists_.back().push_back(Value(predicate.column));
      operands->push_back(Cell::List(lists_.back()));
    } else {
      operands->push_back(Value(predicate.column));
    }
    request->predicates.push_back(predicate);
  }
  std::vector<Row> Where(const std::vector<Predicate>& predicates, const Row& operands) const {
    std::vector<Row> rows;
    for (const Row& row : model_) {
      if (std::all_of(predicates.begin(), predicates.end(), [&](const Predicate& p) {
            return IsTrue(p.op, row[static_cast<size_t>(p.column)],
                          operands[static_cast<size_t>(p.operand)]);
          })) {
        rows.push_back(row);
      }
    }
    return rows;
  }
  static Lines LinesOfRows(const std::vector<Row>& rows) {
    Lines lines;
    for (const Row& row : rows) lines.push_back(RowLine(row));
    return lines;
  }
  void Check(int round);
  void CheckRows(const ScanRequest& request, ScanPlan plan, Row operands);

  std::mt19937 random_{20261126};
  bool zset_ = false;
  bool ranked_ = false;
  std::string texts_[kRows];
  std::vector<Row> model_;
  std::list<std::vector<Cell>> lists_;
  int ordered_ = 0;
  int limited_ = 0;
  int counted_ = 0;
};

void OrderedTest::CheckRows(const ScanRequest& request, ScanPlan plan, Row operands) {
  std::vector<Predicate> planned;
  bool exact = true;
  for (const PlannedPredicate& p : plan.predicates) {
    planned.push_back(p.predicate);
    exact &= p.answer == Answer::kExact;
  }
  std::vector<Row> expected = Where(planned, operands);
  const bool in_order = plan.order.column >= 0 && plan.op != ScanOp::kLookup;
  if (in_order && plan.order.descending) std::reverse(expected.begin(), expected.end());
  if (plan.order == request.order && in_order) ++ordered_;
  int64_t limit = -1;
  int64_t offset = 0;
  if (exact && Pick(2) == 0) {
    limit = Pick(12);
    offset = Pick(3) == 0 ? Pick(30) : 0;
    plan.limit = limit;
    plan.offset_operand = static_cast<int>(operands.size());
    operands.push_back(Cell::Int64(offset));
    ++limited_;
  }
  // Sometimes ranks are not shown.
  plan.output.columns = {0, 1};
  if (ranked_ && Pick(3) > 0) plan.output.columns.push_back(2);
  for (Row& row : expected) row.resize(plan.output.columns.size());
  auto lines = Scan(plan, {operands});
  ASSERT_TRUE(lines.ok()) << lines.status();
  Lines all = LinesOfRows(expected);
  if (limit < 0) {
    EXPECT_EQ(in_order ? *lines : Sorted(*lines), in_order ? all : Sorted(all));
    return;
  }
  const auto there = static_cast<int64_t>(all.size());
  const int64_t first = std::min(offset, there);
  const int64_t last = std::min(first + limit, there);
  ASSERT_EQ(static_cast<int64_t>(lines->size()), last - first);
  if (in_order) {
    EXPECT_EQ(*lines, Lines(all.begin() + first, all.begin() + last));
  } else {
    for (const std::string& line : *lines) EXPECT_THAT(all, ::testing::Contains(line));
  }
}

void OrderedTest::Check(int round) {
  ScanRequest request;
  request.rows_in_key = Pick(2) == 0 ? 1000 : kRows;
  Row operands;
  for (int i = Pick(3); i > 0; --i) AddPredicate(&request, &operands);
  if (Pick(3) > 0) {
    request.order.column = Pick(static_cast<int>(table().columns().size()));
    request.order.descending = Pick(2) == 0;
  }
  if (Pick(2) == 0) request.rows_wanted = Pick(20);
  std::string trace =
      absl::StrCat("round ", round, " order ", request.order.column, " ", request.order.descending);
  for (const Predicate& p : request.predicates) {
    absl::StrAppend(&trace, ", column ", p.column, " ", OpName(p.op), " ",
                    DebugString(operands[static_cast<size_t>(p.operand)]));
  }
  SCOPED_TRACE(trace);
  CheckRows(request, table().Plan(request), operands);

  ScanRequest count = request;
  count.order = Ordering();
  count.output.kind = OutputKind::kCount;
  ScanPlan plan = table().Plan(count);
  plan.output.kind = OutputKind::kCount;
  std::vector<Predicate> planned;
  for (const PlannedPredicate& p : plan.predicates) planned.push_back(p.predicate);
  if (plan.op == ScanOp::kCount) ++counted_;
  auto lines = Scan(plan, {operands});
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_EQ(*lines, Lines{absl::StrCat(Where(planned, operands).size())});
}

INSTANTIATE_TEST_SUITE_P(Types, OrderedTest, ::testing::Values("list", "zset"),
                         [](const auto& info) { return info.param; });

TEST_P(OrderedTest, IsWhatTheModelHas) {
  for (int round = 0; round < 3000 && !HasFailure(); ++round) {
    if (round % 100 == 0) {
      BindColumns(Pick(2) == 0);
      Fill();
    }
    Check(round);
  }
  EXPECT_GT(ordered_, 200);
  EXPECT_GT(limited_, 200);
  EXPECT_GT(counted_, 200);
}

// Scripts refuse it as commands do.
TEST_P(OrderedTest, AKeyOfAnotherType) {
  Fill();
  redis().FlushAll();
  redis().Command({"SET", kKey, "x"});
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    ScanRequest request;
    Row operands;
    AddPredicate(&request, &operands);
    request.order.column = Pick(static_cast<int>(table().columns().size()));
    request.order.descending = true;
    request.rows_wanted = 5;
    ScanPlan plan = table().Plan(request);
    plan.limit = 5;
    for (size_t i = 0; i < table().columns().size(); ++i) {
      plan.output.columns.push_back(static_cast<int>(i));
    }
    absl::Status status = Scan(plan, {operands}).status();
    // Operands that nothing equals ask for nothing.
    if (status.ok()) continue;
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kWrongType) << status;
    ++refused;
  }
  EXPECT_GT(refused, 100);
}

// More rows than go through a script.
TEST_P(OrderedTest, ManyRows) {
  constexpr int kMany = 25000;
  Argv argv = {zset_ ? "ZADD" : "RPUSH", kKey};
  for (int i = 0; i < kMany; ++i) {
    if (zset_) argv.push_back(absl::StrCat(i));
    argv.push_back(absl::StrCat("x", i));
  }
  redis().Command(argv);
  BindColumns(true);
  const int position = zset_ ? 2 : 0;
  Predicate predicate;
  predicate.column = zset_ ? 1 : 0;
  predicate.op = CompareOp::kGe;
  predicate.semantics = zset_ ? Semantics::kDouble : Semantics::kInteger;
  ScanRequest request;
  request.predicates = {predicate};
  request.order = {position, true};
  request.rows_wanted = 10;
  ScanPlan plan = table().Plan(request);
  EXPECT_EQ(plan.order, request.order);
  plan.limit_operand = 1;
  plan.output.columns = {position};
  for (int64_t limit : {int64_t{3}, int64_t{10000}, int64_t{10001}, int64_t{-1}}) {
    Row operands = {zset_ ? Cell::Double(1000) : Cell::Int64(1000),
                    limit < 0 ? Cell::Null() : Cell::Int64(limit)};
    auto lines = Scan(plan, {operands});
    ASSERT_TRUE(lines.ok()) << lines.status();
    const auto there = static_cast<size_t>(limit < 0 ? kMany - 1000 : limit);
    ASSERT_EQ(lines->size(), there);
    EXPECT_EQ(lines->front(), absl::StrCat(kMany - 1));
    EXPECT_EQ(lines->back(), absl::StrCat(kMany - static_cast<int>(there)));
  }
}

// Lists of scores too, or more of those than a script takes.
TEST_P(OrderedTest, ManyRowsOfListsOfScores) {
  if (!zset_) return;
  constexpr int kMany = 24000;
  Argv argv = {"ZADD", kKey};
  for (int i = 0; i < kMany; ++i) {
    argv.push_back(absl::StrCat(i % 3));
    argv.push_back(absl::StrCat("x", i));
  }
  redis().Command(argv);
  Predicate predicate;
  predicate.column = 1;
  predicate.op = CompareOp::kIn;
  predicate.semantics = Semantics::kDouble;
  ScanRequest request;
  request.predicates = {predicate};
  ScanPlan plan = table().Plan(request);
  plan.limit_operand = 1;
  plan.output.columns = {1};
  for (int extra : {0, 1500}) {
    Row list = {Cell::Double(2), Cell::Double(0)};
    for (int i = 0; i < extra; ++i) list.push_back(Cell::Double(10 + i));
    for (int64_t limit : {3, 8001, 10000, 10001, -1}) {
      Row operands = {Cell::List(list), limit < 0 ? Cell::Null() : Cell::Int64(limit)};
      auto lines = Scan(plan, {operands});
      ASSERT_TRUE(lines.ok()) << lines.status();
      ASSERT_EQ(lines->size(), static_cast<size_t>(limit < 0 ? kMany / 3 * 2 : limit));
      EXPECT_EQ(lines->front(), "0");
      EXPECT_EQ(lines->back(), limit == 3 ? "0" : "2");
      EXPECT_EQ(std::count(lines->begin(), lines->end(), "1"), 0);
    }
  }
}

}  // namespace
}  // namespace redis_fdw::test
