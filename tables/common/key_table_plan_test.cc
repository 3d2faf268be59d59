// How tables of keys plan, what EXPLAIN says of it, and which rows a plan names.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/key_table.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TableDef Many(const std::string& pattern, bool row_per_key = false) {
  TableDef def;
  def.key = pattern;
  def.row_per_key = row_per_key;
  return def;
}

TableDef Template(const std::string& text) {
  TableDef def;
  def.key_template = text;
  return def;
}

class KeyTablePlanTest : public ::testing::Test {
 protected:
  static Predicate Is(int column, int operand = 0) {
    return Where(column, CompareOp::kEq, Semantics::kBytes, operand);
  }
  static Predicate In(int column, int operand = 0) {
    return Where(column, CompareOp::kIn, Semantics::kBytes, operand);
  }
  static Predicate Like(int column, int operand = 0) {
    return Where(column, CompareOp::kLike, Semantics::kBytes, operand);
  }
  // "0:exact 2:superset": columns and answers of what the plan makes use of.
  static Lines Used(const ScanPlan& plan) {
    Lines used;
    for (const PlannedPredicate& planned : plan.predicates) {
      used.push_back(std::to_string(planned.predicate.column) +
                     (planned.answer == Answer::kExact ? ":exact" : ":superset"));
    }
    return used;
  }
  Lines Describe(const ScanPlan& plan) {
    return t_.table().Describe(plan, t_.options, {"$1", "$2", "$3"});
  }

  TableTester t_;
};

// --- Plans --------------------------------------------------------------------------------------

TEST_F(KeyTablePlanTest, OneKeyIsNeitherLookedUpNorScanned) {
  t_.Bind("hash", {"f", "v"});
  EXPECT_EQ(t_.Plan({Is(0)}).keys, KeyAccess::kOne);
  EXPECT_EQ(t_.Plan({}).keys, KeyAccess::kOne);
}

TEST_F(KeyTablePlanTest, KeysAreLookedUpWhereEqualitiesNameThem) {
  t_.Bind("hash", {"k", "f", "v"}, Many("u:*"));
  ScanPlan plan = t_.Plan({Is(0)});
  EXPECT_EQ(plan.keys, KeyAccess::kLookup);
  EXPECT_EQ(plan.op, ScanOp::kScan);
  EXPECT_THAT(Used(plan), ElementsAre("0:exact"));
  plan = t_.Plan({In(0), Is(0, 1), Like(0, 2)});
  EXPECT_EQ(plan.keys, KeyAccess::kLookup);
  EXPECT_THAT(Used(plan), ElementsAre("0:exact", "0:exact"));
  plan = t_.Plan({Is(1), In(0, 1)});
  EXPECT_EQ(plan.keys, KeyAccess::kLookup);
  EXPECT_EQ(plan.op, ScanOp::kLookup);
  EXPECT_THAT(Used(plan), ElementsAre("1:exact", "0:exact"));
}

TEST_F(KeyTablePlanTest, KeysAreScannedOtherwise) {
  t_.Bind("hash", {"k", "f", "v"}, Many("u:*"));
  EXPECT_EQ(t_.Plan({}).keys, KeyAccess::kScan);
  EXPECT_EQ(t_.Plan({}).op, ScanOp::kScan);
  ScanPlan plan = t_.Plan({Like(0), Is(1, 1)});
  EXPECT_EQ(plan.keys, KeyAccess::kScan);
  EXPECT_EQ(plan.op, ScanOp::kLookup);
  EXPECT_THAT(Used(plan), ElementsAre("1:exact", "0:superset"));
  // What is not compared as bytes, and what is about the value.
  plan = t_.Plan({Where(0, CompareOp::kEq, Semantics::kInteger, 0), Is(2)});
  EXPECT_EQ(plan.keys, KeyAccess::kScan);
  EXPECT_THAT(Used(plan), IsEmpty());
}

