// Sorted sets with a column of ranks.

#include <string>
#include <vector>

#include "absl/strings/match.h"
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

constexpr Ordering kRankUp = {ZsetElements::kRank, false};
constexpr Ordering kRankDown = {ZsetElements::kRank, true};
constexpr Ordering kScoreDown = {ZsetElements::kScore, true};

class ZsetRankTest : public ::testing::Test {
 protected:
  ZsetRankTest() {
    t_.Bind("zset", {"who", "points:float", "r:integer:rank"});
    t_.Handle([this](const FakeServer::Argv& argv) { return Answer(argv); });
  }
  static Predicate Rank(CompareOp op, int operand) {
    return Where(ZsetElements::kRank, op, Semantics::kInteger, operand);
  }
  static Predicate Score(CompareOp op, int operand) {
    return Where(ZsetElements::kScore, op, Semantics::kDouble, operand);
  }
  static Predicate Member(CompareOp op, int operand) {
    return Where(ZsetElements::kMember, op, Semantics::kBytes, operand);
  }
  // A plan whose output has ranks, or not.
  ScanPlan Plan(std::vector<Predicate> predicates, Ordering order = {}, bool ranks = true) {
    ScanRequest request;
    request.predicates = std::move(predicates);
    request.order = order;
    ScanPlan plan = t_.table().Plan(request);
    plan.output.columns = ranks ? std::vector<int>{0, 1, 2} : std::vector<int>{0, 1};
    return plan;
  }
  std::string Describe(const ScanPlan& plan) {
    Lines names = {"$1", "$2", "$3"};
    Lines lines = t_.table().Describe(plan, t_.options, names);
    EXPECT_THAT(lines, SizeIs(1));
    return lines[0];
  }
  // A server of replies by lines in which scripts are shown as SCRIPT.
  std::string Answer(FakeServer::Argv argv) {
    if (argv[0] == "EVAL") argv[1] = "SCRIPT";
    commands_.push_back(absl::StrJoin(argv, " "));
    auto found = replies_.find(commands_.back());
    return found == replies_.end() ? Error("ERR unexpected " + commands_.back()) : found->second;
  }
  void Reply(const std::string& line, const std::string& resp) { replies_[line] = resp; }

  TableTester t_;
  std::map<std::string, std::string> replies_;
  Lines commands_;
};

TEST_F(ZsetRankTest, PlansRangesOfRanks) {
  ScanPlan plan = Plan({Rank(CompareOp::kGe, 0), Rank(CompareOp::kLt, 1)}, kRankUp);
  EXPECT_EQ(plan.op, ScanOp::kRange);
  ASSERT_THAT(plan.predicates, SizeIs(2));
  EXPECT_EQ(plan.predicates[0].answer, Answer::kExact);
  EXPECT_EQ(plan.order, kRankUp);
  EXPECT_EQ(Describe(plan), "ZRANGE k START STOP WITHSCORES (rank >= $1 AND < $2)");
  // How many there are is not known, so where the last is.
  EXPECT_FALSE(Plan({Rank(CompareOp::kLt, 0)}, kRankDown).order == kRankDown);
  EXPECT_EQ(Plan({Rank(CompareOp::kEq, 0)}, kRankDown).order, kRankDown);
  EXPECT_EQ(Plan({Rank(CompareOp::kLt, 0)}, {ZsetElements::kScore, false}).order.column,
            ZsetElements::kScore);
}

