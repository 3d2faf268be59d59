// Sorted sets in the order of scores: ranges of them, limits, counts.

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"
#include "tables/zset/zset_table.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Ordering kAscending = {ZsetElements::kScore, false};
constexpr Ordering kDescending = {ZsetElements::kScore, true};

class ZsetOrderTest : public ::testing::Test {
 protected:
  ZsetOrderTest() { t_.Bind("zset", {"who", "points:float"}); }
  static Predicate Score(CompareOp op, int operand, Semantics semantics = Semantics::kDouble) {
    return Where(ZsetElements::kScore, op, semantics, operand);
  }
  static Predicate Member(CompareOp op, int operand) {
    return Where(ZsetElements::kMember, op, Semantics::kBytes, operand);
  }
  static ScanRequest Request(std::vector<Predicate> predicates, Ordering order = {}) {
    ScanRequest request;
    request.predicates = std::move(predicates);
    request.order = order;
    request.rows_in_key = 1000000;
    return request;
  }
  ScanPlan Plan(const ScanRequest& request) {
    ScanPlan plan = t_.table().Plan(request);
    if (request.output.kind == OutputKind::kColumns) plan.output.columns = {0, 1};
    return plan;
  }
  ScanPlan PlanCount(std::vector<Predicate> predicates) {
    ScanRequest request = Request(std::move(predicates));
    request.output.kind = OutputKind::kCount;
    return Plan(request);
  }
  std::string Describe(const ScanPlan& plan) {
    Lines names = {"$1", "$2", "$3"};
    Lines lines = t_.table().Describe(plan, t_.options, names);
    EXPECT_THAT(lines, SizeIs(1));
    return lines[0];
  }
  // The commands that a scan sends whose replies are all empty.
  Lines CommandsOf(const ScanPlan& plan, const std::vector<Cell>& operands = {}) {
    Lines commands;
    t_.Handle([&](FakeServer::Argv argv) {
      if (argv[0] == "EVAL") argv[1] = "SCRIPT";
      commands.push_back(absl::StrJoin(argv, " "));
      return argv[0] == "ZCOUNT" || argv[0] == "ZCARD" ? Int(0) : Bulks({});
    });
    t_.Scan(plan, {operands});
    t_.Handle(nullptr);
    return commands;
  }
  // The rows of a scan whose script gets the one reply, and any other command the other.
  Lines RowsOf(const ScanPlan& plan, const std::vector<Cell>& operands, const std::string& script,
               const std::string& other) {
    t_.Handle([&](const FakeServer::Argv& argv) { return argv[0] == "EVAL" ? script : other; });
    Lines rows = t_.Scan(plan, {operands});
    t_.Handle(nullptr);
    return rows;
  }
  TableTester t_;
};

double TotalOf(const ScanPlan& plan) {
  return plan.cost.startup + plan.cost.rows * plan.cost.per_row;
}

TEST_F(ZsetOrderTest, PlansBothOrders) {
  for (const Ordering& order : {kAscending, kDescending}) {
    for (const ScanRequest& request :
         {Request({}, order), Request({Score(CompareOp::kGt, 0)}, order)}) {
      ScanPlan plan = Plan(request);
      EXPECT_EQ(plan.op, ScanOp::kRange);
      EXPECT_EQ(plan.order, order);
      EXPECT_EQ(plan.predicates.size(), request.predicates.size());
    }
  }
  EXPECT_EQ(Plan(Request({})).op, ScanOp::kScan);
  Ordering grouped = kAscending;
  grouped.grouped = true;
  EXPECT_EQ(Plan(Request({}, grouped)).op, ScanOp::kScan);
  EXPECT_EQ(Plan(Request({}, {ZsetElements::kMember, false})).op, ScanOp::kScan);
}

TEST_F(ZsetOrderTest, OneRowIsInAnyOrder) {
  EXPECT_EQ(Plan(Request({Member(CompareOp::kEq, 0)}, kDescending)).order, kDescending);
  EXPECT_EQ(Plan(Request({Member(CompareOp::kEq, 0)})).order.column, -1);
  EXPECT_EQ(Plan(Request({Member(CompareOp::kIn, 0)}, kDescending)).order.column, -1);
}

