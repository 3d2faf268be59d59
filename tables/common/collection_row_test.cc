#include "tables/common/collection_row.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Row = std::vector<Cell>;

Cell B(absl::string_view bytes) { return Cell::Bytes(bytes); }

class CollectionRowTest : public ::testing::Test {
 protected:
  void Bind(absl::string_view type, const Lines& columns, const std::string& key = "k") {
    t_.Bind(type, columns, Def(key));
  }
  static TableDef Def(const std::string& key = "k") {
    TableDef def;
    def.key = key;
    def.row_per_key = true;
    return def;
  }
  Lines Build(const std::vector<WriteOp>& ops) {
    auto lines = t_.BuildWrites(ops);
    return lines.ok() ? *lines : Lines{std::string(GetErrorInfo(lines.status()).message)};
  }
  ErrorInfo Refused(const std::vector<WriteOp>& ops) {
    return GetErrorInfo(t_.BuildWrites(ops).status());
  }
  TableTester t_;
};

TEST_F(CollectionRowTest, BindsArrays) {
  Bind("zset", {"members:array", "scores:array"});
  ASSERT_THAT(t_.table().columns(), SizeIs(2));
  EXPECT_EQ(t_.table().columns()[0].kind, Cell::Kind::kList);
  EXPECT_EQ(t_.table().columns()[0].element, Cell::Kind::kBytes);
  EXPECT_EQ(t_.table().columns()[1].kind, Cell::Kind::kList);
  EXPECT_EQ(t_.table().columns()[1].element, Cell::Kind::kDouble);
  EXPECT_FALSE(t_.table().columns()[0].nullable);
  EXPECT_FALSE(t_.table().columns()[0].identity);
  absl::Status status = t_.TryBind("list", {"e:text"}, Def()).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidTable);
  EXPECT_EQ(GetErrorInfo(status).message,
            "column \"e\" of foreign table \"t\" cannot hold the element of a list");
  EXPECT_THAT(GetErrorInfo(status).hint, HasSubstr("Declare it as an array."));
  EXPECT_EQ(GetErrorKind(t_.TryBind("zset", {"m:array"}, Def()).status()),
            ErrorKind::kInvalidTable);
  EXPECT_EQ(GetErrorKind(t_.TryBind("set", {"m:array", "s:array"}, Def()).status()),
            ErrorKind::kInvalidTable);
}

// --- Reading ------------------------------------------------------------------------------------

TEST_F(CollectionRowTest, ReadsTheWhole) {
  Bind("list", {"e:array"});
  t_.Reply("LRANGE k 0 -1", Bulks({"b", "", "a", "b"}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: [\"b\", \"\", \"a\", \"b\"]"));
  EXPECT_THAT(t_.table().Describe(t_.Plan({}), t_.options, {}), ElementsAre("LRANGE k 0 -1"));
  Bind("set", {"m:array"});
  t_.Reply("SMEMBERS k", Bulks({"b", "\xff", "", "a"}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: [\"\", \"a\", \"b\", \"\\xff\"]"));
  EXPECT_THAT(t_.table().Describe(t_.Plan({}), t_.options, {}), ElementsAre("SMEMBERS k"));
  Bind("zset", {"s:array:score", "m:array:member"});
  t_.Reply("ZRANGE k 0 -1 WITHSCORES", Bulks({"b", "-inf", "a", "0.1"}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: [-inf, 0.1], [\"b\", \"a\"]"));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {0})), ElementsAre("0: [-inf, 0.1]"));
  EXPECT_EQ(t_.Plan({}).cost.rows, 1);
}

TEST_F(CollectionRowTest, AnAbsentKeyIsNoRow) {
  Bind("list", {"e:array"});
  t_.Reply("LRANGE k 0 -1", Bulks({}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), IsEmpty());
}

