#include "tables/list/list_table.h"

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ListTest : public ::testing::Test {
 protected:
  void Plain() { t_.Bind("list", {"element"}); }
  void Indexed() { t_.Bind("list", {"i:integer", "element"}); }
  static Predicate Index(CompareOp op, int operand) {
    return Where(0, op, Semantics::kInteger, operand);
  }
  // The commands that a scan with these sends.
  Lines CommandsFor(const std::vector<Predicate>& predicates, const std::vector<Cell>& operands) {
    t_.server().ClearCommands();
    t_.Handle([](const FakeServer::Argv& argv) { return argv[0] == "LINDEX" ? Nil() : Bulks({}); });
    t_.Scan(t_.Plan(predicates), {operands});
    return t_.server().CommandLines();
  }
  // The command of a batch, with the random tombstone shown as TOMB.
  Lines Build(const std::vector<WriteOp>& ops, WriteState* state = nullptr) {
    auto lines = t_.BuildWrites(ops, false, state);
    EXPECT_TRUE(lines.ok()) << lines.status();
    for (std::string& line : *lines) {
      size_t at = line.find("redis_fdw:deleted:");
      if (at != std::string::npos) line.replace(at, line.find(' ', at) - at, "TOMB");
    }
    return *lines;
  }
  TableTester t_;
};

TEST_F(ListTest, Binds) {
  Plain();
  EXPECT_TRUE(t_.table().has_row_number());
  ASSERT_THAT(t_.table().columns(), SizeIs(1));
  EXPECT_TRUE(t_.table().columns()[0].identity);
  Indexed();
  EXPECT_FALSE(t_.table().has_row_number());
  ASSERT_THAT(t_.table().columns(), SizeIs(2));
  EXPECT_EQ(t_.table().columns()[0].kind, Cell::Kind::kInt64);
  EXPECT_TRUE(t_.table().columns()[0].nullable);
  absl::Status status = t_.TryBind("list", {"i", "element"}).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidTable);
  EXPECT_TRUE(absl::StrContains(status.message(), "index"));
  EXPECT_FALSE(t_.TryBind("list", {"a", "b", "c"}).ok());
}

TEST_F(ListTest, Plans) {
  Plain();
  EXPECT_EQ(t_.Plan({}).op, ScanOp::kScan);
  Indexed();
  EXPECT_EQ(t_.Plan({}).op, ScanOp::kScan);
  EXPECT_EQ(t_.Plan({}).order.column, 0);
  ScanPlan plan = t_.Plan({Index(CompareOp::kGe, 0), Index(CompareOp::kLt, 1)});
  EXPECT_EQ(plan.op, ScanOp::kRange);
  EXPECT_THAT(plan.predicates, SizeIs(2));
  plan = t_.Plan({Index(CompareOp::kGe, 0), Index(CompareOp::kIn, 1), Index(CompareOp::kEq, 2)});
  EXPECT_EQ(plan.op, ScanOp::kLookup);
  EXPECT_THAT(plan.predicates, SizeIs(3));
  for (const PlannedPredicate& planned : plan.predicates) {
    EXPECT_EQ(planned.answer, Answer::kExact);
  }
}

TEST_F(ListTest, Describes) {
  Indexed();
  Lines names = {"$1"};
  EXPECT_THAT(t_.table().Describe(t_.Plan({}), t_.options, names), ElementsAre("LRANGE k 0 -1"));
  EXPECT_THAT(t_.table().Describe(t_.Plan({Index(CompareOp::kEq, 0)}), t_.options, names),
              ElementsAre("LINDEX k $1"));
  EXPECT_THAT(t_.table().Describe(t_.Plan({Index(CompareOp::kLt, 0)}), t_.options, names),
              ElementsAre("LRANGE k START STOP (index < $1)"));
  OutputShape output;
  output.columns = {0, 1};
  Cell row[] = {Cell::Int64(3), Cell::Bytes("x")};
  EXPECT_EQ(t_.table().DescribeRow(output, row, -1), "index 3");
  Plain();
  EXPECT_EQ(t_.table().DescribeRow(output, {}, 4), "index 4");
  EXPECT_EQ(t_.table().DescribeRow(output, {}, -1), "an element");
}

TEST_F(ListTest, ScansWithRowNumbers) {
  Plain();
  t_.Reply("LRANGE k 0 -1", Bulks({"a", "", "a"}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"a\" #0", "0: \"\" #1", "0: \"a\" #2"));
  Indexed();
  EXPECT_THAT(t_.Scan(t_.Plan({})),
              ElementsAre("0: 0, \"a\" #0", "0: 1, \"\" #1", "0: 2, \"a\" #2"));
}

TEST_F(ListTest, RowNumbersSurviveBatches) {
  Plain();
  t_.batch_rows = 1;
  t_.server().options.read_at_most = 3;
  t_.Reply("LRANGE k 0 -1", Bulks({"a", "b", "c"}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"a\" #0", "0: \"b\" #1", "0: \"c\" #2"));
}

