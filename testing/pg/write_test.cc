// INSERT and DELETE: batches, statements that write what they read, triggers, functions, COPY.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class WriteTest : public PgRedisTest {
 protected:
  void Table(const std::string& name, const std::string& columns, const std::string& type,
             const std::string& options = "") {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE ", name, " (", columns,
                          ") SERVER redis_server OPTIONS (table_type '", type,
                          "', table_key_prefix '", name, "'", options, ")"));
  }
};

TEST_F(WriteTest, ManyRowsGoInFewCommands) {
  Table("h", "field text, value text", "hash");
  ResetCalls();
  PgResult result = MustExec("INSERT INTO h SELECT i, 'v' || i FROM generate_series(1, 100000) i");
  EXPECT_EQ(result.tag, "INSERT 0 100000");
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "100000");
  EXPECT_LE(Calls("hset"), 1000);
  result = MustExec("DELETE FROM h");
  EXPECT_EQ(result.tag, "DELETE 100000");
  EXPECT_EQ(redis().Cli({"EXISTS", "h"}), "0");
}

TEST_F(WriteTest, StatementsThatWriteWhatTheyReadEnd) {
  Table("h", "field text, value text", "hash", ", scan_mode 'cursor', fetch_size '100'");
  Table("s", "member text", "set");
  Table("z", "member text, score float8", "zset");
  Table("l", "element text", "list");
  Table("x", "id text, f text", "stream", ", fetch_size '10'");
  MustExec("INSERT INTO h SELECT i, 'v' FROM generate_series(1, 5000) i");
  MustExec("INSERT INTO h SELECT field || 'x', value FROM h");
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "10000");
  MustExec("INSERT INTO s SELECT 'm' || i FROM generate_series(1, 3000) i");
  MustExec("INSERT INTO s SELECT member || 'x' FROM s");
  EXPECT_EQ(redis().Cli({"SCARD", "s"}), "6000");
  MustExec("INSERT INTO z SELECT 'm' || i, i FROM generate_series(1, 3000) i");
  MustExec("INSERT INTO z SELECT member || 'x', score FROM z WHERE score >= 0");
  EXPECT_EQ(redis().Cli({"ZCARD", "z"}), "6000");
  MustExec("INSERT INTO l SELECT i FROM generate_series(1, 3000) i");
  MustExec("INSERT INTO l SELECT element FROM l");
  EXPECT_EQ(redis().Cli({"LLEN", "l"}), "6000");
  MustExec("INSERT INTO x SELECT NULL, i FROM generate_series(1, 500) i");
  MustExec("INSERT INTO x SELECT NULL, f FROM x");
  EXPECT_EQ(redis().Cli({"XLEN", "x"}), "1000");
  // Another foreign table of the same key is the same key.
  MustExec(
      "CREATE FOREIGN TABLE h2 (a text, b text) SERVER redis_server "
      "OPTIONS (table_type 'hash', table_key_prefix 'h')");
  MustExec("INSERT INTO h2 SELECT field || 'y', value FROM h");
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "20000");
}

TEST_F(WriteTest, DeletesOfEveryType) {
  Table("str", "value text", "string");
  Table("h", "field text, value text", "hash");
  Table("s", "member text", "set");
  Table("z", "member text, score float8", "zset");
  Table("l", "element text", "list");
  Table("x", "id text, f text", "stream");
  MustExec("INSERT INTO str VALUES ('a')");
  MustExec("DELETE FROM str WHERE value = 'b'");
  EXPECT_EQ(redis().Cli({"GET", "str"}), "a");
  MustExec("DELETE FROM str");
  EXPECT_EQ(redis().Cli({"EXISTS", "str"}), "0");
  MustExec("INSERT INTO h SELECT i, i FROM generate_series(1, 10) i");
  EXPECT_EQ(MustExec("DELETE FROM h WHERE value::int > 5").tag, "DELETE 5");
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "5");
  MustExec("INSERT INTO s VALUES ('a'), ('b'), ('c')");
  MustExec("DELETE FROM s WHERE member IN ('a', 'c')");
  EXPECT_EQ(redis().Cli({"SMEMBERS", "s"}), "b");
  MustExec("INSERT INTO z VALUES ('a', 1), ('b', 2), ('c', 3)");
  MustExec("DELETE FROM z WHERE score < 3");
  EXPECT_EQ(redis().Cli({"ZRANGE", "z", "0", "-1"}), "c");
  MustExec("INSERT INTO x VALUES ('1-0', 'a'), ('2-0', 'b')");
  MustExec("DELETE FROM x WHERE f = 'a'");
  EXPECT_EQ(redis().Cli({"XLEN", "x"}), "1");
  MustExec("INSERT INTO l SELECT i % 3 FROM generate_series(1, 3000) i");
  EXPECT_EQ(MustExec("DELETE FROM l WHERE element = '1'").tag, "DELETE 1000");
  EXPECT_EQ(redis().Cli({"LLEN", "l"}), "2000");
  EXPECT_EQ(Query("SELECT element, count(*) FROM l GROUP BY 1 ORDER BY 1"), "0|1000\n2|1000");
  MustExec("DELETE FROM l");
  EXPECT_EQ(redis().Cli({"EXISTS", "l"}), "0");
}

