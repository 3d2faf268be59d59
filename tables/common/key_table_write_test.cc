// Writing tables: runs of one key, moves between keys, TTLs.

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/base/arena.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Row = std::vector<Cell>;

Cell B(absl::string_view bytes) { return Cell::Bytes(bytes); }

class KeyTableWriteTest : public ::testing::Test {
 protected:
  void Bind(absl::string_view type, const Lines& columns, const std::string& key = "u:*",
            int64_t ttl = 0, bool row_per_key = false) {
    TableDef def;
    def.key = key;
    def.ttl_seconds = ttl;
    def.row_per_key = row_per_key;
    t_.Bind(type, columns, def);
  }
  // The commands, or the error's message.
  Lines Build(const std::vector<WriteOp>& ops, bool want_results = false,
              WriteState* state = nullptr) {
    auto lines = t_.BuildWrites(ops, want_results, state);
    return lines.ok() ? *lines : Lines{std::string(GetErrorInfo(lines.status()).message)};
  }
  ErrorKind Refused(const std::vector<WriteOp>& ops) {
    return GetErrorKind(t_.BuildWrites(ops).status());
  }
  // What reaches a server of that version.
  Lines Sent(const std::string& version, const std::vector<WriteOp>& ops) {
    t_.server().CloseAll();
    t_.server().options.version = version;
    t_.server().ClearCommands();
    t_.Handle([](const FakeServer::Argv&) { return Int(1); });
    EXPECT_TRUE(t_.Write(ops).ok());
    Lines lines;
    for (const FakeServer::Argv& argv : t_.server().commands()) {
      std::string line;
      for (size_t i = 0; i < argv.size(); ++i) {
        line += (i == 0 ? "" : " ") + (argv[0] == "EVAL" && i == 1 ? "SCRIPT" : argv[i]);
      }
      lines.push_back(line);
    }
    return lines;
  }

  TableTester t_;
};

// --- Runs ---------------------------------------------------------------------------------------

TEST_F(KeyTableWriteTest, OpsOfOneKeyGoTogether) {
  Bind("set", {"k", "m"});
  Row a1 = {B("u:a"), B("1")}, a2 = {B("u:a"), B("2")}, b3 = {B("u:b"), B("3")};
  EXPECT_THAT(Build({InsertOp(a1), InsertOp(a2), InsertOp(b3), InsertOp(a1)}),
              ElementsAre("SADD u:a 1 2", "SADD u:b 3", "SADD u:a 1"));
  EXPECT_THAT(Build({DeleteOp(a1), DeleteOp(a2), InsertOp(a1), DeleteOp(b3)}),
              ElementsAre("SREM u:a 1 2", "SADD u:a 1", "SREM u:b 3"));
  EXPECT_THAT(Build({}), IsEmpty());
}

TEST_F(KeyTableWriteTest, PoliciesAreNotMixed) {
  Bind("zset", {"k", "m", "s:float"});
  Row a = {B("u:a"), B("m"), Cell::Double(1)};
  EXPECT_THAT(Build({InsertOp(a), InsertOp(a, ConflictPolicy::kIgnore), InsertOp(a)}),
              ElementsAre("ZADD u:a 1 m", "ZADD u:a NX 1 m", "ZADD u:a 1 m"));
}

TEST_F(KeyTableWriteTest, ColumnsInAnyOrder) {
  Bind("hash", {"v:text:value", "f:text:field", "k:text:key"});
  Row cells = {B("1"), B("a"), B("u:x")};
  Row identity = {B("a"), B("u:x")};
  EXPECT_THAT(Build({InsertOp(cells)}), ElementsAre("HSET u:x a 1"));
  EXPECT_THAT(Build({DeleteOp(identity)}), ElementsAre("HDEL u:x a"));
  EXPECT_THAT(Build({UpdateOp(identity, cells, {true, false, false})}),
              ElementsAre("EVAL SCRIPT 2 u:x u:x 0 \"\" \"\" a a 1 1"));
  EXPECT_THAT(Build({UpdateOp(identity, cells, {false, true, false})}),
              ElementsAre("EVAL SCRIPT 2 u:x u:x 0 \"\" \"\" a a 0 \"\""));
  // One key, and its parts the other way round.
  Bind("hash", {"v:text:value", "f:text:field"}, "h");
  Row field = {B("a")};
  Row pair = {B("1"), B("a")};
  EXPECT_THAT(Build({InsertOp(pair), DeleteOp(field)}), ElementsAre("HSET h a 1", "HDEL h a"));
}