// What Redis does before the first row can be read depends on whether it is told the limit.
TEST_F(ZsetOrderTest, CostsOfLimits) {
  ScanPlan all = Plan(Request({}, kDescending));
  ScanPlan scan = Plan(Request({}));
  EXPECT_DOUBLE_EQ(TotalOf(all), TotalOf(scan));
  EXPECT_GT(all.cost.startup, 0.5 * TotalOf(scan));
  EXPECT_LT(scan.cost.startup, 0.01 * TotalOf(scan));
  ScanRequest top = Request({}, kDescending);
  top.rows_wanted = 10;
  EXPECT_LT(TotalOf(Plan(top)), top.round_trip_cost + 1);
  EXPECT_EQ(Plan(top).cost.rows, 10);
  // One whose order is not delivered, or whose rows are checked again, is read to its end.
  top.predicates = {Score(CompareOp::kGt, 0, Semantics::kInteger)};
  EXPECT_GT(TotalOf(Plan(top)), 1000);
  top.predicates = {Score(CompareOp::kGt, 0), Member(CompareOp::kLike, 1)};
  EXPECT_GT(TotalOf(Plan(top)), 1000);
}

TEST_F(ZsetOrderTest, DescribesOrders) {
  ScanPlan plan = Plan(Request({}, kDescending));
  EXPECT_EQ(Describe(plan), "ZREVRANGEBYSCORE k +inf -inf WITHSCORES");
  plan.limit = 10;
  EXPECT_EQ(Describe(plan), "ZREVRANGEBYSCORE k +inf -inf WITHSCORES LIMIT 0 10");
  plan.limit_operand = 1;
  plan.offset_operand = 2;
  EXPECT_EQ(Describe(plan), "ZREVRANGE k START STOP WITHSCORES (offset $3, limit LEAST(10, $2))");
  plan = Plan(Request({Score(CompareOp::kGt, 0), Score(CompareOp::kLe, 1)}, kDescending));
  plan.limit_operand = 2;
  EXPECT_EQ(Describe(plan), "ZREVRANGEBYSCORE k $2 ($1 WITHSCORES LIMIT 0 $3");
  plan = Plan(Request({Score(CompareOp::kGt, 0)}, kAscending));
  plan.offset_operand = 2;
  EXPECT_EQ(Describe(plan), "ZRANGEBYSCORE k ($1 +inf WITHSCORES LIMIT $3 -1");
}

TEST_F(ZsetOrderTest, LimitsGoIntoTheCommand) {
  ScanPlan plan = Plan(Request({Score(CompareOp::kGe, 0)}));
  plan.limit = 3;
  t_.Reply("ZRANGEBYSCORE k 1 inf WITHSCORES LIMIT 0 3", Bulks({"a", "1"}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Double(1)}}), ElementsAre("0: \"a\", 1"));
  plan = Plan(Request({}, kDescending));
  plan.limit_operand = 0;
  plan.offset_operand = 1;
  t_.Reply("ZREVRANGE k 5 6 WITHSCORES", Bulks({"b", "2", "a", "1"}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(2), Cell::Int64(5)}}),
              ElementsAre("0: \"b\", 2", "0: \"a\", 1"));
  EXPECT_THAT(CommandsOf(plan, {Cell::Null(), Cell::Int64(5)}),
              ElementsAre("ZREVRANGE k 5 -1 WITHSCORES"));
  EXPECT_THAT(CommandsOf(plan, {Cell::Null(), Cell::Null()}),
              ElementsAre("ZREVRANGEBYSCORE k inf -inf WITHSCORES"));
  EXPECT_THAT(CommandsOf(plan, {Cell::Int64(0), Cell::Null()}), IsEmpty());
}

