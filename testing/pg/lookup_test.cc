// Which commands a query comes to, shown by what Redis saw, and that its rows are right: constants,
// parameters, join columns, generic plans.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class LookupTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    Table("h", "field text, value text", "hash");
    Table("s", "member text", "set");
    Table("z", "member text, score float8", "zset");
    Table("l", "element text", "list");
    Table("li", "index int, element text", "list", "l");
    Table("x", "stream_id text, f text", "stream");
    redis().Cli({"HSET", "h", "a", "1", "b", "2", "c", "3", "", "empty"});
    redis().Cli({"SADD", "s", "a", "b", "c"});
    redis().Cli({"ZADD", "z", "1", "a", "2.5", "b", "inf", "c", "-inf", "d"});
    redis().Cli({"RPUSH", "l", "zero", "one", "two", "one"});
    redis().Cli({"XADD", "x", "1-1", "f", "v1"});
    redis().Cli({"XADD", "x", "2-0", "f", "v2"});
  }

  void Table(const std::string& name, const std::string& columns, const std::string& type,
             const std::string& key = "") {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE ", name, " (", columns,
                          ") SERVER redis_server OPTIONS (table_type '", type,
                          "', table_key_prefix '", key.empty() ? name : key, "')"));
  }
};

TEST_F(LookupTest, HashFieldIsHgetAndHmget) {
  ResetCalls();
  EXPECT_EQ(Query("SELECT * FROM h WHERE field = 'b'"), "b|2");
  EXPECT_EQ(Query("SELECT value FROM h WHERE 'b' = field"), "2");
  EXPECT_EQ(Query("SELECT value FROM h WHERE field = ''"), "empty");
  EXPECT_EQ(Query("SELECT value FROM h WHERE field = 'none'"), "");
  EXPECT_EQ(Calls("hget"), 4);
  EXPECT_EQ(Query("SELECT * FROM h WHERE field IN ('c', 'a', 'zz', 'a', NULL) ORDER BY 1"),
            "a|1\nc|3");
  EXPECT_EQ(Calls("hmget"), 1);
  EXPECT_EQ(Calls("hscan") + Calls("hgetall"), 0);
}

TEST_F(LookupTest, LocalPredicatesAreNotLost) {
  EXPECT_EQ(Query("SELECT field FROM h WHERE field IN ('a', 'b', 'c') AND value > '1' "
                  "ORDER BY 1 LIMIT 1"),
            "b");
  EXPECT_EQ(Query("SELECT count(*) FROM h WHERE field = 'a' AND value = '2'"), "0");
  EXPECT_EQ(Query("SELECT field FROM h WHERE value = '3'"), "c");
}

TEST_F(LookupTest, NullAndEmptyOperandsMatchNothing) {
  ResetCalls();
  EXPECT_EQ(Query("SELECT * FROM h WHERE field = ANY ('{}'::text[])"), "");
  EXPECT_EQ(Query("SELECT * FROM h WHERE field = ANY (NULL::text[])"), "");
  EXPECT_EQ(Query("SELECT * FROM h WHERE field = (SELECT NULL::text)"), "");
  EXPECT_EQ(Query("SELECT * FROM z WHERE score > (SELECT NULL::float8)"), "");
  EXPECT_EQ(Calls("hget") + Calls("hmget") + Calls("hscan"), 0);
}

TEST_F(LookupTest, SetMemberIsSismemberAndSmismember) {
  ResetCalls();
  EXPECT_EQ(Query("SELECT * FROM s WHERE member = 'b'"), "b");
  EXPECT_EQ(Calls("sismember"), 1);
  EXPECT_EQ(Query("SELECT * FROM s WHERE member IN ('b', 'q', 'a') ORDER BY 1"), "a\nb");
  EXPECT_EQ(Calls("smismember"), 1);
  EXPECT_EQ(Calls("sscan") + Calls("smembers"), 0);
}

