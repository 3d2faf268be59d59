#include "tables/hash/hash_table.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class HashTest : public ::testing::Test {
 protected:
  HashTest() { t_.Bind("hash", {"name", "content"}); }
  static Predicate FieldIs(int operand) {
    return Where(HashElements::kField, CompareOp::kEq, Semantics::kBytes, operand);
  }
  static Predicate FieldIn(int operand) {
    return Where(HashElements::kField, CompareOp::kIn, Semantics::kBytes, operand);
  }
  TableTester t_;
};

TEST_F(HashTest, BindsTwoColumns) {
  ASSERT_THAT(t_.table().columns(), SizeIs(2));
  EXPECT_TRUE(t_.table().columns()[0].identity);
  EXPECT_FALSE(t_.table().columns()[1].identity);
  EXPECT_FALSE(t_.table().columns()[1].nullable);
  EXPECT_FALSE(t_.table().has_row_number());
  EXPECT_EQ(t_.table().key(), "k");
  EXPECT_TRUE(t_.table().CanWrite(WriteKind::kUpdate).ok());
  EXPECT_TRUE(t_.TryBind("hash", {"id:integer", "day:date"}).ok());
  absl::Status three = t_.TryBind("hash", {"a", "b", "c"}).status();
  EXPECT_EQ(GetErrorKind(three), ErrorKind::kInvalidTable);
  EXPECT_EQ(GetErrorInfo(three).message,
            "foreign table \"t\" has 3 columns, which does not fit table_type \"hash\"");
  EXPECT_TRUE(absl::StrContains(GetErrorInfo(three).hint, "(field, value)"));
  EXPECT_TRUE(absl::StrContains(GetErrorInfo(three).hint, "row_per 'key'"));
  const absl::Status one = t_.TryBind("hash", {"a"}).status();
  EXPECT_FALSE(absl::StrContains(GetErrorInfo(one).hint, "row_per"));
}

TEST_F(HashTest, PlansScans) {
  ScanRequest request;
  request.rows_in_key = 5000;
  ScanPlan plan = t_.table().Plan(request);
  EXPECT_EQ(plan.op, ScanOp::kScan);
  EXPECT_THAT(plan.predicates, IsEmpty());
  EXPECT_EQ(plan.cost.rows, 5000);
  EXPECT_EQ(plan.order.column, -1);
}

TEST_F(HashTest, PlansLookupsOnTheFieldOnly) {
  ScanPlan plan = t_.Plan({FieldIs(0), FieldIn(1),
                           Where(HashElements::kValue, CompareOp::kEq, Semantics::kBytes, 2),
                           Where(HashElements::kField, CompareOp::kLt, Semantics::kBytes, 3)});
  EXPECT_EQ(plan.op, ScanOp::kLookup);
  ASSERT_THAT(plan.predicates, SizeIs(2));
  EXPECT_EQ(plan.predicates[0].predicate.operand, 0);
  EXPECT_EQ(plan.predicates[1].predicate.operand, 1);
  EXPECT_EQ(plan.predicates[0].answer, Answer::kExact);
  EXPECT_EQ(plan.predicates[1].answer, Answer::kExact);
  EXPECT_EQ(plan.cost.rows, 1);
  EXPECT_EQ(t_.Plan({FieldIn(0)}).cost.rows, 10);
  EXPECT_EQ(t_.Plan({Where(HashElements::kValue, CompareOp::kEq, Semantics::kBytes, 0)}).op,
            ScanOp::kScan);
  EXPECT_EQ(t_.Plan({Where(HashElements::kField, CompareOp::kEq, Semantics::kInteger, 0)}).op,
            ScanOp::kScan);
}

