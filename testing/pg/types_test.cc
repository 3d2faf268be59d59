// SQL types as values, and as what names an element: fields and members.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

// A type, a value of it in SQL, and what Redis stores for it.
struct TypeCase {
  const char* type;
  const char* sql;
  const char* stored;
};

const TypeCase kTypeCases[] = {
    {"text", "'a b'", "a b"},
    {"varchar(5)", "'abc'", "abc"},
    {"char(4)", "'ab'", "ab  "},
    {"name", "'n'", "n"},
    {"bytea", "'\\x6162'", "ab"},
    {"smallint", "-7", "-7"},
    {"int", "42", "42"},
    {"bigint", "9223372036854775807", "9223372036854775807"},
    {"float4", "0.1", "0.1"},
    {"float4", "1e20", "1e+20"},
    {"float8", "0.1", "0.1"},
    {"float8", "'1e-7'", "1e-07"},
    {"float8", "'-Infinity'", "-Infinity"},
    {"numeric", "1.50", "1.50"},
    {"numeric(6,2)", "1.5", "1.50"},
    {"bool", "true", "t"},
    {"date", "'2024-02-29'", "2024-02-29"},
    {"date", "'infinity'", "infinity"},
    {"date", "'0044-03-15 BC'", "0044-03-15 BC"},
    {"time", "'12:34:56.5'", "12:34:56.5"},
    {"timetz", "'12:00+05:30'", "12:00:00+05:30"},
    {"timestamp", "'2024-01-01 12:00:00.25'", "2024-01-01 12:00:00.25"},
    {"timestamp", "'-infinity'", "-infinity"},
    {"timestamptz", "'2024-01-01 12:00+02'", "2024-01-01 10:00:00+00"},
    {"timestamptz(0)", "'2024-01-01 12:00:00.7Z'", "2024-01-01 12:00:01+00"},
    {"interval", "'1 day 2 hours'", "1 day 02:00:00"},
    {"interval", "'-1 day +2 hours'", "-1 days +02:00:00"},
    {"uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {"jsonb", "'{\"a\": 1}'", "{\"a\": 1}"},
    {"mood", "'happy'", "happy"},
    {"inet", "'10.0.0.1/8'", "10.0.0.1/8"},
    {"int[]", "'{1,NULL,2}'", "{1,NULL,2}"},
    {"text[]", "'{\"a b\",c}'", "{\"a b\",c}"},
    {"timestamptz[]", "'{2024-01-01 12:00+02}'", "{\"2024-01-01 10:00:00+00\"}"},
    {"float8[]", "'{0.1}'", "{0.1}"},
    {"bytea[]", "'{\"\\\\x6162\"}'", "{\"\\\\x6162\"}"},
    {"daterange", "'[2024-01-01,2024-02-01)'", "[2024-01-01,2024-02-01)"},
    {"positive", "7", "7"},
    {"raw", "'\\x00ff'::bytea", nullptr},
    {"short_text", "'abc'", "abc"},
    {"moment", "'2024-01-01 12:00+02'", "2024-01-01 10:00:00+00"},
    {"positives", "'{1,2}'", "{1,2}"},
};

// Settings of the session must not reach Redis.
constexpr char kOddSettings[] =
    "SET datestyle = 'German, DMY'; SET timezone = 'Asia/Tokyo'; SET bytea_output = 'escape'; "
    "SET intervalstyle = 'iso_8601'; SET extra_float_digits = -10";

class TypesTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    MustExec("CREATE TYPE mood AS ENUM ('sad', 'happy')");
    MustExec("CREATE DOMAIN positive AS int CHECK (VALUE > 0)");
    MustExec("CREATE DOMAIN raw AS bytea CHECK (length(VALUE) < 5)");
    MustExec("CREATE DOMAIN short_text AS varchar(5)");
    MustExec("CREATE DOMAIN moment AS timestamptz CHECK (VALUE > '2000-01-01')");
    MustExec("CREATE DOMAIN positives AS int[] CHECK (0 < ALL (VALUE))");
  }
  void Table(const std::string& name, const std::string& columns, const std::string& type = "hash",
             const std::string& key = "h") {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE ", name, " (", columns,
                          ") SERVER redis_server OPTIONS (table_type '", type,
                          "', table_key_prefix '", key, "')"));
  }
  static std::string Stored(const TypeCase& c) {
    return c.stored == nullptr ? std::string("\x00\xff", 2) : c.stored;
  }
};

