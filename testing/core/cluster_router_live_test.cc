// ClusterRouter against a real Redis Cluster.

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/exec/cluster_router.h"
#include "core/exec/pipeline.h"
#include "core/exec/slot.h"
#include "gtest/gtest.h"
#include "testing/core/router_live_fixture.h"
#include "testing/redis_cluster.h"

namespace redis_fdw {
namespace {

using test::Get;
using test::RedisCluster;
using test::RedisClusterOptions;
using test::Set;

// Slot 12182, of node 2.
constexpr char kKey[] = "foo";

class ClusterLiveTest : public test::RouterLiveTest {
 protected:
  void Start(RedisClusterOptions options = {}) {
    absl::StatusOr<std::unique_ptr<RedisCluster>> cluster = RedisCluster::Start(options);
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = std::move(cluster).value();
  }
  std::unique_ptr<ClusterRouter> NewRouter(const std::string& host_port,
                                           ReadFrom read_from = ReadFrom::kPrimary) {
    ClusterOptions options;
    options.read_from = read_from;
    return std::make_unique<ClusterRouter>(base_, *ParseHostPort(host_port), options);
  }
  int PortOf(const Router& router, int node) { return router.Spec(node).endpoint.port; }
  const Shard& ShardAt(const Router& router, const Keyspace& keyspace, int port) {
    return *std::find_if(keyspace.shards.begin(), keyspace.shards.end(), [&](const Shard& shard) {
      return router.Spec(shard.node).endpoint.port == port;
    });
  }

  std::unique_ptr<RedisCluster> cluster_;
};

TEST_F(ClusterLiveTest, EveryKeyIsWhereItIsSought) {
  Start();
  auto router = NewRouter(cluster_->host_port());
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  for (int i = 0; i < 100; ++i) {
    const std::string key = absl::StrCat("k", i);
    EXPECT_EQ(KeySlot(key), cluster_->SlotOf(key));
    const auto reply = TryOnce(router.get(), Set(key));
    ASSERT_TRUE(reply.ok()) << reply.status();
  }
  EXPECT_EQ(redirects_, 0);
  EXPECT_EQ(cluster_->DbSize(), 100);
  EXPECT_EQ(router->Primaries().size(), 3u);
  const auto keyspace = router->LookAtKeyspace(discovery());
  ASSERT_TRUE(keyspace.ok()) << keyspace.status();
  EXPECT_TRUE(keyspace->is_cluster);
  int slots = 0;
  for (const Shard& shard : keyspace->shards) {
    for (const auto& range : shard.slots) slots += range.second - range.first + 1;
  }
  EXPECT_EQ(slots, kSlots);
}

TEST_F(ClusterLiveTest, OtherDatabases) {
  Start();
  base_.database = 1;
  for (const std::string& host_port : {cluster_->host_port(), cluster_->all_host_ports()}) {
    const absl::Status status = NewRouter(host_port)->Refresh(discovery());
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidOption);
    EXPECT_EQ(GetErrorInfo(status).hint,
              "A Redis Cluster has only database 0; change option \"database\".");
  }
}

TEST_F(ClusterLiveTest, ReadsFromReplicas) {
  Start();
  cluster_->CliOn(kKey, {"SET", kKey, "here"});
  EXPECT_EQ(cluster_->CliOn(kKey, {"WAIT", "1", "20000"}), "1");
  auto router = NewRouter(cluster_->host_port(), ReadFrom::kReplica);
  // Nodes name a replica once they have heard that it is in sync.
  ASSERT_LT(TimeUntilItWorks(router.get(), Get(kKey)), kFailover) << last_error_;
  const int node = *router->Route(Get(kKey), false);
  EXPECT_EQ(PortOf(*router, node), cluster_->node(cluster_->ReplicaOf(2)).port());
  const auto reply = AskNode(router->Spec(node), Get(kKey));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->bytes, "here");
}