TEST_F(HashTest, DescribesItsCommands) {
  Lines names = {"$1", "'{a,b}'"};
  EXPECT_THAT(t_.table().Describe(t_.Plan({FieldIs(0)}), t_.options, names),
              ElementsAre("HGET k $1"));
  EXPECT_THAT(t_.table().Describe(t_.Plan({FieldIn(1)}), t_.options, names),
              ElementsAre("HMGET k '{a,b}'"));
  EXPECT_THAT(t_.table().Describe(t_.Plan({FieldIs(0), FieldIn(1)}), t_.options, names),
              ElementsAre("HGET k $1 & '{a,b}'"));
  EXPECT_THAT(t_.table().Describe(t_.Plan({}), t_.options, names),
              ElementsAre("HSCAN k CURSOR COUNT 1000"));
  t_.options.fetch_size = 50;
  EXPECT_THAT(t_.table().Describe(t_.Plan({}), t_.options, names),
              ElementsAre("HSCAN k CURSOR COUNT 1000"));
  t_.options.mode = ScanMode::kCursor;
  EXPECT_THAT(t_.table().Describe(t_.Plan({}), t_.options, names),
              ElementsAre("HSCAN k CURSOR COUNT 50"));
  t_.options.mode = ScanMode::kSnapshot;
  EXPECT_THAT(t_.table().Describe(t_.Plan({}), t_.options, names), ElementsAre("HGETALL k"));
}

TEST_F(HashTest, LooksUpOneAndSeveral) {
  t_.Reply("HGET k a", Bulk(""));
  t_.Reply("HGET k none", Nil());
  t_.Reply("HMGET k a b none", Array({Bulk("1"), Bulk("2"), Nil()}));
  std::vector<Cell> list = {Cell::Bytes("a"), Cell::Bytes("b"), Cell::Bytes("none")};
  EXPECT_THAT(t_.Scan(t_.Plan({FieldIs(0)}), {{Cell::Bytes("a")}}), ElementsAre("0: \"a\", \"\""));
  EXPECT_THAT(t_.Scan(t_.Plan({FieldIs(0)}), {{Cell::Bytes("none")}}), IsEmpty());
  EXPECT_THAT(t_.Scan(t_.Plan({FieldIn(0)}), {{Cell::List(list)}}),
              ElementsAre("0: \"a\", \"1\"", "0: \"b\", \"2\""));
  // Together they leave one, which is HGET whatever the clauses looked like.
  EXPECT_THAT(t_.Scan(t_.Plan({FieldIn(0), FieldIs(1)}), {{Cell::List(list), Cell::Bytes("a")}}),
              ElementsAre("0: \"a\", \"\""));
}

TEST_F(HashTest, LooksUpInChunksOfFetchSize) {
  t_.options.fetch_size = 2;
  t_.Handle([](const FakeServer::Argv& argv) {
    if (argv.size() == 3) return Bulk(argv[2]);
    return Bulks(Lines(argv.begin() + 2, argv.end()));
  });
  std::vector<std::string> fields;
  for (int i = 0; i < 5; ++i) fields.push_back(absl::StrCat(i));
  std::vector<Cell> list(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) list[i] = Cell::Bytes(fields[i]);
  EXPECT_THAT(t_.Scan(t_.Plan({FieldIn(0)}), {{Cell::List(list)}}), SizeIs(5));
  EXPECT_THAT(t_.server().CommandLines(), ElementsAre("HMGET k 0 1", "HMGET k 2 3", "HGET k 4"));
}

TEST_F(HashTest, ReadsASmallHashInOneCommand) {
  t_.Reply("HSCAN k 0 COUNT 1000", Array({Bulk("0"), Bulks({"a", "1", "", ""})}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"a\", \"1\"", "0: \"\", \"\""));
  EXPECT_THAT(t_.server().commands(), SizeIs(1));
}

