#include "testing/redis_sentinel.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/process.h"

namespace redis_fdw::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(RedisSentinelTest, ReplacesAPrimaryThatDies) {
  auto started = RedisSentinel::Start();
  ASSERT_TRUE(started.ok()) << started.status();
  auto redis = *std::move(started);
  EXPECT_EQ(redis->PrimaryIndex(), 0);
  EXPECT_EQ(redis->PrimaryPort(), redis->node(0).port());
  EXPECT_EQ(redis->primary().Cli({"SET", "k", "v"}), "OK");
  EXPECT_EQ(redis->primary().Cli({"WAIT", "2", "25000"}), "2");
  EXPECT_EQ(redis->KillPrimary(), 0);
  absl::Status status = redis->WaitUntilReady();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_NE(redis->PrimaryIndex(), 0);
  EXPECT_EQ(redis->primary().Cli({"GET", "k"}), "v");
  ASSERT_TRUE(redis->Restart(0).ok());
  status = redis->WaitUntilReady();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(redis->node(0).Cli({"GET", "k"}), "v");
}

TEST(RedisSentinelTest, FailsOverInGoodOrder) {
  auto redis = *RedisSentinel::Start();
  redis->KillSentinel(2);
  absl::Status status = redis->Failover();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_NE(redis->PrimaryIndex(), 0);
  EXPECT_THAT(redis->node(0).Cli({"SET", "k", "v"}), HasSubstr("READONLY"));
  ASSERT_TRUE(redis->RestartSentinel(2).ok());
  status = redis->WaitUntilReady();
  ASSERT_TRUE(status.ok()) << status;
}

// Nobody has asked for another primary when a busy machine lets servers wait, and a sentinel that
// had to wait itself is soon of use again.
TEST(RedisSentinelTest, StallsAreNoDisasters) {
  auto redis = *RedisSentinel::Start();
  redis->node(0).Stop();
  for (int i : {0, 1}) redis->sentinel(i).Stop();
  absl::SleepFor(absl::Seconds(3));
  redis->node(0).Continue();
  for (int i : {0, 1}) redis->sentinel(i).Continue();
  absl::Status status = redis->WaitUntilReady();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(redis->PrimaryIndex(), 0);
  EXPECT_EQ(redis->KillPrimary(), 0);
  status = redis->WaitUntilReady();
  ASSERT_TRUE(status.ok()) << status;
}

TEST(RedisSentinelTest, HasPasswordsAndTls) {
  RedisSentinelOptions options;
  options.node.password = "secret";
  options.node.tls = true;
  options.sentinel.password = "other";
  auto started = RedisSentinel::Start(options);
  ASSERT_TRUE(started.ok()) << started.status();
  auto redis = *std::move(started);
  EXPECT_THAT(redis->host_port(), StartsWith("rediss://127.0.0.1:"));
  EXPECT_EQ(redis->PrimaryPort(), redis->node(0).tls_port());
  Process::Options cli;
  cli.argv = {"redis-cli",
              "--no-auth-warning",
              "-a",
              "other",
              "--tls",
              "--cacert",
              redis->sentinel(0).authority().ca_file(),
              "-p",
              absl::StrCat(redis->sentinel(0).tls_port()),
              "SENTINEL",
              "GET-MASTER-ADDR-BY-NAME",
              redis->master()};
  EXPECT_THAT(RunCommand(cli)->output, HasSubstr(absl::StrCat(redis->PrimaryPort())));
  redis->KillPrimary();
  absl::Status status = redis->WaitUntilReady();
  ASSERT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace redis_fdw::test
