// Columns that hold lists, and instants as numbers: what becomes of them on the way to a table type
// and back. Cells are made by one table and looked at through another.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class ListsTest : public PgRedisTest {
 protected:
  void Table(const std::string& name, const std::string& columns) {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE ", name, " (", columns,
                          ") SERVER redis_server OPTIONS (table_type 'echo', ",
                          "table_key_prefix '", key_, "')"));
  }
  // Tables made from now on share rows that are empty.
  void NewKey() { key_ += "x"; }

  void Fails(const std::string& sql, const std::string& sqlstate,
             std::initializer_list<const char*> words) {
    PgResult result = Exec(sql);
    EXPECT_EQ(result.error.sqlstate, sqlstate) << sql << "\n" << result.error.ToString();
    for (const char* word : words) {
      EXPECT_TRUE(absl::StrContains(result.error.ToString(), word))
          << sql << "\nlacks " << word << "\n"
          << result.error.ToString();
    }
  }

 private:
  std::string key_ = "k";
};

TEST_F(ListsTest, ArraysOfEveryElement) {
  MustExec("CREATE TYPE mood AS ENUM ('sad', 'happy')");
  MustExec("CREATE DOMAIN positive AS int CHECK (VALUE > 0)");
  MustExec("CREATE DOMAIN pair AS text[] CHECK (array_length(VALUE, 1) = 2)");
  struct Case {
    const char* type;
    const char* role;  // what the elements are
    const char* sql;
    const char* bytes;  // the elements, if they are bytes
  };
  for (const Case& c :
       {Case{"text[]", "element", "ARRAY['a', '', NULL, 'b c']", "{a,\"\",NULL,\"b c\"}"},
        Case{"varchar(3)[]", "element", "ARRAY['abc']", "{abc}"},
        Case{"int[]", "element", "ARRAY[1, NULL, -3]", "{1,NULL,-3}"},
        Case{"float4[]", "element", "ARRAY[0.1, 1e20]", "{0.1,1e+20}"},
        Case{"float8[]", "element", "ARRAY[0.1]", "{0.1}"},
        Case{"numeric(5,2)[]", "element", "ARRAY[1.5]", "{1.50}"},
        Case{"bool[]", "element", "ARRAY[true, false]", "{t,f}"},
        Case{"date[]", "element", "ARRAY['2024-02-29']::date[]", "{2024-02-29}"},
        Case{"timestamptz[]", "element", "ARRAY['2024-01-01 12:00+02']::timestamptz[]",
             "{\"2024-01-01 10:00:00+00\"}"},
        Case{"interval[]", "element", "ARRAY['26 hours']::interval[]", "{26:00:00}"},
        Case{"uuid[]", "element", "ARRAY['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11']::uuid[]",
             "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"},
        Case{"jsonb[]", "element", "ARRAY['[1]', '\"x\"']::jsonb[]", "{[1],\"\\\"x\\\"\"}"},
        Case{"mood[]", "element", "ARRAY['happy', 'sad']::mood[]", "{happy,sad}"},
        Case{"positive[]", "element", "ARRAY[7]::positive[]", "{7}"},
        Case{"pair", "element", "ARRAY['a', 'b']", "{a,b}"},
        Case{"text[]", "element", "'{}'", "{}"},
        Case{"float8[]", "score", "ARRAY[0.1, 'Infinity', NULL, -0.0]", nullptr},
        Case{"float4[]", "score", "ARRAY[0.1]", nullptr},
        Case{"numeric[]", "score", "ARRAY[2.50, 0.1]", nullptr},
        Case{"int[]", "score", "ARRAY[7, -7]", nullptr},
        Case{"smallint[]", "index", "ARRAY[7, NULL]", nullptr},
        Case{"bigint[]", "index", "ARRAY[9223372036854775807]", nullptr}}) {
    NewKey();
    MustExec("DROP FOREIGN TABLE IF EXISTS t, b");
    Table("t", absl::StrCat("v ", c.type, " OPTIONS (redis '", c.role, "')"));
    Table("b", "v text[]");
    MustExec(
        "SET datestyle = 'German, DMY'; SET timezone = 'Asia/Tokyo'; SET bytea_output = 'escape'; "
        "SET intervalstyle = 'iso_8601'; SET extra_float_digits = -10");
    MustExec(absl::StrCat("INSERT INTO t VALUES (", c.sql, ")"));
    EXPECT_EQ(Query(absl::StrCat("SELECT v = (", c.sql, ")::", c.type, " FROM t")), "t") << c.type;
    if (c.bytes != nullptr) {
      EXPECT_EQ(Query("SELECT v FROM b"), c.bytes) << c.type;
    }
    MustExec("RESET ALL");
  }
}

