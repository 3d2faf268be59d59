// redis_fdw_stats: whose traffic it counts, who sees it, with the library preloaded and without.

#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"
#include "testing/process.h"

namespace redis_fdw::test {
namespace {

constexpr char kCounts[] =
    "SELECT server_name, user_name, commands, round_trips, shared FROM redis_fdw_stats "
    "ORDER BY server_name, user_name";

std::string SetTable(const std::string& name, const std::string& server) {
  return absl::StrCat("CREATE FOREIGN TABLE ", name, " (m text) SERVER ", server,
                      " OPTIONS (table_type 'set', table_key_prefix '", name, "')");
}

// The number that EXPLAIN (ANALYZE) shows after `label`.
int64_t Shown(const std::string& plan, const std::string& label) {
  const size_t at = plan.find(label + ": ");
  int64_t number = -1;
  if (at == std::string::npos) return number;
  const std::string rest = plan.substr(at + label.size() + 2);
  EXPECT_TRUE(absl::SimpleAtoi(rest.substr(0, rest.find_first_not_of("0123456789")), &number));
  return number;
}

// --- Of this backend alone ----------------------------------------------------------------------

class LocalStatsTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    redis().Cli({"SADD", "s", "a", "b", "c"});
    MustExec(SetTable("s", "redis_server"));
    MustExec("GRANT ALL ON s TO alice");
  }
};

TEST_F(LocalStatsTest, NothingDoneIsNoRow) { EXPECT_EQ(Query(kCounts), ""); }

TEST_F(LocalStatsTest, CountsWhatExplainSays) {
  const std::string plan =
      Explain("SELECT m FROM s WHERE m = 'a'", "ANALYZE, COSTS OFF, SUMMARY OFF");
  EXPECT_EQ(
      Query("SELECT commands, round_trips, bytes_sent, bytes_received FROM redis_fdw_stats"),
      absl::StrCat(Shown(plan, "Redis Commands Sent"), "|", Shown(plan, "Redis Round Trips"), "|",
                   Shown(plan, "Redis Bytes Sent"), "|", Shown(plan, "Redis Bytes Received")));
  EXPECT_EQ(Query("SELECT commands > 0, bytes_sent > 0, bytes_received > 0, "
                  "errors, retries, redirects, pool_waits FROM redis_fdw_stats"),
            "t|t|t|0|0|0|0");
}

TEST_F(LocalStatsTest, WaitTimeIsInMilliseconds) {
  MustExec("SELECT * FROM s WHERE m = 'a'");
  MustExec("SELECT redis_fdw_stats_reset()");
  redis().Stop();
  pg().Send("SELECT * FROM s WHERE m = 'a'");
  EXPECT_TRUE(WaitsForRedis(pg()));
  absl::SleepFor(absl::Milliseconds(200));
  redis().Continue();
  EXPECT_TRUE(pg().Wait().ok());
  EXPECT_EQ(Query("SELECT wait_time > 100, wait_time < 60000 FROM redis_fdw_stats"), "t|t");
}

TEST_F(LocalStatsTest, OtherSessionsAreNotSeen) {
  PgConnection other = Connect();
  other.MustExec("SELECT * FROM s WHERE m = 'a'");
  EXPECT_EQ(Query(kCounts), "");
  EXPECT_EQ(other.MustExec(kCounts).Text(), "redis_server|postgres|1|1|f");
  other.MustExec("SELECT * FROM s WHERE m = 'a'");
  EXPECT_EQ(other.MustExec(kCounts).Text(), "redis_server|postgres|2|2|f");
}

TEST_F(LocalStatsTest, WritesAndCommandsCountToo) {
  MustExec("INSERT INTO s VALUES ('d'), ('e')");
  const std::string written = Query1("SELECT commands FROM redis_fdw_stats");
  EXPECT_NE(written, "0");
  MustExec("SELECT redis_command('redis_server', 'PING')");
  EXPECT_EQ(Query(absl::StrCat("SELECT commands - ", written, " FROM redis_fdw_stats")), "1");
}