TEST_F(ZsetOrderTest, EachParameterRowHasItsOwnLimit) {
  ScanPlan plan = Plan(Request({Score(CompareOp::kGe, 0)}, kAscending));
  plan.limit = 1;
  plan.offset_operand = 1;
  t_.Reply("ZRANGEBYSCORE k 1 inf WITHSCORES LIMIT 3 1", Bulks({"a", "1"}));
  t_.Reply("ZRANGEBYSCORE k 2 inf WITHSCORES LIMIT 0 1", Bulks({"b", "2"}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Double(1), Cell::Int64(3)}, {Cell::Double(2), Cell::Int64(0)}}),
              ElementsAre("0: \"a\", 1", "1: \"b\", 2"));
}

TEST_F(ZsetOrderTest, ListsOfScoresAreOfOneMoment) {
  ScanPlan plan = Plan(Request({Score(CompareOp::kIn, 0)}, kAscending));
  EXPECT_EQ(plan.op, ScanOp::kRange);
  ASSERT_THAT(plan.predicates, SizeIs(1));
  EXPECT_EQ(plan.predicates[0].answer, Answer::kExact);
  EXPECT_EQ(plan.order.column, -1);
  EXPECT_EQ(Describe(plan),
            "EVAL (ZCOUNT, ZRANGEBYSCORE) k SCORE SCORE WITHSCORES (for each SCORE of $1)");
  std::vector<Cell> list = {Cell::Double(2), Cell::Null(),        Cell::Double(kNan),
                            Cell::Double(1), Cell::Double(-kInf), Cell::Double(2)};
  EXPECT_THAT(CommandsOf(plan, {Cell::List(list)}),
              ElementsAre("EVAL SCRIPT 1 k -1 10000 -inf -inf 1 1 2 2"));
  EXPECT_THAT(CommandsOf(plan, {Cell::Null()}), IsEmpty());
  EXPECT_THAT(CommandsOf(plan, {Cell::List({})}), IsEmpty());
  EXPECT_THAT(CommandsOf(plan, {Cell::Double(3)}), ElementsAre("ZRANGEBYSCORE k 3 3 WITHSCORES"));
  // Zero is zero.
  std::vector<Cell> zeros = {Cell::Double(0.0), Cell::Double(-0.0)};
  EXPECT_THAT(CommandsOf(plan, {Cell::List(zeros)}), SizeIs(1));
}

TEST_F(ZsetOrderTest, BoundsNarrowLists) {
  ScanPlan plan =
      Plan(Request({Score(CompareOp::kIn, 0), Score(CompareOp::kGt, 1), Score(CompareOp::kLe, 2)}));
  EXPECT_THAT(plan.predicates, SizeIs(3));
  std::vector<Cell> list = {Cell::Double(1), Cell::Double(2), Cell::Double(3), Cell::Double(4)};
  EXPECT_THAT(CommandsOf(plan, {Cell::List(list), Cell::Double(1), Cell::Double(3)}),
              ElementsAre("EVAL SCRIPT 1 k -1 10000 2 2 3 3"));
  EXPECT_THAT(CommandsOf(plan, {Cell::List(list), Cell::Null(), Cell::Double(3)}), IsEmpty());
  plan = Plan(Request({Score(CompareOp::kIn, 0), Score(CompareOp::kEq, 1)}));
  EXPECT_THAT(CommandsOf(plan, {Cell::List(list), Cell::Double(4)}),
              ElementsAre("ZRANGEBYSCORE k 4 4 WITHSCORES"));
}

// Rows that are passed over come too.
TEST_F(ZsetOrderTest, OffsetsOfListsAreNotRedissToSkip) {
  ScanPlan plan = Plan(Request({Score(CompareOp::kIn, 0)}));
  plan.limit = 2;
  plan.offset_operand = 1;
  std::vector<Cell> list = {Cell::Double(1), Cell::Double(2)};
  EXPECT_THAT(CommandsOf(plan, {Cell::List(list), Cell::Int64(1)}),
              ElementsAre("EVAL SCRIPT 1 k 3 10000 1 1 2 2"));
  EXPECT_THAT(RowsOf(plan, {Cell::List(list), Cell::Int64(1)},
                     Bulks({"a", "1", "b", "1", "c", "2"}), Error("ERR unexpected")),
              ElementsAre("0: \"b\", 1", "0: \"c\", 2"));
}