TEST_F(KeyTableWriteTest, TemplatesMakeTheKey) {
  TableDef def;
  def.key_template = "u:{id}:x";
  t_.Bind("string", {"id", "v"}, def);
  Row cells = {B("7"), B("seven")};
  EXPECT_THAT(Build({InsertOp(cells)}), ElementsAre("SET u:7:x seven"));
  EXPECT_THAT(Build({DeleteOp({cells.data(), 1})}), ElementsAre("EVAL SCRIPT 1 u:7:x string"));
}

TEST_F(KeyTableWriteTest, RowsNeedAKey) {
  Bind("set", {"k", "m"});
  Row none = {Cell::Null(), B("1")}, good = {B("u:a"), B("1")};
  EXPECT_EQ(Refused({InsertOp(good), InsertOp(none)}), ErrorKind::kNullNotAllowed);
  EXPECT_THAT(Build({InsertOp(none)}),
              ElementsAre("null value in column \"k\" of foreign table \"t\""));
  EXPECT_EQ(Refused({UpdateOp(good, none, {true, false})}), ErrorKind::kNullNotAllowed);
  EXPECT_THAT(GetErrorInfo(t_.Write({InsertOp(good), InsertOp(none)})).detail, HasSubstr("Row 2"));
  // A key that is not set may hold anything.
  EXPECT_TRUE(t_.BuildWrites({UpdateOp(good, none, {false, false})}).ok());
  // What was scanned names its key.
  EXPECT_EQ(Refused({DeleteOp({})}), ErrorKind::kInternal);
  EXPECT_EQ(Refused({DeleteOp(none)}), ErrorKind::kInternal);
  Row key_only = {B("u:a")};
  EXPECT_EQ(Refused({DeleteOp(key_only)}), ErrorKind::kInternal);
  Bind("set", {"m"}, "k");
  EXPECT_EQ(Refused({DeleteOp({})}), ErrorKind::kInternal);
}

// --- Moves --------------------------------------------------------------------------------------

TEST_F(KeyTableWriteTest, RowsMoveBetweenKeys) {
  Bind("set", {"k", "m"});
  Row a1 = {B("u:a"), B("1")}, a2 = {B("u:a"), B("2")}, b1 = {B("u:b"), B("1")};
  EXPECT_THAT(Build({UpdateOp(a1, b1, {true, false}), UpdateOp(a2, b1, {true, false}),
                     UpdateOp(a1, b1, {true, true}), UpdateOp(a1, a2, {false, true})}),
              ElementsAre("EVAL SCRIPT 2 u:a u:b 1 1 2 2 1 1", "EVAL SCRIPT 2 u:a u:a 1 2"));
  Bind("string", {"k", "v"});
  Row id = {B("u:a")};
  EXPECT_THAT(Build({UpdateOp(id, b1, {true, false})}),
              ElementsAre("EVAL SCRIPT 2 u:a u:b \"\" \"\" 0 \"\""));
  Bind("list", {"k", "i:integer", "e"});
  Row old = {B("u:a"), Cell::Int64(0), B("e")}, moved = {B("u:b"), Cell::Int64(0), B("e")};
  EXPECT_THAT(Build({UpdateOp(old, moved, {true, false, false})}),
              ElementsAre("the key of a list cannot be updated"));
}

// --- State --------------------------------------------------------------------------------------

