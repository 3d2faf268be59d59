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
  EXPECT_EQ(Query("SELECT s FROM zn WHERE m = 'inf'"), "Infinity");
  EXPECT_EQ(Exec("INSERT INTO z VALUES ('nan', 'NaN')").error.sqlstate, "22P02");
  EXPECT_EQ(Exec("INSERT INTO z VALUES ('none', NULL)").error.sqlstate, "23502");
  redis().FlushAll();
  MustExec("INSERT INTO zi VALUES ('two', 2)");
  EXPECT_EQ(Query("SELECT s FROM zi WHERE s >= 2 AND s < 3"), "2");
  EXPECT_EQ(Query("SELECT s FROM zi WHERE s > 2"), "");
}

TEST_F(ValuesTest, ScoresAsNumericAreTheShortestDecimal) {
  Table("z", "m text, s numeric", "zset", "z");
  redis().Cli({"ZADD", "z", "0.30000000000000004", "a", "1e300", "b", "3.14", "c", "-0.1", "d",
               "100000", "e", "1e21", "f"});
  EXPECT_EQ(Query("SELECT m, s FROM z WHERE m NOT IN ('b') ORDER BY m"),
            "a|0.30000000000000004\nc|3.14\nd|-0.1\ne|100000\nf|1000000000000000000000");
  EXPECT_EQ(Query("SELECT s = 1e300 FROM z WHERE m = 'b'"), "t");
  MustExec("INSERT INTO z VALUES ('g', 2.50), ('h', 'Infinity')");
  EXPECT_EQ(redis().Cli({"ZSCORE", "z", "g"}), "2.5");
  EXPECT_EQ(redis().Cli({"ZSCORE", "z", "h"}), "inf");
  EXPECT_EQ(Exec("INSERT INTO z VALUES ('i', 'NaN')").error.sqlstate, "22P02");
  // Beyond what a double can be.
  PgResult large = Exec("INSERT INTO z VALUES ('j', 1e400)");
  EXPECT_EQ(large.error.sqlstate, "22003") << large.error.ToString();
  EXPECT_TRUE(absl::StrContains(large.error.context, "\"s\"")) << large.error.ToString();
}

TEST_F(ValuesTest, ScoresAsIntegersWhereTheyFit) {
  Table("z2", "m text, s smallint", "zset", "z");
  Table("z4", "m text, s int", "zset", "z");
  Table("z8", "m text, s bigint", "zset", "z");
  MustExec("CREATE DOMAIN even AS int CHECK (VALUE % 2 = 0)");
  Table("zd", "m text, s even", "zset", "z");
  redis().Cli({"ZADD", "z",    "2",    "two", "70000", "big",  "5e9",  "bigger", "9007199254740993",
               "odd",  "1e19", "huge", "2.5", "half",  "-inf", "none", "-0.0",   "zero",
               "3",    "three"});
  auto score = [this](const std::string& table, const std::string& member) {
    PgResult result = Exec(absl::StrCat("SELECT s FROM ", table, " WHERE m = '", member, "'"));
    return result.ok() ? result.Text() : result.error.sqlstate;
  };
  for (const char* table : {"z2", "z4", "z8", "zd"}) {
    EXPECT_EQ(score(table, "two"), "2") << table;
    EXPECT_EQ(score(table, "zero"), "0") << table;
    EXPECT_EQ(score(table, "half"), "22003") << table;
    EXPECT_EQ(score(table, "none"), "22003") << table;
    EXPECT_EQ(score(table, "huge"), "22003") << table;
  }
  EXPECT_EQ(score("z2", "big"), "22003");
  EXPECT_EQ(score("z4", "big"), "70000");
  EXPECT_EQ(score("z4", "bigger"), "22003");
  EXPECT_EQ(score("zd", "bigger"), "22003");
  EXPECT_EQ(score("zd", "three"), "23514");
  EXPECT_EQ(score("z8", "bigger"), "5000000000");
  EXPECT_EQ(score("z8", "odd"), "9007199254740992");  // as Redis has it
  PgResult half = Exec("SELECT s FROM z8 WHERE m = 'half'");
  for (const char* word : {"2.5", "\"s\"", "Redis key \"z\"", "numeric"}) {
    EXPECT_TRUE(absl::StrContains(half.error.ToString(), word)) << half.error.ToString();
  }
  PgResult inexact = Exec("INSERT INTO z8 VALUES ('x', 9007199254740993)");
  EXPECT_EQ(inexact.error.sqlstate, "22003");
  EXPECT_TRUE(absl::StrContains(inexact.error.context, "column \"s\" of foreign table \"z8\""))
      << inexact.error.ToString();
}

TEST_F(ValuesTest, ScoresAsFloat4AreWhatSelectShows) {
  Table("z", "m text, s float4", "zset", "z");
  MustExec("SET extra_float_digits = -3");
  MustExec("INSERT INTO z VALUES ('a', 0.1), ('b', 16777216), ('c', 'Infinity'), ('d', 1.5e-7)");
  EXPECT_EQ(redis().Cli({"ZSCORE", "z", "b"}), "16777216");
  EXPECT_EQ(redis().Cli({"ZCOUNT", "z", "0.1", "0.1"}), "1");
  EXPECT_EQ(redis().Cli({"ZCOUNT", "z", "1.5e-7", "1.5e-7"}), "1");
  MustExec("RESET extra_float_digits");
  EXPECT_EQ(Query("SELECT s FROM z ORDER BY m"), "0.1\n1.6777216e+07\nInfinity\n1.5e-07");
  redis().Cli({"ZADD", "z", "1e200", "e"});
  EXPECT_EQ(Exec("SELECT s FROM z WHERE m = 'e'").error.sqlstate, "22003");
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
  EXPECT_TRUE(absl::StrContains(small.error.ToString(), "not above")) << small.error.ToString();
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