TEST_F(ZsetRankTest, ReadsRangesOfRanks) {
  Reply("ZRANGE k 2 3 WITHSCORES", Bulks({"c", "3", "d", "4"}));
  Reply("ZRANGE k 0 0 WITHSCORES", Bulks({"a", "1"}));
  Reply("ZRANGE k 0 -1 WITHSCORES", Bulks({}));
  ScanPlan plan = Plan({Rank(CompareOp::kGe, 0), Rank(CompareOp::kLt, 1)});
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(2), Cell::Int64(4)},
                             {Cell::Int64(-5), Cell::Int64(1)},
                             {Cell::Int64(3), Cell::Int64(3)},
                             {Cell::Int64(-7), Cell::Int64(0)},
                             {Cell::Null(), Cell::Int64(9)}}),
              ElementsAre("0: \"c\", 3, 2", "0: \"d\", 4, 3", "1: \"a\", 1, 0"));
  EXPECT_THAT(commands_, SizeIs(2));
  // The order of one row is any, and it is not read from the other end.
  EXPECT_THAT(t_.Scan(Plan({Rank(CompareOp::kEq, 0)}, kRankDown), {{Cell::Int64(0)}}), SizeIs(1));
}

TEST_F(ZsetRankTest, RangesOfRanksEndAtTheLimit) {
  ScanPlan plan = Plan({Rank(CompareOp::kGe, 0)}, kRankUp);
  plan.limit = 2;
  plan.offset_operand = 1;
  EXPECT_EQ(Describe(plan), "ZRANGE k START STOP WITHSCORES (rank >= $1, offset $2, limit 2)");
  Reply("ZRANGE k 8 9 WITHSCORES", Bulks({"c", "3", "d", "4"}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(5), Cell::Int64(3)}}),
              ElementsAre("0: \"c\", 3, 8", "0: \"d\", 4, 9"));
}

TEST_F(ZsetRankTest, LooksUpMembersWithTheirRanks) {
  ScanPlan plan = Plan({Member(CompareOp::kEq, 0)});
  EXPECT_EQ(plan.op, ScanOp::kLookup);
  EXPECT_EQ(Describe(plan), "EVAL (ZSCORE, ZRANK) k $1");
  Reply("EVAL SCRIPT 1 k a", Array({Bulk("12:1.5")}));
  Reply("EVAL SCRIPT 1 k b", Array({Nil()}));
  Reply("EVAL SCRIPT 1 k a b", Array({Bulk("12:-inf"), Nil()}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("a")}, {Cell::Bytes("b")}}),
              ElementsAre("0: \"a\", 1.5, 12"));
  std::vector<Cell> list = {Cell::Bytes("a"), Cell::Bytes("b")};
  EXPECT_THAT(t_.Scan(Plan({Member(CompareOp::kIn, 0)}), {{Cell::List(list)}}),
              ElementsAre("0: \"a\", -inf, 12"));
  Reply("EVAL SCRIPT 1 k a", Array({Bulk("x:1")}));
  EXPECT_EQ(GetErrorKind(t_.TryScan(plan, {{Cell::Bytes("a")}}).status()), ErrorKind::kProtocol);
  // Ranks that nobody asks for are not looked up.
  plan = Plan({Member(CompareOp::kEq, 0)}, {}, false);
  EXPECT_EQ(Describe(plan), "ZSCORE k $1");
  Reply("ZSCORE k a", Bulk("2"));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("a")}}), ElementsAre("0: \"a\", 2"));
}

TEST_F(ZsetRankTest, ScansHaveRanksWhereTheyAreShown) {
  EXPECT_EQ(Describe(Plan({})), "ZRANGE k 0 -1 WITHSCORES");
  EXPECT_EQ(Describe(Plan({}, {}, false)), "ZSCAN k CURSOR COUNT 1000");
  Reply("ZRANGE k 0 -1 WITHSCORES", Bulks({"a", "1", "b", "2"}));
  EXPECT_THAT(t_.Scan(Plan({})), ElementsAre("0: \"a\", 1, 0", "0: \"b\", 2, 1"));
  EXPECT_THAT(t_.Scan(Plan({}, kRankUp)), SizeIs(2));
  Reply("ZSCAN k 0 COUNT 1000", Array({Bulk("0"), Bulks({"a", "1"})}));
  EXPECT_THAT(t_.Scan(Plan({}, {}, false)), ElementsAre("0: \"a\", 1"));
  // The order of scores is that of ranks.
  ScanPlan plan = Plan({}, {ZsetElements::kScore, false});
  plan.limit = 1;
  plan.offset_operand = 0;
  EXPECT_EQ(Describe(plan), "ZRANGE k START STOP WITHSCORES (offset $1, limit 1)");
  Reply("ZRANGE k 4 4 WITHSCORES", Bulks({"e", "5"}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(4)}}), ElementsAre("0: \"e\", 5, 4"));
}

