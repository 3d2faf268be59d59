// Writes that reach a foreign table by another way: partitions, inheritance, views, functions.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

using ::absl::StrContains;

class RoutingTest : public PgRedisTest {
 protected:
  void Table(const std::string& name, const std::string& columns, const std::string& type,
             const std::string& options = "", const std::string& key = "") {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE ", name, " (", columns,
                          ") SERVER redis_server OPTIONS (table_type '", type,
                          "', table_key_prefix '", key.empty() ? name : key, "'", options, ")"));
  }
  void Partition(const std::string& name, const std::string& bounds) {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE ", name, " PARTITION OF parted FOR VALUES ", bounds,
                          " SERVER redis_server OPTIONS (table_type 'hash', table_key_prefix '",
                          name, "')"));
  }
  std::string Tag(const std::string& sql) { return MustExec(sql).tag; }
};

TEST_F(RoutingTest, UpdatesOfPartitions) {
  MustExec("CREATE TABLE parted (field text, value text) PARTITION BY RANGE (field)");
  Partition("p1", "FROM ('a') TO ('m')");
  Partition("p2", "FROM ('m') TO ('z')");
  MustExec("INSERT INTO parted VALUES ('b', '1'), ('c', '2'), ('n', '3')");
  EXPECT_EQ(redis().Cli({"HLEN", "p1"}), "2");
  EXPECT_EQ(redis().Cli({"HGETALL", "p2"}), "n\n3");
  EXPECT_EQ(Tag("UPDATE parted SET value = value || '!'"), "UPDATE 3");
  EXPECT_EQ(redis().Cli({"HMGET", "p1", "b", "c"}), "1!\n2!");
  EXPECT_EQ(redis().Cli({"HGETALL", "p2"}), "n\n3!");
  EXPECT_EQ(Query("UPDATE parted SET value = 'r' WHERE field IN ('b', 'n') RETURNING tableoid::"
                  "regclass, field, value"),
            "p1|b|r\np2|n|r");
  EXPECT_EQ(Tag("UPDATE parted SET field = 'd' WHERE field = 'b'"), "UPDATE 1");
  EXPECT_EQ(Query("SELECT * FROM p1 ORDER BY 1"), "c|2!\nd|r");
  // Out of its partition: refused, whichever name the table is called by, and nothing is lost.
  for (const char* sql :
       {"UPDATE parted SET field = 'o' WHERE field = 'c'",
        "UPDATE p1 SET field = 'o' WHERE field = 'c'", "INSERT INTO p1 VALUES ('o', '4')"}) {
    PgResult result = Exec(sql);
    EXPECT_EQ(result.error.sqlstate, "23514") << sql;
    EXPECT_TRUE(StrContains(result.error.hint, "into the partitioned table"))
        << result.error.ToString();
  }
  EXPECT_EQ(Query("SELECT * FROM parted ORDER BY 1"), "c|2!\nd|r\nn|r");
  if (postgres().major_version() >= 15) {
    PgResult result = Exec(
        "MERGE INTO parted USING (VALUES ('c')) v (f) ON field = f "
        "WHEN MATCHED THEN UPDATE SET value = 'm'");
    EXPECT_EQ(result.error.sqlstate, "0A000");
    EXPECT_TRUE(StrContains(result.error.message, "MERGE"));
  }
  EXPECT_EQ(Query("DELETE FROM parted WHERE field > 'c' RETURNING tableoid::regclass, field"),
            "p1|d\np2|n");
  EXPECT_EQ(redis().Cli({"EXISTS", "p2"}), "0");
  EXPECT_EQ(redis().Cli({"HGETALL", "p1"}), "c\n2!");
}

TEST_F(RoutingTest, RowsMoveFromLocalPartitionsToForeignOnes) {
  MustExec("CREATE TABLE parted (field text, value text) PARTITION BY LIST (value)");
  Partition("cold", "IN ('cold')");
  MustExec("CREATE TABLE hot PARTITION OF parted FOR VALUES IN ('hot')");
  MustExec("INSERT INTO parted VALUES ('a', 'hot'), ('b', 'hot'), ('c', 'cold')");
  EXPECT_EQ(Query("SELECT * FROM hot ORDER BY 1"), "a|hot\nb|hot");
  // The planner leaves the foreign partition out.
  EXPECT_EQ(Tag("UPDATE parted SET value = 'cold' WHERE value = 'hot' AND field = 'a'"),
            "UPDATE 1");
  EXPECT_EQ(Query("SELECT tableoid::regclass, field FROM parted ORDER BY 2"),
            "cold|a\nhot|b\ncold|c");
  EXPECT_EQ(redis().Cli({"HMGET", "cold", "a", "c"}), "cold\ncold");
  // Where it is a target too, its own scan could find what was moved there.
  PgResult result = Exec("UPDATE parted SET value = 'cold' WHERE field = 'b'");
  EXPECT_EQ(result.error.sqlstate, "0A000");
  EXPECT_TRUE(StrContains(result.error.message, "\"cold\"")) << result.error.ToString();
  EXPECT_EQ(Query("SELECT field FROM hot"), "b");
  EXPECT_EQ(redis().Cli({"HLEN", "cold"}), "2");
  // Back is refused.
  EXPECT_EQ(Exec("UPDATE parted SET value = 'hot' WHERE value = 'cold'").error.sqlstate, "23514");
  EXPECT_EQ(redis().Cli({"HLEN", "cold"}), "2");
  // A failure in Redis takes the local delete back.
  redis().Cli({"DEL", "cold"});
  redis().Cli({"SET", "cold", "a string"});
  EXPECT_EQ(Exec("UPDATE parted SET value = 'cold' WHERE value = 'hot'").error.sqlstate, "42809");
  EXPECT_EQ(Query("SELECT * FROM hot"), "b|hot");
}