TEST_F(HashTest, ReadsALargeHashByCursorAndRepeatsNothing) {
  t_.Reply("HSCAN k 0 COUNT 1000", Array({Bulk("12"), Bulks({"a", "1", "b", "2"})}));
  t_.Reply("HSCAN k 12 COUNT 1000", Array({Bulk("5"), Bulks({})}));
  // The value differs: the identity is the field's.
  t_.Reply("HSCAN k 5 COUNT 1000", Array({Bulk("0"), Bulks({"b", "new", "c", "3"})}));
  EXPECT_THAT(t_.Scan(t_.Plan({})),
              ElementsAre("0: \"a\", \"1\"", "0: \"b\", \"2\"", "0: \"c\", \"3\""));
}

TEST_F(HashTest, Counts) {
  ScanPlan plan = t_.PlanCount({});
  EXPECT_EQ(plan.op, ScanOp::kCount);
  EXPECT_THAT(t_.table().Describe(plan, t_.options, {}), ElementsAre("HLEN k"));
  t_.Reply("HLEN k", Int(7));
  EXPECT_THAT(t_.Scan(plan), ElementsAre("0: 7"));
  EXPECT_THAT(t_.Scan(plan, {{}, {}}), ElementsAre("0: 7", "1: 7"));
  t_.Reply("HMGET k a none", Array({Bulk("1"), Nil()}));
  std::vector<Cell> list = {Cell::Bytes("a"), Cell::Bytes("none")};
  EXPECT_THAT(t_.Scan(t_.PlanCount({FieldIn(0)}), {{Cell::List(list)}}), ElementsAre("0: 1"));
  // A condition that stays with PostgreSQL decides which fields count.
  EXPECT_EQ(t_.PlanCount({Where(HashElements::kValue, CompareOp::kEq, Semantics::kBytes, 0)}).op,
            ScanOp::kScan);
}

// A condition on the TTL of the key is no one's but PostgreSQL's.
TEST_F(HashTest, CountsNothingThatATtlDecides) {
  t_.Bind("hash", {"name", "content", "ttl:integer"});
  EXPECT_EQ(t_.PlanCount({}).op, ScanOp::kCount);
  ScanPlan plan = t_.PlanCount({Where(2, CompareOp::kGt, Semantics::kInteger, 0)});
  EXPECT_EQ(plan.op, ScanOp::kScan);
  EXPECT_EQ(plan.output.kind, OutputKind::kCount);
}

// There HLEN counts fields that have expired and are still to be removed.
TEST_F(HashTest, CountsWhatItScansWhereFieldsHaveTtls) {
  t_.server().options.version = "7.4.0";
  t_.Reply("HLEN k", Int(3));
  t_.Reply("HSCAN k 0 COUNT 1000", Array({Bulk("5"), Bulks({"a", "1"})}));
  t_.Reply("HSCAN k 5 COUNT 1000", Array({Bulk("0"), Bulks({"a", "1", "b", "2"})}));
  EXPECT_THAT(t_.Scan(t_.PlanCount({})), ElementsAre("0: 2"));
}

TEST_F(HashTest, NarrowsByMatch) {
  Predicate like = Where(HashElements::kField, CompareOp::kLike, Semantics::kBytes, 0);
  ScanPlan plan = t_.Plan({like});
  EXPECT_THAT(t_.table().Describe(plan, t_.options, {"'a%'"}),
              ElementsAre("HSCAN k CURSOR MATCH (narrowed by field LIKE 'a%') COUNT 1000"));
  t_.Reply("HSCAN k 0 MATCH a* COUNT 1000", Array({Bulk("0"), Bulks({"a", "1"})}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("a%")}}), ElementsAre("0: \"a\", \"1\""));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Null()}}), IsEmpty());
  EXPECT_THAT(
      t_.Plan({Where(HashElements::kValue, CompareOp::kLike, Semantics::kBytes, 0)}).predicates,
      IsEmpty());
}

TEST_F(HashTest, BinaryFieldsAndValues) {
  std::string field("\0\r\n\xff", 4);
  t_.Handle([&](const FakeServer::Argv&) { return Bulks({field, field}); });
  t_.options.mode = ScanMode::kSnapshot;
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"\\x00\\r\\n\\xff\", \"\\x00\\r\\n\\xff\""));
}