TEST_F(KeyTableWriteTest, ListsRememberTheirDeletesByKey) {
  Bind("list", {"k", "i:integer", "e"});
  std::unique_ptr<WriteState> state = t_.table().NewWriteState();
  ASSERT_NE(state, nullptr);
  Row a0 = {B("u:a"), Cell::Int64(0), B("x")}, a2 = {B("u:a"), Cell::Int64(2), B("y")};
  Row b0 = {B("u:b"), Cell::Int64(0), B("x")}, b2 = {B("u:b"), Cell::Int64(2), B("y")};
  Row c2 = {B("u:c"), Cell::Int64(2), B("y")};
  auto indexes = [&](const std::vector<WriteOp>& ops) {
    Lines lines = Build(ops, false, state.get());
    for (std::string& line : lines) {
      size_t tombstone = line.find("redis_fdw:deleted:");
      if (tombstone != std::string::npos)
        line.erase(tombstone, line.find(' ', tombstone) - tombstone);
    }
    return lines;
  };
  EXPECT_THAT(indexes({DeleteOp(a0)}), ElementsAre("EVAL SCRIPT 1 u:a  0 x"));
  EXPECT_THAT(indexes({DeleteOp(a2), DeleteOp(b2)}),
              ElementsAre("EVAL SCRIPT 1 u:a  1 y", "EVAL SCRIPT 1 u:b  2 y"));
  EXPECT_THAT(indexes({DeleteOp(b0), DeleteOp(a0)}), ElementsAre("EVAL SCRIPT 1 u:b  0 x"));
  // Updates know of them too, and of keys without any.
  EXPECT_THAT(indexes({UpdateOp(c2, c2, {false, false, true})}),
              ElementsAre("EVAL SCRIPT 1 u:c 2 y y"));
  Row a3 = {B("u:a"), Cell::Int64(3), B("z")};
  EXPECT_THAT(indexes({UpdateOp(a3, a3, {false, false, true})}),
              ElementsAre("EVAL SCRIPT 1 u:a 1 z z"));
  EXPECT_THAT(indexes({InsertOp(Row{B("u:a"), Cell::Null(), B("n")})}), ElementsAre("RPUSH u:a n"));
}

// --- TTLs ---------------------------------------------------------------------------------------

TEST_F(KeyTableWriteTest, TheOptionIsSetByInsertInOneStep) {
  Bind("hash", {"f", "v"}, "k", 60);
  Row cells = {B("a"), B("1")};
  Row id = {B("a")};
  EXPECT_THAT(Build({InsertOp(cells), InsertOp(cells)}),
              ElementsAre("EVAL SCRIPT 1 k PEXPIRE 60000 0 HSET a 1 a 1"));
  EXPECT_THAT(Build({InsertOp(cells, ConflictPolicy::kIgnore)}),
              ElementsAre("EVAL SCRIPT 1 k PEXPIRE 60000 1 HSETNX a 1"));
  // Updates and deletes keep what there is.
  EXPECT_THAT(Build({UpdateOp(id, cells, {false, true}), DeleteOp(id)}),
              ElementsAre("EVAL SCRIPT 2 k k 0 \"\" \"\" a a 1 1", "HDEL k a"));
  EXPECT_THAT(Build({UpdateOp(id, cells)}), ElementsAre("EVAL SCRIPT 2 k k 0 \"\" \"\" a a 1 1"));
  Bind("list", {"i:integer", "e"}, "k", 60);
  Row given = {Cell::Int64(0), B("x")};
  EXPECT_THAT(Build({InsertOp(given)}), ElementsAre("EVAL SCRIPT 1 k PEXPIRE 60000 0 x"));
}

TEST_F(KeyTableWriteTest, ColumnsThatShowTheKeysTtlAreNotWritten) {
  Bind("hash", {"f", "v", "ttl:integer", "until:timestamptz:expires_at"}, "k", 60);
  Row plain = {B("a"), B("1"), Cell::Null(), Cell::Null()};
  Row with_ttl = {B("a"), B("1"), Cell::Int64(5), Cell::Null()};
  Row with_instant = {B("a"), B("1"), Cell::Null(), Cell::Int64(5)};
  Row id = {B("a")};
  EXPECT_THAT(Build({InsertOp(plain)}), ElementsAre("EVAL SCRIPT 1 k PEXPIRE 60000 0 HSET a 1"));
  EXPECT_EQ(Refused({InsertOp(with_ttl)}), ErrorKind::kUnsupported);
  EXPECT_THAT(Build({InsertOp(with_ttl)}),
              ElementsAre("column \"ttl\" of foreign table \"t\" cannot be written"));
  EXPECT_THAT(Build({InsertOp(with_instant)}),
              ElementsAre("column \"until\" of foreign table \"t\" cannot be written"));
  EXPECT_THAT(Build({UpdateOp(id, plain, {false, true, true, false})}),
              ElementsAre("column \"ttl\" of foreign table \"t\" cannot be written"));
  EXPECT_THAT(Build({UpdateOp(id, plain, {false, true, false, true})}),
              ElementsAre("column \"until\" of foreign table \"t\" cannot be written"));
  // Rows that are set as a whole bring what was read.
  EXPECT_THAT(Build({UpdateOp(id, with_ttl)}),
              ElementsAre("EVAL SCRIPT 2 k k 0 \"\" \"\" a a 1 1"));
  EXPECT_THAT(Build({UpdateOp(id, plain)}), ElementsAre("EVAL SCRIPT 2 k k 0 \"\" \"\" a a 1 1"));
}

