#include "tables/zset/zset_table.h"

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

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class ZsetTest : public ::testing::Test {
 protected:
  ZsetTest() { t_.Bind("zset", {"who", "points:float"}); }
  static Predicate MemberIs(int operand) {
    return Where(ZsetElements::kMember, CompareOp::kEq, Semantics::kBytes, operand);
  }
  static Predicate MemberIn(int operand) {
    return Where(ZsetElements::kMember, CompareOp::kIn, Semantics::kBytes, operand);
  }
  static Predicate Score(CompareOp op, int operand, Semantics semantics = Semantics::kDouble) {
    return Where(ZsetElements::kScore, op, semantics, operand);
  }
  // The one command that a scan with these sends; empty if none.
  std::string CommandFor(const std::vector<Predicate>& predicates,
                         const std::vector<Cell>& operands) {
    t_.server().ClearCommands();
    t_.Handle([](const FakeServer::Argv&) { return Bulks({}); });
    t_.Scan(t_.Plan(predicates), {operands});
    Lines lines = t_.server().CommandLines();
    EXPECT_LE(lines.size(), 1u);
    return lines.empty() ? "" : lines[0];
  }
  TableTester t_;
};

TEST_F(ZsetTest, Binds) {
  ASSERT_THAT(t_.table().columns(), SizeIs(2));
  EXPECT_EQ(t_.table().columns()[1].kind, Cell::Kind::kDouble);
  EXPECT_TRUE(t_.TryBind("zset", {"a", "b:numeric"}).ok());
  EXPECT_TRUE(t_.TryBind("zset", {"a", "b:integer"}).ok());
  for (const char* score : {"b", "b:date", "b:bytea"}) {
    absl::Status status = t_.TryBind("zset", {"a", score}).status();
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidTable) << score;
    EXPECT_EQ(GetErrorInfo(status).message,
              "column \"b\" of foreign table \"t\" cannot hold the score of a zset");
    EXPECT_TRUE(absl::StrContains(GetErrorInfo(status).hint, "double precision"));
  }
}

TEST_F(ZsetTest, PlansMembersBeforeScores) {
  ScanPlan plan = t_.Plan({Score(CompareOp::kGt, 0), MemberIs(1)});
  EXPECT_EQ(plan.op, ScanOp::kLookup);
  ASSERT_THAT(plan.predicates, SizeIs(1));
  EXPECT_EQ(plan.predicates[0].predicate.operand, 1);
  EXPECT_EQ(plan.order.column, -1);
}

TEST_F(ZsetTest, PlansRangesOfScores) {
  ScanPlan plan = t_.Plan({Score(CompareOp::kGt, 0), Score(CompareOp::kLe, 1)});
  EXPECT_EQ(plan.op, ScanOp::kRange);
  ASSERT_THAT(plan.predicates, SizeIs(2));
  EXPECT_EQ(plan.predicates[0].answer, Answer::kExact);
  EXPECT_EQ(plan.order.column, ZsetElements::kScore);
  EXPECT_FALSE(plan.order.descending);
  EXPECT_LT(plan.cost.rows, t_.Plan({Score(CompareOp::kGt, 0)}).cost.rows);
  plan = t_.Plan({Score(CompareOp::kGt, 0, Semantics::kInteger)});
  EXPECT_EQ(plan.predicates[0].answer, Answer::kSuperset);
  EXPECT_EQ(t_.Plan({Score(CompareOp::kEq, 0, Semantics::kBytes)}).op, ScanOp::kScan);
}

TEST_F(ZsetTest, Describes) {
  Lines names = {"$1", "$2"};
  auto describe = [&](const std::vector<Predicate>& predicates) {
    return t_.table().Describe(t_.Plan(predicates), t_.options, names)[0];
  };
  EXPECT_EQ(describe({MemberIs(0)}), "ZSCORE k $1");
  EXPECT_EQ(describe({MemberIn(0)}), "ZMSCORE k $1");
  EXPECT_EQ(describe({Score(CompareOp::kGt, 0), Score(CompareOp::kLe, 1)}),
            "ZRANGEBYSCORE k ($1 $2 WITHSCORES");
  EXPECT_EQ(describe({Score(CompareOp::kEq, 0)}), "ZRANGEBYSCORE k $1 $1 WITHSCORES");
  EXPECT_EQ(describe({Score(CompareOp::kLt, 1)}), "ZRANGEBYSCORE k -inf ($2 WITHSCORES");
  EXPECT_EQ(describe({}), "ZSCAN k CURSOR COUNT 1000");
  t_.options.mode = ScanMode::kSnapshot;
  EXPECT_EQ(describe({}), "ZRANGE k 0 -1 WITHSCORES");
}

TEST_F(ZsetTest, LooksUp) {
  t_.Reply("ZSCORE k a", Bulk("1.5"));
  t_.Reply("ZSCORE k b", Nil());
  t_.Reply("ZMSCORE k b a", Array({Nil(), Bulk("inf")}));
  std::vector<Cell> list = {Cell::Bytes("b"), Cell::Bytes("a")};
  EXPECT_THAT(t_.Scan(t_.Plan({MemberIs(0)}), {{Cell::Bytes("a")}, {Cell::Bytes("b")}}),
              ElementsAre("0: \"a\", 1.5"));
  EXPECT_THAT(t_.Scan(t_.Plan({MemberIn(0)}), {{Cell::List(list)}}), ElementsAre("0: \"a\", inf"));
  t_.server().options.version = "6.0.0";
  t_.server().CloseAll();
  t_.Reply("ZSCORE k a", Bulk("-0.1"));
  EXPECT_THAT(t_.Scan(t_.Plan({MemberIn(0)}), {{Cell::List(list)}}), ElementsAre("0: \"a\", -0.1"));
}