TEST_F(ClusterLiveTest, NodeThatStandsStill) {
  Start();
  cluster_->Stop(0);
  // The least of three: a busy machine may be late once.
  absl::Duration least = absl::InfiniteDuration();
  for (int i = 0; i < 3; ++i) {
    auto router = NewRouter(cluster_->all_host_ports());
    const absl::Time begin = absl::Now();
    ASSERT_TRUE(router->Refresh(discovery()).ok());
    least = std::min(least, absl::Now() - begin);
  }
  EXPECT_LT(least, absl::Seconds(1));
  cluster_->Continue(0);
}

TEST_F(ClusterLiveTest, Failover) {
  Start();
  auto router = NewRouter(cluster_->all_host_ports());
  ASSERT_TRUE(TryOnce(router.get(), Set(kKey)).ok());
  const int old_primary = *router->Route(Set(kKey), true);
  cluster_->Kill(2);
  const absl::Duration took = TimeUntilItWorks(router.get(), Set(kKey));
  std::cerr << "a write worked again after " << took << "; meanwhile: " << last_error_ << "\n";
  EXPECT_LT(took, kFailover);
  EXPECT_NE(*router->Route(Set(kKey), true), old_primary);
  const auto keyspace = router->LookAtKeyspace(discovery());
  ASSERT_TRUE(keyspace.ok()) << keyspace.status();
  EXPECT_EQ(keyspace->shards.size(), 3u);
  // Back as a replica, it redirects nobody's view.
  ASSERT_TRUE(cluster_->Restart(2).ok());
  ASSERT_TRUE(cluster_->WaitUntilOk().ok());
  ASSERT_TRUE(TryOnce(router.get(), Set(kKey)).ok());
}

TEST_F(ClusterLiveTest, SlotsThatMove) {
  Start();
  for (int i = 0; i < 10; ++i) {
    cluster_->CliOn(kKey, {"SET", absl::StrCat("{foo}", i), "v"});
  }
  const int slot = cluster_->SlotOf(kKey);
  const int from = cluster_->node(2).port();
  const int to = cluster_->node(0).port();
  auto router = NewRouter(cluster_->host_port());
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  ASSERT_TRUE(cluster_->BeginMigration(slot, 0).ok());
  ASSERT_EQ(*cluster_->MigrateKeys(slot, 4), 4);

  auto keyspace = router->LookAtKeyspace(discovery());
  ASSERT_TRUE(keyspace.ok()) << keyspace.status();
  EXPECT_EQ(ShardAt(*router, *keyspace, from).migrating, std::vector<int>{slot});
  EXPECT_EQ(ShardAt(*router, *keyspace, to).importing, std::vector<int>{slot});
  const uint64_t epoch = ShardAt(*router, *keyspace, to).epoch;

  // A key that is not there yet, or no more: ASK, which is not remembered.
  const int source = *router->Route(Get("{foo}none"), true);
  const auto asked = AskNode(router->Spec(source), Get("{foo}none"));
  const absl::optional<Redirect> ask = ReplyRedirect(asked.status());
  ASSERT_TRUE(ask.has_value()) << asked.status();
  EXPECT_TRUE(ask->ask);
  EXPECT_EQ(PortOf(*router, *router->Follow(*ask, source)), to);
  EXPECT_EQ(*router->Route(Get(kKey), true), source);

  ASSERT_TRUE(cluster_->EndMigration(slot).ok());
  keyspace = router->LookAtKeyspace(discovery());
  ASSERT_TRUE(keyspace.ok()) << keyspace.status();
  EXPECT_TRUE(ShardAt(*router, *keyspace, from).migrating.empty());
  EXPECT_GT(ShardAt(*router, *keyspace, to).epoch, epoch);
  EXPECT_EQ(PortOf(*router, *router->Route(Get(kKey), true)), to);  // learnt from the look
  ASSERT_TRUE(cluster_->WaitUntilOk().ok());

  // One that knows nothing of it is redirected, once.
  ASSERT_TRUE(cluster_->MigrateSlot(slot, 1).ok());
  ASSERT_TRUE(TryOnce(router.get(), Get(kKey)).ok());
  EXPECT_EQ(redirects_, 1);
  ASSERT_TRUE(TryOnce(router.get(), Get("{foo}1")).ok());
  EXPECT_EQ(redirects_, 1);
}