TEST_F(KeyTableWriteTest, RowsThatAreKeysHaveTtlsOfTheirOwn) {
  Bind("string", {"k", "v", "ttl:integer"}, "u:*", 60);
  auto row = [](absl::string_view key, const Cell& ttl) { return Row{B(key), B("x"), ttl}; };
  Row option = row("u:1", Cell::Null()), none = row("u:2", Cell::Int64(-1));
  Row own = row("u:3", Cell::Int64(5));
  EXPECT_THAT(Sent("7.0.15", {InsertOp(option), InsertOp(none), InsertOp(own)}),
              ElementsAre("SET u:1 x PX 60000", "SET u:2 x", "SET u:3 x PX 5000"));
  EXPECT_THAT(Sent("6.0.0", {InsertOp(own, ConflictPolicy::kIgnore)}),
              ElementsAre("SET u:3 x NX PX 5000"));
  Row id = {B("u:1")};
  EXPECT_THAT(Build({UpdateOp(id, own, {false, false, true})}),
              ElementsAre("EVAL SCRIPT 2 u:1 u:1 PEXPIRE 5000 0 \"\""));
  EXPECT_THAT(Build({UpdateOp(id, none, {false, true, true})}),
              ElementsAre("EVAL SCRIPT 2 u:1 u:1 PERSIST \"\" 1 x"));
  EXPECT_THAT(Build({UpdateOp(id, option, {false, false, true})}),
              ElementsAre("EVAL SCRIPT 2 u:1 u:1 PEXPIRE 60000 0 \"\""));
  EXPECT_THAT(Build({UpdateOp(id, own, {false, true, false})}),
              ElementsAre("EVAL SCRIPT 2 u:1 u:1 \"\" \"\" 1 x"));
  // Without the option, NULL is no TTL where it is set, and nothing where it is not.
  Bind("string", {"k", "v", "ttl:integer"});
  EXPECT_THAT(Build({InsertOp(option)}), ElementsAre("SET u:1 x"));
  EXPECT_THAT(Build({UpdateOp(id, option, {false, false, true})}),
              ElementsAre("EVAL SCRIPT 2 u:1 u:1 PERSIST \"\" 0 \"\""));
  EXPECT_THAT(Build({UpdateOp(id, option)}), ElementsAre("EVAL SCRIPT 2 u:1 u:1 \"\" \"\" 1 x"));
}

TEST_F(KeyTableWriteTest, InstantsOfExpiry) {
  Bind("string", {"k", "v", "until:timestamptz:expires_at"}, "u:*", 60);
  auto row = [](const Cell& until) { return Row{B("u:1"), B("x"), until}; };
  Row at = row(Cell::Int64(1800000000000));
  Row never = row(Cell::Int64(std::numeric_limits<int64_t>::max()));
  Row option = row(Cell::Null());
  EXPECT_THAT(Sent("7.0.15", {InsertOp(at), InsertOp(never), InsertOp(option)}),
              ElementsAre("SET u:1 x PXAT 1800000000000", "SET u:1 x", "SET u:1 x PX 60000"));
  EXPECT_THAT(Sent("6.0.16", {InsertOp(at)}),
              ElementsAre("EVAL SCRIPT 1 u:1 PEXPIREAT 1800000000000 0 SET x"));
  EXPECT_THAT(Sent("6.0.16", {InsertOp(at, ConflictPolicy::kError)}),
              ElementsAre("EVAL SCRIPT 1 u:1 PEXPIREAT 1800000000000 1 SET x NX"));
  Row id = {B("u:1")};
  EXPECT_THAT(Build({UpdateOp(id, at, {false, false, true})}),
              ElementsAre("EVAL SCRIPT 2 u:1 u:1 PEXPIREAT 1800000000000 0 \"\""));
  EXPECT_THAT(Build({UpdateOp(id, never, {false, false, true})}),
              ElementsAre("EVAL SCRIPT 2 u:1 u:1 PERSIST \"\" 0 \"\""));
}