TEST_F(ListsTest, ShapeOfArrays) {
  Table("t", "v int[]");
  MustExec("INSERT INTO t VALUES ('[5:6]={1,2}'), ('{}'), (NULL)");
  EXPECT_EQ(Query("SELECT v, array_lower(v, 1), array_ndims(v) FROM t"),
            "{1,2}|1|1\n{}|(null)|(null)\n(null)|(null)|(null)");
  Fails("INSERT INTO t VALUES ('{{1,2},{3,4}}')", "2202E", {"\"v\"", "2 dimensions"});
  // Rows of one batch, and arrays out of line.
  NewKey();
  Table("big", "v text[]");
  MustExec(
      "CREATE TABLE source AS SELECT array_agg(repeat(i::text, 1000)) AS v "
      "FROM generate_series(1, 2000) i GROUP BY i % 3");
  MustExec("INSERT INTO big SELECT v FROM source");
  EXPECT_EQ(Query1("SELECT count(*) FROM big JOIN source USING (v)"), "3");
  EXPECT_EQ(Query1("SELECT count(*) FROM big"), "3");
}

TEST_F(ListsTest, ElementsThatAreNoInput) {
  Table("bytes", "v bytea[]");
  Table("ints", "v int[]");
  Table("texts", "v text[]");
  MustExec("INSERT INTO bytes VALUES (ARRAY['7', 'x']::bytea[])");
  Fails("SELECT * FROM ints", "22P02", {"\"x\"", "element 2", "column \"v\"", "\"ints\"", "\"k\""});
  EXPECT_EQ(Query("SELECT * FROM texts"), "{7,x}");
}

TEST_F(ListsTest, ElementsThatAreNoText) {
  Table("bytes", "v bytea[]");
  Table("texts", "v text[]");
  MustExec("INSERT INTO bytes VALUES (ARRAY['\\xff'::bytea])");
  Fails("SELECT * FROM texts", "22021", {"element 1", "\"v\"", "bytea"});
  EXPECT_EQ(Query("SELECT * FROM bytes"), "{\"\\\\xff\"}");
}

TEST_F(ListsTest, DomainsOverLists) {
  MustExec("CREATE DOMAIN short AS text[] CHECK (array_length(VALUE, 1) < 2)");
  MustExec("CREATE DOMAIN named AS jsonb CHECK (VALUE ? 'name')");
  Table("arrays", "v text[]");
  Table("shorts", "v short");
  Table("n", "v named");
  MustExec("INSERT INTO arrays VALUES (ARRAY['a', 'b'])");
  Fails("SELECT * FROM shorts", "23514", {"short", "\"v\""});
  Fails("SELECT * FROM n", "23514", {"named", "\"v\""});
}

TEST_F(ListsTest, ScoresThatAreNoIntegers) {
  Table("scores", "v float8[] OPTIONS (redis 'score')");
  Table("ints", "v int[] OPTIONS (redis 'score')");
  MustExec("INSERT INTO scores VALUES (ARRAY[1, 2.5])");
  Fails("SELECT * FROM ints", "22003", {"2.5", "element 2", "\"v\""});
}

TEST_F(ListsTest, ObjectsAreWrittenAsNamesAndValues) {
  Table("o", "v jsonb");
  Table("a", "v text[]");
  MustExec(
      "INSERT INTO o VALUES ('{\"s\": \"t x\\u00e9\", \"n\": 1.50, \"b\": true, \"z\": null, "
      "\"o\": {\"k\": [1, \"2\"]}, \"l\": [], \"\": \"\"}'), ('{}'), ('{\"z\": null}'), (NULL)");
  EXPECT_EQ(Query("SELECT v FROM a"),
            "{\"\",\"\",b,true,l,[],n,1.50,o,\"{\\\"k\\\": [1, \\\"2\\\"]}\",s,\"t xé\"}\n{}\n{}\n"
            "(null)");
  for (const char* value : {"[1]", "\"text\"", "1", "null"}) {
    Fails(absl::StrCat("INSERT INTO o VALUES ('", value, "')"), "22023",
          {"column \"v\"", "JSON object"});
  }
}

TEST_F(ListsTest, ObjectsAreReadAsStrings) {
  Table("a", "v bytea[]");
  Table("o", "v jsonb");
  MustExec("INSERT INTO a VALUES (ARRAY['b', '1', 'a', 'x\"y', 'b', '2', '', '']::bytea[])");
  MustExec("INSERT INTO a VALUES ('{}')");
  EXPECT_EQ(Query("SELECT v FROM o"), "{\"\": \"\", \"a\": \"x\\\"y\", \"b\": \"1\"}\n{}");
  EXPECT_EQ(Query("SELECT v->>'b' FROM o WHERE v ? 'b'"), "1");
}

