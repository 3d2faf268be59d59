// Where reads go: to replicas if option read_from says so, but never what feeds or follows a write.

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"
#include "testing/redis_sentinel.h"

namespace redis_fdw::test {
namespace {

class ReadFromTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    if (group_ == nullptr) {
      RedisSentinelOptions options;
      options.replicas = 1;
      options.sentinels = 1;
      auto started = RedisSentinel::Start(options);
      ASSERT_TRUE(started.ok()) << started.status();
      group_ = *std::move(started);
    }
    MustExec(absl::StrCat("CREATE SERVER g FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port '",
                          group_->host_port(), "', mode 'sentinel', sentinel_master '",
                          group_->master(),
                          "', read_from 'replica', use_remote_estimate 'false')"));
    MustExec(
        "CREATE FOREIGN TABLE h (f text, v text) SERVER g "
        "OPTIONS (table_type 'hash', table_key_prefix 'h')");
    MustExec("CREATE TABLE local (v text)");
    group_->node(0).FlushAll();
    group_->node(0).Cli({"HSET", "h", "f", "v"});
    ASSERT_EQ(group_->node(0).Cli({"WAIT", "1", "20000"}), "1");
  }
  static void TearDownTestSuite() { group_.reset(); }

  // How often hashes were read on a node since its statistics were reset. (A replica repeats writes
  // a moment after the primary.)
  static int Reads(int node) {
    int sum = 0;
    const std::string stats = group_->node(node).Command({"INFO", "commandstats"}).text;
    for (absl::string_view line : absl::StrSplit(stats, '\n')) {
      if (!absl::StartsWith(line, "cmdstat_h") || absl::StartsWith(line, "cmdstat_hset") ||
          absl::StartsWith(line, "cmdstat_hdel") || absl::StartsWith(line, "cmdstat_hello")) {
        continue;
      }
      int calls = 0;
      const absl::string_view after = line.substr(line.find("calls=") + 6);
      EXPECT_TRUE(absl::SimpleAtoi(after.substr(0, after.find(',')), &calls)) << line;
      sum += calls;
    }
    return sum;
  }

  // Runs the statement, and says which node read a hash for it.
  std::string ReadBy(const std::string& sql) {
    for (int node : {0, 1}) group_->node(node).Cli({"CONFIG", "RESETSTAT"});
    MustExec(sql);
    const bool primary = Reads(0) > 0;
    const bool replica = Reads(1) > 0;
    return primary && replica ? "both" : primary ? "primary" : replica ? "replica" : "nobody";
  }

  static std::unique_ptr<RedisSentinel> group_;
};

std::unique_ptr<RedisSentinel> ReadFromTest::group_;

constexpr char kRead[] = "SELECT v FROM h WHERE f = 'f'";

TEST_F(ReadFromTest, PlainReadsGoToAReplica) {
  EXPECT_EQ(ReadBy(kRead), "replica");
  EXPECT_EQ(ReadBy("SELECT * FROM h"), "replica");
  EXPECT_EQ(ReadBy("SELECT count(*) FROM h"), "replica");
  EXPECT_EQ(Query(kRead), "v");
  EXPECT_EQ(Query1("SELECT count(*) FROM redis_fdw_connections() WHERE role = 'replica'"), "1");
  MustExec("ALTER SERVER g OPTIONS (SET read_from 'primary')");
  EXPECT_EQ(ReadBy(kRead), "primary");
}

TEST_F(ReadFromTest, WhatFeedsAWriteComesFromThePrimary) {
  EXPECT_EQ(ReadBy(absl::StrCat("INSERT INTO local ", kRead)), "primary");
  EXPECT_EQ(ReadBy("WITH w AS (INSERT INTO local VALUES ('x')) SELECT * FROM h"), "primary");
  EXPECT_EQ(ReadBy(absl::StrCat(kRead, " FOR UPDATE")), "primary");
  EXPECT_EQ(ReadBy("UPDATE h SET v = v || 'w'"), "primary");
  EXPECT_EQ(ReadBy("DELETE FROM local USING h WHERE local.v = h.f"), "primary");
}

TEST_F(ReadFromTest, WhatFollowsAWriteComesFromThePrimary) {
  for (const char* write : {"INSERT INTO h VALUES ('g', 'w')", "UPDATE h SET v = 'u' WHERE f = 'f'",
                            "DELETE FROM h WHERE f = 'g'", "TRUNCATE h",
                            "SELECT redis_command('g', 'SET', 'x', 'y')"}) {
    EXPECT_EQ(ReadBy(kRead), "replica");
    MustExec("BEGIN");
    EXPECT_EQ(ReadBy(kRead), "replica");
    // Rolling back takes nothing back in Redis.
    MustExec("SAVEPOINT s");
    MustExec(write);
    MustExec("ROLLBACK TO s");
    EXPECT_EQ(ReadBy(kRead), "primary") << write;
    MustExec("COMMIT");
    EXPECT_EQ(ReadBy(kRead), "replica");
  }
}

}  // namespace
}  // namespace redis_fdw::test
