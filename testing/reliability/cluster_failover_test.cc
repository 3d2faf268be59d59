// A cluster's primary dies, falls silent, or is replaced, while eight sessions work.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "testing/redis_cluster.h"
#include "testing/reliability/reliability_fixture.h"

namespace redis_fdw::test {
namespace {

class ClusterFailoverTest : public ReliabilityTest {
 protected:
  static constexpr size_t kTagsOfShard = 4;

  void Begin(const std::string& more_options = "") {
    cluster_ = RedisCluster::Start().value();
    primary_ = cluster_->PrimaryOf(std::string("{t0}"));
    replica_ = cluster_->ReplicaOf(primary_);
    StartLoad(absl::StrCat("host_port '", cluster_->all_host_ports(), "'", more_options), Tags());
  }

  // Shard 0 is the one to suffer.
  std::vector<std::vector<std::string>> Tags() {
    std::map<int, std::vector<std::string>> by_node;
    for (int i = 0; by_node.size() < 3 || by_node[primary_].size() < kTagsOfShard ||
                    by_node.begin()->second.size() < kTagsOfShard ||
                    by_node.rbegin()->second.size() < kTagsOfShard;
         ++i) {
      const std::string tag = absl::StrCat("t", i);
      std::vector<std::string>& tags = by_node[cluster_->PrimaryOf("{" + tag + "}")];
      if (tags.size() < kTagsOfShard) tags.push_back(tag);
    }
    std::vector<std::vector<std::string>> result = {by_node[primary_]};
    for (const auto& [node, tags] : by_node) {
      if (node != primary_) result.push_back(tags);
    }
    return result;
  }

  RedisServer& replica() { return cluster_->node(replica_); }
  std::vector<RedisServer*> Primaries() {
    std::vector<RedisServer*> servers;
    for (const int i : cluster_->Primaries()) servers.push_back(&cluster_->node(i));
    return servers;
  }

  // Kills or stops the primary, and waits until everybody works again.
  Disaster Lose(const std::string& name, bool quiet, bool kill) {
    if (quiet) StopWriting();
    LossWindow window;
    window.safe_until = SafePoint(cluster_->node(primary_), {&replica()});
    window.until = absl::InfiniteFuture();
    world().SetWindow(0, window);
    Disaster disaster;
    disaster.name = name;
    disaster.at = absl::Now();
    kill ? cluster_->Kill(primary_) : cluster_->Stop(primary_);
    disaster.over = absl::Now();
    window.until = disaster.over;
    if (quiet) window.safe_until = window.until;  // so that nothing at all may be missing
    world().SetWindow(0, window);
    world().writing = true;
    WaitForPrimary({&replica()}, "t0");
    disaster.served = absl::Now();
    WaitForSessions(0, disaster.served);
    return disaster;
  }

  std::unique_ptr<RedisCluster> cluster_;
  int primary_ = -1;
  int replica_ = -1;
};

TEST_F(ClusterFailoverTest, PrimaryIsKilled) {
  for (int run = 0; run < Runs(); ++run) {
    Begin();
    const Disaster disaster = Lose("cluster, kill -9", /*quiet=*/false, /*kill=*/true);
    EndLoad(disaster, Primaries());
  }
}

TEST_F(ClusterFailoverTest, PrimaryIsKilledWhenAllIsReplicated) {
  for (int run = 0; run < Runs(); ++run) {
    Begin();
    const Disaster disaster = Lose("cluster, kill -9, replicated", /*quiet=*/true, /*kill=*/true);
    EndLoad(disaster, Primaries());
  }
}

TEST_F(ClusterFailoverTest, PrimaryFallsSilent) {
  for (int run = 0; run < Runs(); ++run) {
    Begin(", command_timeout_ms '2000', connect_timeout_ms '2000'");
    world().also_allowed = "57014";
    Disaster disaster = Lose("cluster, SIGSTOP", /*quiet=*/false, /*kill=*/false);
    disaster.silence = absl::Seconds(2);
    // It comes back, believes for a moment that it is a primary, and is none.
    cluster_->Continue(primary_);
    EXPECT_TRUE(cluster_->WaitUntilOk().ok());
    EndLoad(disaster, Primaries());
  }
}

TEST_F(ClusterFailoverTest, ReplicaTakesOverInGoodOrder) {
  for (int run = 0; run < Runs(); ++run) {
    Begin();
    EXPECT_TRUE(cluster_->WaitUntilOk().ok());
    Disaster disaster;
    disaster.name = "cluster, CLUSTER FAILOVER";
    disaster.errors_allowed = false;
    disaster.at = absl::Now();
    disaster.over = disaster.at;
    EXPECT_TRUE(cluster_->Failover(replica_).ok());
    disaster.served = absl::Now();
    WaitForSessions(0, disaster.served);
    EndLoad(disaster, Primaries());
  }
}

}  // namespace
}  // namespace redis_fdw::test