TEST_F(ZsetRankTest, RanksCountDownFromTheNumberOfMembers) {
  ScanPlan plan = Plan({}, kRankDown);
  EXPECT_EQ(plan.order, kRankDown);
  EXPECT_EQ(Describe(plan), "ZREVRANGE k 0 -1 WITHSCORES");
  Reply("ZREVRANGE k 0 -1 WITHSCORES", Bulks({"c", "3", "b", "2", "a", "1"}));
  EXPECT_THAT(t_.Scan(plan), ElementsAre("0: \"c\", 3, 2", "0: \"b\", 2, 1", "0: \"a\", 1, 0"));
  plan.offset_operand = 0;
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(2)}}), ElementsAre("0: \"a\", 1, 0"));
}

TEST_F(ZsetRankTest, ALimitIsOfTheFirstRanks) {
  ScanPlan plan = Plan({});
  EXPECT_EQ(plan.op, ScanOp::kScan);
  EXPECT_EQ(Describe(plan), "ZRANGE k 0 -1 WITHSCORES");
  plan.limit = 2;
  EXPECT_EQ(Describe(plan), "ZRANGE k 0 1 WITHSCORES");
  Reply("ZRANGE k 0 1 WITHSCORES", Bulks({"a", "1", "b", "2"}));
  EXPECT_THAT(t_.Scan(plan), SizeIs(2));
  plan.offset_operand = 0;
  EXPECT_EQ(Describe(plan), "ZRANGE k START STOP WITHSCORES (offset $1, limit 2)");
  EXPECT_EQ(Describe(Plan({Member(CompareOp::kLike, 0)})), "ZRANGE k 0 -1 WITHSCORES");
}

TEST_F(ZsetRankTest, TheHighestRanksAreOneScript) {
  for (const Ordering& order : {kRankDown, kScoreDown}) {
    ScanPlan plan = Plan({}, order);
    plan.limit = 2;
    plan.offset_operand = 0;
    EXPECT_EQ(Describe(plan), "EVAL (ZCOUNT, ZREVRANGEBYSCORE) k +inf -inf WITHSCORES LIMIT $1 2");
    Reply("EVAL SCRIPT 1 k (-inf -inf inf down 1 2 10000",
          Array({Int(0), Int(100), Bulks({"b", "2", "a", "2"})}));
    EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(1)}}),
                ElementsAre("0: \"b\", 2, 98", "0: \"a\", 2, 97"));
  }
  // Without ranks it is the command alone.
  ScanPlan plan = Plan({}, kScoreDown, false);
  plan.limit = 2;
  EXPECT_EQ(Describe(plan), "ZREVRANGEBYSCORE k +inf -inf WITHSCORES LIMIT 0 2");
}

TEST_F(ZsetRankTest, RangesOfScoresHaveRanks) {
  ScanPlan plan = Plan({Score(CompareOp::kGt, 0), Score(CompareOp::kLe, 1)}, kRankUp);
  EXPECT_EQ(plan.order, kRankUp);
  EXPECT_EQ(Describe(plan), "EVAL (ZCOUNT, ZRANGEBYSCORE) k ($1 $2 WITHSCORES");
  Reply("EVAL SCRIPT 1 k 1 (1 5 up 0 -1 10000",
        Array({Int(7), Int(2), Bulks({"b", "2", "c", "5"})}));
  EXPECT_THAT(
      t_.Scan(plan, {{Cell::Double(1), Cell::Double(5)}, {Cell::Double(5), Cell::Double(1)}}),
      ElementsAre("0: \"b\", 2, 7", "0: \"c\", 5, 8"));
  Reply("EVAL SCRIPT 1 k 1 (1 5 up 0 -1 10000", Array({Int(0), Int(0), Bulks({})}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Double(1), Cell::Double(5)}}), IsEmpty());
}