TEST_F(LocalStatsTest, FailedStatementsCount) {
  redis().Cli({"SET", "s", "no set"});
  EXPECT_EQ(Exec("SELECT * FROM s WHERE m = 'a'").error.sqlstate, "42809");
  EXPECT_EQ(Query(kCounts), "redis_server|postgres|1|1|f");
  // A rollback takes nothing back.
  MustExec("BEGIN");
  EXPECT_FALSE(Exec("SELECT * FROM s WHERE m = 'a'").ok());
  MustExec("ROLLBACK");
  EXPECT_EQ(Query(kCounts), "redis_server|postgres|2|2|f");
}

TEST_F(LocalStatsTest, UnfinishedScansCount) {
  MustExec("BEGIN");
  MustExec("DECLARE c CURSOR FOR SELECT * FROM s");
  MustExec("FETCH 1 FROM c");
  MustExec("ROLLBACK");
  EXPECT_NE(Query1("SELECT commands FROM redis_fdw_stats"), "0");
}

TEST_F(LocalStatsTest, ScansThatWaitForAConnection) {
  MustExec("ALTER SERVER redis_server OPTIONS (ADD pool_max_size '1')");
  for (int i = 0; i < 3000; ++i) redis().Cli({"SADD", "s", absl::StrCat("member", i)});
  MustExec("BEGIN");
  MustExec("DECLARE c CURSOR FOR SELECT * FROM s");
  MustExec("FETCH 1 FROM c");
  EXPECT_EQ(Query("SELECT count(*) FROM (SELECT m || '' FROM s) AS x"), "3003");
  MustExec("COMMIT");
  EXPECT_EQ(Query("SELECT pool_waits >= 1 FROM redis_fdw_stats"), "t");
}

TEST_F(LocalStatsTest, EachUserSeesItsOwn) {
  MustExec("SELECT * FROM s WHERE m = 'a'");
  MustExec("SET ROLE alice");
  EXPECT_EQ(Query(kCounts), "");
  MustExec("SELECT * FROM s WHERE m = 'a' OR m = 'b'");
  const std::string of_alice = Query(kCounts);
  EXPECT_TRUE(absl::StartsWith(of_alice, "redis_server|alice|")) << of_alice;
  EXPECT_EQ(Query("SELECT count(*) FROM redis_fdw_stats()"), "1");
  EXPECT_EQ(Exec("SELECT redis_fdw_stats_reset()").error.sqlstate, "42501");
  MustExec("RESET ROLE");
  EXPECT_EQ(Query(kCounts), of_alice + "\nredis_server|postgres|1|1|f");
  MustExec("GRANT pg_read_all_stats TO alice");
  MustExec("SET ROLE alice");
  EXPECT_EQ(Query("SELECT count(*) FROM redis_fdw_stats"), "2");
  MustExec("RESET ROLE");
  MustExec("REVOKE pg_read_all_stats FROM alice");
}

// A view's connections are its owner's.
TEST_F(LocalStatsTest, ViewsCountForTheirOwner) {
  MustExec("CREATE VIEW v AS SELECT * FROM s WHERE m = 'a'; GRANT SELECT ON v TO alice");
  MustExec("SET ROLE alice");
  MustExec("SELECT * FROM v");
  EXPECT_EQ(Query(kCounts), "");
  MustExec("RESET ROLE");
  EXPECT_EQ(Query(kCounts), "redis_server|postgres|1|1|f");
}

TEST_F(LocalStatsTest, ResetStartsAgain) {
  MustExec("SELECT * FROM s WHERE m = 'a'");
  MustExec("SELECT redis_fdw_stats_reset()");
  EXPECT_EQ(Query(kCounts), "");
  MustExec("SELECT * FROM s WHERE m = 'a'");
  EXPECT_EQ(Query(kCounts), "redis_server|postgres|1|1|f");
}

TEST_F(LocalStatsTest, DroppedAndRenamedServers) {
  MustExec("SELECT * FROM s WHERE m = 'a'");
  MustExec("ALTER SERVER redis_server RENAME TO other_name");
  EXPECT_EQ(Query(kCounts), "other_name|postgres|1|1|f");
  MustExec("DROP SERVER other_name CASCADE");
  EXPECT_EQ(Query(kCounts), "");
}

