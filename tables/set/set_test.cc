#include "tables/set/set_table.h"

#include <string>
#include <vector>

#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SetTest : public ::testing::Test {
 protected:
  SetTest() { t_.Bind("set", {"m"}); }
  static Predicate MemberIs(int operand) {
    return Where(SetElements::kMember, CompareOp::kEq, Semantics::kBytes, operand);
  }
  static Predicate MemberIn(int operand) {
    return Where(SetElements::kMember, CompareOp::kIn, Semantics::kBytes, operand);
  }
  TableTester t_;
};

TEST_F(SetTest, Binds) {
  ASSERT_THAT(t_.table().columns(), SizeIs(1));
  EXPECT_TRUE(t_.table().columns()[0].identity);
  EXPECT_FALSE(t_.TryBind("set", {"a", "b"}).ok());
}

TEST_F(SetTest, PlansAndDescribes) {
  EXPECT_EQ(t_.Plan({MemberIs(0)}).op, ScanOp::kLookup);
  EXPECT_EQ(t_.Plan({}).op, ScanOp::kScan);
  Lines names = {"$1"};
  EXPECT_THAT(t_.table().Describe(t_.Plan({MemberIs(0)}), t_.options, names),
              ElementsAre("SISMEMBER k $1"));
  EXPECT_THAT(t_.table().Describe(t_.Plan({MemberIn(0)}), t_.options, names),
              ElementsAre("SMISMEMBER k $1"));
  EXPECT_THAT(t_.table().Describe(t_.Plan({}), t_.options, names),
              ElementsAre("SSCAN k CURSOR COUNT 1000"));
  t_.options.mode = ScanMode::kSnapshot;
  EXPECT_THAT(t_.table().Describe(t_.Plan({}), t_.options, names), ElementsAre("SMEMBERS k"));
  OutputShape output;
  output.columns = {0};
  Cell row[] = {Cell::Bytes("x")};
  EXPECT_EQ(t_.table().DescribeRow(output, row, -1), "member \"x\"");
}

TEST_F(SetTest, LooksUp) {
  t_.Reply("SISMEMBER k a", Int(1));
  t_.Reply("SISMEMBER k b", Int(0));
  t_.Reply("SMISMEMBER k b a", Array({Int(0), Int(1)}));
  std::vector<Cell> list = {Cell::Bytes("b"), Cell::Bytes("a"), Cell::Bytes("b"), Cell::Null()};
  EXPECT_THAT(t_.Scan(t_.Plan({MemberIs(0)}), {{Cell::Bytes("a")}, {Cell::Bytes("b")}}),
              ElementsAre("0: \"a\""));
  EXPECT_THAT(t_.Scan(t_.Plan({MemberIn(0)}), {{Cell::List(list)}}), ElementsAre("0: \"a\""));
  EXPECT_THAT(t_.server().CommandLines(),
              ElementsAre("SISMEMBER k a", "SISMEMBER k b", "SMISMEMBER k b a"));
}

TEST_F(SetTest, OldServersAreAskedOneByOneInAPipeline) {
  t_.server().options.version = "6.0.16";
  t_.Reply("SISMEMBER k a", Int(1));
  t_.Reply("SISMEMBER k b", Int(0));
  std::vector<Cell> list = {Cell::Bytes("b"), Cell::Bytes("a")};
  EXPECT_THAT(t_.Scan(t_.Plan({MemberIn(0)}), {{Cell::List(list)}}), ElementsAre("0: \"a\""));
  EXPECT_EQ(t_.pipeline().counters().round_trips, 1);
}

TEST_F(SetTest, Scans) {
  t_.Reply("SSCAN k 0 COUNT 1000", Array({Bulk("3"), Bulks({"a", "", "b"})}));
  t_.Reply("SSCAN k 3 COUNT 1000", Array({Bulk("0"), Bulks({"b", "c"})}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"a\"", "0: \"\"", "0: \"b\"", "0: \"c\""));
  t_.options.mode = ScanMode::kSnapshot;
  t_.Reply("SMEMBERS k", Bulks({"a"}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"a\""));
  t_.Reply("SMEMBERS k", Bulks({}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), IsEmpty());
}