TEST_F(WriteTest, ListDeletesByIndexEvenAmongDuplicates) {
  Table("l", "index int, element text", "list");
  redis().Cli({"RPUSH", "l", "a", "b", "a", "b", "a"});
  MustExec("DELETE FROM l WHERE index = 2");
  EXPECT_EQ(Query("SELECT * FROM l"), "0|a\n1|b\n2|b\n3|a");
  MustExec("DELETE FROM l WHERE index IN (0, 3)");
  EXPECT_EQ(Query("SELECT * FROM l"), "0|b\n1|b");
  MustExec("INSERT INTO l VALUES (2, 'c'), (NULL, 'd')");
  EXPECT_EQ(Query("SELECT * FROM l"), "0|b\n1|b\n2|c\n3|d");
  EXPECT_FALSE(Exec("INSERT INTO l VALUES (17, 'e')").ok());
  EXPECT_EQ(redis().Cli({"LLEN", "l"}), "4");
  // Duplicates of the outer side delete once.
  MustExec("CREATE TABLE t (i int); INSERT INTO t VALUES (1), (1), (3)");
  MustExec("DELETE FROM l USING t WHERE l.index = t.i");
  EXPECT_EQ(Query("SELECT * FROM l"), "0|b\n1|c");
}

TEST_F(WriteTest, Returning) {
  Table("h", "field text, value text", "hash");
  EXPECT_EQ(Query("INSERT INTO h VALUES ('a', '1'), ('b', '2') RETURNING field || value"),
            "a1\nb2");
  EXPECT_EQ(Query("DELETE FROM h WHERE field = 'a' RETURNING *"), "a|1");
  EXPECT_EQ(Query("WITH d AS (DELETE FROM h RETURNING value) SELECT * FROM d"), "2");
  EXPECT_EQ(redis().Cli({"EXISTS", "h"}), "0");
}

TEST_F(WriteTest, OnConflictDoNothingKeepsWhatIsThere) {
  Table("h", "field text, value text", "hash");
  MustExec("INSERT INTO h VALUES ('a', '1')");
  EXPECT_EQ(MustExec("INSERT INTO h VALUES ('a', '2'), ('b', '2') ON CONFLICT DO NOTHING").tag,
            "INSERT 0 1");
  EXPECT_EQ(Query("SELECT * FROM h ORDER BY 1"), "a|1\nb|2");
  MustExec("INSERT INTO h VALUES ('a', '3')");
  EXPECT_EQ(redis().Cli({"HGET", "h", "a"}), "3");
}

