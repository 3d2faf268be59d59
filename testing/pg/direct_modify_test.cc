// UPDATE and DELETE that run without a scan, and those that may not.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

using ::absl::StrContains;

class DirectModifyTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    MustExec(
        "CREATE FOREIGN TABLE h (field text, value text) SERVER redis_server "
        "OPTIONS (table_type 'hash', table_key_prefix 'h')");
    redis().Cli({"HSET", "h", "a", "1", "b", "2", "c", "3"});
  }
  bool IsDirect(const std::string& sql) { return StrContains(Explain(sql), "Redis Direct "); }
  std::string Tag(const std::string& sql) { return MustExec(sql).tag; }
};

TEST_F(DirectModifyTest, NeedsNoScan) {
  redis().Cli({"EXPIRE", "h", "1000"});
  ResetCalls();
  EXPECT_EQ(Tag("UPDATE h SET value = 'x' WHERE field = 'a'"), "UPDATE 1");
  EXPECT_EQ(Tag("UPDATE h SET value = 'x' WHERE field = 'none'"), "UPDATE 0");
  EXPECT_EQ(Tag("UPDATE h SET value = 'y', field = 'bb' WHERE field = 'b'"), "UPDATE 1");
  EXPECT_EQ(Tag("DELETE FROM h WHERE field IN ('c', 'none', 'c', NULL)"), "DELETE 1");
  EXPECT_EQ(Tag("DELETE FROM h WHERE field = NULL"), "DELETE 0");
  EXPECT_EQ(Calls("eval"), 3);
  EXPECT_EQ(Calls("hget"), 3);  // the scripts'
  EXPECT_EQ(Calls("hmget"), 0);
  EXPECT_EQ(Query("SELECT * FROM h ORDER BY 1"), "a|x\nbb|y");
  EXPECT_GT(std::stoi(redis().Cli({"TTL", "h"})), 900);
  EXPECT_EQ(Exec("UPDATE h SET field = 'a' WHERE field = 'bb'").error.sqlstate, "23505");
  EXPECT_EQ(Exec("UPDATE h SET value = NULL WHERE field = 'a'").error.sqlstate, "23502");
  EXPECT_EQ(Query("SELECT * FROM h ORDER BY 1"), "a|x\nbb|y");
}

TEST_F(DirectModifyTest, OnlyWhereItMeansTheSame) {
  EXPECT_TRUE(IsDirect("DELETE FROM h WHERE field = 'a'"));
  EXPECT_TRUE(IsDirect("DELETE FROM h WHERE field IN ('a', 'b')"));
  EXPECT_TRUE(IsDirect("UPDATE h SET value = 'x' WHERE field = 'a'"));
  EXPECT_TRUE(IsDirect("UPDATE h SET value = now()::text WHERE field = 'a'"));
  EXPECT_TRUE(IsDirect("UPDATE h SET value = (SELECT max(value) FROM h) WHERE field = 'a'"));
  // Rows are looked at, or handed on.
  EXPECT_FALSE(IsDirect("DELETE FROM h WHERE field = 'a' AND value = '1'"));
  EXPECT_FALSE(IsDirect("DELETE FROM h WHERE field = 'a' AND random() < 2"));
  EXPECT_FALSE(IsDirect("DELETE FROM h WHERE field > 'a'"));
  EXPECT_FALSE(IsDirect("DELETE FROM h"));
  EXPECT_FALSE(IsDirect("UPDATE h SET value = value || 'x' WHERE field = 'a'"));
  EXPECT_FALSE(IsDirect("UPDATE h SET value = field WHERE field = 'a'"));
  EXPECT_FALSE(IsDirect("UPDATE h SET value = random()::text WHERE field = 'a'"));
  EXPECT_FALSE(IsDirect("UPDATE h SET value = 'x' WHERE field = 'a' RETURNING *"));
  EXPECT_FALSE(IsDirect("UPDATE h SET value = 'x' FROM h o WHERE h.field = 'a' AND o.field = 'b'"));
  MustExec("SET redis_fdw.enable_pushdown = off");
  EXPECT_FALSE(IsDirect("DELETE FROM h WHERE field = 'a'"));
  MustExec("RESET redis_fdw.enable_pushdown");
  MustExec("CREATE VIEW v AS SELECT * FROM h WHERE field = 'a' WITH CHECK OPTION");
  EXPECT_FALSE(IsDirect("UPDATE v SET value = 'x'"));
  MustExec(
      "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; "
      "CREATE TRIGGER t BEFORE UPDATE ON h FOR EACH ROW EXECUTE FUNCTION t()");
  EXPECT_FALSE(IsDirect("UPDATE h SET value = 'x' WHERE field = 'a'"));
  EXPECT_TRUE(IsDirect("DELETE FROM h WHERE field = 'a'"));
}