// Where only the row's being there matters, its elements are not read.
TEST_F(CollectionRowTest, CountsWithoutReadingTheElements) {
  const std::vector<std::pair<Lines, std::string>> types = {
      {{"list", "e:array"}, "LLEN k"},
      {{"set", "m:array"}, "SCARD k"},
      {{"zset", "m:array", "s:array"}, "ZCARD k"}};
  for (const auto& type : types) {
    Bind(type.first[0], Lines(type.first.begin() + 1, type.first.end()));
    ScanPlan plan = t_.PlanCount({});
    EXPECT_THAT(t_.table().Describe(plan, t_.options, {}), ElementsAre(type.second));
    t_.Reply(type.second, Int(5));
    EXPECT_THAT(t_.Scan(plan), ElementsAre("0: 1"));
    EXPECT_THAT(t_.Scan(t_.Plan({}, {})), ElementsAre("0: "));
    t_.Reply(type.second, Int(0));
    EXPECT_THAT(t_.Scan(plan), ElementsAre("0: 0"));
    t_.Reply(type.second, Bulk("1"));
    EXPECT_EQ(GetErrorKind(t_.TryScan(plan).status()), ErrorKind::kProtocol);
  }
}

TEST_F(CollectionRowTest, HoweverTheReplyIsCut) {
  Bind("zset", {"k", "m:array", "s:array"}, "z:*");
  t_.Handle([](const FakeServer::Argv& argv) {
    if (argv[0] == "SCAN") return Array({Bulk("0"), Bulks({"z:1", "z:2"})});
    return Bulks({argv[1], "1", "b", "2.5"});
  });
  t_.batch_rows = 1;
  for (size_t bytes : {1, 3, 50}) {
    t_.server().options.read_at_most = bytes;
    EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"z:1\", [\"z:1\", \"b\"], [1, 2.5]",
                                                  "0: \"z:2\", [\"z:2\", \"b\"], [1, 2.5]"));
  }
}

TEST_F(CollectionRowTest, RepliesOfAnotherShapeAreErrors) {
  Bind("zset", {"m:array", "s:array"});
  for (const std::string& reply :
       {Int(1), Bulk("x"), Bulks({"a", "high"}), Bulks({"a"}), Array({Bulks({"a", "1"})})}) {
    t_.Reply("ZRANGE k 0 -1 WITHSCORES", reply);
    EXPECT_EQ(GetErrorKind(t_.TryScan(t_.Plan({})).status()), ErrorKind::kProtocol) << reply;
  }
}

// --- Writing ------------------------------------------------------------------------------------

TEST_F(CollectionRowTest, InsertsReplaceTheCollection) {
  Bind("list", {"e:array"});
  Row elements = {B("b"), B(""), B("b")};
  Row row = {Cell::List(elements)};
  EXPECT_THAT(Build({InsertOp(row), InsertOp(row, ConflictPolicy::kIgnore)}),
              ElementsAre("EVAL SCRIPT 1 k 0 \"\" \"\" list RPUSH b \"\" b",
                          "EVAL SCRIPT 1 k 1 \"\" \"\" list RPUSH b \"\" b"));
  Bind("zset", {"s:array:score", "m:array:member"});
  Row members = {B("a"), B("b")};
  Row scores = {Cell::Double(0.1), Cell::Double(std::numeric_limits<double>::infinity())};
  Row both = {Cell::List(scores), Cell::List(members)};
  EXPECT_THAT(Build({InsertOp(both)}),
              ElementsAre("EVAL SCRIPT 1 k 0 \"\" \"\" zset ZADD 0.1 a inf b"));
}

TEST_F(CollectionRowTest, WhatInsertsComeTo) {
  Bind("set", {"m:array"});
  Row members = {B("a")};
  Row row = {Cell::List(members)};
  t_.Handle([](const FakeServer::Argv&) { return Int(0); });
  ASSERT_TRUE(t_.Write({InsertOp(row, ConflictPolicy::kIgnore)}, true).ok());
  EXPECT_FALSE(t_.results()[0].applied);
  EXPECT_EQ(GetErrorKind(t_.Write({InsertOp(row, ConflictPolicy::kError)})),
            ErrorKind::kUniqueViolation);
}