// A script would hold them all in Redis's memory.
TEST_F(ZsetRankTest, ManyRowsAreReadWithoutAScript) {
  ScanPlan plan = Plan({Score(CompareOp::kGt, 0)}, kScoreDown);
  plan.offset_operand = 1;
  Reply("EVAL SCRIPT 1 k 1 (1 inf down 1 -1 10000", Array({Int(1), Int(20000)}));
  Reply("ZREVRANGE k 0 -1 WITHSCORES", Bulks({"d", "4", "c", "3", "b", "2", "a", "1"}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Double(1), Cell::Int64(1)}}),
              ElementsAre("0: \"c\", 3, 2", "0: \"b\", 2, 1"));
  EXPECT_THAT(commands_, SizeIs(2));
}

TEST_F(ZsetRankTest, RowsSurviveBatchesAndOddReplies) {
  t_.batch_rows = 1;
  t_.server().options.read_at_most = 3;
  ScanPlan plan = Plan({}, kRankDown);
  Reply("ZREVRANGE k 0 -1 WITHSCORES", Bulks({"c", "3", "b", "2", "a", "1"}));
  EXPECT_THAT(t_.Scan(plan), ElementsAre("0: \"c\", 3, 2", "0: \"b\", 2, 1", "0: \"a\", 1, 0"));
  plan = Plan({Score(CompareOp::kGt, 0)});
  for (const std::string& reply : {Int(1), Array({Int(1)}), Array({Bulk("1"), Int(1), Bulks({})}),
                                   Array({Int(1), Int(1), Int(1)})}) {
    Reply("EVAL SCRIPT 1 k 1 (1 inf up 0 -1 10000", reply);
    EXPECT_EQ(GetErrorKind(t_.TryScan(plan, {{Cell::Double(1)}}).status()), ErrorKind::kProtocol);
  }
  for (const std::string& reply : {Bulks({"a"}), Int(1), Array({Array({})})}) {
    Reply("ZREVRANGE k 0 -1 WITHSCORES", reply);
    EXPECT_EQ(GetErrorKind(t_.TryScan(Plan({}, kRankDown)).status()), ErrorKind::kProtocol);
  }
}

TEST_F(ZsetRankTest, Counts) {
  ScanRequest request;
  request.output.kind = OutputKind::kCount;
  request.predicates = {Rank(CompareOp::kGe, 0), Rank(CompareOp::kLt, 1)};
  ScanPlan plan = t_.table().Plan(request);
  EXPECT_EQ(plan.op, ScanOp::kCount);
  EXPECT_EQ(Describe(plan), "ZCARD k");
  Reply("ZCARD k", Int(10));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(7), Cell::Int64(99)},
                             {Cell::Int64(-7), Cell::Int64(2)},
                             {Cell::Int64(10), Cell::Int64(99)},
                             {Cell::Int64(3), Cell::Int64(3)}}),
              ElementsAre("0: 3", "1: 2", "2: 0", "3: 0"));
  request.predicates = {Score(CompareOp::kGe, 0)};
  EXPECT_EQ(t_.table().Plan(request).op, ScanOp::kCount);
  request.predicates = {Rank(CompareOp::kGe, 0), Score(CompareOp::kGe, 1)};
  EXPECT_EQ(t_.table().Plan(request).op, ScanOp::kRange);
}

}  // namespace
}  // namespace redis_fdw::test