TEST_F(WriteTest, TriggersReadWhatTheirStatementWrote) {
  Table("h", "field text, value text", "hash");
  MustExec("CREATE TABLE seen (what text, n bigint)");
  MustExec(
      "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "INSERT INTO seen SELECT TG_OP || ' ' || TG_LEVEL, count(*) FROM h; RETURN NULL; END $$");
  MustExec("CREATE TRIGGER after_row AFTER INSERT ON h FOR EACH ROW EXECUTE FUNCTION look()");
  MustExec("INSERT INTO h VALUES ('a', '1'), ('b', '2')");
  EXPECT_EQ(Query("SELECT * FROM seen"), "INSERT ROW|2\nINSERT ROW|2");
  MustExec("DROP TRIGGER after_row ON h; TRUNCATE seen");
  MustExec("CREATE TRIGGER after_all AFTER INSERT OR DELETE ON h EXECUTE FUNCTION look()");
  MustExec("INSERT INTO h SELECT i, i FROM generate_series(1, 50) i");
  MustExec("DELETE FROM h WHERE field = 'a'");
  EXPECT_EQ(Query("SELECT * FROM seen"), "INSERT STATEMENT|52\nDELETE STATEMENT|51");
}

TEST_F(WriteTest, FunctionsReadWhatTheirStatementWrote) {
  Table("h", "field text, value text", "hash");
  MustExec(
      "CREATE FUNCTION n() RETURNS text LANGUAGE plpgsql VOLATILE AS $$ "
      "BEGIN RETURN (SELECT count(*) FROM h); END $$");
  MustExec("INSERT INTO h SELECT i, n() FROM generate_series(1, 5) i");
  EXPECT_EQ(Query("SELECT value FROM h ORDER BY field"), "0\n1\n2\n3\n4");
}

TEST_F(WriteTest, WriteThroughCacheByTrigger) {
  Table("h", "field text, value text", "hash");
  MustExec("CREATE TABLE local (id text PRIMARY KEY, v text)");
  MustExec(
      "CREATE FUNCTION through() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "INSERT INTO h VALUES (NEW.id, NEW.v); RETURN NEW; END $$");
  MustExec(
      "CREATE TRIGGER t AFTER INSERT OR UPDATE ON local FOR EACH ROW "
      "EXECUTE FUNCTION through()");
  for (int i = 0; i < 20; ++i) {
    MustExec(absl::StrCat("INSERT INTO local VALUES ('k", i, "', 'v", i, "')"));
  }
  MustExec("UPDATE local SET v = v || '!'");
  EXPECT_EQ(redis().Cli({"HGET", "h", "k7"}), "v7!");
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "20");
}

TEST_F(WriteTest, PlpgsqlAgainAndAgain) {
  Table("h", "field text, value text", "hash");
  MustExec(
      "CREATE FUNCTION put_get(k text, v text) RETURNS text LANGUAGE plpgsql AS $$ "
      "DECLARE r text; BEGIN INSERT INTO h VALUES (k, v); "
      "SELECT value INTO r FROM h WHERE field = k; DELETE FROM h WHERE field = k; "
      "RETURN r; END $$");
  for (const char* mode : {"auto", "force_generic_plan"}) {
    MustExec(absl::StrCat("SET plan_cache_mode = ", mode));
    for (int i = 0; i < 15; ++i) {
      EXPECT_EQ(Query1(absl::StrCat("SELECT put_get('k", i, "', 'v", i, "')")),
                absl::StrCat("v", i));
    }
  }
  EXPECT_EQ(redis().Cli({"EXISTS", "h"}), "0");
}

TEST_F(WriteTest, CopyAndPartitions) {
  Table("h", "field text, value text", "hash");
  EXPECT_EQ(pg().CopyIn("COPY h FROM STDIN", "a\t1\nb\t2").tag, "COPY 2");
  EXPECT_EQ(Query("SELECT * FROM h ORDER BY 1"), "a|1\nb|2");
  MustExec("CREATE TABLE parted (field text, value text) PARTITION BY LIST (value)");
  MustExec(
      "CREATE FOREIGN TABLE p1 PARTITION OF parted FOR VALUES IN ('1') SERVER redis_server "
      "OPTIONS (table_type 'hash', table_key_prefix 'p1')");
  MustExec(
      "CREATE FOREIGN TABLE p2 PARTITION OF parted FOR VALUES IN ('2') SERVER redis_server "
      "OPTIONS (table_type 'hash', table_key_prefix 'p2')");
  MustExec("INSERT INTO parted VALUES ('a', '1'), ('b', '2'), ('c', '1')");
  EXPECT_EQ(redis().Cli({"HLEN", "p1"}), "2");
  EXPECT_EQ(Query("SELECT * FROM parted ORDER BY 1"), "a|1\nb|2\nc|1");
  EXPECT_EQ(MustExec("DELETE FROM parted WHERE field = 'c'").tag, "DELETE 1");
  EXPECT_EQ(redis().Cli({"HLEN", "p1"}), "1");
}

TEST_F(WriteTest, ErrorsDiscardTheBatchAndNameTheRow) {
  Table("h", "field text, value text", "hash");
  PgResult result = Exec(
      "INSERT INTO h SELECT i, CASE WHEN i = 500 THEN NULL ELSE 'v' END "
      "FROM generate_series(1, 1000) i");
  EXPECT_EQ(result.error.sqlstate, "23502");
  EXPECT_EQ(redis().Cli({"EXISTS", "h"}), "0");
  EXPECT_FALSE(Exec("INSERT INTO h SELECT i, 1 / (7 - i) FROM generate_series(1, 100) i").ok());
  EXPECT_EQ(redis().Cli({"EXISTS", "h"}), "0");
  redis().Cli({"SET", "h", "a string"});
  result = Exec("INSERT INTO h VALUES ('a', '1'), ('b', '2')");
  EXPECT_EQ(result.error.sqlstate, "42809");
  EXPECT_TRUE(absl::StrContains(result.error.ToString(), "\"h\"")) << result.error.ToString();
  redis().FlushAll();
  MustExec("INSERT INTO h VALUES ('a', '1')");
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "1");
}