TEST_F(ZsetTest, RangesAreResolvedWhenTheyRun) {
  EXPECT_EQ(CommandFor({Score(CompareOp::kGt, 0)}, {Cell::Double(1.5)}),
            "ZRANGEBYSCORE k (1.5 inf WITHSCORES");
  EXPECT_EQ(CommandFor({Score(CompareOp::kGe, 0), Score(CompareOp::kLt, 1)},
                       {Cell::Double(-1), Cell::Double(1e300)}),
            "ZRANGEBYSCORE k -1 (1e+300 WITHSCORES");
  EXPECT_EQ(CommandFor({Score(CompareOp::kEq, 0)}, {Cell::Double(0.1)}),
            "ZRANGEBYSCORE k 0.1 0.1 WITHSCORES");
  EXPECT_EQ(CommandFor({Score(CompareOp::kLt, 0)}, {Cell::Double(kInf)}),
            "ZRANGEBYSCORE k -inf (inf WITHSCORES");
  EXPECT_EQ(CommandFor({Score(CompareOp::kLe, 0)}, {Cell::Double(kNan)}),
            "ZRANGEBYSCORE k -inf inf WITHSCORES");
  EXPECT_EQ(CommandFor({Score(CompareOp::kGe, 0)}, {Cell::Double(kNan)}), "");
  EXPECT_EQ(CommandFor({Score(CompareOp::kGe, 0)}, {Cell::Null()}), "");
  EXPECT_EQ(CommandFor({Score(CompareOp::kGt, 0), Score(CompareOp::kLt, 1)},
                       {Cell::Double(2), Cell::Double(1)}),
            "");
  EXPECT_EQ(CommandFor({Score(CompareOp::kGt, 0, Semantics::kInteger)},
                       {Cell::Int64((int64_t{1} << 53) + 1)}),
            "ZRANGEBYSCORE k 9.007199254740992e+15 inf WITHSCORES");
}

TEST_F(ZsetTest, ReadsRangesAndSnapshots) {
  t_.Reply("ZRANGEBYSCORE k 1 inf WITHSCORES", Bulks({"a", "1", "b", "2.5", "c", "inf"}));
  EXPECT_THAT(t_.Scan(t_.Plan({Score(CompareOp::kGe, 0)}), {{Cell::Double(1)}}),
              ElementsAre("0: \"a\", 1", "0: \"b\", 2.5", "0: \"c\", inf"));
  t_.options.mode = ScanMode::kSnapshot;
  t_.Reply("ZRANGE k 0 -1 WITHSCORES", Bulks({"a", "-inf"}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"a\", -inf"));
  t_.Reply("ZRANGE k 0 -1 WITHSCORES", Bulks({"a", "what"}));
  EXPECT_EQ(GetErrorKind(t_.TryScan(t_.Plan({})).status()), ErrorKind::kProtocol);
}

TEST_F(ZsetTest, ScansByCursor) {
  t_.Reply("ZSCAN k 0 COUNT 1000", Array({Bulk("9"), Bulks({"a", "1", "b", "2"})}));
  t_.Reply("ZSCAN k 9 COUNT 1000", Array({Bulk("0"), Bulks({"a", "7", "c", "3"})}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"a\", 1", "0: \"b\", 2", "0: \"c\", 3"));
}

TEST_F(ZsetTest, Writes) {
  std::vector<Cell> a = {Cell::Bytes("a"), Cell::Double(0.1)};
  std::vector<Cell> b = {Cell::Bytes("b"), Cell::Double(-kInf)};
  std::vector<Cell> id = {Cell::Bytes("a")};
  EXPECT_THAT(*t_.BuildWrites({InsertOp(a), InsertOp(b)}, true),
              ElementsAre("ZADD k 0.1 a -inf b"));
  EXPECT_THAT(*t_.BuildWrites({InsertOp(a, ConflictPolicy::kIgnore)}, true),
              ElementsAre("ZADD k NX 0.1 a"));
  EXPECT_THAT(*t_.BuildWrites({DeleteOp(id)}), ElementsAre("ZREM k a"));
  EXPECT_THAT(*t_.BuildWrites({UpdateOp(id, b), UpdateOp(id, b, {true, false}),
                               UpdateOp(id, a, {false, true})}),
              ElementsAre("EVAL SCRIPT 2 k k a b -inf a b \"\" a a 0.1"));
}

TEST_F(ZsetTest, RefusesNullAndNan) {
  std::vector<Cell> null_score = {Cell::Bytes("a"), Cell::Null()};
  std::vector<Cell> nan = {Cell::Bytes("a"), Cell::Double(kNan)};
  std::vector<Cell> id = {Cell::Bytes("a")};
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({InsertOp(null_score)}).status()),
            ErrorKind::kNullNotAllowed);
  ErrorInfo error = GetErrorInfo(t_.BuildWrites({InsertOp(nan)}).status());
  EXPECT_EQ(error.kind, ErrorKind::kInvalidData);
  EXPECT_TRUE(absl::StrContains(error.message, "\"points\"")) << error.message;
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({UpdateOp(id, nan)}).status()), ErrorKind::kInvalidData);
}

TEST_F(ZsetTest, Results) {
  std::vector<Cell> a = {Cell::Bytes("a"), Cell::Double(1)};
  t_.Reply("ZADD k NX 1 a", Int(0));
  ASSERT_TRUE(t_.Write({InsertOp(a, ConflictPolicy::kIgnore)}, true).ok());
  EXPECT_FALSE(t_.results()[0].applied);
  EXPECT_EQ(GetErrorKind(t_.Write({InsertOp(a, ConflictPolicy::kError)})),
            ErrorKind::kUniqueViolation);
}

}  // namespace
}  // namespace redis_fdw::test