TEST_F(ListTest, LooksUpIndexes) {
  Indexed();
  t_.Reply("LINDEX k 1", Bulk("b"));
  t_.Reply("LINDEX k 9", Nil());
  std::vector<Cell> list = {Cell::Int64(9), Cell::Int64(-1), Cell::Null(), Cell::Int64(1),
                            Cell::Int64(1)};
  EXPECT_THAT(t_.Scan(t_.Plan({Index(CompareOp::kEq, 0)}), {{Cell::Int64(1)}, {Cell::Int64(-1)}}),
              ElementsAre("0: 1, \"b\" #1"));
  EXPECT_THAT(t_.Scan(t_.Plan({Index(CompareOp::kIn, 0)}), {{Cell::List(list)}}),
              ElementsAre("0: 1, \"b\" #1"));
  EXPECT_THAT(t_.server().CommandLines(), ElementsAre("LINDEX k 1", "LINDEX k 9", "LINDEX k 1"));
}

TEST_F(ListTest, OtherComparisonsNarrowALookup) {
  Indexed();
  std::vector<Cell> list = {Cell::Int64(1), Cell::Int64(5), Cell::Int64(9)};
  EXPECT_THAT(CommandsFor({Index(CompareOp::kIn, 0), Index(CompareOp::kGt, 1)},
                          {Cell::List(list), Cell::Int64(4)}),
              ElementsAre("LINDEX k 5", "LINDEX k 9"));
  EXPECT_THAT(CommandsFor({Index(CompareOp::kIn, 0), Index(CompareOp::kLe, 1)},
                          {Cell::List(list), Cell::Null()}),
              IsEmpty());
}

TEST_F(ListTest, ManyIndexesArePipelinedBoundedly) {
  Indexed();
  t_.Handle([](const FakeServer::Argv& argv) { return Bulk(argv[2]); });
  std::vector<Cell> list;
  for (int i = 0; i < 1000; ++i) list.push_back(Cell::Int64(i));
  EXPECT_THAT(t_.Scan(t_.Plan({Index(CompareOp::kIn, 0)}), {{Cell::List(list)}}), SizeIs(1000));
  EXPECT_LE(t_.pipeline().counters().round_trips, 10);
}

TEST_F(ListTest, RangesAreNeverCountedFromTheEnd) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  Indexed();
  EXPECT_THAT(CommandsFor({Index(CompareOp::kGe, 0)}, {Cell::Int64(2)}),
              ElementsAre("LRANGE k 2 -1"));
  EXPECT_THAT(CommandsFor({Index(CompareOp::kGt, 0), Index(CompareOp::kLt, 1)},
                          {Cell::Int64(-5), Cell::Int64(3)}),
              ElementsAre("LRANGE k 0 2"));
  EXPECT_THAT(CommandsFor({Index(CompareOp::kLt, 0)}, {Cell::Int64(0)}), IsEmpty());
  EXPECT_THAT(CommandsFor({Index(CompareOp::kLe, 0)}, {Cell::Int64(-1)}), IsEmpty());
  EXPECT_THAT(CommandsFor({Index(CompareOp::kGt, 0)}, {Cell::Int64(kMax)}), IsEmpty());
  EXPECT_THAT(CommandsFor({Index(CompareOp::kGe, 0)}, {Cell::Null()}), IsEmpty());
  EXPECT_THAT(CommandsFor({Index(CompareOp::kGt, 0), Index(CompareOp::kLt, 1)},
                          {Cell::Int64(3), Cell::Int64(4)}),
              IsEmpty());
}

TEST_F(ListTest, RangesBeginAtTheirIndex) {
  Indexed();
  t_.Reply("LRANGE k 2 -1", Bulks({"c", "d"}));
  EXPECT_THAT(t_.Scan(t_.Plan({Index(CompareOp::kGe, 0)}), {{Cell::Int64(2)}}),
              ElementsAre("0: 2, \"c\" #2", "0: 3, \"d\" #3"));
  ScanPlan limited = t_.Plan({Index(CompareOp::kGe, 0)});
  limited.limit = 2;
  t_.Reply("LRANGE k 5 6", Bulks({"x", "y"}));
  EXPECT_THAT(t_.Scan(limited, {{Cell::Int64(5)}}), SizeIs(2));
}

// --- Writes -------------------------------------------------------------------------------------

TEST_F(ListTest, InsertsAppend) {
  Plain();
  std::vector<Cell> a = {Cell::Bytes("a")};
  std::vector<Cell> null = {Cell::Null()};
  EXPECT_THAT(Build({InsertOp(a), InsertOp(a)}), ElementsAre("RPUSH k a a"));
  EXPECT_THAT(Build({InsertOp(a, ConflictPolicy::kIgnore)}), ElementsAre("RPUSH k a"));
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({InsertOp(null)}).status()), ErrorKind::kNullNotAllowed);
  Indexed();
  std::vector<Cell> any = {Cell::Null(), Cell::Bytes("a")};
  std::vector<Cell> third = {Cell::Int64(2), Cell::Bytes("c")};
  EXPECT_THAT(Build({InsertOp(any), InsertOp(any)}), ElementsAre("RPUSH k a a"));
  EXPECT_THAT(Build({InsertOp(any), InsertOp(third)}),
              ElementsAre("EVAL SCRIPT 1 k \"\" \"\" \"\" a 2 c"));
}

