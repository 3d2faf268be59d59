// UPDATE: every type, renames, what vanished, batches, RETURNING, triggers, joins, plans.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

using ::absl::StrContains;

class UpdateTest : public PgRedisTest {
 protected:
  void Table(const std::string& name, const std::string& columns, const std::string& type,
             const std::string& options = "", const std::string& key = "") {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE ", name, " (", columns,
                          ") SERVER redis_server OPTIONS (table_type '", type,
                          "', table_key_prefix '", key.empty() ? name : key, "'", options, ")"));
  }
  std::string Tag(const std::string& sql) { return MustExec(sql).tag; }
  // That all keys still expire.
  void ExpectTtl(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      EXPECT_GT(std::stoi(redis().Cli({"TTL", key})), 900) << key;
    }
  }
};

TEST_F(UpdateTest, ValuesOfEveryType) {
  Table("str", "value text", "string");
  Table("h", "field text, value text", "hash");
  Table("z", "member text, score float8", "zset");
  Table("l", "element text", "list");
  Table("li", "index int, element text", "list");
  redis().Cli({"SET", "str", "old", "EX", "1000"});
  redis().Cli({"HSET", "h", "a", "1", "b", "2", "c", "3"});
  redis().Cli({"ZADD", "z", "1", "a", "2", "b"});
  redis().Cli({"RPUSH", "l", "x", "y", "x"});
  redis().Cli({"RPUSH", "li", "x", "y", "x"});
  for (const char* key : {"h", "z", "l", "li"}) redis().Cli({"EXPIRE", key, "1000"});

  EXPECT_EQ(Tag("UPDATE str SET value = value || '!'"), "UPDATE 1");
  EXPECT_EQ(redis().Cli({"GET", "str"}), "old!");
  EXPECT_EQ(Tag("UPDATE str SET value = 'none' WHERE value = 'other'"), "UPDATE 0");
  EXPECT_EQ(redis().Cli({"GET", "str"}), "old!");
  EXPECT_EQ(Tag("UPDATE h SET value = value::int * 10 WHERE field <> 'b'"), "UPDATE 2");
  EXPECT_EQ(redis().Cli({"HMGET", "h", "a", "b", "c"}), "10\n2\n30");
  EXPECT_EQ(Tag("UPDATE h SET value = '' WHERE field = 'b'"), "UPDATE 1");
  EXPECT_EQ(redis().Cli({"HGET", "h", "b"}), "");
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "3");
  EXPECT_EQ(Tag("UPDATE z SET score = score + 0.5 WHERE score >= 2"), "UPDATE 1");
  EXPECT_EQ(redis().Cli({"ZRANGE", "z", "0", "-1", "WITHSCORES"}), "a\n1\nb\n2.5");
  EXPECT_EQ(Tag("UPDATE z SET score = '-Infinity' WHERE member = 'b'"), "UPDATE 1");
  EXPECT_EQ(redis().Cli({"ZSCORE", "z", "b"}), "-inf");
  EXPECT_EQ(Tag("UPDATE l SET element = 'z' WHERE element = 'x'"), "UPDATE 2");
  EXPECT_EQ(redis().Cli({"LRANGE", "l", "0", "-1"}), "z\ny\nz");
  EXPECT_EQ(Tag("UPDATE li SET element = 'z' WHERE index = 2"), "UPDATE 1");
  EXPECT_EQ(redis().Cli({"LRANGE", "li", "0", "-1"}), "x\ny\nz");
  EXPECT_EQ(Query("SELECT * FROM li"), "0|x\n1|y\n2|z");
  ExpectTtl({"str", "h", "z", "l", "li"});
}