TEST_F(CollectionRowTest, UpdatesSetTheWholeOrNothingOfIt) {
  Bind("zset", {"k", "m:array", "s:array", "ttl:integer"}, "z:*");
  Row id = {B("z:1")};
  Row members = {B("a")};
  Row scores = {Cell::Double(1)};
  Row row = {B("z:2"), Cell::List(members), Cell::List(scores), Cell::Int64(5)};
  EXPECT_THAT(Build({UpdateOp(id, row, {false, true, false, false})}),
              ElementsAre("EVAL SCRIPT 2 z:1 z:1 1 \"\" \"\" zset ZADD 1 a"));
  EXPECT_THAT(Build({UpdateOp(id, row, {false, false, true, false})}),
              ElementsAre("EVAL SCRIPT 2 z:1 z:1 1 \"\" \"\" zset ZADD 1 a"));
  EXPECT_THAT(Build({UpdateOp(id, row, {true, false, false, true})}),
              ElementsAre("EVAL SCRIPT 2 z:1 z:2 0 PEXPIRE 5000 zset ZADD"));
  t_.Handle([](const FakeServer::Argv&) { return Int(0); });
  ASSERT_TRUE(t_.Write({UpdateOp(id, row, {true, false, false, false})}, true).ok());
  EXPECT_FALSE(t_.results()[0].applied);
  t_.Handle([](const FakeServer::Argv&) { return Int(-1); });
  EXPECT_EQ(GetErrorKind(t_.Write({UpdateOp(id, row, {true, false, false, false})}, true)),
            ErrorKind::kUniqueViolation);
}

TEST_F(CollectionRowTest, DeletesRemoveTheKeyIfItIsOfTheType) {
  Bind("set", {"k", "m:array"}, "s:*");
  Row id = {B("s:1")};
  EXPECT_THAT(Build({DeleteOp(id)}), ElementsAre("EVAL SCRIPT 1 s:1 set"));
}

TEST_F(CollectionRowTest, ContentThatCannotBe) {
  Bind("set", {"m:array"});
  Row null_row = {Cell::Null()};
  EXPECT_EQ(Refused({InsertOp(null_row)}).kind, ErrorKind::kNullNotAllowed);
  Row empty = {Cell::List({})};
  ErrorInfo error = Refused({InsertOp(empty)});
  EXPECT_EQ(error.kind, ErrorKind::kCheckViolation);
  EXPECT_EQ(error.message, "empty array in column \"m\" of foreign table \"t\"");
  EXPECT_EQ(Refused({UpdateOp({}, empty, {true})}).kind, ErrorKind::kCheckViolation);
  Row with_null = {B("a"), Cell::Null()};
  Row null_element = {Cell::List(with_null)};
  error = Refused({InsertOp(null_element)});
  EXPECT_EQ(error.kind, ErrorKind::kNullNotAllowed);
  EXPECT_EQ(error.message, "null element in column \"m\" of foreign table \"t\"");
}

TEST_F(CollectionRowTest, ScoresThatCannotBe) {
  Bind("zset", {"m:array", "s:array"});
  Row members = {B("a"), B("b")};
  Row one = {Cell::Double(1)};
  Row with_null = {Cell::Double(1), Cell::Null()};
  Row with_nan = {Cell::Double(1), Cell::Double(std::nan(""))};
  Row few = {Cell::List(members), Cell::List(one)};
  ErrorInfo error = Refused({InsertOp(few)});
  EXPECT_EQ(error.kind, ErrorKind::kInvalidData);
  EXPECT_EQ(error.message,
            "column \"s\" of foreign table \"t\" has 1 elements for the 2 of column \"m\" of "
            "foreign table \"t\"");
  Row null_score = {Cell::List(members), Cell::List(with_null)};
  EXPECT_EQ(Refused({InsertOp(null_score)}).message,
            "null element in column \"s\" of foreign table \"t\"");
  Row nan = {Cell::List(members), Cell::List(with_nan)};
  EXPECT_EQ(Refused({InsertOp(nan)}).kind, ErrorKind::kInvalidData);
  Row no_scores = {Cell::List(members), Cell::Null()};
  EXPECT_EQ(Refused({InsertOp(no_scores)}).kind, ErrorKind::kNullNotAllowed);
}

}  // namespace
}  // namespace redis_fdw::test