TEST_F(ListTest, AGivenIndexMustBeTheNext) {
  Indexed();
  std::vector<Cell> third = {Cell::Int64(2), Cell::Bytes("c")};
  t_.Handle([](const FakeServer::Argv&) { return Int(3); });
  EXPECT_TRUE(t_.Write({InsertOp(third)}).ok());
  t_.Handle([](const FakeServer::Argv&) { return Bulk("2 was given where 7 is the next"); });
  ErrorInfo error = GetErrorInfo(t_.Write({InsertOp(third)}));
  EXPECT_EQ(error.kind, ErrorKind::kInvalidData);
  EXPECT_TRUE(absl::StrContains(error.message, "index 2 was given where 7 is the next"))
      << error.message;
}

TEST_F(ListTest, DeletesCheckEveryElement) {
  Plain();
  std::vector<Cell> a = {Cell::Bytes("a")};
  std::vector<Cell> b = {Cell::Bytes("b")};
  EXPECT_THAT(Build({DeleteOp(a, 0), DeleteOp(b, 3)}), ElementsAre("EVAL SCRIPT 1 k TOMB 0 a 3 b"));
  Indexed();
  std::vector<Cell> row = {Cell::Int64(5), Cell::Bytes("x")};
  EXPECT_THAT(Build({DeleteOp(row)}), ElementsAre("EVAL SCRIPT 1 k TOMB 5 x"));
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({DeleteOp(a, -1)}).status()), ErrorKind::kInternal);
}

TEST_F(ListTest, LaterBatchesFindWhereElementsAreNow) {
  Plain();
  std::vector<Cell> a = {Cell::Bytes("a")};
  auto state = t_.table().NewWriteState();
  EXPECT_THAT(Build({DeleteOp(a, 0), DeleteOp(a, 2), DeleteOp(a, 2)}, state.get()),
              ElementsAre("EVAL SCRIPT 1 k TOMB 0 a 2 a"));
  EXPECT_THAT(Build({DeleteOp(a, 3), DeleteOp(a, 5), DeleteOp(a, 0)}, state.get()),
              ElementsAre("EVAL SCRIPT 1 k TOMB 1 a 3 a"));
  EXPECT_THAT(Build({DeleteOp(a, 3)}, state.get()), IsEmpty());
  EXPECT_THAT(Build({UpdateOp(a, a, {}, 6)}, state.get()), ElementsAre("EVAL SCRIPT 1 k 2 a a"));
  // A row deleted before is no longer there, and whoever asks is told.
  t_.Reply("EXISTS k", Int(1));
  ASSERT_TRUE(t_.Write({DeleteOp(a, 3)}, true, state.get()).ok());
  EXPECT_FALSE(t_.results()[0].applied);
}

TEST_F(ListTest, AChangedListIsASerializationFailure) {
  Plain();
  std::vector<Cell> a = {Cell::Bytes("a")};
  t_.Handle([](const FakeServer::Argv&) { return Bulk("4"); });
  for (const WriteOp& op : {DeleteOp(a, 4), UpdateOp(a, a, {}, 4)}) {
    ErrorInfo error = GetErrorInfo(t_.Write({op}));
    EXPECT_EQ(error.kind, ErrorKind::kSerialization);
    EXPECT_TRUE(absl::StrContains(error.message, "index 4")) << error.message;
  }
}

TEST_F(ListTest, UpdatesElementsButNotIndexes) {
  Plain();
  std::vector<Cell> a = {Cell::Bytes("a")};
  std::vector<Cell> b = {Cell::Bytes("b")};
  std::vector<Cell> null = {Cell::Null()};
  EXPECT_THAT(Build({UpdateOp(a, b, {}, 0), UpdateOp(a, b, {false}, 1)}),
              ElementsAre("EVAL SCRIPT 1 k 0 a b 1 a a"));
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({UpdateOp(a, null, {}, 0)}).status()),
            ErrorKind::kNullNotAllowed);
  Indexed();
  std::vector<Cell> old = {Cell::Int64(1), Cell::Bytes("a")};
  std::vector<Cell> same_index = {Cell::Int64(1), Cell::Bytes("b")};
  std::vector<Cell> moved = {Cell::Int64(2), Cell::Bytes("b")};
  EXPECT_THAT(Build({UpdateOp(old, same_index)}), ElementsAre("EVAL SCRIPT 1 k 1 a b"));
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({UpdateOp(old, moved)}).status()), ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace redis_fdw::test