TEST_F(UpdateTest, RenamesAddBeforeTheyRemove) {
  Table("h", "field text, value text", "hash");
  Table("s", "member text", "set");
  Table("z", "member text, score float8", "zset");
  redis().Cli({"HSET", "h", "a", "1", "b", "2"});
  redis().Cli({"SADD", "s", "a", "b"});
  redis().Cli({"ZADD", "z", "1", "a", "2", "b"});
  for (const char* key : {"h", "s", "z"}) redis().Cli({"EXPIRE", key, "1000"});

  EXPECT_EQ(Tag("UPDATE h SET field = 'c' WHERE field = 'a'"), "UPDATE 1");
  EXPECT_EQ(Query("SELECT * FROM h ORDER BY 1"), "b|2\nc|1");
  EXPECT_EQ(Tag("UPDATE h SET field = field || '!', value = value || '?'"), "UPDATE 2");
  EXPECT_EQ(redis().Cli({"HMGET", "h", "b!", "c!"}), "2?\n1?");
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "2");
  EXPECT_EQ(Tag("UPDATE s SET member = 'c' WHERE member = 'a'"), "UPDATE 1");
  EXPECT_EQ(Query("SELECT * FROM s ORDER BY 1"), "b\nc");
  EXPECT_EQ(redis().Cli({"SCARD", "s"}), "2");
  EXPECT_EQ(Tag("UPDATE z SET member = 'c' WHERE member = 'a'"), "UPDATE 1");
  EXPECT_EQ(redis().Cli({"ZRANGE", "z", "0", "-1", "WITHSCORES"}), "c\n1\nb\n2");
  EXPECT_EQ(Tag("UPDATE z SET member = upper(member), score = -score"), "UPDATE 2");
  EXPECT_EQ(redis().Cli({"ZRANGE", "z", "0", "-1", "WITHSCORES"}), "B\n-2\nC\n-1");
  ExpectTtl({"h", "s", "z"});
  // The whole set under other names: none is renamed twice, whatever a cursor finds.
  MustExec("INSERT INTO s SELECT i FROM generate_series(1, 5000) i");
  EXPECT_EQ(Tag("UPDATE s SET member = member || 'x' WHERE member ~ '^[0-9]'"), "UPDATE 5000");
  EXPECT_EQ(Query("SELECT count(*), count(*) FILTER (WHERE member ~ '^[0-9]+x$') FROM s"),
            "5002|5000");
}

TEST_F(UpdateTest, RenamingOntoAnExistingElementIsAUniqueViolation) {
  Table("h", "field text, value text", "hash");
  Table("s", "member text", "set");
  Table("z", "member text, score float8", "zset");
  redis().Cli({"HSET", "h", "a", "1", "b", "2"});
  redis().Cli({"SADD", "s", "a", "b"});
  redis().Cli({"ZADD", "z", "1", "a", "2", "b"});
  EXPECT_EQ(Exec("UPDATE h SET field = 'b' WHERE field = 'a'").error.sqlstate, "23505");
  EXPECT_EQ(Exec("UPDATE s SET member = 'b' WHERE member = 'a'").error.sqlstate, "23505");
  EXPECT_EQ(Exec("UPDATE z SET member = 'b' WHERE member = 'a'").error.sqlstate, "23505");
  EXPECT_EQ(Query("SELECT * FROM h ORDER BY 1"), "a|1\nb|2");
  EXPECT_EQ(Query("SELECT * FROM s ORDER BY 1"), "a\nb");
  EXPECT_EQ(Query("SELECT * FROM z ORDER BY 1"), "a|1\nb|2");
  // To its own name is no renaming.
  EXPECT_EQ(Tag("UPDATE h SET field = 'a' WHERE field = 'a'"), "UPDATE 1");
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "2");
}

TEST_F(UpdateTest, WhatCannotBeUpdatedSaysWhy) {
  Table("x", "id text, f text", "stream");
  Table("li", "index int, element text", "list");
  Table("h", "field text, value text", "hash", ", updatable 'false'");
  redis().Cli({"XADD", "x", "1-0", "f", "a"});
  redis().Cli({"RPUSH", "li", "a", "b"});
  redis().Cli({"HSET", "h", "a", "1"});
  PgResult result = Exec("UPDATE x SET f = 'b'");
  EXPECT_EQ(result.error.sqlstate, "0A000");
  EXPECT_TRUE(StrContains(result.error.message, "entries of a Redis stream never change"));
  EXPECT_TRUE(StrContains(result.error.hint, "Delete the entry"));
  EXPECT_EQ(Query("SELECT * FROM x"), "1-0|a");
  result = Exec("UPDATE li SET index = 5 WHERE index = 0");
  EXPECT_EQ(result.error.sqlstate, "0A000");
  EXPECT_TRUE(StrContains(result.error.message, "index of a list cannot be updated"));
  EXPECT_EQ(Tag("UPDATE li SET index = index, element = 'c' WHERE index = 0"), "UPDATE 1");
  EXPECT_EQ(redis().Cli({"LRANGE", "li", "0", "-1"}), "c\nb");
  for (const char* sql : {"UPDATE h SET value = '2'", "DELETE FROM h", "TRUNCATE h",
                          "INSERT INTO h VALUES ('b', '2')"}) {
    result = Exec(sql);
    EXPECT_EQ(result.error.sqlstate, "55000") << sql;
    EXPECT_TRUE(StrContains(result.error.hint, "\"updatable\"")) << result.error.ToString();
  }
  EXPECT_EQ(redis().Cli({"HGETALL", "h"}), "a\n1");
  // 8 insert, 4 update, 16 delete.
  EXPECT_EQ(Query("SELECT pg_relation_is_updatable('x', false), "
                  "pg_relation_is_updatable('li', false), pg_relation_is_updatable('h', false)"),
            "24|28|0");
}