TEST_F(LookupTest, SortedSetMembersAndScoreRanges) {
  ResetCalls();
  EXPECT_EQ(Query("SELECT * FROM z WHERE member = 'b'"), "b|2.5");
  EXPECT_EQ(Calls("zscore"), 1);
  EXPECT_EQ(Query("SELECT * FROM z WHERE member IN ('b', 'a', 'q') ORDER BY 1"), "a|1\nb|2.5");
  EXPECT_EQ(Calls("zmscore"), 1);
  EXPECT_EQ(Query("SELECT * FROM z WHERE score > 1 AND score < 'inf'"), "b|2.5");
  EXPECT_EQ(Query("SELECT member FROM z WHERE score >= 1 AND score <= 2.5 ORDER BY score"), "a\nb");
  EXPECT_EQ(Query("SELECT member FROM z WHERE 2.5 = score"), "b");
  EXPECT_EQ(Query("SELECT member FROM z WHERE score <= '-inf'"), "d");
  // NaN is above everything and never there.
  EXPECT_EQ(Query("SELECT count(*) FROM z WHERE score < 'NaN'"), "4");
  EXPECT_EQ(Query("SELECT count(*) FROM z WHERE score >= 'NaN'"), "0");
  EXPECT_EQ(Calls("zscan") + Calls("zrange"), 0);
}

TEST_F(LookupTest, ListIndexesAndRanges) {
  ResetCalls();
  EXPECT_EQ(Query("SELECT * FROM li WHERE index = 1"), "1|one");
  EXPECT_EQ(Query("SELECT * FROM li WHERE index = -1"), "");
  EXPECT_EQ(Query("SELECT * FROM li WHERE index = 99"), "");
  EXPECT_EQ(Query("SELECT * FROM li WHERE index IN (3, 0, -2, 7) ORDER BY 1"), "0|zero\n3|one");
  EXPECT_EQ(Query("SELECT * FROM li WHERE index >= 1 AND index < 3"), "1|one\n2|two");
  EXPECT_EQ(Query("SELECT * FROM li WHERE index < 0"), "");
  EXPECT_EQ(Query("SELECT count(*) FROM li WHERE index > -5"), "4");
  EXPECT_EQ(Query("SELECT element FROM l"), "zero\none\ntwo\none");
}

TEST_F(LookupTest, StreamIds) {
  ResetCalls();
  EXPECT_EQ(Query("SELECT * FROM x WHERE stream_id = '2-0'"), "2-0|v2");
  // Redis would take these for ids; as text they equal none.
  EXPECT_EQ(Query("SELECT * FROM x WHERE stream_id = '2'"), "");
  EXPECT_EQ(Query("SELECT * FROM x WHERE stream_id = '02-0'"), "");
  EXPECT_EQ(Query("SELECT * FROM x WHERE stream_id = '+'"), "");
  EXPECT_EQ(Query("SELECT * FROM x WHERE stream_id IN ('1-1', '2-0') ORDER BY 1"),
            "1-1|v1\n2-0|v2");
  EXPECT_EQ(Query("SELECT * FROM x WHERE stream_id >= '2' ORDER BY 1"), "2-0|v2");
}

TEST_F(LookupTest, PreparedStatementsStayLookups) {
  MustExec("PREPARE one(text) AS SELECT value FROM h WHERE field = $1");
  MustExec("PREPARE many(text[]) AS SELECT value FROM h WHERE field = ANY ($1) ORDER BY 1");
  MustExec("PREPARE score(float8) AS SELECT member FROM z WHERE score = $1");
  for (const char* mode : {"auto", "force_generic_plan"}) {
    MustExec(absl::StrCat("SET plan_cache_mode = ", mode));
    ResetCalls();
    for (int i = 0; i < 12; ++i) {
      EXPECT_EQ(Query("EXECUTE one('b')"), "2");
      EXPECT_EQ(Query("EXECUTE one(NULL)"), "");
      EXPECT_EQ(Query("EXECUTE many('{a,c,NULL}')"), "1\n3");
      EXPECT_EQ(Query("EXECUTE score(1)"), "a");
    }
    EXPECT_EQ(Calls("hget"), 12) << mode;
    EXPECT_EQ(Calls("hmget"), 12) << mode;
    EXPECT_EQ(Calls("hscan") + Calls("hgetall"), 0) << mode;
  }
  MustExec("DEALLOCATE ALL");
}