TEST_F(TypesTest, AsValues) {
  for (const TypeCase& c : kTypeCases) {
    redis().FlushAll();
    MustExec("DROP FOREIGN TABLE IF EXISTS t");
    Table("t", absl::StrCat("f text, v ", c.type));
    MustExec(kOddSettings);
    MustExec(absl::StrCat("INSERT INTO t VALUES ('x', ", c.sql, ")"));
    EXPECT_EQ(redis().Command({"HGET", "h", "x"}).text, Stored(c)) << c.type;
    EXPECT_EQ(Query(absl::StrCat("SELECT v = ", c.sql, "::", c.type, " FROM t")), "t") << c.type;
    MustExec("RESET ALL");
    EXPECT_EQ(Query(absl::StrCat("SELECT v = ", c.sql, "::", c.type, " FROM t")), "t") << c.type;
  }
}

TEST_F(TypesTest, AsFieldsAndMembers) {
  for (const TypeCase& c : kTypeCases) {
    redis().FlushAll();
    MustExec("DROP FOREIGN TABLE IF EXISTS t");
    MustExec("DROP FOREIGN TABLE IF EXISTS s");
    Table("t", absl::StrCat("f ", c.type, ", v text"));
    Table("s", absl::StrCat("m ", c.type), "set", "s");
    const std::string value = absl::StrCat(c.sql, "::", c.type);
    MustExec(kOddSettings);
    MustExec(absl::StrCat("INSERT INTO t VALUES (", c.sql, ", 'x')"));
    MustExec(absl::StrCat("INSERT INTO s VALUES (", c.sql, ")"));
    EXPECT_EQ(redis().Command({"HKEYS", "h"}).elements.at(0).text, Stored(c)) << c.type;
    EXPECT_EQ(redis().Command({"SMEMBERS", "s"}).elements.at(0).text, Stored(c)) << c.type;
    // Looked up by value, from where settings differ, and removed again.
    MustExec("RESET ALL");
    EXPECT_EQ(Query(absl::StrCat("SELECT v FROM t WHERE f = ", value)), "x") << c.type;
    EXPECT_EQ(Query(absl::StrCat("SELECT m = ", value, " FROM s WHERE m = ", value)), "t")
        << c.type;
    EXPECT_EQ(Query(absl::StrCat("SELECT count(*) FROM t JOIN s ON t.f = s.m")), "1") << c.type;
    MustExec(kOddSettings);
    MustExec(absl::StrCat("DELETE FROM t WHERE f = ", value));
    MustExec("DELETE FROM s");
    EXPECT_EQ(redis().Cli({"EXISTS", "h", "s"}), "0") << c.type;
    MustExec("RESET ALL");
  }
}

TEST_F(TypesTest, JsonAsValue) {
  Table("t", "f text, v json");
  MustExec("INSERT INTO t VALUES ('x', '{\"a\":  [1, 2]}')");
  EXPECT_EQ(redis().Cli({"HGET", "h", "x"}), "{\"a\":  [1, 2]}");
  EXPECT_EQ(Query("SELECT v->'a'->>1 FROM t"), "2");
}