TEST_F(HashTest, DescribesRows) {
  OutputShape both;
  both.columns = {1, 0};
  std::vector<Cell> row = {Cell::Bytes("v"), Cell::Bytes("e\xff\"")};
  EXPECT_EQ(t_.table().DescribeRow(both, row, -1), "field \"e\\xff\\\"\"");
  OutputShape value;
  value.columns = {1};
  EXPECT_EQ(t_.table().DescribeRow(value, absl::MakeSpan(row).subspan(0, 1), -1), "a field");
}

// --- Writes -------------------------------------------------------------------------------------

TEST_F(HashTest, InsertsAreOneCommand) {
  std::vector<Cell> a = {Cell::Bytes("a"), Cell::Bytes("1")};
  std::vector<Cell> b = {Cell::Bytes(""), Cell::Bytes("two words")};
  EXPECT_THAT(*t_.BuildWrites({InsertOp(a), InsertOp(b), InsertOp(a)}),
              ElementsAre("HSET k a 1 \"\" \"two words\" a 1"));
  EXPECT_THAT(*t_.BuildWrites({InsertOp(a), InsertOp(b)}, true),
              ElementsAre("HSET k a 1 \"\" \"two words\""));
}

TEST_F(HashTest, ManyInsertsAreBoundedCommands) {
  std::vector<Cell> row = {Cell::Bytes("a"), Cell::Bytes("1")};
  EXPECT_THAT(*t_.BuildWrites(std::vector<WriteOp>(1100, InsertOp(row))), SizeIs(3));
  std::string big(600000, 'x');
  std::vector<Cell> big_row = {Cell::Bytes("a"), Cell::Bytes(big)};
  EXPECT_THAT(*t_.BuildWrites(std::vector<WriteOp>(5, InsertOp(big_row))), SizeIs(3));
}

TEST_F(HashTest, InsertsThatMustNotOverwrite) {
  std::vector<Cell> a = {Cell::Bytes("a"), Cell::Bytes("1")};
  std::vector<Cell> b = {Cell::Bytes("b"), Cell::Bytes("2")};
  t_.Reply("HSETNX k a 1", Int(0));
  t_.Reply("HSETNX k b 2", Int(1));
  std::vector<WriteOp> ops = {InsertOp(a, ConflictPolicy::kIgnore),
                              InsertOp(b, ConflictPolicy::kIgnore)};
  ASSERT_TRUE(t_.Write(ops, true).ok());
  EXPECT_FALSE(t_.results()[0].applied);
  EXPECT_TRUE(t_.results()[1].applied);
  EXPECT_EQ(GetErrorKind(t_.Write({InsertOp(a, ConflictPolicy::kError)})),
            ErrorKind::kUniqueViolation);
  EXPECT_TRUE(t_.Write({InsertOp(b, ConflictPolicy::kError)}).ok());
}

TEST_F(HashTest, NullsAreRefusedAndNothingIsSent) {
  std::vector<Cell> good = {Cell::Bytes("a"), Cell::Bytes("1")};
  std::vector<Cell> no_value = {Cell::Bytes("b"), Cell::Null()};
  std::vector<Cell> no_field = {Cell::Null(), Cell::Bytes("1")};
  absl::Status status = t_.Write({InsertOp(good), InsertOp(no_value)});
  ErrorInfo error = GetErrorInfo(status);
  EXPECT_EQ(error.kind, ErrorKind::kNullNotAllowed);
  EXPECT_TRUE(absl::StrContains(error.message, "\"content\"")) << error.message;
  EXPECT_TRUE(absl::StrContains(error.detail, "Row 2")) << error.detail;
  EXPECT_THAT(t_.server().commands(), IsEmpty());
  error = GetErrorInfo(t_.Write({InsertOp(no_field)}));
  EXPECT_EQ(error.kind, ErrorKind::kNullNotAllowed);
  EXPECT_TRUE(absl::StrContains(error.message, "\"name\"")) << error.message;
}