// More servers than there are places: none is lost, and nothing fails.
TEST_F(LocalStatsTest, TooManyServersShareARow) {
  constexpr int kServers = 150;
  for (int i = 0; i < kServers; ++i) {
    const std::string name = absl::StrCat("s", i);
    MustExec(absl::StrCat("CREATE SERVER ", name, " FOREIGN DATA WRAPPER redis_fdw OPTIONS ",
                          "(host_port 'unix://", redis().unix_socket(), "')"));
    MustExec(SetTable(name, name));
    MustExec(absl::StrCat("SELECT * FROM ", name, " WHERE m = 'a'"));
  }
  EXPECT_EQ(Query("SELECT sum(commands) FROM redis_fdw_stats"), absl::StrCat(kServers));
  EXPECT_EQ(Query("SELECT count(*), bool_and(user_name IS NULL), bool_and(commands > 1) "
                  "FROM redis_fdw_stats WHERE server_name IS NULL"),
            "1|t|t");
  MustExec("SET ROLE alice");
  EXPECT_EQ(Query(kCounts), "");
}

TEST_F(LocalStatsTest, TheExtensionMayBeInAnySchema) {
  MustExec("SELECT * FROM s WHERE m = 'a'");
  MustExec("CREATE SCHEMA elsewhere; ALTER EXTENSION redis_fdw SET SCHEMA elsewhere");
  EXPECT_EQ(Query("SELECT commands FROM elsewhere.redis_fdw_stats"), "1");
  MustExec("SELECT elsewhere.redis_fdw_stats_reset()");
  EXPECT_EQ(Query("SELECT commands FROM elsewhere.redis_fdw_stats"), "");
}

// Workers have sums of their own, which are none.
TEST_F(LocalStatsTest, ParallelQueriesReadTheLeadersSums) {
  MustExec("SELECT * FROM s WHERE m = 'a'");
  MustExec("CREATE TABLE big AS SELECT generate_series(1, 10000) AS a; ANALYZE big");
  MustExec(
      "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; "
      "SET min_parallel_table_scan_size = 0");
  const std::string query = "SELECT count(*) FROM big, redis_fdw_stats WHERE a > commands";
  EXPECT_TRUE(absl::StrContains(Explain(query), "Gather")) << Explain(query);
  EXPECT_EQ(Query(query), "9999");
}

// --- Of all sessions ----------------------------------------------------------------------------

class SharedStatsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto redis = RedisServer::Start();
    ASSERT_TRUE(redis.ok()) << redis.status();
    redis_ = *std::move(redis);
    PostgresOptions options;
    options.extension_files = ExtensionFiles();
    options.config = {"shared_preload_libraries=redis_fdw"};
    auto postgres = PostgresServer::Start(options);
    ASSERT_TRUE(postgres.ok()) << postgres.status();
    postgres_ = *std::move(postgres);
    Connect().MustExec("CREATE ROLE alice LOGIN");
    MakeServer("postgres");
  }
  static void TearDownTestSuite() {
    postgres_.reset();
    redis_.reset();
  }
  void SetUp() override {
    redis_->FlushAll();
    Connect().MustExec("SELECT redis_fdw_stats_reset()");
  }

  static PgConnection Connect(const std::string& database = "postgres",
                              const std::string& user = "postgres") {
    return *postgres_->Connect(database, user);
  }

  static void MakeServer(const std::string& database) {
    PgConnection pg = Connect(database);
    pg.MustExec("CREATE EXTENSION redis_fdw");
    pg.MustExec(absl::StrCat("CREATE SERVER r FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port '",
                             redis_->host_port(), "')"));
    pg.MustExec("GRANT USAGE ON FOREIGN SERVER r TO alice");
    pg.MustExec(SetTable("s", "r"));
    pg.MustExec("GRANT SELECT ON s TO alice");
  }

  static std::unique_ptr<RedisServer> redis_;
  static std::unique_ptr<PostgresServer> postgres_;
};

std::unique_ptr<RedisServer> SharedStatsTest::redis_;
std::unique_ptr<PostgresServer> SharedStatsTest::postgres_;