// What is set comes of a subquery, which may read the row, though no column is named in its place.
TEST_F(DirectModifyTest, SubqueriesThatSetSeveralColumnsGetTheRow) {
  MustExec("CREATE TABLE l (f text, g text, v text); INSERT INTO l VALUES ('a', 'aa', 'new')");
  const std::string value = "UPDATE h SET (value) = (SELECT v FROM l WHERE f = field) ";
  EXPECT_FALSE(IsDirect(value + "WHERE field = 'a'"));
  EXPECT_EQ(Tag(value + "WHERE field = 'a'"), "UPDATE 1");
  EXPECT_EQ(Query("SELECT value FROM h WHERE field = 'a'"), "new");
  EXPECT_EQ(Tag("UPDATE h SET (field, value) = (SELECT g, v || value FROM l WHERE f = field) "
                "WHERE field IN ('a', 'none')"),
            "UPDATE 1");
  EXPECT_EQ(Tag("UPDATE h SET (value) = (SELECT max(v) FROM l) WHERE field = 'b'"), "UPDATE 1");
  EXPECT_EQ(Query("SELECT * FROM h ORDER BY 1"), "aa|newnew\nb|new\nc|3");
}

TEST_F(DirectModifyTest, ValuesAreEvaluatedOnce) {
  EXPECT_EQ(Tag("UPDATE h SET value = (SELECT max(value) || '!' FROM h) WHERE field IN ('a', 'b')"),
            "UPDATE 2");
  EXPECT_EQ(Query("SELECT * FROM h ORDER BY 1"), "a|3!\nb|3!\nc|3");
  EXPECT_EQ(Query("WITH u AS (UPDATE h SET value = 'cte' WHERE field = 'a') "
                  "SELECT count(*) FROM h WHERE field = 'c'"),
            "1");
  EXPECT_EQ(redis().Cli({"HGET", "h", "a"}), "cte");
  // A statement in a WITH does not count.
  EXPECT_EQ(Tag("WITH d AS (DELETE FROM h WHERE field = 'a') UPDATE h SET value = 'x' "
                "WHERE field IN ('b', 'c')"),
            "UPDATE 2");
  EXPECT_EQ(Query("SELECT * FROM h ORDER BY 1"), "b|x\nc|x");
}

TEST_F(DirectModifyTest, PlansAreUsedAgain) {
  MustExec("PREPARE u(text, text) AS UPDATE h SET value = $2 WHERE field = $1");
  MustExec("PREPARE d(text[]) AS DELETE FROM h WHERE field = ANY($1)");
  MustExec(
      "CREATE FUNCTION put(k text, v text) RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; "
      "BEGIN UPDATE h SET value = v WHERE field = k; GET DIAGNOSTICS n = ROW_COUNT; RETURN n; "
      "END $$");
  for (const char* mode : {"auto", "force_generic_plan", "force_custom_plan"}) {
    MustExec(absl::StrCat("SET plan_cache_mode = ", mode));
    for (int i = 0; i < 8; ++i) {
      std::string value = absl::StrCat(mode, i);
      EXPECT_EQ(Tag(absl::StrCat("EXECUTE u('a', '", value, "')")), "UPDATE 1");
      EXPECT_EQ(redis().Cli({"HGET", "h", "a"}), value);
      EXPECT_EQ(Tag("EXECUTE u('none', 'x')"), "UPDATE 0");
      EXPECT_EQ(Tag("EXECUTE u(NULL, 'x')"), "UPDATE 0");
      EXPECT_EQ(Exec("EXECUTE u('a', NULL)").error.sqlstate, "23502");
      EXPECT_EQ(Query1(absl::StrCat("SELECT put('b', '", value, "')")), "1");
      EXPECT_EQ(Query1("SELECT put('none', 'v')"), "0");
      EXPECT_EQ(redis().Cli({"HGET", "h", "b"}), value);
      redis().Cli({"HSET", "h", "d1", "x", "d2", "x"});
      EXPECT_EQ(Tag("EXECUTE d('{d1,d2,d2,NULL,none}')"), "DELETE 2");
      EXPECT_EQ(Tag("EXECUTE d('{}')"), "DELETE 0");
      EXPECT_EQ(Tag("EXECUTE d(NULL)"), "DELETE 0");
    }
  }
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "3");
  EXPECT_TRUE(StrContains(Explain("EXECUTE u('a', 'b')"), "Redis Direct Update"));
}

