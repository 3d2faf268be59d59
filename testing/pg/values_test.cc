// Values between Redis bytes and SQL types.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class ValuesTest : public PgRedisTest {
 protected:
  void Table(const std::string& name, const std::string& columns, const std::string& type = "hash",
             const std::string& key = "h") {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE ", name, " (", columns,
                          ") SERVER redis_server OPTIONS (table_type '", type,
                          "', table_key_prefix '", key, "')"));
  }
};

TEST_F(ValuesTest, EmptyStringIsNotNull) {
  Table("h", "f text, v text");
  MustExec("INSERT INTO h VALUES ('', ''), ('x', '')");
  EXPECT_EQ(Query("SELECT f = '', v = '', v IS NULL FROM h WHERE f = ''"), "t|t|f");
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "2");
  PgResult result = Exec("INSERT INTO h VALUES ('y', NULL)");
  EXPECT_EQ(result.error.sqlstate, "23502");
  EXPECT_TRUE(absl::StrContains(result.error.message, "\"v\"")) << result.error.ToString();
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "2");
}

TEST_F(ValuesTest, ByteaIsBinarySafe) {
  Table("b", "f bytea, v bytea");
  MustExec("INSERT INTO b VALUES ('\\x00ff0d0a', '\\x0d0a00ff80')");
  EXPECT_EQ(redis().Command({"HGET", "h", std::string("\x00\xff\r\n", 4)}).text,
            std::string("\r\n\x00\xff\x80", 5));
  EXPECT_EQ(Query("SELECT v FROM b WHERE f = '\\x00ff0d0a'"), "\\x0d0a00ff80");
  EXPECT_EQ(Query("SELECT f FROM b"), "\\x00ff0d0a");
  MustExec("DELETE FROM b WHERE f = '\\x00ff0d0a'");
  EXPECT_EQ(redis().Cli({"EXISTS", "h"}), "0");
}

TEST_F(ValuesTest, InvalidEncodingNamesKeyAndColumn) {
  Table("h", "f text, v text");
  redis().Command({"HSET", "h", "good", "x", "bad", "\xff\xfe"});
  PgResult result = Exec("SELECT * FROM h WHERE f = 'bad'");
  EXPECT_EQ(result.error.sqlstate, "22021");
  EXPECT_TRUE(absl::StrContains(result.error.message, "\"v\"")) << result.error.ToString();
  EXPECT_TRUE(absl::StrContains(result.error.message, "\"h\"")) << result.error.ToString();
  EXPECT_TRUE(absl::StrContains(result.error.context, "bad")) << result.error.ToString();
  EXPECT_EQ(Query("SELECT v FROM h WHERE f = 'good'"), "x");
  // A column nobody asked for is not read.
  EXPECT_EQ(Query("SELECT count(f) FROM h"), "2");
}