TEST_F(LookupTest, JoinsLookUpOuterColumns) {
  MustExec("CREATE TABLE local (id text, n int)");
  MustExec("INSERT INTO local VALUES ('a', 1), ('c', 2), ('zz', 3), (NULL, 4)");
  MustExec("ANALYZE local");
  // Keys as small as these would be scanned, if they were asked how large they are.
  MustExec("ALTER SERVER redis_server OPTIONS (ADD use_remote_estimate 'false')");
  ResetCalls();
  EXPECT_EQ(Query("SELECT n, value FROM local JOIN h ON h.field = local.id ORDER BY n"),
            "1|1\n2|3");
  EXPECT_EQ(Calls("hget"), 3);
  EXPECT_EQ(Calls("hscan") + Calls("hgetall"), 0);
  EXPECT_EQ(Query("SELECT n, value FROM local LEFT JOIN h ON h.field = local.id ORDER BY n"),
            "1|1\n2|3\n3|(null)\n4|(null)");
  EXPECT_EQ(
      Query("SELECT n FROM local WHERE EXISTS (SELECT 1 FROM s WHERE member = id) ORDER BY n"),
      "1\n2");
  EXPECT_EQ(Query("SELECT n, (SELECT score FROM z WHERE member = id) FROM local ORDER BY n"),
            "1|1\n2|Infinity\n3|(null)\n4|(null)");
  EXPECT_EQ(Query("SELECT h.value, z.score FROM h JOIN z ON z.member = h.field ORDER BY 1"),
            "1|1\n2|2.5\n3|Infinity");
}

TEST_F(LookupTest, SameAnswersWithPushdownOff) {
  const std::vector<std::string> queries = {
      "SELECT * FROM h WHERE field = 'b'",
      "SELECT * FROM h WHERE field IN ('a', 'c', NULL) ORDER BY 1",
      "SELECT * FROM z WHERE score BETWEEN 1 AND 3 ORDER BY 1",
      "SELECT * FROM z WHERE score < 'NaN' ORDER BY 1",
      "SELECT * FROM li WHERE index IN (-1, 2)",
      "SELECT * FROM x WHERE stream_id = '1-1'",
      "SELECT * FROM s WHERE member IN ('a', 'x')"};
  for (const std::string& query : queries) {
    MustExec("SET redis_fdw.enable_pushdown = on");
    std::string on = Query(query);
    MustExec("SET redis_fdw.enable_pushdown = off");
    EXPECT_EQ(on, Query(query)) << query;
    EXPECT_FALSE(absl::StrContains(Explain(query), "Redis Condition")) << query;
  }
}

