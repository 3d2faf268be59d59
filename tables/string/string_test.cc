#include "tables/string/string_table.h"

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

class StringTest : public ::testing::Test {
 protected:
  StringTest() { t_.Bind("string", {"v"}); }
  TableTester t_;
};

TEST_F(StringTest, Binds) {
  ASSERT_THAT(t_.table().columns(), SizeIs(1));
  EXPECT_FALSE(t_.table().columns()[0].identity);
  EXPECT_FALSE(t_.TryBind("string", {"a", "b"}).ok());
}

TEST_F(StringTest, PlansAndDescribes) {
  ScanPlan plan = t_.Plan({Where(0, CompareOp::kEq, Semantics::kBytes, 0)});
  EXPECT_EQ(plan.op, ScanOp::kScan);
  EXPECT_THAT(plan.predicates, IsEmpty());
  EXPECT_EQ(plan.cost.rows, 1);
  EXPECT_THAT(t_.table().Describe(plan, t_.options, {}), ElementsAre("GET k"));
  EXPECT_EQ(t_.table().DescribeRow(plan.output, {}, -1), "the value");
}

TEST_F(StringTest, Reads) {
  t_.Reply("GET k", Bulk("x"));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"x\""));
  t_.Reply("GET k", Bulk(""));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"\""));
  t_.Reply("GET k", Nil());
  EXPECT_THAT(t_.Scan(t_.Plan({})), IsEmpty());
  t_.Reply("GET k", Bulks({"x"}));
  EXPECT_EQ(GetErrorKind(t_.TryScan(t_.Plan({})).status()), ErrorKind::kProtocol);
}

TEST_F(StringTest, Writes) {
  std::vector<Cell> a = {Cell::Bytes("a b")};
  std::vector<Cell> null = {Cell::Null()};
  EXPECT_THAT(*t_.BuildWrites({InsertOp(a), InsertOp(a)}),
              ElementsAre("SET k \"a b\"", "SET k \"a b\""));
  EXPECT_THAT(*t_.BuildWrites({InsertOp(a, ConflictPolicy::kIgnore)}),
              ElementsAre("SET k \"a b\" NX"));
  EXPECT_THAT(*t_.BuildWrites({UpdateOp({}, a)}),
              ElementsAre("EVAL SCRIPT 2 k k \"\" \"\" 1 \"a b\""));
  EXPECT_THAT(*t_.BuildWrites({DeleteOp({})}), ElementsAre("EVAL SCRIPT 1 k string"));
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({InsertOp(null)}).status()), ErrorKind::kNullNotAllowed);
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({UpdateOp({}, null)}).status()),
            ErrorKind::kNullNotAllowed);
}

TEST_F(StringTest, Results) {
  std::vector<Cell> a = {Cell::Bytes("a")};
  bool applied = false;
  t_.Handle([&applied](const FakeServer::Argv& argv) {
    if (argv[0] == "EVAL") return Int(applied ? 1 : 0);
    EXPECT_EQ(argv.back(), "NX");
    return applied ? Ok() : Nil();
  });
  for (const WriteOp& op : {InsertOp(a, ConflictPolicy::kIgnore), UpdateOp({}, a), DeleteOp({})}) {
    ASSERT_TRUE(t_.Write({op}, true).ok());
    EXPECT_FALSE(t_.results()[0].applied);
  }
  EXPECT_EQ(GetErrorKind(t_.Write({InsertOp(a, ConflictPolicy::kError)})),
            ErrorKind::kUniqueViolation);
  applied = true;
  for (const WriteOp& op : {InsertOp(a, ConflictPolicy::kIgnore), UpdateOp({}, a), DeleteOp({})}) {
    ASSERT_TRUE(t_.Write({op}, true).ok());
    EXPECT_TRUE(t_.results()[0].applied);
  }
}

}  // namespace
}  // namespace redis_fdw::test