TEST_F(KeyTablePlanTest, ColumnsAreNumberedAsDeclared) {
  t_.Bind("zset",
          {"ttl:integer", "s:float:score", "until:timestamptz:expires_at", "m:text:member", "k"},
          Many("u:*"));
  ScanPlan plan = t_.Plan({Where(0, CompareOp::kEq, Semantics::kInteger, 0), Is(3, 1), Is(4, 2)});
  EXPECT_THAT(Used(plan), ElementsAre("3:exact", "4:exact"));
  EXPECT_THAT(plan.output.columns, ElementsAre(0, 1, 2, 3, 4));
  plan = t_.Plan({Where(1, CompareOp::kGe, Semantics::kDouble, 0)});
  EXPECT_EQ(plan.op, ScanOp::kRange);
  EXPECT_THAT(Used(plan), ElementsAre("1:exact"));
}

TEST_F(KeyTablePlanTest, OrdersHoldWithinOneKeyOnly) {
  Predicate range = Where(1, CompareOp::kGe, Semantics::kDouble, 0);
  t_.Bind("zset", {"m", "s:float"});
  EXPECT_EQ(t_.Plan({range}).order.column, 1);
  t_.Bind("zset", {"s:float:score", "m"});
  range.column = 0;
  EXPECT_EQ(t_.Plan({range}).order.column, 0);
  t_.Bind("zset", {"k", "m", "s:float"}, Many("z*"));
  range.column = 2;
  EXPECT_EQ(t_.Plan({range}).op, ScanOp::kRange);
  EXPECT_EQ(t_.Plan({range}).order.column, -1);
}

TEST_F(KeyTablePlanTest, LookupsAreCheaperThanScans) {
  t_.Bind("hash", {"k", "f", "v"}, Many("u:*"));
  ScanRequest request;
  request.rows_in_key = 100000;
  ScanPlan scan = t_.table().Plan(request);
  request.predicates = {Is(0)};
  ScanPlan one = t_.table().Plan(request);
  request.predicates = {In(0)};
  ScanPlan several = t_.table().Plan(request);
  EXPECT_LT(one.cost.startup, several.cost.startup);
  EXPECT_LT(several.cost.startup, scan.cost.startup);
  EXPECT_LT(one.cost.rows, several.cost.rows);
  EXPECT_LT(several.cost.rows, scan.cost.rows);
  // Where a row is a key, there are as many as that.
  t_.Bind("string", {"k", "v"}, Many("u:*"));
  request.predicates.clear();
  EXPECT_EQ(t_.table().Plan(request).cost.rows, 100000);
  request.predicates = {Is(0)};
  EXPECT_EQ(t_.table().Plan(request).cost.rows, 1);
}

double Total(const ScanPlan& plan) {
  return plan.cost.startup + plan.cost.rows * plan.cost.per_row;
}

TEST_F(KeyTablePlanTest, KeysThatAPatternLeavesCostLess) {
  t_.Bind("string", {"k", "v"}, Many("u:*"));
  ScanRequest request;
  request.output.columns = {0, 1};
  request.rows_in_key = 1000000;
  const ScanPlan all = t_.table().Plan(request);
  EXPECT_GT(Total(all), 50000);
  request.predicates = {Like(0)};
  request.stats = {{0.001, -1}};
  const ScanPlan few = t_.table().Plan(request);
  EXPECT_EQ(few.cost.rows, 1000);
  EXPECT_LT(Total(few), Total(all) / 4);
  EXPECT_GT(Total(few), 5000);  // SCAN looks at all keys
  // Whoever takes few of many rows pays for few.
  EXPECT_LT(all.cost.startup + 10 * all.cost.per_row, 30);
  // Keys alone are not read.
  request.predicates.clear();
  request.output.columns = {0};
  EXPECT_LT(Total(t_.table().Plan(request)), Total(all) / 2);
  // Nor does each key of many elements make a round trip.
  t_.Bind("hash", {"k", "f", "v"}, Many("u:*"));
  request.keys = 1000;
  EXPECT_LT(Total(t_.table().Plan(request)), 1.1 * 20000);
  request.predicates = {Is(1)};
  EXPECT_EQ(t_.table().Plan(request).cost.rows, 1000);
  EXPECT_LT(Total(t_.table().Plan(request)), 150);
}

