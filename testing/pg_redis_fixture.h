// The fixture of most tests through SQL: a PostgreSQL with the extension and a Redis, each started
// once per test binary, and for each test a database of its own and an empty Redis.
//
//   TEST_F(PgRedisTest, ReadsAHash) {
//     redis().Cli({"HSET", "h", "f", "v"});
//     MustExec("CREATE FOREIGN TABLE h (f text, v text) SERVER redis_server "
//              "OPTIONS (table_type 'hash', table_key_prefix 'h')");
//     EXPECT_EQ(Query1("SELECT v FROM h WHERE f = 'f'"), "v");
//   }
//
// In BUILD.bazel use pg_test() of //testing:defs.bzl. `redis_server` is a foreign server for the
// unix socket of redis(); the role `alice` may use it. TCP is there too: redis().port().

#ifndef REDIS_FDW_TESTING_PG_REDIS_FIXTURE_H_
#define REDIS_FDW_TESTING_PG_REDIS_FIXTURE_H_

#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "testing/pg_client.h"
#include "testing/postgres_server.h"
#include "testing/redis_server.h"

namespace redis_fdw::test {

class PgRedisTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  static RedisServer& redis();
  static PostgresServer& postgres();

  // A connection of the superuser to this test's database, opened at the start.
  PgConnection& pg() { return *pg_; }
  // Another one. If it cannot be had, the program ends.
  PgConnection Connect(const std::string& user = "postgres");
  // Opens pg() again, after the server was started again.
  void Reconnect() {
    observer_.reset();
    pg_.emplace(Connect());
  }
  const std::string& database() const { return database_; }

  PgResult Exec(const std::string& sql) { return pg().Exec(sql); }
  PgResult MustExec(const std::string& sql) { return pg().MustExec(sql); }
  std::string Query1(const std::string& sql) { return pg().Query1(sql); }
  // The whole result as text; see PgResult::Text.
  std::string Query(const std::string& sql) { return pg().MustExec(sql).Text(); }
  // The plan, as one text.
  std::string Explain(const std::string& sql, const std::string& options = "VERBOSE, COSTS OFF");

  // What was sent to a session is there a while later. Waits until it has begun, before which a
  // cancel is lost; or until it waits for Redis. False if it does not come to that.
  bool HasBegun(PgConnection& session) { return ShowsActivity(session, "state = 'active'"); }
  bool WaitsForRedis(PgConnection& session) {
    return ShowsActivity(session, "wait_event_type = 'Extension'");
  }

  // How often Redis has run `command` (in lower case) since ResetCalls().
  int Calls(const std::string& command);
  void ResetCalls() { redis().Cli({"CONFIG", "RESETSTAT"}); }

 private:
  bool ShowsActivity(PgConnection& session, const std::string& what);

  std::optional<PgConnection> pg_;
  std::optional<PgConnection> observer_;  // looks at what other sessions do
  std::string database_;
  size_t log_start_ = 0;
};

// The files to install, as pg_test() names them. Empty without an extension.
std::vector<std::string> ExtensionFiles();

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_PG_REDIS_FIXTURE_H_
