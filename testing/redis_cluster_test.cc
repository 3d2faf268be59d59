#include "testing/redis_cluster.h"

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

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Slot 12182, in the last third.
constexpr char kKey[] = "foo";

TEST(RedisClusterTest, FollowsKeys) {
  auto cluster = *RedisCluster::Start();
  EXPECT_EQ(cluster->size(), 6);
  EXPECT_THAT(cluster->Primaries(), ElementsAre(0, 1, 2));
  EXPECT_EQ(cluster->PrimaryOf(kKey), 2);
  EXPECT_EQ(cluster->ReplicaOf(1), 4);
  EXPECT_THAT(cluster->node(0).Cli({"GET", kKey}), HasSubstr("MOVED 12182"));
  for (int i = 0; i < 100; ++i) {
    const std::string key = absl::StrCat("k", i);
    ASSERT_EQ(cluster->CliOn(key, {"SET", key, "v"}), "OK");
  }
  EXPECT_EQ(cluster->DbSize(), 100);
  cluster->FlushAll();
  EXPECT_EQ(cluster->DbSize(), 0);
}

TEST(RedisClusterTest, MigratesSlotsInPieces) {
  auto cluster = *RedisCluster::Start();
  for (int i = 0; i < 10; ++i) {
    cluster->CliOn(kKey, {"SET", absl::StrCat("{foo}", i), absl::StrCat(i)});
  }
  const int slot = cluster->SlotOf(kKey);
  ASSERT_TRUE(cluster->BeginMigration(slot, 0).ok());
  EXPECT_EQ(*cluster->MigrateKeys(slot, 4), 4);
  EXPECT_EQ(cluster->node(0).Cli({"DBSIZE"}), "4");
  EXPECT_THAT(cluster->node(2).Cli({"GET", kKey}), HasSubstr("ASK 12182"));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(cluster->CliOn(kKey, {"GET", absl::StrCat("{foo}", i)}), absl::StrCat(i));
  }
  ASSERT_TRUE(cluster->EndMigration(slot).ok());
  EXPECT_EQ(cluster->node(0).Cli({"DBSIZE"}), "10");
  ASSERT_TRUE(cluster->WaitUntilOk().ok());
  EXPECT_EQ(cluster->PrimaryOf(slot), 0);
  EXPECT_THAT(cluster->node(2).Cli({"GET", kKey}), HasSubstr("MOVED 12182"));
  ASSERT_TRUE(cluster->MigrateSlot(slot, 1).ok());
  EXPECT_EQ(cluster->PrimaryOf(slot), 1);
}

// Nodes that were not told hear of it a little later.
TEST(RedisClusterTest, KnowsAtOnceWhereSlotsHaveGone) {
  auto cluster = RedisCluster::Start().value();
  for (int i = 0; i < 20; ++i) {
    const int to = 1 - i % 2;
    ASSERT_TRUE(cluster->BeginMigration(0, to).ok());
    ASSERT_TRUE(cluster->EndMigration(0).ok());
    ASSERT_EQ(cluster->PrimaryOf(0), to);
    ASSERT_TRUE(cluster->WaitUntilOk().ok());
  }
}

TEST(RedisClusterTest, FailsOverAndComesBack) {
  auto cluster = *RedisCluster::Start();
  ASSERT_EQ(cluster->CliOn(kKey, {"SET", kKey, "v"}), "OK");
  // Replication is not synchronous.
  ASSERT_EQ(cluster->CliOn(kKey, {"WAIT", "1", "25000"}), "1");
  cluster->Kill(2);
  EXPECT_EQ(cluster->CliOn(kKey, {"GET", kKey}), "v");
  absl::Status status = cluster->WaitUntilOk();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(cluster->PrimaryOf(kKey), 5);
  ASSERT_TRUE(cluster->Restart(2).ok());
  status = cluster->WaitUntilOk();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(cluster->ReplicaOf(5), 2);
  status = cluster->Failover(2);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(cluster->PrimaryOf(kKey), 2);
  EXPECT_EQ(cluster->CliOn(kKey, {"GET", kKey}), "v");
}

// Nobody has asked for another primary when a busy machine lets a node wait.
TEST(RedisClusterTest, StallsAreNoDisasters) {
  auto cluster = *RedisCluster::Start();
  cluster->node(2).Stop();
  // All others have given it up.
  EXPECT_TRUE(WaitUntil([&] {
    for (int i : {0, 1, 3, 4, 5}) {
      if (!absl::StrContains(cluster->node(i).Cli({"CLUSTER", "INFO"}), "cluster_state:fail")) {
        return false;
      }
    }
    return true;
  }));
  absl::SleepFor(absl::Seconds(2));
  cluster->node(2).Continue();
  const absl::Status status = cluster->WaitUntilOk();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(cluster->Primaries(), ElementsAre(0, 1, 2));
}

TEST(RedisClusterTest, HasPasswordsAndTls) {
  RedisClusterOptions options;
  options.replicas = 0;
  options.node.password = "secret";
  options.node.users = {"alice on >other ~app:* +@all"};
  options.node.tls = true;
  auto started = RedisCluster::Start(options);
  ASSERT_TRUE(started.ok()) << started.status();
  auto cluster = *std::move(started);
  EXPECT_TRUE(absl::StartsWith(cluster->host_port(), "rediss://127.0.0.1:"));
  ASSERT_EQ(cluster->CliOn(kKey, {"SET", kKey, "v"}), "OK");
  absl::Status status = cluster->MigrateSlot(cluster->SlotOf(kKey), 1);
  ASSERT_TRUE(status.ok()) << status;
  Process::Options cli;
  cli.argv = {"redis-cli", "--no-auth-warning",
              "-c",        "-a",
              "secret",    "--tls",
              "--cacert",  cluster->node(0).authority().ca_file(),
              "-p",        absl::StrCat(cluster->node(0).tls_port()),
              "GET",       kKey};
  EXPECT_THAT(RunCommand(cli)->output, HasSubstr("v\n"));
}

}  // namespace
}  // namespace redis_fdw::test
