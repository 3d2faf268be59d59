// The connections of a session: kept, limited, shown, closed.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class PoolTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    MustExec(
        "CREATE FOREIGN TABLE s (m text) SERVER redis_server "
        "OPTIONS (table_type 'set', table_key_prefix 's')");
    redis().Cli({"SADD", "s", "member"});
  }

  std::string Count() { return Query1("SELECT count(*) FROM redis_fdw_connections()"); }
  // A set that does not come at once.
  void MakeBigSet() {
    MustExec("INSERT INTO s SELECT repeat('x', 100) || i FROM generate_series(1, 20000) i");
  }
};

TEST_F(PoolTest, ShowsConnections) {
  EXPECT_EQ(Count(), "0");
  MustExec("SELECT * FROM s");
  EXPECT_EQ(
      Query("SELECT server_name, user_name, node, role, database, state "
            "FROM redis_fdw_connections()"),
      absl::StrCat("redis_server|postgres|unix://", redis().unix_socket(), "|primary|0|idle"));
  EXPECT_EQ(Query("SELECT commands > 0, bytes_sent > 0, bytes_received > 0, "
                  "idle BETWEEN '0' AND age, age < '1 min' FROM redis_fdw_connections()"),
            "t|t|t|t|t");
  // Another session's are not this one's.
  EXPECT_EQ(Connect().Query1("SELECT count(*) FROM redis_fdw_connections()"), "0");
}

TEST_F(PoolTest, ShowsWhatIsInUse) {
  MakeBigSet();
  MustExec("BEGIN; DECLARE c CURSOR FOR SELECT * FROM s; FETCH 1 FROM c");
  EXPECT_EQ(Query("SELECT DISTINCT state, idle IS NULL FROM redis_fdw_connections() "
                  "WHERE state = 'in use'"),
            "in use|t");
  // Closed when it comes back, and not before.
  EXPECT_EQ(Query1("SELECT redis_fdw_disconnect('redis_server')"), "t");
  EXPECT_EQ(Count(), "1");
  EXPECT_EQ(MustExec("FETCH ALL FROM c").tag, "FETCH 20000");
  MustExec("COMMIT");
  EXPECT_EQ(Count(), "0");
  EXPECT_EQ(Query1("SELECT count(*) FROM s"), "20001");
}

TEST_F(PoolTest, ChangesCloseThoseInUseWhenTheyComeBack) {
  MakeBigSet();
  MustExec("BEGIN; DECLARE c CURSOR FOR SELECT * FROM s; FETCH 1 FROM c");
  MustExec("ALTER SERVER redis_server OPTIONS (ADD fetch_size '100')");
  EXPECT_EQ(Query("SELECT server_name, state FROM redis_fdw_connections()"), "redis_server|in use");
  EXPECT_EQ(MustExec("FETCH ALL FROM c").tag, "FETCH 20000");
  MustExec("COMMIT");
  EXPECT_EQ(Count(), "0");
}

TEST_F(PoolTest, DisconnectsWhatItIsAsked) {
  MustExec(absl::StrCat("CREATE SERVER other FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port ",
                        "'unix://", redis().unix_socket(), "')"));
  MustExec(
      "CREATE FOREIGN TABLE o (m text) SERVER other "
      "OPTIONS (table_type 'set', table_key_prefix 's')");
  MustExec("SELECT * FROM s, o");
  EXPECT_EQ(Count(), "2");
  EXPECT_EQ(Query1("SELECT redis_fdw_disconnect('other')"), "t");
  EXPECT_EQ(Query("SELECT server_name FROM redis_fdw_connections()"), "redis_server");
  EXPECT_EQ(Query1("SELECT redis_fdw_disconnect('other')"), "f");
  MustExec("SELECT * FROM o");
  EXPECT_EQ(Query1("SELECT redis_fdw_disconnect_all()"), "t");
  EXPECT_EQ(Count(), "0");
  EXPECT_EQ(Query1("SELECT redis_fdw_disconnect_all()"), "f");
  EXPECT_EQ(Query1("SELECT redis_fdw_disconnect(NULL)"), "(null)");
  EXPECT_EQ(Exec("SELECT redis_fdw_disconnect('nobody')").error.sqlstate, "42704");
  MustExec("CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER n FOREIGN DATA WRAPPER nothing");
  EXPECT_FALSE(Exec("SELECT redis_fdw_disconnect('n')").ok());
}