TEST_F(KeyTablePlanTest, CountsAreOfAllKeys) {
  t_.Bind("set", {"k", "m"}, Many("u:*"));
  ScanPlan plan = t_.PlanCount({});
  EXPECT_EQ(plan.op, ScanOp::kCount);
  EXPECT_EQ(plan.keys, KeyAccess::kScan);
  plan = t_.PlanCount({In(0)});
  EXPECT_EQ(plan.op, ScanOp::kCount);
  EXPECT_EQ(plan.keys, KeyAccess::kLookup);
  EXPECT_THAT(Used(plan), ElementsAre("0:exact"));
  EXPECT_EQ(t_.PlanCount({Is(1)}).op, ScanOp::kLookup);
  // PostgreSQL has to look at the key again.
  plan = t_.PlanCount({Like(0)});
  EXPECT_EQ(plan.op, ScanOp::kScan);
  EXPECT_EQ(plan.output.kind, OutputKind::kCount);
}

TEST_F(KeyTablePlanTest, DescribesCounts) {
  t_.Bind("set", {"k", "m"}, Many("u:*"));
  EXPECT_THAT(Describe(t_.PlanCount({})),
              ElementsAre("SCAN CURSOR MATCH u:* COUNT 1000 TYPE set", "SCARD KEY"));
  EXPECT_THAT(Describe(t_.PlanCount({Is(0)})), ElementsAre("SCARD $1"));
  EXPECT_THAT(Describe(t_.PlanCount({Is(1)})),
              ElementsAre("SCAN CURSOR MATCH u:* COUNT 1000 TYPE set", "SISMEMBER KEY $1"));
  t_.Bind("hash", {"f", "v", "ttl:integer"});
  EXPECT_THAT(Describe(t_.PlanCount({})), ElementsAre("HLEN k"));
  t_.Bind("string", {"k", "v", "ttl:integer"}, Many("u:*"));
  EXPECT_THAT(Describe(t_.PlanCount({})),
              ElementsAre("SCAN CURSOR MATCH u:* COUNT 1000 TYPE string"));
  EXPECT_THAT(Describe(t_.PlanCount({In(0)})), ElementsAre("TYPE $1"));
  t_.Bind("string", {"v"});
  EXPECT_THAT(Describe(t_.PlanCount({})), ElementsAre("GET k"));
}

// --- EXPLAIN ------------------------------------------------------------------------------------

TEST_F(KeyTablePlanTest, DescribesScans) {
  t_.Bind("hash", {"k", "f", "v"}, Many("u:*"));
  EXPECT_THAT(Describe(t_.Plan({})), ElementsAre("SCAN CURSOR MATCH u:* COUNT 1000 TYPE hash",
                                                 "HSCAN KEY CURSOR COUNT 1000"));
  EXPECT_THAT(Describe(t_.Plan({Like(0, 1), Is(1)})),
              ElementsAre("SCAN CURSOR MATCH u:* COUNT 1000 TYPE hash (MATCH narrowed by key LIKE "
                          "$2)",
                          "HGET KEY $1"));
}