TEST_F(DirectModifyTest, ManyRowsGoInBatches) {
  MustExec("INSERT INTO h SELECT i, i FROM generate_series(1, 20000) i");
  ResetCalls();
  const std::string all = "ARRAY(SELECT i::text FROM generate_series(1, 20000) i)";
  MustExec(absl::StrCat("DO $$ DECLARE n int; BEGIN UPDATE h SET value = 'new' WHERE field = ANY(",
                        all, "); GET DIAGNOSTICS n = ROW_COUNT; ASSERT n = 20000; END $$"));
  EXPECT_LE(Calls("eval"), 40);
  EXPECT_EQ(Query("SELECT count(*) FROM h WHERE value = 'new'"), "20000");
  std::string plan = Explain(absl::StrCat("DELETE FROM h WHERE field = ANY(", all, ")"),
                             "ANALYZE, COSTS OFF, TIMING OFF");
  EXPECT_TRUE(StrContains(plan, "Redis Commands Sent: 20000")) << plan;
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "3");
}

TEST_F(DirectModifyTest, ExplainShowsIt) {
  std::string plan = Explain("UPDATE h SET value = 'x' WHERE field = 'a'");
  EXPECT_TRUE(StrContains(plan, "Foreign Update on public.h")) << plan;
  EXPECT_TRUE(StrContains(plan, "Redis Key: h")) << plan;
  EXPECT_TRUE(StrContains(plan, "Redis Direct Update: field = 'a'")) << plan;
  EXPECT_TRUE(StrContains(plan, "Redis Columns Set: value")) << plan;
  plan = Explain("DELETE FROM h WHERE field IN ('a', 'b')", "COSTS OFF");
  EXPECT_TRUE(StrContains(plan, "Redis Direct Delete: field IN ('{a,b}')")) << plan;
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "3");
  plan = Explain("DELETE FROM h WHERE field = 'a'", "ANALYZE, COSTS OFF, TIMING OFF");
  EXPECT_TRUE(StrContains(plan, "Redis Commands Sent: 1")) << plan;
  EXPECT_TRUE(StrContains(plan, "Redis Round Trips: 1")) << plan;
  EXPECT_TRUE(StrContains(plan, "(actual rows=1 loops=1)")) << plan;
  EXPECT_EQ(redis().Cli({"HLEN", "h"}), "2");
}

TEST_F(DirectModifyTest, TakesItsTurnAmongTheWritesAroundIt) {
  MustExec(
      "CREATE FUNCTION direct(i int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN "
      "IF i = 2 THEN UPDATE h SET value = 'direct' WHERE field = 'n1'; END IF; RETURN 'n'; END $$");
  MustExec("INSERT INTO h SELECT 'n' || i, direct(i) FROM generate_series(1, 3) i");
  EXPECT_EQ(redis().Cli({"HMGET", "h", "n1", "n2", "n3"}), "direct\nn\nn");
}

TEST_F(DirectModifyTest, PartitionsAreCheckedRowByRow) {
  MustExec("CREATE TABLE parted (field text, value text) PARTITION BY LIST (value)");
  for (const char* name : {"p1", "p2"}) {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE ", name, " PARTITION OF parted FOR VALUES IN ('",
                          name, "') SERVER redis_server OPTIONS (table_type 'hash', ",
                          "table_key_prefix '", name, "')"));
  }
  MustExec("INSERT INTO parted VALUES ('a', 'p1'), ('b', 'p2')");
  EXPECT_EQ(Exec("UPDATE parted SET value = 'p2' WHERE field = 'a'").error.sqlstate, "23514");
  EXPECT_EQ(Query("SELECT * FROM parted ORDER BY 1"), "a|p1\nb|p2");
  EXPECT_TRUE(IsDirect("DELETE FROM parted WHERE field = 'a'"));
  EXPECT_EQ(Tag("DELETE FROM parted WHERE field IN ('a', 'b')"), "DELETE 2");
  EXPECT_EQ(redis().Cli({"EXISTS", "p1", "p2"}), "0");
}

}  // namespace
}  // namespace redis_fdw::test