TEST_F(SharedStatsTest, SessionsAddUp) {
  PgConnection first = Connect();
  {
    PgConnection second = Connect();
    PgConnection third = Connect("postgres", "alice");
    first.MustExec("SELECT * FROM s WHERE m = 'a'");
    second.MustExec("SELECT * FROM s WHERE m = 'a'");
    second.MustExec("SELECT * FROM s WHERE m = 'b'");
    third.MustExec("SELECT * FROM s WHERE m = 'c'");
    EXPECT_EQ(second.MustExec(kCounts).Text(), "r|alice|1|1|t\nr|postgres|3|3|t");
    EXPECT_EQ(third.MustExec(kCounts).Text(), "r|alice|1|1|t");
  }
  // Also of sessions that have ended.
  EXPECT_EQ(first.MustExec(kCounts).Text(), "r|alice|1|1|t\nr|postgres|3|3|t");
  first.MustExec("SELECT redis_fdw_stats_reset()");
  EXPECT_EQ(first.MustExec(kCounts).Text(), "");
}

TEST_F(SharedStatsTest, ManySessionsAtOnceLoseNothing) {
  constexpr int kSessions = 6;
  std::vector<PgConnection> sessions;
  for (int i = 0; i < kSessions; ++i) sessions.push_back(Connect());
  for (PgConnection& session : sessions) {
    session.Send(
        "DO $$ BEGIN FOR i IN 1..500 LOOP PERFORM * FROM s WHERE m = 'a'; END LOOP; END $$");
  }
  for (PgConnection& session : sessions) EXPECT_TRUE(session.Wait().ok());
  EXPECT_EQ(sessions[0].Query1("SELECT commands FROM redis_fdw_stats"), "3000");
}

TEST_F(SharedStatsTest, DatabasesAreApart) {
  Connect().MustExec("CREATE DATABASE other");
  MakeServer("other");
  PgConnection pg = Connect();
  PgConnection other = Connect("other");
  pg.MustExec("SELECT * FROM s WHERE m = 'a'");
  other.MustExec("SELECT * FROM s WHERE m = 'a'");
  other.MustExec("SELECT * FROM s WHERE m = 'b'");
  EXPECT_EQ(pg.MustExec(kCounts).Text(), "r|postgres|1|1|t");
  EXPECT_EQ(other.MustExec(kCounts).Text(), "r|postgres|2|2|t");
  // A database without the extension is not disturbed by the library.
  PgConnection bare = Connect("template1");
  bare.MustExec("CREATE TABLE t (a int); DROP TABLE t");
  EXPECT_EQ(bare.Query1("SELECT to_regclass('redis_fdw_stats') IS NULL"), "t");
}

// As after a crash of any backend: the memory is made anew.
TEST_F(SharedStatsTest, ACrashStartsAgain) {
  PgConnection crashing = Connect();
  PgConnection pg = Connect();
  crashing.MustExec("SELECT * FROM s WHERE m = 'a'");
  ASSERT_EQ(kill(crashing.backend_pid(), SIGKILL), 0);
  ASSERT_TRUE(WaitUntil([&pg] { return !pg.Exec("SELECT 1").ok(); }, absl::Seconds(60)));
  ASSERT_TRUE(WaitUntil([] { return postgres_->Connect().ok(); }, absl::Seconds(60)));
  EXPECT_EQ(Connect().MustExec(kCounts).Text(), "");
  Connect().MustExec("SELECT * FROM s WHERE m = 'a'");
  EXPECT_EQ(Connect().MustExec(kCounts).Text(), "r|postgres|1|1|t");
}

TEST_F(SharedStatsTest, ARestartStartsAgain) {
  Connect().MustExec("SELECT * FROM s WHERE m = 'a'");
  EXPECT_EQ(Connect().MustExec(kCounts).Text(), "r|postgres|1|1|t");
  ASSERT_TRUE(postgres_->Restart().ok());
  EXPECT_EQ(Connect().MustExec(kCounts).Text(), "");
  Connect().MustExec("SELECT * FROM s WHERE m = 'a'");
  EXPECT_EQ(Connect().MustExec(kCounts).Text(), "r|postgres|1|1|t");
}

}  // namespace
}  // namespace redis_fdw::test