// Every error says where the value is, and has the state of what is wrong with it.
TEST_F(TypesTest, StoredValuesThatAreNoInput) {
  struct Case {
    const char* type;
    std::string stored;
    const char* sqlstate;
  };
  for (const Case& c : {Case{"int", "forty", "22P02"},
                        Case{"int", "3000000000", "22003"},
                        Case{"int", "", "22P02"},
                        Case{"smallint", "70000", "22003"},
                        Case{"float8", "1e999", "22003"},
                        Case{"float4", "1e99", "22003"},
                        Case{"numeric", "1,5", "22P02"},
                        Case{"numeric(3,1)", "1000", "22003"},
                        Case{"bool", "maybe", "22P02"},
                        Case{"date", "2024-02-30", "22008"},
                        Case{"date", "soon", "22007"},
                        Case{"timestamptz", "yesterdayish", "22007"},
                        Case{"interval", "long", "22007"},
                        Case{"uuid", "a0eebc99", "22P02"},
                        Case{"jsonb", "{a", "22P02"},
                        Case{"json", "{a", "22P02"},
                        Case{"mood", "angry", "22P02"},
                        Case{"int[]", "[1]", "22P02"},
                        Case{"int[]", "{1,x}", "22P02"},
                        Case{"varchar(3)", "abcd", "22001"},
                        Case{"char(3)", "abcd", "22001"},
                        Case{"positive", "-1", "23514"},
                        Case{"positive", "x", "22P02"},
                        Case{"raw", "12345", "23514"},
                        Case{"short_text", "abcdef", "22001"},
                        Case{"moment", "1999-01-01", "23514"},
                        Case{"positives", "{0}", "23514"},
                        Case{"text", std::string("a\0b", 3), "22021"},
                        Case{"int", std::string("7\0", 2), "22021"},
                        Case{"jsonb", "\xff", "22021"},
                        Case{"varchar(3)", "\xff", "22021"}}) {
    redis().FlushAll();
    MustExec("DROP FOREIGN TABLE IF EXISTS t");
    Table("t", absl::StrCat("f text, v ", c.type));
    redis().Command({"HSET", "h", "the field", c.stored});
    PgResult result = Exec("SELECT * FROM t");
    EXPECT_EQ(result.error.sqlstate, c.sqlstate) << c.type << result.error.ToString();
    for (const char* word :
         {"column \"v\" of foreign table \"t\"", "Redis key \"h\"", "field \"the field\""}) {
      EXPECT_TRUE(absl::StrContains(result.error.context, word)) << result.error.ToString();
    }
  }
}

TEST_F(TypesTest, IdentitiesInAnotherForm) {
  struct Case {
    const char* type;
    const char* stored;
  };
  for (const Case& c :
       {Case{"int", " 7"}, Case{"float8", "1.0"}, Case{"bool", "true"}, Case{"date", "20240229"},
        Case{"timestamptz", "2024-01-01 12:00:00+02"}, Case{"interval", "26 hours 90 minutes"},
        Case{"uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"}, Case{"jsonb", "{\"a\":1}"},
        Case{"int[]", "{1, 2}"}, Case{"char(4)", "ab"}, Case{"positive", "07"},
        Case{"numeric(6,2)", "1.5"}}) {
    redis().FlushAll();
    MustExec("DROP FOREIGN TABLE IF EXISTS s");
    Table("s", absl::StrCat("m ", c.type), "set", "s");
    redis().Cli({"SADD", "s", c.stored});
    PgResult result = Exec("SELECT * FROM s");
    EXPECT_EQ(result.error.sqlstate, "22P02") << c.type << result.error.ToString();
    for (const char* word : {"\"s\"", "\"m\"", c.stored, "text"}) {
      EXPECT_TRUE(absl::StrContains(result.error.ToString(), word)) << word << "\n"
                                                                    << result.error.ToString();
    }
  }
}

TEST_F(TypesTest, NullsOfDomains) {
  MustExec("CREATE DOMAIN there AS text NOT NULL");
  MustExec(
      "CREATE FOREIGN TABLE x (id text, a there) SERVER redis_server "
      "OPTIONS (table_type 'stream', table_key_prefix 'x')");
  redis().Cli({"XADD", "x", "1-0", "b", "7"});
  PgResult result = Exec("SELECT * FROM x");
  EXPECT_EQ(result.error.sqlstate, "23502") << result.error.ToString();
  EXPECT_TRUE(absl::StrContains(result.error.context, "\"a\"")) << result.error.ToString();
}

// Settings that output functions need are gone when anything else runs, after errors too.
TEST_F(TypesTest, SettingsOfTheSessionStay) {
  Table("t", "f interval, v timestamptz[]");
  MustExec(kOddSettings);
  const std::string show =
      "SELECT current_setting('datestyle'), current_setting('timezone'), "
      "current_setting('intervalstyle'), current_setting('extra_float_digits'), "
      "current_setting('bytea_output')";
  const std::string before = Query(show);
  MustExec("INSERT INTO t VALUES ('1 day', '{2024-01-01 00:00Z}')");
  EXPECT_EQ(Query(show), before);
  EXPECT_EQ(Query("SELECT f, v FROM t"), "P1D|{\"01.01.2024 09:00:00 JST\"}");
  redis().Cli({"HSET", "h", "26 hours", "{}"});
  EXPECT_EQ(Exec("SELECT * FROM t").error.sqlstate, "22P02");
  EXPECT_EQ(Query(show), before);
}

}  // namespace
}  // namespace redis_fdw::test
