#include "tables/hash/hash_row.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
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

class HashRowTest : public ::testing::Test {
 protected:
  HashRowTest() { Bind({"name", "age:integer::the age"}); }
  void Bind(const Lines& columns, const std::string& key = "k", int64_t ttl = 0) {
    TableDef def;
    def.key = key;
    def.row_per_key = true;
    def.ttl_seconds = ttl;
    t_.Bind("hash", columns, def);
  }
  // The commands, or the error's message.
  Lines Build(const std::vector<WriteOp>& ops, bool want_results = false) {
    auto lines = t_.BuildWrites(ops, want_results);
    return lines.ok() ? *lines : Lines{std::string(GetErrorInfo(lines.status()).message)};
  }
  TableTester t_;
};

TEST_F(HashRowTest, Binds) {
  ASSERT_THAT(t_.table().columns(), SizeIs(2));
  for (const BoundColumn& column : t_.table().columns()) {
    EXPECT_FALSE(column.identity);
    EXPECT_TRUE(column.nullable);
    EXPECT_TRUE(column.writable);
    EXPECT_EQ(column.kind, Cell::Kind::kBytes);
  }
  EXPECT_FALSE(t_.table().has_row_number());
  for (WriteKind kind : {WriteKind::kInsert, WriteKind::kUpdate, WriteKind::kDelete}) {
    EXPECT_TRUE(t_.table().CanWrite(kind).ok());
  }
}

TEST_F(HashRowTest, Describes) {
  auto describe = [this](const std::vector<int>& columns) {
    return t_.table().Describe(t_.Plan({}, columns), t_.options, {});
  };
  EXPECT_THAT(describe({0, 1}), ElementsAre("HMGET k name \"the age\""));
  EXPECT_THAT(describe({1}), ElementsAre("HMGET k \"the age\""));
  EXPECT_THAT(describe({}), ElementsAre("EXISTS k"));
  Bind({"name", "more:jsonb:*"});
  EXPECT_THAT(describe({0, 1}), ElementsAre("HGETALL k"));
  EXPECT_EQ(t_.Plan({}).cost.rows, 1);
}

// --- Reading ------------------------------------------------------------------------------------

TEST_F(HashRowTest, ReadsOnlyTheFieldsThatAreUsed) {
  t_.Handle([](const FakeServer::Argv& argv) {
    Lines values;
    for (size_t i = 2; i < argv.size(); ++i) values.push_back("of " + argv[i]);
    return Bulks(values);
  });
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"of name\", \"of the age\""));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {1})), ElementsAre("0: \"of the age\""));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {1, 0, 1})),
              ElementsAre("0: \"of the age\", \"of name\", \"of the age\""));
  EXPECT_EQ(t_.server().commands()[1], (FakeServer::Argv{"HMGET", "k", "the age"}));
}

TEST_F(HashRowTest, AbsentFieldsAreNull) {
  t_.Handle([](const FakeServer::Argv&) { return Array({Nil(), Bulk("")}); });
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: NULL, \"\""));
}

// HMGET does not tell whether the hash has none of the fields or is not there.
TEST_F(HashRowTest, WithoutAnyOfTheFieldsTheScriptTells) {
  std::string answer;
  t_.Handle([&](const FakeServer::Argv& argv) {
    if (argv[0] == "HMGET") return Array({Nil(), Nil()});
    EXPECT_EQ(argv[0], "EVAL");
    EXPECT_EQ(argv.size(), 6u);
    return answer;
  });
  answer = Array({});
  EXPECT_THAT(t_.Scan(t_.Plan({})), IsEmpty());
  answer = Array({Bulk("1"), Nil(), Nil()});
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: NULL, NULL"));
  // It came to be in between.
  answer = Array({Bulk("1"), Bulk("x"), Nil()});
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"x\", NULL"));
  EXPECT_THAT(t_.server().commands(), SizeIs(6));
}

TEST_F(HashRowTest, NoFieldsAtAllAreOneScript) {
  t_.Handle([](const FakeServer::Argv& argv) {
    EXPECT_EQ(argv[0], "EVAL");
    EXPECT_EQ(argv.size(), 4u);
    return Bulks({"1"});
  });
  EXPECT_THAT(t_.Scan(t_.Plan({}, {})), ElementsAre("0: "));
  EXPECT_THAT(t_.server().commands(), SizeIs(1));
}

TEST_F(HashRowTest, TheRestIsWhatNoColumnShows) {
  Bind({"more:jsonb:*", "name", "gone"});
  t_.Reply("HGETALL k", Bulks({"x", "1", "name", "joe", "", ""}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: [\"x\", \"1\", \"\", \"\"], \"joe\", NULL"));
  t_.Reply("HGETALL k", Bulks({"name", "joe"}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: [], \"joe\", NULL"));
  t_.Reply("HGETALL k", Bulks({}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), IsEmpty());
  // Who does not want the rest does not read it.
  t_.Reply("HMGET k name", Bulks({"joe"}));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {1})), ElementsAre("0: \"joe\""));
}