TEST_F(ListsTest, FieldsThatAreNoText) {
  for (const char* pair : {"'f', '\\xff'::bytea", "'f', '\\x6100'::bytea"}) {
    NewKey();
    MustExec("DROP FOREIGN TABLE IF EXISTS a, o");
    Table("a", "v bytea[]");
    Table("o", "v jsonb");
    MustExec(absl::StrCat("INSERT INTO a VALUES (ARRAY['ok', 'ok', ", pair, "])"));
    Fails("SELECT * FROM o", "22021", {"field \"f\"", "column \"v\"", "Redis key"});
  }
  NewKey();
  MustExec("DROP FOREIGN TABLE IF EXISTS a, o");
  Table("a", "v bytea[]");
  Table("o", "v jsonb");
  MustExec("INSERT INTO a VALUES (ARRAY['\\xff'::bytea, 'x'])");
  Fails("SELECT * FROM o", "22021", {"a field of column \"v\""});
}

TEST_F(ListsTest, RolesMayKeepThemAsText) {
  Table("t", "a int[] OPTIONS (redis 'value'), j jsonb OPTIONS (redis 'value')");
  Table("b", "a text, j text");
  MustExec("INSERT INTO t VALUES ('{{1,2},{3,4}}', '[1]')");
  EXPECT_EQ(Query("SELECT * FROM b"), "{{1,2},{3,4}}|[1]");
  EXPECT_EQ(Query("SELECT * FROM t"), "{{1,2},{3,4}}|[1]");
}

TEST_F(ListsTest, InstantsAreMilliseconds) {
  MustExec("CREATE DOMAIN late AS timestamptz CHECK (VALUE > '2000-01-01Z')");
  Table("t", "v timestamptz OPTIONS (redis 'expires_at')");
  Table("n", "v bigint OPTIONS (redis 'ttl')");
  Table("seconds", "v timestamptz(0) OPTIONS (redis 'expires_at')");
  Table("l", "v late OPTIONS (redis 'expires_at')");
  MustExec("SET timezone = 'Asia/Tokyo'");
  MustExec(
      "INSERT INTO t VALUES ('1970-01-01 00:00:01.5Z'), ('2024-01-01 12:00+02'), ('infinity'), "
      "('1969-12-31 23:59:59.9995Z'), ('2000-01-01 00:00:00.0019Z'), (NULL)");
  EXPECT_EQ(Query("SELECT v FROM n"),
            "1500\n1704103200000\n9223372036854775807\n-1\n946684800001\n(null)");
  MustExec("SET timezone = 'UTC'");
  EXPECT_EQ(Query("SELECT v FROM t"),
            "1970-01-01 00:00:01.5+00\n2024-01-01 10:00:00+00\ninfinity\n"
            "1969-12-31 23:59:59.999+00\n2000-01-01 00:00:00.001+00\n(null)");
  EXPECT_EQ(Query("SELECT v FROM seconds LIMIT 1"),
            Query("SELECT '1970-01-01 00:00:01.5Z'::timestamptz(0)"));
  Fails("SELECT v FROM l", "23514", {"late"});
  Fails("INSERT INTO t VALUES ('-infinity')", "22008", {"-infinity", "column \"v\""});
}

TEST_F(ListsTest, InstantsOutOfRange) {
  Table("t", "v timestamptz OPTIONS (redis 'expires_at')");
  Table("n", "v bigint OPTIONS (redis 'ttl')");
  MustExec("INSERT INTO t VALUES ('4713-01-01 00:00:00Z BC'), ('294276-12-31 23:59:59.999Z')");
  EXPECT_EQ(Query("SELECT v FROM n"), "-210863520000000\n9224318015999999");
  MustExec("SET timezone = 'UTC'");
  EXPECT_EQ(Query("SELECT v FROM t"), "4713-01-01 00:00:00+00 BC\n294276-12-31 23:59:59.999+00");
  for (const char* ms :
       {"9224318016000000", "9223372036854775806", "-9223372036854775808", "-210866803200001"}) {
    NewKey();
    MustExec("DROP FOREIGN TABLE t, n");
    Table("t", "v timestamptz OPTIONS (redis 'expires_at')");
    Table("n", "v bigint OPTIONS (redis 'ttl')");
    MustExec(absl::StrCat("INSERT INTO n VALUES (", ms, ")"));
    Fails("SELECT * FROM t", "22008", {"out of range", "\"v\""});
  }
}

}  // namespace
}  // namespace redis_fdw::test
