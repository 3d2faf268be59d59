// RETURNING shows rows as they are stored, where a row is a key.

#include <string>

#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class ReturningTest : public PgRedisTest {
 protected:
  void Table(const std::string& name, const std::string& columns, const std::string& options) {
    MustExec("CREATE FOREIGN TABLE " + name + " (key text, " + columns +
             ") SERVER redis_server OPTIONS (table_key_prefix '" + name + ":*', " + options + ")");
  }
};

TEST_F(ReturningTest, TtlsThatAreNotGiven) {
  Table("s", "value text, ttl int", "table_type 'string'");
  Table("o", "value text, ttl int", "table_type 'string', ttl '1000'");
  Table("h", "f text, ttl int", "table_type 'hash', row_per 'key'");
  Table("e", "value text, until timestamptz OPTIONS (redis 'expires_at')", "table_type 'string'");
  EXPECT_EQ(Query("INSERT INTO s VALUES ('s:a', 'x', NULL), ('s:b', 'x', 500) RETURNING ttl"),
            "-1\n500");
  EXPECT_EQ(Query("INSERT INTO o VALUES ('o:a', 'x') RETURNING ttl"), "1000");
  EXPECT_EQ(Query("INSERT INTO h VALUES ('h:a', 'x') RETURNING ttl"), "-1");
  EXPECT_EQ(Query("UPDATE s SET ttl = NULL RETURNING ttl"), "-1\n-1");
  EXPECT_EQ(redis().Cli({"TTL", "s:b"}), "-1");
  EXPECT_EQ(Query("INSERT INTO e VALUES ('e:a', 'x', 'infinity') RETURNING until"), "(null)");
  EXPECT_EQ(redis().Cli({"TTL", "e:a"}), "-1");
}

TEST_F(ReturningTest, CollectionsAndOtherFields) {
  Table("s", "members int[]", "table_type 'set', row_per 'key'");
  Table("z", "members text[], scores float8[]", "table_type 'zset', row_per 'key'");
  Table("l", "items text[]", "table_type 'list', row_per 'key'");
  Table("h", "f text, rest jsonb OPTIONS (redis '*')", "table_type 'hash', row_per 'key'");
  MustExec(
      "CREATE FOREIGN TABLE x (id text, f text, rest jsonb OPTIONS (redis '*')) "
      "SERVER redis_server OPTIONS (table_key_prefix 'x', table_type 'stream')");
  EXPECT_EQ(Query("INSERT INTO s VALUES ('s:a', '{9,10,9}') RETURNING members"), "{10,9}");
  EXPECT_EQ(Query("SELECT members FROM s"), "{10,9}");
  EXPECT_EQ(Query("INSERT INTO z VALUES ('z:a', '{c,b,a,c}', '{1,1,3,2}') RETURNING *"),
            "z:a|{b,c,a}|{1,2,3}");
  EXPECT_EQ(Query("SELECT * FROM z"), "z:a|{b,c,a}|{1,2,3}");
  EXPECT_EQ(Query("INSERT INTO l VALUES ('l:a', '{b,a,b}') RETURNING items"), "{b,a,b}");
  EXPECT_EQ(Query("INSERT INTO h VALUES ('h:a', 'x') RETURNING rest"), "{}");
  EXPECT_EQ(Query("UPDATE h SET rest = '{\"n\": 1, \"gone\": null}' RETURNING rest"),
            "{\"n\": \"1\"}");
  EXPECT_EQ(Query("INSERT INTO x VALUES ('1-0', 'x') RETURNING rest"), "{}");
  // What is refused is refused all the same.
  EXPECT_EQ(Exec("INSERT INTO s VALUES ('s:a', '{1,NULL}') RETURNING members").error.sqlstate,
            "23502");
  EXPECT_EQ(Exec("INSERT INTO z VALUES ('z:a', '{a,b}', '{1}') RETURNING *").error.sqlstate,
            "22P02");
  EXPECT_EQ(Exec("INSERT INTO z VALUES ('z:a', '{a,b}', '{1,NaN}') RETURNING *").error.sqlstate,
            "22P02");
}

TEST_F(ReturningTest, ARowThatReplacesAnotherDoesNotInheritItsTtl) {
  Table("h", "f text, ttl int", "table_type 'hash', row_per 'key'");
  Table("plain", "f text", "table_type 'hash', row_per 'key'");
  MustExec("INSERT INTO h VALUES ('h:a', 'x', 1000); INSERT INTO h VALUES ('h:a', 'y')");
  EXPECT_EQ(redis().Cli({"TTL", "h:a"}), "-1");
  // As Redis does it where no column speaks of TTLs.
  redis().Cli({"HSET", "plain:a", "f", "x"});
  redis().Cli({"EXPIRE", "plain:a", "1000"});
  MustExec("INSERT INTO plain VALUES ('plain:a', 'y')");
  EXPECT_GT(std::stoi(redis().Cli({"TTL", "plain:a"})), 900);
}

}  // namespace
}  // namespace redis_fdw::test