TEST_F(WriteTest, StrictInsertsRefuseWhatIsThereAndNameTheRow) {
  Table("str", "value text", "string", ", strict_insert 'true'");
  Table("h", "field text, value text", "hash", ", strict_insert 'true'");
  Table("s", "member text", "set", ", strict_insert 'true'");
  Table("z", "member text, score float8", "zset", ", strict_insert 'true'");
  Table("l", "element text", "list", ", strict_insert 'true'");
  redis().Cli({"SET", "str", "old"});
  redis().Cli({"HSET", "h", "700", "old"});
  redis().Cli({"SADD", "s", "700"});
  redis().Cli({"ZADD", "z", "0", "700"});
  redis().Cli({"RPUSH", "l", "700"});
  PgResult result = Exec("INSERT INTO str VALUES ('new')");
  EXPECT_EQ(result.error.sqlstate, "23505");
  for (const char* insert : {"h SELECT i, 'new'", "s SELECT i", "z SELECT i, 1"}) {
    result = Exec(absl::StrCat("INSERT INTO ", insert, " FROM generate_series(1, 1500) i"));
    EXPECT_EQ(result.error.sqlstate, "23505") << insert;
    EXPECT_TRUE(absl::StrContains(result.error.detail, "Row 700 of the statement was refused."))
        << result.error.ToString();
  }
  EXPECT_EQ(redis().Cli({"GET", "str"}), "old");
  EXPECT_EQ(redis().Cli({"HGET", "h", "700"}), "old");
  EXPECT_EQ(redis().Cli({"ZSCORE", "z", "700"}), "0");
  // ON CONFLICT DO NOTHING is asked for by the statement, and wins. Lists have no names.
  EXPECT_EQ(MustExec("INSERT INTO h VALUES ('700', 'x'), ('n', 'x') ON CONFLICT DO NOTHING").tag,
            "INSERT 0 1");
  MustExec("INSERT INTO l VALUES ('700')");
  EXPECT_EQ(redis().Cli({"LLEN", "l"}), "2");
  EXPECT_EQ(Exec("COPY h FROM PROGRAM 'printf \"n\\tx\\n\"'").error.sqlstate, "23505");
}

TEST_F(WriteTest, CursorsReadBesideWrites) {
  Table("l", "element text", "list", ", fetch_size '10'");
  MustExec("INSERT INTO l SELECT i FROM generate_series(1, 1000) i");
  MustExec("BEGIN");
  MustExec("DECLARE c CURSOR FOR SELECT element FROM l");
  EXPECT_EQ(Query("FETCH 2 FROM c"), "1\n2");
  MustExec("INSERT INTO l VALUES ('more')");
  EXPECT_EQ(Query("SELECT count(*) FROM l"), "1001");
  MustExec("SAVEPOINT s");
  EXPECT_FALSE(Exec("SELECT 1 / count(*) FROM l WHERE element = 'none'").ok());
  MustExec("ROLLBACK TO s");
  EXPECT_EQ(Query("FETCH 1 FROM c"), "3");
  EXPECT_EQ(MustExec("MOVE ALL FROM c").tag, "MOVE 997");
  MustExec("COMMIT");
}

TEST_F(WriteTest, ScansOfTheWritingStatementDoNotCutItsBatches) {
  Table("h", "field text, value text", "hash");
  Table("copy", "field text, value text", "hash");
  MustExec("INSERT INTO h SELECT i, i FROM generate_series(1, 500) i");
  MustExec("CREATE TABLE local AS SELECT i::text AS id FROM generate_series(1, 500) i");
  MustExec("SET enable_hashjoin = off; SET enable_mergejoin = off");
  MustExec("ALTER FOREIGN TABLE h OPTIONS (ADD use_remote_estimate 'false')");
  ResetCalls();
  MustExec("INSERT INTO copy SELECT h.* FROM local JOIN h ON h.field = local.id");
  EXPECT_EQ(redis().Cli({"HLEN", "copy"}), "500");
  EXPECT_EQ(Calls("hget"), 500);
  EXPECT_LE(Calls("hset"), 3);
  // Nor does it see its own writes, however often it scans.
  MustExec(
      "INSERT INTO copy SELECT 'n' || i, (SELECT count(*) + i * 0 FROM copy) "
      "FROM generate_series(1, 3000) i");
  EXPECT_EQ(Query("SELECT DISTINCT value FROM copy WHERE field LIKE 'n%'"), "500");
}