TEST_F(ClusterLiveTest, OverTls) {
  RedisClusterOptions options;
  options.node.tls = true;
  Start(options);
  base_.tls.ca_file = cluster_->node(0).authority().ca_file();
  for (const std::string& host_port : {cluster_->host_port(), cluster_->all_host_ports()}) {
    auto router = NewRouter(host_port);
    ASSERT_TRUE(router->Refresh(discovery()).ok());
    ASSERT_TRUE(TryOnce(router.get(), Set(kKey)).ok());
    const int node = *router->Route(Set(kKey), true);
    EXPECT_TRUE(router->Spec(node).endpoint.tls);
    EXPECT_EQ(PortOf(*router, node), cluster_->node(2).tls_port());
    const auto keyspace = router->LookAtKeyspace(discovery());
    ASSERT_TRUE(keyspace.ok()) << keyspace.status();
    for (const Shard& shard : keyspace->shards) {
      EXPECT_TRUE(router->Spec(shard.node).endpoint.tls);
    }
    // An unknown slot's owner, too.
    ASSERT_TRUE(cluster_->MigrateSlot(cluster_->SlotOf(kKey), 0).ok());
    ASSERT_TRUE(TryOnce(router.get(), Set(kKey)).ok());
    EXPECT_EQ(PortOf(*router, *router->Route(Set(kKey), true)), cluster_->node(0).tls_port());
    ASSERT_TRUE(cluster_->MigrateSlot(cluster_->SlotOf(kKey), 2).ok());
  }
}

// All together: what a session submits arrives, whatever becomes of the nodes.
TEST_F(ClusterLiveTest, PipelineThroughAFailover) {
  Start();
  std::shared_ptr<Router> router = NewRouter(cluster_->host_port());
  Pipeline pipeline(&pool_, router, PoolLimits());
  NullSink sink;
  const auto read_all = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      RETURN_IF_ERROR(pipeline.Submit(Get(absl::StrCat("k", i)), &sink));
    }
    return pipeline.Drain();
  };
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(pipeline.Submit(Set(absl::StrCat("k", i)), &sink).ok());
  }
  ASSERT_TRUE(pipeline.Drain().ok());
  EXPECT_EQ(cluster_->DbSize(), 1000);
  ASSERT_TRUE(
      cluster_->MigrateSlot(cluster_->SlotOf("k1"), cluster_->PrimaryOf("k1") == 0 ? 1 : 0).ok());
  EXPECT_TRUE(read_all(1000).ok());
  EXPECT_GT(pipeline.counters().redirects, 0);
  cluster_->Kill(2);
  const absl::Time begin = absl::Now();
  const absl::Status status = read_all(1000);
  EXPECT_TRUE(status.ok()) << status;
  std::cerr << "1000 reads through a failover took " << absl::Now() - begin << " and "
            << pipeline.counters().retries << " retries\n";
  EXPECT_LT(absl::Now() - begin, kFailover);
  const auto keyspace = pipeline.LookAtKeyspace();
  EXPECT_TRUE(keyspace.ok()) << keyspace.status();
}

TEST_F(ClusterLiveTest, WhatTheUserMayNot) {
  RedisClusterOptions options;
  options.node.users = {"reader on >secret ~* +@read +info +client", "blind on >secret ~* +@read"};
  Start(options);
  base_.password = "secret";
  base_.username = "reader";
  absl::Status status = NewRouter(cluster_->host_port())->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kPermission);
  EXPECT_EQ(GetErrorInfo(status).hint,
            "The Redis user needs the right to run CLUSTER SLOTS and CLUSTER NODES.");
  // Who may not even ask for INFO takes it for one server, until it redirects.
  base_.username = "blind";
  auto router = NewRouter(cluster_->host_port());
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  const auto reply = TryOnce(router.get(), Get(kKey));
  EXPECT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(redirects_, 1);
}

}  // namespace
}  // namespace redis_fdw