TEST_F(PoolTest, ChangesCloseConnections) {
  for (const char* ddl :
       {"ALTER SERVER redis_server OPTIONS (ADD connect_timeout_ms '9000')",
        "CREATE USER MAPPING FOR PUBLIC SERVER redis_server",
        "ALTER USER MAPPING FOR PUBLIC SERVER redis_server OPTIONS (ADD password '')",
        "DROP USER MAPPING FOR PUBLIC SERVER redis_server"}) {
    EXPECT_EQ(Query("SELECT * FROM s"), "member");
    EXPECT_EQ(Count(), "1");
    MustExec(ddl);
    EXPECT_EQ(Count(), "0") << ddl;
  }
  // Another session's change, too.
  EXPECT_EQ(Query("SELECT * FROM s"), "member");
  Connect().MustExec("ALTER SERVER redis_server OPTIONS (SET connect_timeout_ms '8000')");
  EXPECT_EQ(Count(), "0");
}

TEST_F(PoolTest, IdleOnesAreClosedAtTransactionEnd) {
  MustExec("ALTER SERVER redis_server OPTIONS (ADD pool_idle_timeout_secs '1')");
  MustExec("SELECT * FROM s");
  EXPECT_EQ(Count(), "1");
  MustExec("SELECT pg_sleep(1.1)");
  EXPECT_EQ(Count(), "0");
  // Also where it ends in an error.
  MustExec("SELECT * FROM s");
  EXPECT_EQ(Count(), "1");
  MustExec("BEGIN; SELECT pg_sleep(1.1)");
  EXPECT_FALSE(Exec("SELECT 1 / 0").ok());
  MustExec("ROLLBACK");
  EXPECT_EQ(Count(), "0");
}

TEST_F(PoolTest, OldOnesAreClosed) {
  MustExec("ALTER SERVER redis_server OPTIONS (ADD pool_max_lifetime_secs '1')");
  MustExec("SELECT * FROM s");
  absl::SleepFor(absl::Milliseconds(1100));
  // What there is has been made since; it would be closed at the end of the transaction.
  MustExec("BEGIN; SELECT * FROM s");
  EXPECT_EQ(Query("SELECT clock_timestamp() - age >= now() FROM redis_fdw_connections()"), "t");
  MustExec("COMMIT");
}

TEST_F(PoolTest, AnErrorGivesTheConnectionBack) {
  redis().Cli({"SET", "wrong", "type"});
  MustExec(
      "CREATE FOREIGN TABLE w (m text) SERVER redis_server "
      "OPTIONS (table_type 'set', table_key_prefix 'wrong')");
  EXPECT_FALSE(Exec("SELECT * FROM w").ok());
  EXPECT_EQ(Query("SELECT state FROM redis_fdw_connections()"), "idle");
}

TEST_F(PoolTest, ConnectingIsBoundedByThePoolsTimeout) {
  MustExec("ALTER SERVER redis_server OPTIONS (ADD pool_connection_timeout_ms '300')");
  redis().Stop();
  const absl::Time begin = absl::Now();
  PgResult result = Exec("SELECT * FROM s");
  redis().Continue();
  EXPECT_EQ(result.error.sqlstate, "08001") << result.error.ToString();
  EXPECT_TRUE(absl::StrContains(result.error.ToString(), "pool_connection_timeout_ms"));
  // Long before connect_timeout_ms.
  EXPECT_LT(absl::Now() - begin, absl::Seconds(9));
}

TEST_F(PoolTest, OperatorsSeeWhoConnects) {
  MustExec("SELECT * FROM s");
  EXPECT_TRUE(
      absl::StrContains(redis().Cli({"CLIENT", "LIST"}),
                        absl::StrCat("name=redis_fdw:", database(), ":", pg().backend_pid(), " ")));
}

}  // namespace
}  // namespace redis_fdw::test