TEST_F(KeyTablePlanTest, DescribesLookups) {
  t_.Bind("hash", {"k", "f", "v"}, Many("u:*"));
  EXPECT_THAT(Describe(t_.Plan({Is(0), In(1, 1)})), ElementsAre("HMGET $1 $2"));
  EXPECT_THAT(Describe(t_.Plan({Is(0), In(0, 1)})), ElementsAre("HSCAN $1 & $2 CURSOR COUNT 1000"));
  t_.Bind("string", {"id", "v"}, Template("u:{id}:x"));
  EXPECT_THAT(Describe(t_.Plan({Is(0)})), ElementsAre("GET u:{$1}:x"));
  EXPECT_THAT(Describe(t_.Plan({})), ElementsAre("SCAN CURSOR MATCH u:*:x COUNT 1000 TYPE string",
                                                 "MGET KEY ... (in a cluster GET KEY)"));
}

TEST_F(KeyTablePlanTest, DescribesTtls) {
  t_.Bind("hash", {"f", "v", "ttl:integer", "until:timestamptz:expires_at"});
  EXPECT_THAT(Describe(t_.Plan({Is(0)})), ElementsAre("PTTL k", "PEXPIRETIME k", "HGET k $1"));
  EXPECT_THAT(Describe(t_.Plan({Is(0)}, {1})), ElementsAre("HGET k $1"));
  t_.Bind("string", {"k", "v", "ttl:integer"}, Many("u:*"));
  EXPECT_THAT(Describe(t_.Plan({Is(0)})), ElementsAre("PTTL $1", "GET $1"));
}

TEST_F(KeyTablePlanTest, DescribesRowsOfWhichOnlyTheKeyIsWanted) {
  t_.Bind("string", {"k", "v", "ttl:integer"}, Many("u:*"));
  EXPECT_THAT(Describe(t_.Plan({}, {0})),
              ElementsAre("SCAN CURSOR MATCH u:* COUNT 1000 TYPE string"));
  EXPECT_THAT(Describe(t_.Plan({Is(0)}, {0})), ElementsAre("TYPE $1"));
  EXPECT_THAT(Describe(t_.Plan({}, {0, 2})),
              ElementsAre("SCAN CURSOR MATCH u:* COUNT 1000 TYPE string", "PTTL KEY", "TYPE KEY"));
  // Of one key that is not so: what its rows are is read.
  t_.Bind("string", {"v", "ttl:integer"});
  EXPECT_THAT(Describe(t_.Plan({}, {1})), ElementsAre("PTTL k", "GET k"));
}

TEST_F(KeyTablePlanTest, DescribesRows) {
  std::vector<Cell> row = {Cell::Bytes("u:1"), Cell::Bytes("f"), Cell::Bytes("v")};
  OutputShape all;
  all.columns = {0, 1, 2};
  t_.Bind("hash", {"k", "f", "v"}, Many("u:*"));
  EXPECT_EQ(t_.table().DescribeRow(all, row, -1), "key \"u:1\", field \"f\"");
  OutputShape value;
  value.columns = {2};
  EXPECT_EQ(t_.table().DescribeRow(value, absl::MakeSpan(row).subspan(2), -1), "a field");
  t_.Bind("hash", {"id", "a", "b"}, [] {
    TableDef def = Template("u:{id}:x");
    def.row_per_key = true;
    return def;
  }());
  EXPECT_EQ(t_.table().DescribeRow(all, row, -1), "key \"u:u:1:x\"");
  EXPECT_EQ(t_.table().DescribeRow(value, absl::MakeSpan(row).subspan(2), -1), "a key");
  t_.Bind("hash", {"a", "b"}, Many("h", true));
  OutputShape fields;
  fields.columns = {0, 1};
  EXPECT_EQ(t_.table().DescribeRow(fields, absl::MakeSpan(row).subspan(1), -1), "the hash");
}

// --- Rows that a plan names ---------------------------------------------------------------------