// Few elements of a large set are a small page, and one that may be enough is waited for.
TEST_F(SetTest, ALimitMakesPagesSmall) {
  ScanPlan plan = t_.Plan({});
  plan.limit = 2;
  t_.Reply("SSCAN k 0 COUNT 10", Array({Bulk("3"), Bulks({"a", "b", "c"})}));
  EXPECT_THAT(t_.Scan(plan), ElementsAre("0: \"a\"", "0: \"b\""));
  EXPECT_THAT(t_.server().commands(), SizeIs(1));
  // Where it was not, pages grow: COUNT is how far Redis looks, not how much it finds.
  t_.server().ClearCommands();
  plan.limit = 400;
  t_.Reply("SSCAN k 0 COUNT 400", Array({Bulk("3"), Bulks({"a"})}));
  t_.Reply("SSCAN k 3 COUNT 800", Array({Bulk("4"), Bulks({})}));
  t_.Reply("SSCAN k 4 COUNT 1000", Array({Bulk("5"), Bulks({"b"})}));
  t_.Reply("SSCAN k 5 COUNT 1000", Array({Bulk("0"), Bulks({"b", "c"})}));
  EXPECT_THAT(t_.Scan(plan), ElementsAre("0: \"a\"", "0: \"b\"", "0: \"c\""));
  EXPECT_EQ(t_.pipeline().counters().round_trips, 1 + 4);
  // More than a page: pages are full, and asked for ahead until the last that is needed.
  plan.limit = 1500;
  t_.Reply("SSCAN k 0 COUNT 1000", Array({Bulk("0"), Bulks({"a"})}));
  EXPECT_THAT(t_.Scan(plan), SizeIs(1));
}

TEST_F(SetTest, RowsToPassOverAreWantedToo) {
  ScanPlan plan = t_.Plan({});
  plan.limit = 1;
  plan.offset_operand = 0;
  t_.Reply("SSCAN k 0 COUNT 31", Array({Bulk("7"), Bulks({"a"})}));
  t_.Reply("SSCAN k 7 COUNT 62", Array({Bulk("0"), Bulks({"b"})}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(30)}}), IsEmpty());
}

TEST_F(SetTest, AnExpectationMakesTheFirstPageSmall) {
  ScanPlan plan = t_.Plan({});
  plan.expected_rows = 20;
  t_.Reply("SSCAN k 0 COUNT 20", Array({Bulk("3"), Bulks({"a"})}));
  t_.Reply("SSCAN k 3 COUNT 40", Array({Bulk("0"), Bulks({"b"})}));
  EXPECT_THAT(t_.Scan(plan), SizeIs(2));
}

TEST_F(SetTest, Writes) {
  std::vector<Cell> a = {Cell::Bytes("a")};
  std::vector<Cell> b = {Cell::Bytes("b")};
  std::vector<Cell> null = {Cell::Null()};
  EXPECT_THAT(*t_.BuildWrites({InsertOp(a), InsertOp(b)}, true), ElementsAre("SADD k a b"));
  EXPECT_THAT(*t_.BuildWrites({DeleteOp(a), DeleteOp(b)}), ElementsAre("SREM k a b"));
  EXPECT_THAT(*t_.BuildWrites({UpdateOp(a, b), UpdateOp(b, a, {false})}),
              ElementsAre("EVAL SCRIPT 2 k k a b b b"));
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({InsertOp(null)}).status()), ErrorKind::kNullNotAllowed);
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({UpdateOp(a, null)}).status()), ErrorKind::kNullNotAllowed);
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({DeleteOp(null)}).status()), ErrorKind::kInternal);
}

TEST_F(SetTest, Results) {
  std::vector<Cell> a = {Cell::Bytes("a")};
  t_.Reply("SADD k a", Int(0));
  ASSERT_TRUE(t_.Write({InsertOp(a)}, true).ok());
  EXPECT_TRUE(t_.results()[0].applied);  // the last write wins
  ASSERT_TRUE(t_.Write({InsertOp(a, ConflictPolicy::kIgnore)}, true).ok());
  EXPECT_FALSE(t_.results()[0].applied);
  EXPECT_EQ(GetErrorKind(t_.Write({InsertOp(a, ConflictPolicy::kError)})),
            ErrorKind::kUniqueViolation);
}

}  // namespace
}  // namespace redis_fdw::test
