// One server with an append-only file is killed and comes back, between statements and under load.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "testing/reliability/reliability_fixture.h"

namespace redis_fdw::test {
namespace {

class RestartTest : public ReliabilityTest {
 protected:
  void SetUp() override {
    ReliabilityTest::SetUp();
    RedisOptions options;
    options.tcp = true;
    // What was answered is in the file then, if not on the disk, which who is killed does not miss
    // and which can take seconds. (By everysec, what is written while the file is being synced
    // waits in memory.)
    options.config = {"appendonly yes", "appendfsync no"};
    server_ = RedisServer::Start(options).value();
  }
  std::string Options() const { return absl::StrCat("host_port '", server_->host_port(), "'"); }

  std::unique_ptr<RedisServer> server_;
};

TEST_F(RestartTest, BetweenStatementsNobodyNotices) {
  MustExec("CREATE SERVER live FOREIGN DATA WRAPPER redis_fdw OPTIONS (" + Options() + ")");
  MakeTables(pg(), "live", World(1, {{"t"}}));
  for (int i = 0; i < 5; ++i) {
    MustExec(absl::StrCat("INSERT INTO strings VALUES ('string:", i, "', 'v')"));
    ASSERT_TRUE(server_->Restart().ok());
    EXPECT_EQ(Query1("SELECT count(*) FROM strings"), absl::StrCat(i + 1));
    ASSERT_TRUE(server_->Restart().ok());
    MustExec("INSERT INTO streams (key, payload) VALUES ('stream:a', 'once')");
    ASSERT_TRUE(server_->Restart().ok());
    MustExec("UPDATE strings SET value = value || '!'");
  }
  EXPECT_EQ(server_->Cli({"XLEN", "stream:a"}), "5");
  EXPECT_EQ(server_->Cli({"GET", "string:0"}), "v!!!!!");
}

TEST_F(RestartTest, InsideOfATransactionAndACursor) {
  MustExec("CREATE SERVER live FOREIGN DATA WRAPPER redis_fdw OPTIONS (" + Options() + ")");
  MakeTables(pg(), "live", World(1, {{"t"}}));
  MustExec("INSERT INTO strings SELECT 'string:' || i, i FROM generate_series(1, 5000) i");
  MustExec("BEGIN; DECLARE c CURSOR FOR SELECT key FROM strings");
  EXPECT_EQ(MustExec("FETCH 100 FROM c").rows.size(), 100u);
  ASSERT_TRUE(server_->Restart().ok());
  MustExec("INSERT INTO strings VALUES ('string:x', 'x')");
  // All that were there from the beginning, each once, or an error.
  const PgResult rest = Exec("FETCH ALL FROM c");
  if (rest.ok()) {
    EXPECT_TRUE(rest.rows.size() == 4900 || rest.rows.size() == 4901) << rest.rows.size();
  } else {
    EXPECT_TRUE(IsClearError(rest.error.sqlstate)) << rest.error.ToString();
  }
  MustExec("ROLLBACK");
  EXPECT_EQ(Query1("SELECT count(*) FROM strings"), "5001");
}

TEST_F(RestartTest, UnderLoad) {
  for (int run = 0; run < Runs(); ++run) {
    server_->FlushAll();
    StartLoad(Options(), {{"t0", "t1", "t2", "t3"}});
    Disaster disaster;
    disaster.name = "one server, kill -9 and start (append-only file)";
    disaster.at = absl::Now();
    server_->Kill();
    disaster.over = absl::Now();
    ASSERT_TRUE(server_->Restart().ok());
    WaitForPrimary({server_.get()}, "t0");
    disaster.served = absl::Now();
    WaitForSessions(0, disaster.served);
    EndLoad(disaster, {server_.get()});
  }
}

}  // namespace
}  // namespace redis_fdw::test
