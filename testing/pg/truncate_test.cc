// TRUNCATE.

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class TruncateTest : public PgRedisTest {
 protected:
  void Table(const std::string& name, const std::string& columns, const std::string& type,
             const std::string& options = "", const std::string& key = "") {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE ", name, " (", columns,
                          ") SERVER redis_server OPTIONS (table_type '", type,
                          "', table_key_prefix '", key.empty() ? name : key, "'", options, ")"));
  }
};

TEST_F(TruncateTest, EveryType) {
  Table("str", "value text", "string");
  Table("h", "field text, value text", "hash");
  Table("s", "member text", "set");
  Table("z", "member text, score float8", "zset");
  Table("l", "element text", "list");
  Table("x", "id text, f text", "stream");
  MustExec(
      "INSERT INTO str VALUES ('a'); INSERT INTO h VALUES ('a', '1'); INSERT INTO s VALUES ('a'); "
      "INSERT INTO z VALUES ('a', 1); INSERT INTO l VALUES ('a'); INSERT INTO x VALUES (NULL, "
      "'a')");
  redis().Cli({"SET", "other", "stays"});
  EXPECT_EQ(redis().Cli({"DBSIZE"}), "7");
  EXPECT_EQ(MustExec("TRUNCATE str").tag, "TRUNCATE TABLE");
  EXPECT_EQ(redis().Cli({"EXISTS", "str"}), "0");
  MustExec("TRUNCATE h, s, z, l, x CASCADE");
  EXPECT_EQ(redis().Cli({"DBSIZE"}), "1");
  EXPECT_EQ(Query("SELECT count(*) FROM h"), "0");
  MustExec("TRUNCATE h");  // what is not there is empty already
}

TEST_F(TruncateTest, IdentityIsPostgresqls) {
  Table("h", "field int GENERATED ALWAYS AS IDENTITY, value text", "hash");
  MustExec("INSERT INTO h (value) VALUES ('a'), ('b')");
  EXPECT_EQ(redis().Cli({"HKEYS", "h"}), "1\n2");
  MustExec("TRUNCATE h; INSERT INTO h (value) VALUES ('c')");
  EXPECT_EQ(redis().Cli({"HGETALL", "h"}), "3\nc");
  MustExec("TRUNCATE h RESTART IDENTITY; INSERT INTO h (value) VALUES ('d')");
  EXPECT_EQ(redis().Cli({"HGETALL", "h"}), "1\nd");
}

TEST_F(TruncateTest, WhatAStatementAroundItWroteGoesToo) {
  Table("h", "field text, value text", "hash");
  Table("h2", "field text, value text", "hash", "", "h");
  MustExec(
      "CREATE FUNCTION empty(i int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN "
      "IF i = 3 THEN TRUNCATE h2; END IF; RETURN i; END $$");
  MustExec("INSERT INTO h SELECT i, empty(i) FROM generate_series(1, 4) i");
  EXPECT_EQ(Query("SELECT * FROM h ORDER BY 1"), "3|3\n4|4");
}

TEST_F(TruncateTest, NothingIsEmptiedIfOneCannotBe) {
  Table("h", "field text, value text", "hash");
  Table("s", "member text", "set", ", updatable 'false'");
  redis().Cli({"HSET", "h", "a", "1"});
  redis().Cli({"SADD", "s", "a"});
  EXPECT_EQ(Exec("TRUNCATE h, s").error.sqlstate, "55000");
  EXPECT_EQ(redis().Cli({"DBSIZE"}), "2");
}

TEST_F(TruncateTest, CanBeCancelled) {
  Table("h", "field text, value text", "hash");
  redis().Cli({"HSET", "h", "a", "1"});
  redis().Stop();
  MustExec("SET statement_timeout = '200ms'");
  absl::Time start = absl::Now();
  EXPECT_EQ(Exec("TRUNCATE h").error.sqlstate, "57014");
  EXPECT_LT(absl::Now() - start, absl::Seconds(9));  // connect_timeout_ms is 10 s
  redis().Continue();
  MustExec("SET statement_timeout = 0");
  EXPECT_EQ(MustExec("TRUNCATE h").tag, "TRUNCATE TABLE");
  EXPECT_EQ(redis().Cli({"EXISTS", "h"}), "0");
}

}  // namespace
}  // namespace redis_fdw::test