// What is too much for a script is between the first and the last of the scores.
TEST_F(ZsetOrderTest, ListsOfManyRowsAreOneRange) {
  ScanPlan plan = Plan(Request({Score(CompareOp::kIn, 0), Score(CompareOp::kGt, 1)}));
  std::vector<Cell> list = {Cell::Double(3), Cell::Double(1), Cell::Double(5)};
  const std::vector<Cell> operands = {Cell::List(list), Cell::Double(0)};
  const std::string all = Bulks({"a", "1", "b", "2", "c", "3", "d", "3", "e", "4", "f", "5"});
  t_.batch_rows = 1;
  t_.server().options.read_at_most = 3;
  EXPECT_THAT(RowsOf(plan, operands, Int(20000), all),
              ElementsAre("0: \"a\", 1", "0: \"c\", 3", "0: \"d\", 3", "0: \"f\", 5"));
  EXPECT_EQ(t_.server().CommandLines().back(), "ZRANGEBYSCORE k 1 5 WITHSCORES");
  for (const std::string& reply : {Bulk("1"), Bulks({"a"}), Array({Int(1), Int(2)})}) {
    t_.Handle([&](const FakeServer::Argv&) { return reply; });
    EXPECT_EQ(GetErrorKind(t_.TryScan(plan, {operands}).status()), ErrorKind::kProtocol);
  }
  list.clear();
  for (int i = 0; i <= 1000; ++i) list.push_back(Cell::Double(i));
  EXPECT_THAT(CommandsOf(plan, {Cell::List(list), Cell::Double(-1)}),
              ElementsAre("ZRANGEBYSCORE k 0 1000 WITHSCORES"));
}

// Neighbors of integers that no double equals may be neighbors of several.
TEST_F(ZsetOrderTest, ListsOfLargeIntegersBringEachRowOnce) {
  constexpr int64_t kBig = int64_t{1} << 53;
  ScanPlan plan = Plan(Request({Score(CompareOp::kIn, 0, Semantics::kInteger)}));
  EXPECT_EQ(plan.predicates[0].answer, Answer::kSuperset);
  std::vector<Cell> list = {Cell::Int64(kBig + 3), Cell::Int64(kBig), Cell::Int64(kBig + 1)};
  EXPECT_THAT(CommandsOf(plan, {Cell::List(list)}),
              ElementsAre("ZRANGEBYSCORE k 9.007199254740992e+15 9.007199254740996e+15 "
                          "WITHSCORES"));
}

TEST_F(ZsetOrderTest, OfNumericsOnlyTheNearestDoubleIsKnown) {
  for (CompareOp op : {CompareOp::kGt, CompareOp::kLt, CompareOp::kEq, CompareOp::kIn}) {
    ScanPlan plan = Plan(Request({Score(op, 0, Semantics::kNumeric)}));
    ASSERT_THAT(plan.predicates, SizeIs(1));
    EXPECT_EQ(plan.predicates[0].answer, Answer::kSuperset);
  }
  EXPECT_THAT(CommandsOf(Plan(Request({Score(CompareOp::kGt, 0, Semantics::kNumeric),
                                       Score(CompareOp::kLt, 1, Semantics::kNumeric)})),
                         {Cell::Double(1), Cell::Double(2)}),
              ElementsAre("ZRANGEBYSCORE k 0.9999999999999999 2.0000000000000004 WITHSCORES"));
  // The steps around two neighbors overlap.
  std::vector<Cell> list = {Cell::Double(1), Cell::Double(5), Cell::Double(1.0000000000000002)};
  EXPECT_THAT(CommandsOf(Plan(Request({Score(CompareOp::kIn, 0, Semantics::kNumeric)})),
                         {Cell::List(list)}),
              ElementsAre("EVAL SCRIPT 1 k -1 10000 0.9999999999999999 1.0000000000000004 "
                          "4.999999999999999 5.000000000000001"));
}