TEST_F(UpdateTest, ATableThatCannotBeDoesNotSpoilInformationSchema) {
  MustExec(
      "CREATE FOREIGN DATA WRAPPER by_hand HANDLER redis_fdw_handler; "
      "CREATE SERVER by_hand FOREIGN DATA WRAPPER by_hand OPTIONS (host_port 'localhost:1'); "
      "CREATE FOREIGN TABLE broken (a text) SERVER by_hand "
      "OPTIONS (table_type 'hash', table_key_prefix 'k')");
  EXPECT_EQ(Query("SELECT table_name FROM information_schema.tables WHERE table_name = 'broken' "
                  "AND is_insertable_into = 'YES'"),
            "broken");
  // Who uses it is told.
  EXPECT_EQ(Exec("INSERT INTO broken VALUES ('x')").error.sqlstate, "HV005");
  EXPECT_EQ(Exec("UPDATE broken SET a = 'x'").error.sqlstate, "HV005");
}

TEST_F(UpdateTest, WhatVanishedIsNotCreatedAgain) {
  Table("h", "field text, value text", "hash");
  Table("h2", "field text, value text", "hash", "", "h");
  MustExec(
      "CREATE FUNCTION vanish(f text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN "
      "IF f = 'b' THEN DELETE FROM h2 WHERE field = f; END IF; RETURN 'new'; END $$");
  redis().Cli({"HSET", "h", "a", "1", "b", "2", "c", "3"});
  MustExec("UPDATE h SET value = vanish(field)");
  EXPECT_EQ(Query("SELECT * FROM h ORDER BY 1"), "a|new\nc|new");
  redis().Cli({"HSET", "h", "b", "2"});
  EXPECT_EQ(Query("UPDATE h SET value = vanish(field) || '!' RETURNING field"), "a\nc");
  EXPECT_EQ(redis().Cli({"HEXISTS", "h", "b"}), "0");
  redis().Cli({"HSET", "h", "b", "2"});
  MustExec("UPDATE h SET field = field || 'x', value = vanish(field)");
  EXPECT_EQ(Query("SELECT * FROM h ORDER BY 1"), "ax|new\ncx|new");
  // The key as a whole.
  Table("str", "value text", "string");
  Table("str2", "value text", "string", "", "str");
  MustExec(
      "CREATE FUNCTION gone() RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN "
      "DELETE FROM str2; RETURN 'new'; END $$");
  redis().Cli({"SET", "str", "old"});
  EXPECT_EQ(Query("UPDATE str SET value = gone() RETURNING value"), "");
  EXPECT_EQ(redis().Cli({"EXISTS", "str"}), "0");
}

TEST_F(UpdateTest, AListThatChangedMeanwhileIsASerializationFailure) {
  Table("l", "element text", "list");
  Table("l2", "index int, element text", "list", "", "l");
  MustExec(
      "CREATE FUNCTION shift() RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN "
      "DELETE FROM l2 WHERE index = 0; RETURN 'new'; END $$");
  redis().Cli({"RPUSH", "l", "a", "b", "c"});
  PgResult result = Exec("UPDATE l SET element = shift() WHERE element = 'b'");
  EXPECT_EQ(result.error.sqlstate, "40001");
  EXPECT_TRUE(StrContains(result.error.hint, "again")) << result.error.ToString();
  EXPECT_EQ(redis().Cli({"LRANGE", "l", "0", "-1"}), "b\nc");
  result = Exec("DELETE FROM l2 WHERE element = 'c' AND shift() = 'new'");
  EXPECT_EQ(result.error.sqlstate, "40001");
  EXPECT_EQ(redis().Cli({"LRANGE", "l", "0", "-1"}), "c");
}