TEST_F(LookupTest, WhatIsNotProvenStaysLocal) {
  Table("hc", "field char(4), value text", "hash", "h");
  Table("zi", "member text, score numeric(5, 1)", "zset", "z2");
  Table("zn", "member text, score numeric", "zset", "z2");
  MustExec(
      "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
  redis().Cli({"ZADD", "z2", "1", "a", "2.5", "b"});
  for (const char* query :
       {"SELECT * FROM hc WHERE field = 'a'", "SELECT * FROM h WHERE field = 'a' COLLATE ci",
        "SELECT * FROM zi WHERE score = 1.0", "SELECT * FROM h WHERE field > 'a'",
        "SELECT * FROM h WHERE field = random()::text", "SELECT * FROM h WHERE upper(field) = 'A'",
        "SELECT * FROM h WHERE field = value", "SELECT * FROM h WHERE field <> 'a'"}) {
    EXPECT_FALSE(absl::StrContains(Explain(query), "Redis Condition")) << query;
  }
  EXPECT_EQ(Query("SELECT value FROM h WHERE field = 'A' COLLATE ci"), "1");
  EXPECT_EQ(Query("SELECT member FROM zi WHERE score = 2.50"), "b");
  // The nearest double of a numeric only narrows.
  EXPECT_TRUE(absl::StrContains(Explain("SELECT * FROM zn WHERE score = 2.50"),
                                "Redis Condition (rechecked)"));
  EXPECT_EQ(Query("SELECT member FROM zn WHERE score = 2.50"), "b");
}

TEST_F(LookupTest, TypesThatAreEqualWhereTheirTextsAre) {
  MustExec("CREATE TYPE mood AS ENUM ('sad', 'happy')");
  const struct {
    const char* type;
    const char* stored;
    const char* value;
  } kCases[] = {{"date", "2024-02-03", "03.02.2024"},
                {"date", "infinity", "infinity"},
                {"time", "04:05:06.7", "04:05:06.700"},
                {"timestamp", "2024-02-03 04:05:06", "03.02.2024 04:05:06"},
                {"timestamptz", "2024-02-03 04:05:06+00", "2024-02-03 13:05:06+09"},
                {"timestamptz", "0044-03-15 12:00:00+00 BC", "0044-03-15 12:00+00 BC"},
                {"bool", "t", "yes"},
                {"mood", "happy", "happy"}};
  // What is written, looked up and compared does not depend on settings.
  MustExec("SET datestyle = 'German, DMY'; SET timezone = 'Asia/Tokyo'");
  for (const auto& c : kCases) {
    Table("typed", absl::StrCat("field ", c.type, ", value text"), "hash", "typed");
    redis().Cli({"DEL", "typed"});
    MustExec(absl::StrCat("INSERT INTO typed VALUES ('", c.value, "', 'found')"));
    EXPECT_EQ(redis().Cli({"HGET", "typed", c.stored}), "found") << c.type;
    MustExec(absl::StrCat("PREPARE q(", c.type, ") AS SELECT value FROM typed WHERE field = $1"));
    const std::string query = absl::StrCat("EXECUTE q('", c.value, "')");
    for (const char* mode : {"force_custom_plan", "force_generic_plan"}) {
      MustExec(absl::StrCat("SET plan_cache_mode = ", mode));
      EXPECT_EQ(Query(query), "found") << c.type;
    }
    EXPECT_TRUE(absl::StrContains(Explain(query), "Redis Operation: Lookup")) << c.type;
    MustExec("DEALLOCATE q");
    EXPECT_EQ(MustExec(absl::StrCat("DELETE FROM typed WHERE field IN ('", c.value, "')")).tag,
              "DELETE 1");
    MustExec("DROP FOREIGN TABLE typed");
  }
}

TEST_F(LookupTest, ExplainTellsCommandsAndCounts) {
  std::string plan = Explain("SELECT value FROM h WHERE field = 'b'");
  EXPECT_TRUE(absl::StrContains(plan, "Redis Operation: Lookup")) << plan;
  EXPECT_TRUE(absl::StrContains(plan, "Redis Condition: field = 'b'")) << plan;
  EXPECT_TRUE(absl::StrContains(plan, "Redis Command: HGET h 'b'")) << plan;
  plan = Explain("SELECT value FROM h WHERE field = 'b'", "ANALYZE, COSTS OFF, TIMING OFF");
  EXPECT_TRUE(absl::StrContains(plan, "Redis Commands Sent: 1")) << plan;
  EXPECT_TRUE(absl::StrContains(plan, "Redis Round Trips: 1")) << plan;
  EXPECT_TRUE(absl::StrContains(plan, "Redis Rows Decoded: 1")) << plan;
  std::string json = Explain("SELECT * FROM h", "VERBOSE, ANALYZE, FORMAT JSON");
  EXPECT_TRUE(absl::StrContains(json, "\"Redis Nodes\": 1,")) << json;
  EXPECT_TRUE(absl::StrContains(json, "\"Redis Commands\"")) << json;
}

// A row that somebody changed meanwhile is computed again, counts of Redis' elements with it.
TEST_F(LookupTest, CountsForRowsThatHaveChangedMeanwhile) {
  MustExec("CREATE TABLE counted (id int, above float8, n bigint)");
  MustExec("INSERT INTO counted VALUES (1, 1, 0)");
  for (const std::string update :
       {"UPDATE counted SET n = (SELECT count(*) FROM z WHERE score > above)",
        "UPDATE counted SET n = c.n FROM (SELECT count(*) AS n FROM z WHERE score > 2) c"}) {
    EXPECT_TRUE(absl::StrContains(Explain(update), "Aggregate on")) << Explain(update);
    PgConnection other = Connect();
    other.MustExec("BEGIN");
    other.MustExec("UPDATE counted SET above = 2, n = NULL");
    pg().Send(update);
    const absl::Time end = absl::Now() + absl::Seconds(30);
    while (other.Query1("SELECT count(*) FROM pg_locks WHERE NOT granted") != "1") {
      ASSERT_LT(absl::Now(), end) << update;
      absl::SleepFor(absl::Milliseconds(5));
    }
    other.MustExec("COMMIT");
    EXPECT_EQ(pg().Wait().tag, "UPDATE 1") << update;
    EXPECT_EQ(Query1("SELECT n FROM counted"), "2");
  }
}

}  // namespace
}  // namespace redis_fdw::test