// Patterns only narrow, and cannot say which ranks members have.
TEST_F(ZsetOrderTest, PatternsOfMembers) {
  ScanPlan plan = Plan(Request({Member(CompareOp::kLike, 0)}));
  EXPECT_EQ(plan.op, ScanOp::kScan);
  ASSERT_THAT(plan.predicates, SizeIs(1));
  EXPECT_EQ(plan.predicates[0].answer, Answer::kSuperset);
  t_.Reply("ZSCAN k 0 MATCH *b COUNT 1000", Array({Bulk("0"), Bulks({"ab", "1"})}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("%b")}, {Cell::Null()}}), ElementsAre("0: \"ab\", 1"));
  t_.options.mode = ScanMode::kSnapshot;
  EXPECT_EQ(Describe(plan), "ZRANGE k 0 -1 WITHSCORES");
  t_.Reply("ZRANGE k 0 -1 WITHSCORES", Bulks({"ab", "1", "b", "2"}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("a%")}}), SizeIs(2));
  EXPECT_EQ(PlanCount({Member(CompareOp::kLike, 0)}).op, ScanOp::kScan);
  // In the order of scores, or of some, all members come.
  EXPECT_TRUE(Plan(Request({Member(CompareOp::kLike, 0)}, kDescending)).predicates.empty());
  plan = Plan(Request({Member(CompareOp::kLike, 0), Score(CompareOp::kGt, 1)}));
  EXPECT_EQ(plan.op, ScanOp::kRange);
  EXPECT_THAT(plan.predicates, SizeIs(1));
}

TEST_F(ZsetOrderTest, OneListIsUsed) {
  ScanRequest request = Request({Score(CompareOp::kIn, 0), Score(CompareOp::kIn, 1)});
  request.stats = {{-1, 50}, {-1, 2}};
  ScanPlan plan = Plan(request);
  ASSERT_THAT(plan.predicates, SizeIs(1));
  EXPECT_EQ(plan.predicates[0].predicate.operand, 1);
  EXPECT_EQ(plan.cost.rows, 2);
}

TEST_F(ZsetOrderTest, Counts) {
  ScanPlan plan = PlanCount({});
  EXPECT_EQ(plan.op, ScanOp::kCount);
  EXPECT_EQ(Describe(plan), "ZCARD k");
  t_.Reply("ZCARD k", Int(7));
  EXPECT_THAT(t_.Scan(plan), ElementsAre("0: 7"));
  plan = PlanCount({Score(CompareOp::kGt, 0), Score(CompareOp::kLe, 1)});
  EXPECT_EQ(plan.op, ScanOp::kCount);
  EXPECT_EQ(Describe(plan), "ZCOUNT k ($1 $2");
  t_.Reply("ZCOUNT k (1 5", Int(3));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Double(1), Cell::Double(5)},
                             {Cell::Double(1), Cell::Null()},
                             {Cell::Double(5), Cell::Double(1)}}),
              ElementsAre("0: 3", "1: 0", "2: 0"));
  t_.Reply("ZCARD k", Error("WRONGTYPE Operation against a key holding the wrong kind of value"));
  EXPECT_EQ(GetErrorKind(t_.TryScan(PlanCount({})).status()), ErrorKind::kWrongType);
}

// Other rows are counted as they come.
TEST_F(ZsetOrderTest, WhatRedisDoesNotDecideItDoesNotCount) {
  EXPECT_EQ(PlanCount({Score(CompareOp::kGt, 0, Semantics::kInteger)}).op, ScanOp::kRange);
  EXPECT_EQ(PlanCount({Score(CompareOp::kGt, 0), Member(CompareOp::kLike, 1)}).op, ScanOp::kRange);
  EXPECT_EQ(PlanCount({Score(CompareOp::kIn, 0)}).op, ScanOp::kRange);
  ScanPlan plan = PlanCount({Member(CompareOp::kIn, 0)});
  EXPECT_EQ(plan.op, ScanOp::kLookup);
  std::vector<Cell> list = {Cell::Bytes("a"), Cell::Bytes("b"), Cell::Bytes("c")};
  t_.Reply("ZMSCORE k a b c", Array({Bulk("1"), Nil(), Bulk("2")}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::List(list)}}), ElementsAre("0: 2"));
}

}  // namespace
}  // namespace redis_fdw::test