TEST_F(RoutingTest, Inheritance) {
  MustExec("CREATE TABLE parent (field text, value text)");
  MustExec(
      "CREATE FOREIGN TABLE child () INHERITS (parent) SERVER redis_server "
      "OPTIONS (table_type 'hash', table_key_prefix 'child')");
  MustExec("INSERT INTO parent VALUES ('p', '1'); INSERT INTO child VALUES ('c', '2'), ('d', '3')");
  EXPECT_EQ(Tag("UPDATE parent SET value = value || '!'"), "UPDATE 3");
  EXPECT_EQ(redis().Cli({"HMGET", "child", "c", "d"}), "2!\n3!");
  MustExec("CREATE TABLE t (f text); INSERT INTO t VALUES ('c'), ('c'), ('p')");
  EXPECT_EQ(Tag("UPDATE parent SET field = field || 'x' FROM t WHERE field = f"), "UPDATE 2");
  EXPECT_EQ(Query("SELECT tableoid::regclass, * FROM parent ORDER BY 2"),
            "child|cx|2!\nchild|d|3!\nparent|px|1!");
  EXPECT_EQ(Query("DELETE FROM parent WHERE field <> 'd' RETURNING field"), "px\ncx");
  EXPECT_EQ(redis().Cli({"HGETALL", "child"}), "d\n3!");
  MustExec("TRUNCATE parent");
  EXPECT_EQ(redis().Cli({"EXISTS", "child"}), "0");
}

TEST_F(RoutingTest, ViewsWithCheckOptionRefuseBeforeTheyWrite) {
  Table("h", "field text, value int", "hash");
  MustExec("CREATE VIEW small AS SELECT * FROM h WHERE value < 10 WITH CHECK OPTION");
  MustExec("INSERT INTO small VALUES ('a', 1), ('b', 2)");
  PgResult result = Exec("INSERT INTO small VALUES ('c', 3), ('d', 40)");
  EXPECT_EQ(result.error.sqlstate, "44000");
  EXPECT_EQ(Query("SELECT * FROM h ORDER BY 1"), "a|1\nb|2\nc|3");  // one by one
  EXPECT_EQ(redis().Cli({"HEXISTS", "h", "d"}), "0");
  EXPECT_EQ(Tag("UPDATE small SET value = value + 1"), "UPDATE 3");
  EXPECT_EQ(Exec("UPDATE small SET value = 77 WHERE field = 'a'").error.sqlstate, "44000");
  EXPECT_EQ(redis().Cli({"HGET", "h", "a"}), "2");
  EXPECT_EQ(Tag("UPDATE small SET field = 'A' WHERE field = 'a'"), "UPDATE 1");
  EXPECT_EQ(Tag("DELETE FROM small WHERE value = 3"), "DELETE 1");
  EXPECT_EQ(redis().Cli({"HMGET", "h", "A", "b", "c"}), "2\n(nil)\n4");
  // A row whose id Redis chooses can only be looked at afterwards.
  Table("x", "id text, f text", "stream");
  MustExec("CREATE VIEW late AS SELECT * FROM x WHERE id > '0' AND f <> '' WITH CHECK OPTION");
  EXPECT_EQ(Tag("INSERT INTO late VALUES (NULL, 'v')"), "INSERT 0 1");
  EXPECT_EQ(Exec("INSERT INTO late VALUES ('9999999999999-0', '')").error.sqlstate, "44000");
  EXPECT_EQ(redis().Cli({"XLEN", "x"}), "1");
}

TEST_F(RoutingTest, RedisGetsWritesInTheOrderOfTheStatements) {
  Table("h", "field text, value text", "hash");
  Table("h2", "field text, value text", "hash", "", "h");
  MustExec(
      "CREATE FUNCTION nested(i int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN "
      "IF i = 2 THEN INSERT INTO h2 VALUES ('same', 'later'); END IF; RETURN 'outer'; END $$");
  // The row of i = 1 is still in the outer batch when the function writes.
  MustExec(
      "INSERT INTO h SELECT CASE i WHEN 1 THEN 'same' ELSE i::text END, nested(i) "
      "FROM generate_series(1, 3) i");
  EXPECT_EQ(redis().Cli({"HMGET", "h", "same", "2", "3"}), "later\nouter\nouter");
}

}  // namespace
}  // namespace redis_fdw::test