TEST_F(HashRowTest, HoweverTheReplyIsCut) {
  Bind({"k", "name", "more:jsonb:*", "age"}, "u:*");
  t_.Handle([](const FakeServer::Argv& argv) {
    if (argv[0] == "SCAN") return Array({Bulk("0"), Bulks({"u:1", "u:2", "u:3"})});
    return Bulks({"age", std::string(20, '7'), "x", argv[1], "name", "\r\n"});
  });
  for (size_t bytes : {1, 2, 7, 100}) {
    t_.server().options.read_at_most = bytes;
    t_.batch_rows = 1;
    Lines rows = t_.Scan(t_.Plan({}));
    ASSERT_THAT(rows, SizeIs(3));
    EXPECT_EQ(rows[1], "0: \"u:2\", \"\\r\\n\", [\"x\", \"u:2\"], \"77777777777777777777\"");
  }
}

TEST_F(HashRowTest, RepliesOfAnotherShapeAreErrors) {
  for (const std::string& reply : {Int(1), Bulks({"1", "2", "3"}), Bulk("x"),
                                   Array({Int(1), Nil()}), Array({Bulks({"a"}), Nil()})}) {
    t_.Handle([&](const FakeServer::Argv&) { return reply; });
    EXPECT_EQ(GetErrorKind(t_.TryScan(t_.Plan({})).status()), ErrorKind::kProtocol) << reply;
  }
  Bind({"more:jsonb:*"});
  for (const std::string& reply : {Int(1), Bulks({"1", "2", "3"}), Array({Int(1), Int(2)})}) {
    t_.Handle([&](const FakeServer::Argv&) { return reply; });
    EXPECT_EQ(GetErrorKind(t_.TryScan(t_.Plan({})).status()), ErrorKind::kProtocol) << reply;
  }
}

// --- Inserts ------------------------------------------------------------------------------------

TEST_F(HashRowTest, AFullRowIsOneHset) {
  Row row = {B("joe"), B("7")};
  EXPECT_THAT(Build({InsertOp(row)}), ElementsAre("HSET k name joe \"the age\" 7"));
  Bind({"name", "age"}, "k", 60);
  EXPECT_THAT(Build({InsertOp(row)}),
              ElementsAre("EVAL SCRIPT 1 k PEXPIRE 60000 0 HSET name joe age 7"));
}

TEST_F(HashRowTest, NullsRemoveFields) {
  Row row = {Cell::Null(), B("")};
  // What must stay, what may not, the TTL, how many are set, they, and the names of the others.
  EXPECT_THAT(Build({InsertOp(row)}),
              ElementsAre("EVAL SCRIPT 1 k 0 0 \"\" \"\" 2 \"the age\" \"\" name"));
}

TEST_F(HashRowTest, ARowHasAField) {
  Row none = {Cell::Null(), Cell::Null()};
  absl::Status status = t_.BuildWrites({InsertOp(none)}).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kNullNotAllowed);
  EXPECT_EQ(GetErrorInfo(status).message,
            "a row of foreign table \"t\" has no field that is not null");
  Row good = {B("joe"), B("7")};
  EXPECT_THAT(GetErrorInfo(t_.Write({InsertOp(good), InsertOp(none)})).detail, HasSubstr("Row 2"));
  EXPECT_THAT(t_.server().commands(), IsEmpty());
}

TEST_F(HashRowTest, WhatIsThereMayHaveToStay) {
  Row row = {B("joe"), B("7")};
  std::vector<WriteOp> ignore = {InsertOp(row, ConflictPolicy::kIgnore)};
  std::vector<WriteOp> error = {InsertOp(row, ConflictPolicy::kError)};
  const char command[] = "EVAL SCRIPT 1 k 1 0 \"\" \"\" 4 name joe \"the age\" 7";
  EXPECT_THAT(Build(ignore), ElementsAre(command));
  EXPECT_THAT(Build(error), ElementsAre(command));
  int64_t answer = 0;
  t_.Handle([&](const FakeServer::Argv&) { return Int(answer); });
  ASSERT_TRUE(t_.Write(ignore, true).ok());
  EXPECT_FALSE(t_.results()[0].applied);
  EXPECT_EQ(GetErrorKind(t_.Write(error, true)), ErrorKind::kUniqueViolation);
  answer = 1;
  ASSERT_TRUE(t_.Write(ignore, true).ok());
  EXPECT_TRUE(t_.results()[0].applied);
}