TEST_F(ValuesTest, TypesThroughTheirInputAndOutput) {
  MustExec("CREATE TYPE mood AS ENUM ('sad', 'happy')");
  MustExec("CREATE DOMAIN positive AS int CHECK (VALUE > 0)");
  struct Case {
    const char* type;
    const char* sql;
    const char* stored;
  };
  for (const Case& c :
       {Case{"int", "42", "42"}, Case{"numeric", "1.50", "1.50"}, Case{"bool", "true", "t"},
        Case{"date", "'2024-02-29'", "2024-02-29"},
        Case{"timestamptz", "'2024-01-01 12:00+02'", "2024-01-01 10:00:00+00"},
        Case{"float8", "0.1", "0.1"},
        Case{"uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'",
             "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
        Case{"jsonb", "'{\"a\": 1}'", "{\"a\": 1}"}, Case{"mood", "'happy'", "happy"},
        Case{"int[]", "'{1,2}'", "{1,2}"}, Case{"positive", "7", "7"},
        Case{"interval", "'1 day 2 hours'", "1 day 02:00:00"}}) {
    redis().FlushAll();
    MustExec("DROP FOREIGN TABLE IF EXISTS t");
    Table("t", absl::StrCat("f text, v ", c.type));
    // Settings of the session must not reach Redis.
    MustExec(
        "SET datestyle = 'German, DMY'; SET timezone = 'Asia/Tokyo'; "
        "SET intervalstyle = 'iso_8601'; SET extra_float_digits = -10");
    MustExec(absl::StrCat("INSERT INTO t VALUES ('x', ", c.sql, ")"));
    EXPECT_EQ(redis().Cli({"HGET", "h", "x"}), c.stored) << c.type;
    EXPECT_EQ(Query(absl::StrCat("SELECT v = ", c.sql, "::", c.type, " FROM t")), "t") << c.type;
    MustExec("RESET ALL");
  }
}

TEST_F(ValuesTest, BadValuesNameWhereTheyAre) {
  Table("t", "f text, v int");
  redis().Cli({"HSET", "h", "age", "forty"});
  PgResult result = Exec("SELECT * FROM t");
  EXPECT_EQ(result.error.sqlstate, "22P02");
  EXPECT_TRUE(absl::StrContains(result.error.context, "column \"v\" of foreign table \"t\""))
      << result.error.ToString();
  EXPECT_TRUE(absl::StrContains(result.error.context, "\"h\"")) << result.error.ToString();
  EXPECT_TRUE(absl::StrContains(result.error.context, "age")) << result.error.ToString();
}

TEST_F(ValuesTest, IdentityMustWriteBackItsBytes) {
  Table("t", "f int, v text");
  MustExec("INSERT INTO t VALUES (7, 'seven')");
  EXPECT_EQ(Query("SELECT v FROM t WHERE f = 7"), "seven");
  EXPECT_EQ(Query("SELECT v FROM t WHERE f = 7::bigint"), "seven");
  redis().Cli({"HSET", "h", "08", "eight"});
  PgResult result = Exec("SELECT * FROM t");
  EXPECT_EQ(result.error.sqlstate, "22P02");
  EXPECT_TRUE(absl::StrContains(result.error.message, "08")) << result.error.ToString();
  EXPECT_EQ(Query("SELECT v FROM t WHERE f = 7"), "seven");
}

TEST_F(ValuesTest, Scores) {
  Table("z", "m text, s float8", "zset", "z");
  Table("zn", "m text, s numeric", "zset", "z");
  Table("zi", "m text, s int", "zset", "z");
  MustExec("INSERT INTO z VALUES ('tenth', 0.1), ('inf', 'Infinity'), ('neg', '-Infinity')");
  EXPECT_EQ(Query("SELECT m, s FROM z ORDER BY s"), "neg|-Infinity\ntenth|0.1\ninf|Infinity");
  EXPECT_EQ(Query("SELECT s FROM zn WHERE m = 'tenth'"), "0.1");
  EXPECT_EQ(Exec("INSERT INTO z VALUES ('nan', 'NaN')").error.sqlstate, "22P02");
  EXPECT_EQ(Exec("INSERT INTO z VALUES ('none', NULL)").error.sqlstate, "23502");
  EXPECT_EQ(Exec("SELECT s FROM zi WHERE m = 'tenth'").error.sqlstate, "22P02");
  redis().FlushAll();
  MustExec("INSERT INTO zi VALUES ('two', 2)");
  EXPECT_EQ(Query("SELECT s FROM zi WHERE s >= 2 AND s < 3"), "2");
  EXPECT_EQ(Query("SELECT s FROM zi WHERE s > 2"), "");
}

TEST_F(ValuesTest, StreamFieldsByName) {
  MustExec(
      "CREATE FOREIGN TABLE x (id text, a text, b int) SERVER redis_server "
      "OPTIONS (table_type 'stream', table_key_prefix 'x')");
  redis().Cli({"XADD", "x", "1-0", "b", "7", "other", "?", "b", "8"});
  redis().Cli({"XADD", "x", "2-0", "a", ""});
  EXPECT_EQ(Query("SELECT * FROM x ORDER BY id"), "1-0|(null)|7\n2-0||(null)");
  EXPECT_EQ(Query("INSERT INTO x VALUES (NULL, 'v', 1) RETURNING id ~ '^[0-9]+-[0-9]+$', a, b"),
            "t|v|1");
  MustExec("INSERT INTO x (a) VALUES ('named')");
  MustExec("INSERT INTO x (id, a) VALUES ('99999999999999-5', 'explicit')");
  EXPECT_EQ(Query("SELECT a FROM x WHERE id = '99999999999999-5'"), "explicit");
  PgResult small = Exec("INSERT INTO x (id, a) VALUES ('1-1', 'too small')");
  EXPECT_FALSE(small.ok());
  EXPECT_TRUE(absl::StrContains(small.error.ToString(), "smaller")) << small.error.ToString();
  PgResult empty = Exec("INSERT INTO x (id) VALUES ('*')");
  EXPECT_EQ(empty.error.sqlstate, "23502") << empty.error.ToString();
}

TEST_F(ValuesTest, LargeValues) {
  Table("h", "f text, v text");
  MustExec("INSERT INTO h SELECT 'big', repeat('x', 20000000)");
  EXPECT_EQ(Query("SELECT length(v), md5(v) = md5(repeat('x', 20000000)) FROM h"), "20000000|t");
}

}  // namespace
}  // namespace redis_fdw::test