TEST_F(KeyTableWriteTest, TtlsThatCannotBe) {
  Bind("string", {"k", "v", "ttl:integer", "until:timestamptz:expires_at"});
  Row id = {B("u:1")};
  for (int64_t ttl : {int64_t{0}, int64_t{-2}, std::numeric_limits<int64_t>::min(),
                      std::numeric_limits<int64_t>::max()}) {
    Row row = {B("u:1"), B("x"), Cell::Int64(ttl), Cell::Null()};
    EXPECT_EQ(Refused({InsertOp(row)}), ErrorKind::kOutOfRange) << ttl;
    EXPECT_EQ(Refused({UpdateOp(id, row, {false, false, true, false})}), ErrorKind::kOutOfRange);
  }
  Row zero = {B("u:1"), B("x"), Cell::Int64(0), Cell::Null()};
  EXPECT_THAT(Build({InsertOp(zero)}),
              ElementsAre("a TTL of 0 in column \"ttl\" of foreign table \"t\" cannot be set"));
  Row both = {B("u:1"), B("x"), Cell::Int64(5), Cell::Int64(1800000000000)};
  EXPECT_THAT(Build({InsertOp(both)}),
              ElementsAre("columns \"ttl\" and \"until\" of foreign table \"t\" are both given"));
  EXPECT_EQ(Refused({UpdateOp(id, both, {false, false, true, true})}), ErrorKind::kInvalidData);
  // One of them is set, the other was read.
  EXPECT_THAT(Build({UpdateOp(id, both, {false, false, true, false})}),
              ElementsAre("EVAL SCRIPT 2 u:1 u:1 PEXPIRE 5000 0 \"\""));
  EXPECT_THAT(Build({UpdateOp(id, both, {false, false, false, true})}),
              ElementsAre("EVAL SCRIPT 2 u:1 u:1 PEXPIREAT 1800000000000 0 \"\""));
}

TEST_F(KeyTableWriteTest, RunsHaveOneTtl) {
  Bind("set", {"k", "m:array", "ttl:integer"}, "u:*", 0, true);
  Row members = {B("a")};
  Row one = {B("u:1"), Cell::List(members), Cell::Int64(5)};
  Row other = {B("u:1"), Cell::List(members), Cell::Int64(-1)};
  EXPECT_THAT(Build({InsertOp(one), InsertOp(other)}),
              ElementsAre("EVAL SCRIPT 1 u:1 0 PEXPIRE 5000 set SADD a",
                          "EVAL SCRIPT 1 u:1 0 PERSIST \"\" set SADD a"));
}

TEST_F(KeyTableWriteTest, WhatNullStandsForIsFilledIn) {
  auto filled = [&](Row row) {
    Arena arena;
    t_.table().ShowStored(absl::MakeSpan(row), &arena);
    Lines lines;
    for (const Cell& cell : row) lines.push_back(DebugString(cell));
    return lines;
  };
  Bind("string", {"k", "v", "ttl:integer", "until:timestamptz:expires_at"}, "u:*", 60);
  EXPECT_THAT(filled({B("u:1"), B("x"), Cell::Null(), Cell::Null()}),
              ElementsAre("\"u:1\"", "\"x\"", "60", "NULL"));
  EXPECT_THAT(filled({B("u:1"), B("x"), Cell::Int64(-1), Cell::Null()}),
              ElementsAre("\"u:1\"", "\"x\"", "-1", "NULL"));
  // Then the option is not what the row got.
  EXPECT_THAT(filled({B("u:1"), B("x"), Cell::Null(), Cell::Int64(1800000000000)}),
              ElementsAre("\"u:1\"", "\"x\"", "NULL", "1800000000000"));
  // Infinity reads back as no end, and as -1 seconds.
  EXPECT_THAT(
      filled({B("u:1"), B("x"), Cell::Null(), Cell::Int64(std::numeric_limits<int64_t>::max())}),
      ElementsAre("\"u:1\"", "\"x\"", "-1", "NULL"));
  Bind("string", {"k", "v", "ttl:integer"});
  EXPECT_THAT(filled({B("u:1"), B("x"), Cell::Null()}), ElementsAre("\"u:1\"", "\"x\"", "-1"));
  // The TTL of a key that holds many rows is not this row's.
  Bind("set", {"k", "m", "ttl:integer"}, "u:*", 60);
  EXPECT_THAT(filled({B("u:1"), B("x"), Cell::Null()}), ElementsAre("\"u:1\"", "\"x\"", "NULL"));
  Bind("string", {"v"}, "k", 60);
  EXPECT_THAT(filled({B("x")}), ElementsAre("\"x\""));
}

}  // namespace
}  // namespace redis_fdw::test