TEST_F(HashRowTest, TheRestReplacesAllThatWasThere) {
  Bind({"name", "more:jsonb:*"}, "k", 60);
  Row rest = {B("x"), B("1"), B(""), B("2")};
  Row row = {B("joe"), Cell::List(rest)};
  EXPECT_THAT(Build({InsertOp(row)}),
              ElementsAre("EVAL SCRIPT 1 k 0 1 PEXPIRE 60000 6 name joe x 1 \"\" 2"));
  Row null_rest = {B("joe"), Cell::Null()};
  EXPECT_THAT(Build({InsertOp(null_rest)}),
              ElementsAre("EVAL SCRIPT 1 k 0 1 PEXPIRE 60000 2 name joe"));
  Row own = {B("name"), B("jim")};
  Row bad = {B("joe"), Cell::List(own)};
  absl::Status status = t_.BuildWrites({InsertOp(bad)}).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidData);
  EXPECT_EQ(GetErrorInfo(status).message,
            "field \"name\" in column \"more\" of foreign table \"t\" has a column of its own");
  Row empty = {Cell::Null(), Cell::List({})};
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({InsertOp(empty)}).status()), ErrorKind::kNullNotAllowed);
}

// Lua cannot unpack any number of arguments, so a script of ours goes through them in pieces.
TEST_F(HashRowTest, ManyFieldsWithATtl) {
  Lines columns;
  for (int i = 0; i < 3000; ++i) columns.push_back(absl::StrCat("f", i));
  Bind(columns, "k", 60);
  Row row(columns.size(), B("v"));
  Lines lines = Build({InsertOp(row)});
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], HasSubstr("EVAL SCRIPT 1 k 0 0 PEXPIRE 60000 6000 f0 v"));
  Bind(columns);
  EXPECT_THAT(Build({InsertOp(row)})[0], HasSubstr("HSET k f0 v"));
}

// --- Updates ------------------------------------------------------------------------------------

TEST_F(HashRowTest, UpdatesWriteWhatChanged) {
  Row row = {B("jim"), B("8")};
  EXPECT_THAT(Build({UpdateOp({}, row, {true, false})}),
              ElementsAre("EVAL SCRIPT 2 k k 0 \"\" \"\" 2 0 0 name jim"));
  EXPECT_THAT(Build({UpdateOp({}, row)}),
              ElementsAre("EVAL SCRIPT 2 k k 0 \"\" \"\" 4 0 0 name jim \"the age\" 8"));
  Row null_age = {B("jim"), Cell::Null()};
  EXPECT_THAT(Build({UpdateOp({}, null_age, {false, true}), UpdateOp({}, null_age, {true, true})}),
              ElementsAre("EVAL SCRIPT 2 k k 0 \"\" \"\" 0 1 0 \"the age\"",
                          "EVAL SCRIPT 2 k k 0 \"\" \"\" 2 1 0 name jim \"the age\""));
}

TEST_F(HashRowTest, UpdatesOfTheRestNameWhatStays) {
  Bind({"k", "name", "more:jsonb:*", "ttl:integer"}, "u:*");
  Row id = {B("u:1")};
  Row rest = {B("x"), B("1")};
  Row row = {B("u:1"), B("jim"), Cell::List(rest), Cell::Int64(5)};
  EXPECT_THAT(Build({UpdateOp(id, row, {false, false, true, false})}),
              ElementsAre("EVAL SCRIPT 2 u:1 u:1 1 \"\" \"\" 2 0 0 x 1 name"));
  EXPECT_THAT(Build({UpdateOp(id, row, {false, true, false, true})}),
              ElementsAre("EVAL SCRIPT 2 u:1 u:1 0 PEXPIRE 5000 2 0 0 name jim"));
  row[0] = B("u:2");
  EXPECT_THAT(Build({UpdateOp(id, row, {true, false, false, false})}),
              ElementsAre("EVAL SCRIPT 2 u:1 u:2 0 \"\" \"\" 0 0 0"));
}

TEST_F(HashRowTest, WhatUpdatesComeTo) {
  Row row = {B("jim"), Cell::Null()};
  std::vector<WriteOp> ops = {UpdateOp({}, row)};
  int64_t answer = 1;
  t_.Handle([&](const FakeServer::Argv&) { return Int(answer); });
  ASSERT_TRUE(t_.Write(ops, true).ok());
  EXPECT_TRUE(t_.results()[0].applied);
  answer = 0;
  ASSERT_TRUE(t_.Write(ops, true).ok());
  EXPECT_FALSE(t_.results()[0].applied);
  answer = -1;
  EXPECT_EQ(GetErrorKind(t_.Write(ops, true)), ErrorKind::kUniqueViolation);
  answer = -2;
  absl::Status status = t_.Write(ops, true);
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kNullNotAllowed);
  EXPECT_THAT(GetErrorInfo(status).hint, HasSubstr("delete it"));
}

// --- Deletes ------------------------------------------------------------------------------------

TEST_F(HashRowTest, DeletesRemoveTheKeyIfItIsAHash) {
  EXPECT_THAT(Build({DeleteOp({})}), ElementsAre("EVAL SCRIPT 1 k hash"));
  t_.Handle([](const FakeServer::Argv&) { return Int(0); });
  ASSERT_TRUE(t_.Write({DeleteOp({})}, true).ok());
  EXPECT_FALSE(t_.results()[0].applied);
}

}  // namespace
}  // namespace redis_fdw::test