TEST_F(WriteTest, AStreamThatItsOwnScanMakesGrowEnds) {
  Table("x", "id text, f text", "stream", ", fetch_size '10'");
  MustExec("CREATE TABLE local (f text)");
  MustExec(
      "CREATE FUNCTION append() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "INSERT INTO x VALUES (NULL, NEW.f), (NULL, NEW.f); RETURN NEW; END $$");
  MustExec("CREATE TRIGGER t BEFORE INSERT ON local FOR EACH ROW EXECUTE FUNCTION append()");
  MustExec("INSERT INTO x SELECT NULL, i FROM generate_series(1, 100) i");
  MustExec("INSERT INTO local SELECT f FROM x");
  EXPECT_GE(std::stoi(Query1("SELECT count(*) FROM local")), 100);
  EXPECT_LE(std::stoi(Query1("SELECT count(*) FROM local")), 200);
}

TEST_F(WriteTest, MoreScansThanConnections) {
  MustExec("ALTER SERVER redis_server OPTIONS (ADD pool_max_size '3')");
  Table("l", "index int, element text", "list", ", fetch_size '10'");
  MustExec("INSERT INTO l SELECT NULL, repeat('x', 100) || i FROM generate_series(0, 49999) i");
  MustExec("BEGIN");
  for (int c = 0; c < 8; ++c) {
    MustExec(absl::StrCat("DECLARE c", c, " CURSOR FOR SELECT index, right(element, -100) FROM l"));
    EXPECT_EQ(Query(absl::StrCat("FETCH 2 FROM c", c)), "0|0\n1|1");
  }
  EXPECT_LE(redis().ClientCount(), 4);
  MustExec("INSERT INTO l VALUES (NULL, 'written meanwhile')");
  for (int c = 0; c < 8; ++c) {
    EXPECT_EQ(Query(absl::StrCat("FETCH 1 FROM c", c)), "2|2");
    EXPECT_EQ(MustExec(absl::StrCat("MOVE 49996 FROM c", c)).tag, "MOVE 49996");
    EXPECT_EQ(Query(absl::StrCat("FETCH ALL FROM c", c)), "49999|49999");
  }
  MustExec("COMMIT");
}

TEST_F(WriteTest, AScanThatCouldNotBeSetAsideDoesNotEndQuietly) {
  MustExec("ALTER SERVER redis_server OPTIONS (ADD pool_max_size '1')");
  Table("l", "element text", "list", ", fetch_size '10'");
  Table("s", "member text", "set");
  MustExec("INSERT INTO l SELECT repeat('x', 100) || i FROM generate_series(1, 20000) i");
  redis().Command({"RPUSH", "l", "\xff"});
  MustExec("INSERT INTO s VALUES ('m')");
  MustExec("BEGIN; DECLARE c CURSOR FOR SELECT right(element, -100) FROM l");
  EXPECT_EQ(Query("FETCH 1 FROM c"), "1");
  MustExec("SAVEPOINT a");
  EXPECT_EQ(Exec("SELECT * FROM s").error.sqlstate, "22021");
  MustExec("ROLLBACK TO a");
  EXPECT_EQ(Exec("FETCH ALL FROM c").error.sqlstate, "HV000");
  MustExec("ROLLBACK");
  EXPECT_EQ(Query("SELECT * FROM s"), "m");
}

TEST_F(WriteTest, ExplainAnalyzeCountsEverything) {
  Table("h", "field text, value text", "hash");
  std::string plan = Explain("INSERT INTO h VALUES ('a', '1')", "ANALYZE, COSTS OFF, TIMING OFF");
  EXPECT_TRUE(absl::StrContains(plan, "Redis Commands Sent: 1")) << plan;
  EXPECT_TRUE(absl::StrContains(plan, "Redis Batch Size: 1000")) << plan;
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "1");
  Explain("INSERT INTO h VALUES ('b', '1')");
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "1");
}

}  // namespace
}  // namespace redis_fdw::test
