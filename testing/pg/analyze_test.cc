// ANALYZE: what it finds out, what that costs Redis, and how it ends when it cannot.

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class AnalyzeTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    ResetCalls();
  }
  // Runs a script with redis.call in it.
  void Lua(const std::string& script) {
    RedisReply reply = redis().Command({"EVAL", script, "0"});
    ASSERT_FALSE(reply.is_error()) << reply.text;
  }
  void MakeTable(const std::string& columns, const std::string& type, const std::string& key,
                 const std::string& more = "") {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE t (", columns,
                          ") SERVER redis_server OPTIONS (table_type '", type,
                          "', table_key_prefix '", key, "'", more, ")"));
  }
  double Number(const std::string& sql) {
    double number = -1;
    EXPECT_TRUE(absl::SimpleAtod(Query1(sql), &number)) << sql;
    return number;
  }
  double Rows() { return Number("SELECT reltuples FROM pg_class WHERE relname = 't'"); }
  // A column of pg_stats of a column of t.
  double Stat(const std::string& what, const std::string& column) {
    return Number(absl::StrCat(
        "SELECT ", what, " FROM pg_stats WHERE tablename = 't' AND attname = '", column, "'"));
  }
  // Bytes that Redis has sent so far.
  double BytesSent() {
    for (absl::string_view line : absl::StrSplit(redis().Cli({"INFO", "stats"}), "\r\n")) {
      double bytes = 0;
      if (absl::ConsumePrefix(&line, "total_net_output_bytes:") && absl::SimpleAtod(line, &bytes)) {
        return bytes;
      }
    }
    return -1;
  }
};

TEST_F(AnalyzeTest, OfASmallHashEverythingIsKnown) {
  Lua("for i = 1, 1000 do redis.call('HSET', 'h', 'f' .. i, 'v' .. i % 10) end");
  MakeTable("f text, v text", "hash", "h");
  MustExec("ANALYZE t");
  EXPECT_EQ(Rows(), 1000);
  EXPECT_EQ(Stat("n_distinct", "f"), -1);
  EXPECT_EQ(Stat("n_distinct", "v"), 10);
  EXPECT_EQ(Stat("avg_width", "v"), 3);
}

TEST_F(AnalyzeTest, OfALargeHashAPartIsRead) {
  Lua("for i = 1, 200000 do redis.call('HSET', 'h', 'f' .. i, 'v' .. i % 10) end");
  MakeTable("f text, v text", "hash", "h");
  MustExec("SET default_statistics_target = 10");
  ResetCalls();
  const double before = BytesSent();
  MustExec("ANALYZE t");
  EXPECT_LT(BytesSent() - before, 300e3);
  EXPECT_LE(Calls("hrandfield"), 6);
  EXPECT_EQ(Calls("hscan"), 0);
  EXPECT_EQ(Calls("hgetall"), 0);
  EXPECT_EQ(Rows(), 200000);
  EXPECT_EQ(Stat("n_distinct", "f"), -1);
  EXPECT_EQ(Stat("n_distinct", "v"), 10);
}

TEST_F(AnalyzeTest, OfLargeCollectionsAPartIsRead) {
  Lua("for i = 1, 50000 do redis.call('SADD', 's', 'm' .. i) redis.call('ZADD', 'z', i, 'm' .. i) "
      "redis.call('RPUSH', 'l', 'e' .. i) redis.call('XADD', 'x', i .. '-0', 'f', i % 10) end");
  MustExec("SET default_statistics_target = 1");
  struct {
    const char* columns;
    const char* type;
    const char* key;
    const char* never;  // commands that read everything
  } const tables[] = {{"m text", "set", "s", "sscan"},
                      {"m text, s float8", "zset", "z", "zscan"},
                      {"i bigint, e text", "list", "l", "lindex"},
                      {"id text, f text", "stream", "x", "xread"}};
  for (const auto& table : tables) {
    MakeTable(table.columns, table.type, table.key);
    const double before = BytesSent();
    MustExec("ANALYZE t");
    EXPECT_LT(BytesSent() - before, 100e3) << table.type;
    EXPECT_EQ(Calls(table.never), 0);
    EXPECT_EQ(Rows(), 50000) << table.type;
    MustExec("DROP FOREIGN TABLE t");
  }
}

TEST_F(AnalyzeTest, ScoresHaveAHistogram) {
  Lua("for i = 1, 50000 do redis.call('ZADD', 'z', i, 'm' .. i) end");
  MakeTable("m text, s float8", "zset", "z");
  MustExec("SET default_statistics_target = 10");
  MustExec("ANALYZE t");
  const double tenth = Number(
      "SELECT (histogram_bounds::text::float8[])[2] FROM pg_stats "
      "WHERE tablename = 't' AND attname = 's'");
  EXPECT_NEAR(tenth, 5000, 1500);
}

TEST_F(AnalyzeTest, KeysOfAPatternAreCountedByTheirShare) {
  Lua("for i = 1, 20000 do redis.call('SET', 'a:' .. i, i) end "
      "for i = 1, 60000 do redis.call('SET', 'b:' .. i, i) end");
  MakeTable("key text, v integer", "string", "a:*");
  MustExec("SET default_statistics_target = 4");
  MustExec("ANALYZE t");
  EXPECT_NEAR(Rows(), 20000, 4000);
  EXPECT_LE(Calls("scan"), 10);
}

