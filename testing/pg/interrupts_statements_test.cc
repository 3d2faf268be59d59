// Every kind of statement, interrupted while Redis is stopped or paused.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "testing/pg/interrupt_fixture.h"

namespace redis_fdw::test {
namespace {

class InterruptsStatementsTest : public InterruptTest {
 protected:
  void SetUp() override {
    InterruptTest::SetUp();
    MustExec(
        "CREATE FOREIGN TABLE many (key text, v text) SERVER redis_server "
        "OPTIONS (table_type 'string', table_key_prefix 'many:*')");
    redis().Cli({"MSET", "many:1", "x", "many:2", "y"});
  }

  // Redis is stopped after the session has connected.
  Stall Stopped(const std::string& name, const std::string& sql) {
    Stall stall;
    stall.name = name;
    stall.sql = sql;
    stall.prepare = [](PgConnection& session) { session.MustExec("SELECT * FROM h"); };
    stall.begin = [] { redis().Stop(); };
    stall.end = [] { redis().Continue(); };
    stall.after = "SELECT * FROM h";
    return stall;
  }
};

TEST_F(InterruptsStatementsTest, Reads) {
  EachInterruptIsPrompt(Stopped("stopped: SELECT", "SELECT * FROM h"));
  EachInterruptIsPrompt(Stopped("stopped: a lookup", "SELECT * FROM h WHERE f = 'a'"));
  EachInterruptIsPrompt(Stopped("stopped: a scan of many keys", "SELECT * FROM many"));
  EachInterruptIsPrompt(Stopped("stopped: a count", "SELECT count(*) FROM h"));
  EachInterruptIsPrompt(
      Stopped("stopped: a join of lookups",
              "SELECT * FROM generate_series(1, 3) s, LATERAL (SELECT * FROM h WHERE f = s::text "
              "OFFSET 0) x"));
}

TEST_F(InterruptsStatementsTest, Writes) {
  for (const char* sql : {"INSERT INTO h VALUES ('x', 'y')", "UPDATE h SET v = 'z' WHERE f = 'a'",
                          "DELETE FROM h", "TRUNCATE h"}) {
    const std::string kind(sql, strcspn(sql, " "));
    EachInterruptIsPrompt(Stopped("stopped: " + kind, sql));
  }
  // What stopped Redis was sent it does later: this is why such an error says "may".
}

TEST_F(InterruptsStatementsTest, FetchOfACursor) {
  FillHash("big", 20000, 10);
  MustExec(
      "CREATE FOREIGN TABLE big (f text, v text) SERVER redis_server "
      "OPTIONS (table_type 'hash', table_key_prefix 'big', fetch_size '100')");
  Stall stall = Stopped("stopped: FETCH", "FETCH ALL FROM c");
  stall.prepare = [](PgConnection& session) {
    session.MustExec("BEGIN; DECLARE c CURSOR FOR SELECT * FROM big; FETCH 1 FROM c");
  };
  EachInterruptIsPrompt(stall);
}

TEST_F(InterruptsStatementsTest, WhatAsksRedisWithoutATableScan) {
  EachInterruptIsPrompt(Stopped("stopped: ANALYZE", "ANALYZE h"));
  EachInterruptIsPrompt(Stopped("stopped: IMPORT FOREIGN SCHEMA",
                                "CREATE SCHEMA IF NOT EXISTS imported; IMPORT FOREIGN SCHEMA \"*\" "
                                "FROM SERVER redis_server INTO imported"));
  Stall command =
      Stopped("stopped: redis_command", "SELECT redis_command('redis_server', 'GET', 'h')");
  command.kept = 1;  // it has one of its own
  EachInterruptIsPrompt(command);
  MustExec("ALTER FOREIGN TABLE h OPTIONS (ADD use_remote_estimate 'true')");
  EachInterruptIsPrompt(
      Stopped("stopped: EXPLAIN with use_remote_estimate", "EXPLAIN SELECT * FROM h"));
}

TEST_F(InterruptsStatementsTest, WhatEndsByItself) {
  const auto stopped = [](PgConnection& session) {
    session.MustExec("SELECT * FROM h");
    redis().Stop();
  };
  IsPrompt("stopped: redis_fdw_disconnect_all", "SELECT redis_fdw_disconnect_all()", stopped);
  IsPrompt("stopped: redis_fdw_connections", "SELECT * FROM redis_fdw_connections()", stopped);
  IsPrompt("stopped: EXPLAIN", "EXPLAIN SELECT * FROM h", stopped);
}

// CLIENT PAUSE cannot be taken back by a client while all are paused: only a new Redis is not.
TEST_F(InterruptsStatementsTest, Paused) {
  Stall stall = Stopped("CLIENT PAUSE: SELECT", "SELECT * FROM h");
  stall.begin = [] { redis().Cli({"CLIENT", "PAUSE", "100000", "ALL"}); };
  stall.end = [] { EXPECT_TRUE(redis().Restart().ok()); };
  EachInterruptIsPrompt(stall);
  stall.name = "CLIENT PAUSE: INSERT";
  stall.sql = "INSERT INTO h VALUES ('x', 'y')";
  stall.begin = [] { redis().Cli({"CLIENT", "PAUSE", "100000", "WRITE"}); };
  stall.end = [] { redis().Cli({"CLIENT", "UNPAUSE"}); };
  EachInterruptIsPrompt(stall);
}

TEST_F(InterruptsStatementsTest, CommandTimeout) {
  MustExec("ALTER SERVER redis_server OPTIONS (ADD command_timeout_ms '2000')");
  EXPECT_EQ(Query("SELECT * FROM h"), "a|1");
  redis().Stop();
  PgResult result = Exec("SELECT * FROM h");
  EXPECT_EQ(result.error.sqlstate, "57014") << result.error.ToString();
  EXPECT_TRUE(absl::StrContains(result.error.ToString(), "command_timeout_ms"));
  redis().Continue();
  EXPECT_EQ(Query("SELECT * FROM h"), "a|1");
}

}  // namespace
}  // namespace redis_fdw::test