TEST_F(KeyTablePlanTest, PlansThatNameRows) {
  t_.Bind("hash", {"k", "f", "v"}, Many("u:*"));
  auto names = [&](const std::vector<Predicate>& predicates) {
    return t_.table().NamesRows(t_.Plan(predicates), WriteKind::kDelete);
  };
  EXPECT_TRUE(names({Is(0), In(1, 1)}));
  EXPECT_FALSE(names({Is(0)}));
  EXPECT_FALSE(names({Is(1)}));
  EXPECT_FALSE(names({Like(0), Is(1, 1)}));
  EXPECT_FALSE(names({}));
  t_.Bind("string", {"k", "v"}, Many("u:*"));
  EXPECT_TRUE(names({Is(0)}));
  EXPECT_FALSE(names({}));
  t_.Bind("string", {"v"});
  EXPECT_TRUE(names({}));  // the one row
  ScanPlan nothing;
  nothing.op = ScanOp::kNothing;
  EXPECT_FALSE(t_.table().NamesRows(nothing, WriteKind::kDelete));
  t_.Bind("list", {"e"});
  EXPECT_FALSE(names({}));
  t_.Bind("list", {"i:integer", "e"});
  EXPECT_FALSE(names({Where(0, CompareOp::kEq, Semantics::kInteger, 0)}));
  t_.Bind("zset", {"m", "s:float"});
  EXPECT_TRUE(names({Is(0)}));
  EXPECT_FALSE(names({Where(1, CompareOp::kGe, Semantics::kDouble, 0)}));
}

TEST_F(KeyTablePlanTest, TheRowsThatAPlanNames) {
  auto named = [&](const std::vector<Predicate>& predicates, const std::vector<Cell>& params) {
    ScanPlan plan = t_.Plan(predicates);
    EXPECT_TRUE(t_.table().NamesRows(plan, WriteKind::kDelete));
    Lines lines;
    for (const std::vector<Cell>& row : t_.table().NamedRows(plan, params)) {
      std::string line;
      for (const Cell& cell : row) line += DebugString(cell) + " ";
      lines.push_back(line);
    }
    return lines;
  };
  t_.Bind("hash", {"k", "f", "v"}, Many("u:*"));
  std::vector<Cell> keys = {Cell::Bytes("u:2"), Cell::Bytes("x"), Cell::Null(), Cell::Bytes("u:1"),
                            Cell::Bytes("u:2")};
  std::vector<Cell> fields = {Cell::Bytes("b"), Cell::Bytes("a"), Cell::Bytes("b")};
  std::vector<Predicate> both = {In(0), In(1, 1)};
  EXPECT_THAT(named(both, {Cell::List(keys), Cell::List(fields)}),
              ElementsAre("\"u:2\" \"b\" ", "\"u:1\" \"b\" ", "\"u:2\" \"a\" ", "\"u:1\" \"a\" "));
  EXPECT_THAT(named(both, {Cell::Null(), Cell::List(fields)}), IsEmpty());
  EXPECT_THAT(named(both, {Cell::List(keys), Cell::List({})}), IsEmpty());
  EXPECT_THAT(
      named({Is(0), Is(1, 1), In(0, 2)}, {Cell::Bytes("u:2"), Cell::Bytes("a"), Cell::List(keys)}),
      ElementsAre("\"u:2\" \"a\" "));
  // Cells come in the order of the columns.
  t_.Bind("hash", {"v:text:value", "f:text:field", "k"}, Many("u:*"));
  EXPECT_THAT(named({Is(2), Is(1, 1)}, {Cell::Bytes("u:1"), Cell::Bytes("a")}),
              ElementsAre("\"a\" \"u:1\" "));
  // Commands take "5" for an id, but no entry has it.
  t_.Bind("stream", {"id", "a"});
  std::vector<Cell> ids = {Cell::Bytes("5"), Cell::Bytes("5-0"), Cell::Bytes("+")};
  EXPECT_THAT(named({In(0)}, {Cell::List(ids)}), ElementsAre("\"5-0\" "));
  t_.Bind("string", {"v"});
  EXPECT_THAT(named({}, {}), ElementsAre(""));
}

}  // namespace
}  // namespace redis_fdw::test