TEST_F(UpdateTest, ManyRowsGoInFewCommands) {
  Table("h", "field text, value text", "hash");
  MustExec("INSERT INTO h SELECT i, 'v' || i FROM generate_series(1, 100000) i");
  ResetCalls();
  std::string plan = Explain("UPDATE h SET value = value || '!'", "ANALYZE, COSTS OFF, TIMING OFF");
  EXPECT_LE(Calls("eval"), 200);
  EXPECT_TRUE(StrContains(plan, "Redis Batch Size: 1000")) << plan;
  EXPECT_EQ(redis().Cli({"HGET", "h", "77777"}), "v77777!");
  EXPECT_EQ(Query("SELECT count(*), count(*) FILTER (WHERE value ~ '^v.*!$') FROM h"),
            "100000|100000");
  ResetCalls();
  EXPECT_EQ(Tag("UPDATE h SET field = 'n' || field"), "UPDATE 100000");
  EXPECT_LE(Calls("eval"), 200);
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "100000");
  EXPECT_EQ(redis().Cli({"HGET", "h", "n77777"}), "v77777!");
}

TEST_F(UpdateTest, ErrorsNameTheRow) {
  Table("h", "field text, value text", "hash");
  Table("s", "member text", "set");
  MustExec("INSERT INTO h SELECT i, i FROM generate_series(1, 900) i");
  MustExec("CREATE SEQUENCE n");
  PgResult result = Exec("UPDATE h SET value = CASE nextval('n') WHEN 700 THEN NULL ELSE 'x' END");
  EXPECT_EQ(result.error.sqlstate, "23502");
  EXPECT_TRUE(StrContains(result.error.detail, "Row 700 of the statement")) << result;
  EXPECT_EQ(Query("SELECT count(*) FROM h WHERE value = 'x'"), "0");
  redis().Cli({"HSET", "h", "fixed", "1"});
  MustExec("SELECT setval('n', 1, false)");
  result = Exec(
      "UPDATE h SET field = CASE nextval('n') WHEN 600 THEN 'fixed' ELSE field || 'x' END "
      "WHERE field <> 'fixed'");
  EXPECT_EQ(result.error.sqlstate, "23505");
  EXPECT_TRUE(StrContains(result.error.detail, "Row 600 of the statement was refused.")) << result;
  // Nothing is lost, whatever had been renamed by then.
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "901");
  EXPECT_EQ(redis().Cli({"HGET", "h", "fixed"}), "1");
  redis().Cli({"SADD", "s", "a"});
  result = Exec("UPDATE s SET member = NULL");
  EXPECT_EQ(result.error.sqlstate, "23502");
  EXPECT_EQ(redis().Cli({"SMEMBERS", "s"}), "a");
}

TEST_F(UpdateTest, ReturningShowsWhatIsStored) {
  Table("h", "field text, value timestamptz", "hash");
  Table("z", "member text, score numeric", "zset");
  Table("x", "id text, f text", "stream");
  EXPECT_EQ(Query("INSERT INTO z VALUES ('a', 1.10), ('b', 1e3) RETURNING *"), "a|1.1\nb|1000");
  EXPECT_EQ(Query("UPDATE z SET score = 2.500 WHERE member = 'a' RETURNING member, score"),
            "a|2.5");
  EXPECT_EQ(redis().Cli({"ZSCORE", "z", "a"}), "2.5");
  MustExec("SET timezone = 'America/New_York'");
  EXPECT_EQ(Query("INSERT INTO h VALUES ('a', '2024-01-01 00:00+00') RETURNING value"),
            "2023-12-31 19:00:00-05");
  EXPECT_EQ(redis().Cli({"HGET", "h", "a"}), "2024-01-01 00:00:00+00");
  EXPECT_EQ(Query("UPDATE h SET field = 'b' RETURNING field, value"), "b|2023-12-31 19:00:00-05");
  std::string id = Query1("INSERT INTO x VALUES (NULL, 'one') RETURNING id");
  EXPECT_EQ(redis().Cli({"XRANGE", "x", "-", "+"}), absl::StrCat(id, "\nf\none"));
  EXPECT_EQ(Query("DELETE FROM x RETURNING f, tableoid::regclass"), "one|x");
  EXPECT_EQ(Query("WITH u AS (UPDATE z SET score = score * 2 RETURNING *) "
                  "SELECT member, score FROM u ORDER BY 1"),
            "a|5\nb|2000");
}