TEST_F(AnalyzeTest, ElementsOfManyKeys) {
  Lua("for i = 1, 50 do for j = 1, 200 do redis.call('HSET', 'a:' .. i, 'f' .. j, j) end end");
  MakeTable("key text, f text, v integer", "hash", "a:*");
  MustExec("SET default_statistics_target = 10");
  MustExec("ANALYZE t");
  EXPECT_EQ(Rows(), 10000);
  EXPECT_EQ(Stat("n_distinct", "key"), 50);
  EXPECT_NEAR(Stat("n_distinct", "f"), 200, 5);
}

TEST_F(AnalyzeTest, RowsThatAreKeys) {
  Lua("for i = 1, 300 do redis.call('HSET', 'u:' .. i, 'city', 'c' .. i % 3) end");
  MakeTable("id text OPTIONS (redis 'key'), city text, ttl integer", "hash", "u:*",
            ", row_per 'key'");
  MustExec("ANALYZE t");
  EXPECT_EQ(Rows(), 300);
  EXPECT_EQ(Stat("n_distinct", "city"), 3);
  MustExec("DROP FOREIGN TABLE t");
  Lua("redis.call('SADD', 's:1', 'a', 'b')");
  MakeTable("key text, members text[]", "set", "s:*", ", row_per 'key'");
  MustExec("ANALYZE t");
  EXPECT_EQ(Rows(), 1);
}

TEST_F(AnalyzeTest, AnAbsentKeyHasNoRows) {
  MakeTable("f text, v text", "hash", "none");
  MustExec("ANALYZE t");
  EXPECT_EQ(Rows(), 0);
}

TEST_F(AnalyzeTest, DroppedColumnsAndNamedColumns) {
  redis().Cli({"HSET", "h", "f", "7"});
  MakeTable("f text, gone text", "hash", "h");
  MustExec("ALTER FOREIGN TABLE t DROP COLUMN gone, ADD COLUMN v integer");
  MustExec("ANALYZE t (v)");
  EXPECT_EQ(Rows(), 1);
  EXPECT_EQ(Query1("SELECT count(*) FROM pg_stats WHERE tablename = 't'"), "1");
}

TEST_F(AnalyzeTest, SaysWhatItDid) {
  redis().Cli({"HSET", "h", "f", "v"});
  MakeTable("f text, v text", "hash", "h");
  pg().TakeNotices();
  MustExec("ANALYZE VERBOSE t");
  std::string said;
  for (const auto& notice : pg().TakeNotices()) absl::StrAppend(&said, notice.ToString(), "\n");
  EXPECT_TRUE(absl::StrContains(said, "\"t\": table contains 1 rows, 1 rows in sample")) << said;
}

TEST_F(AnalyzeTest, APartOfAnInheritanceTree) {
  Lua("for i = 1, 1000 do redis.call('HSET', 'h', 'f' .. i, 'v') end");
  MustExec("CREATE TABLE parent (f text, v text)");
  MustExec("INSERT INTO parent SELECT 'l' || i, 'w' FROM generate_series(1, 1000) i");
  MakeTable("f text, v text", "hash", "h");
  MustExec("ALTER FOREIGN TABLE t INHERIT parent");
  MustExec("ANALYZE t");
  MustExec("ANALYZE parent");
  EXPECT_EQ(Query1("SELECT n_distinct FROM pg_stats WHERE tablename = 'parent' AND attname = 'v' "
                   "AND inherited"),
            "2");
}

TEST_F(AnalyzeTest, FailsLikeAScan) {
  redis().Cli({"SET", "s", "x"});
  MakeTable("f text, v integer", "hash", "s");
  EXPECT_EQ(Exec("ANALYZE t").error.sqlstate, "42809");
  redis().Cli({"DEL", "s"});
  redis().Cli({"HSET", "s", "f", "seven"});
  PgResult result = Exec("ANALYZE t");
  EXPECT_EQ(result.error.sqlstate, "22P02");
  EXPECT_TRUE(absl::StrContains(result.error.ToString(), "field \"f\"")) << result.error.ToString();
  redis().Cli({"HSET", "s", "f", "7"});
  MustExec("ANALYZE t");
}

TEST_F(AnalyzeTest, RunsAsTheOwner) {
  redis().Cli({"HSET", "h", "f", "v"});
  MustExec("CREATE USER MAPPING FOR alice SERVER redis_server OPTIONS (password 'wrong')");
  MakeTable("f text, v text", "hash", "h");
  MustExec("ANALYZE t");
  MustExec("ALTER FOREIGN TABLE t OWNER TO alice");
  EXPECT_EQ(Exec("ANALYZE t").error.sqlstate, "28P01");
}

TEST_F(AnalyzeTest, IsCancelled) {
  redis().Cli({"HSET", "h", "f", "v"});
  MakeTable("f text, v text", "hash", "h");
  redis().Stop();
  MustExec("SET statement_timeout = 100");
  const absl::Time start = absl::Now();
  EXPECT_EQ(Exec("ANALYZE t").error.sqlstate, "57014");
  EXPECT_LT(absl::Now() - start, absl::Seconds(9));  // connect_timeout_ms is 10 s
  redis().Continue();
  MustExec("RESET statement_timeout");
  MustExec("ANALYZE t");
}

TEST_F(AnalyzeTest, SeesWhatItsTransactionHasWritten) {
  MakeTable("f text, v text", "hash", "h");
  MustExec("BEGIN");
  MustExec("INSERT INTO t SELECT 'f' || i, 'v' FROM generate_series(1, 10) i");
  MustExec("ANALYZE t");
  MustExec("COMMIT");
  EXPECT_EQ(Rows(), 10);
}

}  // namespace
}  // namespace redis_fdw::test