TEST_F(HashTest, DeletesTogetherUnlessResultsAreWanted) {
  std::vector<Cell> a = {Cell::Bytes("a")};
  std::vector<Cell> b = {Cell::Bytes("b")};
  EXPECT_THAT(*t_.BuildWrites({DeleteOp(a), DeleteOp(b)}), ElementsAre("HDEL k a b"));
  EXPECT_THAT(*t_.BuildWrites({DeleteOp(a), DeleteOp(b)}, true),
              ElementsAre("HDEL k a", "HDEL k b"));
  t_.Reply("HDEL k a", Int(1));
  t_.Reply("HDEL k b", Int(0));
  ASSERT_TRUE(t_.Write({DeleteOp(a), DeleteOp(b)}, true).ok());
  EXPECT_TRUE(t_.results()[0].applied);
  EXPECT_FALSE(t_.results()[1].applied);
}

TEST_F(HashTest, KindsKeepTheirOrder) {
  std::vector<Cell> a = {Cell::Bytes("a"), Cell::Bytes("1")};
  std::vector<Cell> id = {Cell::Bytes("a")};
  EXPECT_THAT(*t_.BuildWrites({InsertOp(a), DeleteOp(id), InsertOp(a)}),
              ElementsAre("HSET k a 1", "HDEL k a", "HSET k a 1"));
}

TEST_F(HashTest, UpdatesGoThroughOneScript) {
  std::vector<Cell> a = {Cell::Bytes("a")};
  std::vector<Cell> set = {Cell::Bytes("a"), Cell::Bytes("2")};
  std::vector<Cell> rename = {Cell::Bytes("b"), Cell::Bytes("2")};
  std::vector<WriteOp> ops = {UpdateOp(a, set, {false, true}), UpdateOp(a, rename, {true, false}),
                              UpdateOp(a, rename)};
  EXPECT_THAT(*t_.BuildWrites(ops),
              ElementsAre("EVAL SCRIPT 2 k k 0 \"\" \"\" a a 1 2 a b 0 \"\" a b 1 2"));
  t_.Handle([](const FakeServer::Argv&) { return Array({Int(1), Int(0), Int(1)}); });
  ASSERT_TRUE(t_.Write(ops, true).ok());
  EXPECT_TRUE(t_.results()[0].applied);
  EXPECT_FALSE(t_.results()[1].applied);
  t_.Handle([](const FakeServer::Argv&) { return Array({Int(1), Int(-1)}); });
  EXPECT_EQ(GetErrorKind(t_.Write(ops, true)), ErrorKind::kUniqueViolation);
  std::vector<Cell> null_value = {Cell::Bytes("a"), Cell::Null()};
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({UpdateOp(a, null_value)}).status()),
            ErrorKind::kNullNotAllowed);
  // A column that is not set may hold anything.
  EXPECT_TRUE(t_.BuildWrites({UpdateOp(a, null_value, {true, false})}).ok());
}

TEST_F(HashTest, RefusalsNameTheRows) {
  std::vector<Cell> row = {Cell::Bytes("a"), Cell::Bytes("1")};
  t_.Reply("HSET k a 1 a 1",
           Error("WRONGTYPE Operation against a key holding the wrong kind of value"));
  ErrorInfo error = GetErrorInfo(t_.Write({InsertOp(row), InsertOp(row)}));
  EXPECT_EQ(error.kind, ErrorKind::kWrongType);
  EXPECT_TRUE(absl::StrContains(error.detail, "Rows 1 to 2")) << error.detail;
  EXPECT_EQ(t_.pool().idle(), 1u);
}

}  // namespace
}  // namespace redis_fdw::test