TEST_F(UpdateTest, TriggersSeeOldAndNew) {
  Table("h", "field text, value text", "hash");
  Table("z", "member text, score numeric", "zset");
  Table("x", "id text, f text", "stream");
  MustExec("CREATE TABLE seen (n serial, what text)");
  MustExec(
      "CREATE FUNCTION upcase() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF OLD.field = 'skip' THEN RETURN NULL; END IF; "
      "NEW.field := upper(NEW.field); RETURN NEW; END $$");
  MustExec(
      "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "INSERT INTO seen (what) VALUES (TG_OP || ' ' || coalesce(OLD::text, '') || ' ' || "
      "coalesce(NEW::text, '')); RETURN NULL; END $$");
  MustExec("CREATE TRIGGER b BEFORE UPDATE ON h FOR EACH ROW EXECUTE FUNCTION upcase()");
  MustExec("CREATE TRIGGER a AFTER UPDATE OR DELETE ON h FOR EACH ROW EXECUTE FUNCTION note()");
  redis().Cli({"HSET", "h", "a", "1"});
  // The trigger sets a column that the statement does not name.
  EXPECT_EQ(Tag("UPDATE h SET value = '2' WHERE field = 'a'"), "UPDATE 1");
  EXPECT_EQ(redis().Cli({"HGETALL", "h"}), "A\n2");
  redis().Cli({"HSET", "h", "skip", "1"});
  EXPECT_EQ(Tag("UPDATE h SET value = '3'"), "UPDATE 1");
  EXPECT_EQ(redis().Cli({"HMGET", "h", "A", "skip"}), "3\n1");
  EXPECT_EQ(Query("DELETE FROM h WHERE field = 'A' RETURNING *"), "A|3");
  EXPECT_EQ(Query("SELECT what FROM seen ORDER BY n"),
            "UPDATE (a,1) (A,2)\nUPDATE (A,2) (A,3)\nDELETE (A,3) ");
  MustExec("TRUNCATE seen");
  MustExec("CREATE TRIGGER a AFTER INSERT OR UPDATE ON z FOR EACH ROW EXECUTE FUNCTION note()");
  MustExec("CREATE TRIGGER a AFTER INSERT ON x FOR EACH ROW EXECUTE FUNCTION note()");
  MustExec("INSERT INTO z VALUES ('m', 1.50)");
  MustExec("UPDATE z SET score = 2.50");
  EXPECT_EQ(Query("SELECT what FROM seen ORDER BY n"), "INSERT  (m,1.5)\nUPDATE (m,1.5) (m,2.5)");
  MustExec("TRUNCATE seen; INSERT INTO x VALUES (NULL, 'v')");
  EXPECT_EQ(Query1("SELECT what FROM seen"),
            absl::StrCat("INSERT  (", Query1("SELECT id FROM x"), ",v)"));
}

TEST_F(UpdateTest, JoinsThatDeliverARowTwiceWriteItOnce) {
  Table("h", "field text, value text", "hash");
  Table("l", "element text", "list");
  Table("li", "index int, element text", "list");
  MustExec("CREATE TABLE t (f text, i int, v text)");
  MustExec("INSERT INTO t VALUES ('a', 0, 'x'), ('a', 0, 'y'), ('c', 2, 'z')");
  redis().Cli({"HSET", "h", "a", "1", "b", "2", "c", "3"});
  redis().Cli({"RPUSH", "l", "a", "b", "c", "a"});
  redis().Cli({"RPUSH", "li", "a", "b", "c"});
  for (const char* joins : {"on", "off"}) {
    MustExec(absl::StrCat("SET enable_hashjoin = ", joins, "; SET enable_mergejoin = ", joins));
    EXPECT_EQ(Tag("UPDATE h SET value = value || v FROM t WHERE field = f"), "UPDATE 2");
    EXPECT_EQ(redis().Cli({"HSTRLEN", "h", "a"}), std::string(joins) == "on" ? "2" : "3");
    EXPECT_EQ(Tag("UPDATE l SET element = element || '' FROM t WHERE element = f"), "UPDATE 3");
    EXPECT_EQ(Tag("UPDATE li SET element = element || v FROM t WHERE index = i"), "UPDATE 2");
  }
  EXPECT_EQ(redis().Cli({"HGET", "h", "c"}), "3zz");
  EXPECT_EQ(redis().Cli({"LRANGE", "l", "0", "-1"}), "a\nb\nc\na");
  EXPECT_EQ(redis().Cli({"LINDEX", "li", "2"}), "czz");
  EXPECT_EQ(Query("UPDATE h SET value = 'r' FROM t WHERE field = f RETURNING field, value").size(),
            std::string("a|r\nc|r").size());
  EXPECT_EQ(Tag("DELETE FROM li USING t WHERE index = i"), "DELETE 2");
  EXPECT_EQ(redis().Cli({"LRANGE", "li", "0", "-1"}), "b");
  EXPECT_EQ(Tag("DELETE FROM h USING t WHERE field = f"), "DELETE 2");
  EXPECT_EQ(redis().Cli({"HGETALL", "h"}), "b\n2");
  // Another foreign table, and the table itself.
  Table("names", "member text", "set");
  redis().Cli({"SADD", "names", "b"});
  EXPECT_EQ(Tag("UPDATE h SET value = 'named' FROM names WHERE field = member"), "UPDATE 1");
  EXPECT_EQ(Tag("UPDATE h SET value = o.value || '!' FROM h o WHERE h.field = o.field"),
            "UPDATE 1");
  EXPECT_EQ(redis().Cli({"HGETALL", "h"}), "b\nnamed!");
}

TEST_F(UpdateTest, PlansAreUsedAgain) {
  Table("h", "field text, value text", "hash");
  Table("l", "index int, element text", "list");
  MustExec("INSERT INTO h SELECT i, 0 FROM generate_series(1, 50) i");
  MustExec("INSERT INTO l SELECT NULL, 0 FROM generate_series(1, 50) i");
  MustExec(
      "CREATE FUNCTION put(k int, v text) RETURNS text LANGUAGE plpgsql AS $$ "
      "DECLARE n int; r text; BEGIN UPDATE h SET value = value || v WHERE field = k::text; "
      "GET DIAGNOSTICS n = ROW_COUNT; "
      "UPDATE l SET element = element || v WHERE index = k - 1 RETURNING element INTO r; "
      "RETURN n || ' ' || r; END $$");
  MustExec("PREPARE u(text, text) AS UPDATE h SET value = $2 || value WHERE field = $1");
  std::string expected = "0";
  for (const char* mode : {"auto", "force_generic_plan", "force_custom_plan"}) {
    MustExec(absl::StrCat("SET plan_cache_mode = ", mode));
    for (int i = 0; i < 8; ++i) {
      absl::StrAppend(&expected, "x");
      EXPECT_EQ(Query1("SELECT put(7, 'x')"), absl::StrCat("1 ", expected));
      EXPECT_EQ(Tag(absl::StrCat("EXECUTE u('", i + 20, "', 'p')")), "UPDATE 1");
      EXPECT_EQ(Tag("EXECUTE u(NULL, 'p')"), "UPDATE 0");
    }
    EXPECT_EQ(Tag("UPDATE h SET value = 'reset' WHERE field = '7'"), "UPDATE 1");
    EXPECT_EQ(Tag(absl::StrCat("UPDATE h SET value = '", expected, "' WHERE field = '7'")),
              "UPDATE 1");
  }
  EXPECT_EQ(redis().Cli({"HGET", "h", "20"}), "ppp0");
  EXPECT_EQ(redis().Cli({"HGET", "h", "7"}), expected);
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "50");
}

TEST_F(UpdateTest, ColumnsThatAreNotSetAreNotWritten) {
  Table("z", "member text, score float8", "zset");
  Table("z2", "member text, score float8", "zset", "", "z");
  MustExec(
      "CREATE FUNCTION bump() RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN "
      "UPDATE z2 SET score = 42 WHERE member = 'a'; RETURN 'b'; END $$");
  redis().Cli({"ZADD", "z", "1", "a"});
  // Someone sets the score between the scan and the write of the member.
  EXPECT_EQ(Tag("UPDATE z SET member = bump()"), "UPDATE 1");
  EXPECT_EQ(redis().Cli({"ZRANGE", "z", "0", "-1", "WITHSCORES"}), "b\n42");
  // A stored generated column follows what it is generated from.
  Table("g", "field text, value text GENERATED ALWAYS AS (upper(field)) STORED", "hash");
  MustExec("INSERT INTO g VALUES ('a')");
  EXPECT_EQ(Tag("UPDATE g SET field = 'b' WHERE field = 'a'"), "UPDATE 1");
  EXPECT_EQ(redis().Cli({"HGETALL", "g"}), "b\nB");
}

}  // namespace
}  // namespace redis_fdw::test
