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

TEST_F(SetTest, Counts) {
  ScanPlan plan = t_.PlanCount({});
  EXPECT_EQ(plan.op, ScanOp::kCount);
  EXPECT_THAT(t_.table().Describe(plan, t_.options, {}), ElementsAre("SCARD k"));
  t_.Reply("SCARD k", Int(1000000));
  EXPECT_THAT(t_.Scan(plan), ElementsAre("0: 1000000"));
  t_.Reply("SCARD k", Int(0));
  EXPECT_THAT(t_.Scan(plan), ElementsAre("0: 0"));
  t_.Reply("SCARD k", Bulk("1"));
  EXPECT_EQ(GetErrorKind(t_.TryScan(plan).status()), ErrorKind::kProtocol);
  t_.Reply("SCARD k", Int(-1));
  EXPECT_EQ(GetErrorKind(t_.TryScan(plan).status()), ErrorKind::kProtocol);
  // Of those that an equality names: they are looked up.
  plan = t_.PlanCount({MemberIn(0)});
  EXPECT_EQ(plan.op, ScanOp::kLookup);
  std::vector<Cell> list = {Cell::Bytes("a"), Cell::Bytes("b"), Cell::Bytes("c")};
  t_.Reply("SMISMEMBER k a b c", Array({Int(1), Int(0), Int(1)}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::List(list)}}), ElementsAre("0: 2"));
}

TEST_F(SetTest, NarrowsByMatch) {
  Predicate like = Where(SetElements::kMember, CompareOp::kLike, Semantics::kBytes, 0);
  Predicate from = Where(SetElements::kMember, CompareOp::kGe, Semantics::kBytes, 0);
  Predicate to = Where(SetElements::kMember, CompareOp::kLt, Semantics::kBytes, 1);
  ScanPlan plan = t_.Plan({like});
  EXPECT_EQ(plan.op, ScanOp::kScan);
  ASSERT_THAT(plan.predicates, SizeIs(1));
  EXPECT_EQ(plan.predicates[0].answer, Answer::kSuperset);
  EXPECT_THAT(t_.table().Describe(plan, t_.options, {"$1"}),
              ElementsAre("SSCAN k CURSOR MATCH (narrowed by member LIKE $1) COUNT 1000"));
  t_.Reply("SSCAN k 0 MATCH a* COUNT 1000", Array({Bulk("3"), Bulks({"a1"})}));
  t_.Reply("SSCAN k 3 MATCH a* COUNT 1000", Array({Bulk("0"), Bulks({"a2"})}));
  plan.expected_rows = 1;  // few are found on a page, which is full for that
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("a%")}}), ElementsAre("0: \"a1\"", "0: \"a2\""));
  t_.Reply("SSCAN k 0 MATCH a* COUNT 1000", Array({Bulk("0"), Bulks({"a1"})}));
  EXPECT_THAT(t_.Scan(t_.Plan({from, to}), {{Cell::Bytes("a1"), Cell::Bytes("a5")}}), SizeIs(1));
  // A pattern of anything is none.
  t_.Reply("SSCAN k 0 COUNT 1000", Array({Bulk("0"), Bulks({"a1"})}));
  EXPECT_THAT(t_.Scan(t_.Plan({like}), {{Cell::Bytes("%")}}), SizeIs(1));
  // One bound names no bytes.
  EXPECT_THAT(t_.Plan({from}).predicates, IsEmpty());
  t_.server().ClearCommands();
  EXPECT_THAT(t_.Scan(t_.Plan({like}), {{Cell::Null()}}), IsEmpty());
  EXPECT_THAT(t_.server().commands(), IsEmpty());
  // A lookup is less; the snapshot has no pattern.
  EXPECT_EQ(t_.Plan({like, MemberIs(1)}).op, ScanOp::kLookup);
  t_.options.mode = ScanMode::kSnapshot;
  EXPECT_THAT(t_.table().Describe(t_.Plan({like}), t_.options, {"$1"}), ElementsAre("SMEMBERS k"));
  t_.Reply("SMEMBERS k", Bulks({"b", "a"}));
  EXPECT_THAT(t_.Scan(t_.Plan({like}), {{Cell::Bytes("a%")}}), SizeIs(2));
}

// What is sent costs more than what is only looked at.
TEST_F(SetTest, CostsOfAMatch) {
  ScanRequest request;
  request.rows_in_key = 1000000;
  auto total = [&] {
    ScanPlan plan = t_.table().Plan(request);
    return plan.cost.startup + plan.cost.rows * plan.cost.per_row;
  };
  const double scan = total();
  EXPECT_GT(scan, 20000);
  request.predicates = {Where(SetElements::kMember, CompareOp::kLike, Semantics::kBytes, 0)};
  request.stats = {{0.0001, -1}};
  EXPECT_EQ(t_.table().Plan(request).cost.rows, 100);
  EXPECT_LT(total(), 0.6 * scan);
  EXPECT_GT(total(), 0.3 * scan);
  request.stats = {{1, -1}};
  EXPECT_NEAR(total(), scan, 1);
  // A lookup of few; so many that they are as dear as a small key; and fewer than a large one.
  request.predicates = {MemberIs(0)};
  const double lookup = total();
  EXPECT_LT(lookup, 11);
  EXPECT_LT(1000 * lookup, scan);
  request.predicates.clear();
  request.rows_in_key = 10000;
  EXPECT_GT(1000 * lookup, total());
  request.predicates = {MemberIn(0)};
  request.stats = {{-1, 1000}};
  EXPECT_LT(total(), 100);
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
