// ClusterRouter: a Redis Cluster (https://redis.io/docs/reference/cluster-spec/), or one server
// that turns out not to be a node of one.
//
// It learns which primary serves which hash slot from CLUSTER SLOTS, asked of whoever answers
// first: any living node it knows, the addresses of host_port last. MOVED corrects a slot at once;
// a few of them, or a node in doubt, make it stale, and it asks again.
//
// One address in mode auto: the server is looked at when it is connected to, and if it is no
// cluster node, then all goes there as with StandaloneRouter, without a further command or
// connection. Where INFO is forbidden it is asked for CLUSTER SLOTS; where that is as well, it is
// taken for one server, but not asked for all its keys (kPermission). Should it redirect later,
// then it is a cluster from then on.
//
// Node numbers: those of host_port first, in its order. A replica has a number of its own, with
// role kReplica and READONLY.

#ifndef REDIS_FDW_CORE_EXEC_CLUSTER_ROUTER_H_
#define REDIS_FDW_CORE_EXEC_CLUSTER_ROUTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/exec/ask.h"
#include "core/exec/cluster_topology.h"
#include "core/exec/node_table.h"
#include "core/exec/router.h"
#include "core/net/connection_spec.h"
#include "core/net/endpoint.h"

namespace redis_fdw {

struct ClusterOptions {
  bool must_be_cluster = false;  // mode cluster; mode auto with several addresses comes to the same
  ReadFrom read_from = ReadFrom::kPrimary;
  // The clock by which doubts are forgotten.
  std::function<absl::Time()> now = [] { return absl::Now(); };
  // Which of several replicas this session reads from.
  uint32_t replica_choice = 0;
};

class ClusterRouter : public Router {
 public:
  // A node that was in doubt is avoided for so long, where there is a choice.
  static constexpr absl::Duration kDoubtFor = absl::Seconds(5);
  // The view is not asked for again sooner, unless there is none.
  static constexpr absl::Duration kRefreshEvery = absl::Milliseconds(100);
  // So often it is asked for while reads that should go to replicas find none.
  static constexpr absl::Duration kLookForReplicasEvery = absl::Seconds(30);
  // How long LookAtKeyspace() waits for primaries that do not answer: then nodes are to be asked
  // anew, since a failover may have come between.
  static constexpr absl::Duration kLookFor = absl::Seconds(3);
  // So many slots that moved make the rest of the view doubtful.
  static constexpr size_t kMovesBeforeRefresh = 4;

  // `base`: as whom to connect, and the database; its endpoint does not matter. REQUIRES:
  // !seeds.empty().
  ClusterRouter(const ConnectionSpec& base, const std::vector<Endpoint>& seeds,
                ClusterOptions options);

  // With kNotReady it is stale.
  absl::StatusOr<int> Route(const Command& command, bool primary_only) override;
  std::vector<int> Primaries() const override { return primaries_; }
  const ConnectionSpec& Spec(int node) const override { return nodes_.Spec(node); }
  bool stale() const override { return stale_; }

  // One round trip (plus connecting) with a node that is well; a node that does not answer costs
  // kAskNextAfter. Besides the errors of Router: kInvalidOption (no cluster where there has to be
  // one; a database other than 0 in a cluster; a sentinel), kPermission (CLUSTER SLOTS forbidden),
  // kAuthentication, kProtocol.
  absl::Status Refresh(const Discovery& discovery) override;

  // False while it is one server.
  bool Doubt(int node) override;
  absl::StatusOr<int> Follow(const Redirect& redirect, int node) override;

  // CLUSTER NODES of every primary, also of those that only other nodes know. Each shard is what a
  // primary says of itself. Every slot that any of them attributes to any node is in a shard, with
  // the greatest epoch that is claimed, and whoever imports keys is there; else kNotReady: a
  // primary cannot be reached (within kLookFor), or nodes do not agree yet. Where two shards claim
  // a slot, the one with the greater epoch is right; one that has lost all so, and that others have
  // given up for failed, is no shard. What is learnt is remembered.
  absl::StatusOr<Keyspace> LookAtKeyspace(const Discovery& discovery) override;

 private:
  enum class Kind { kUnknown, kStandalone, kCluster };
  class KeyspaceLook;  // cluster_keyspace.cc

  absl::Status CheckDatabase() const;
  absl::Status FindOutKind(const Discovery& discovery);
  absl::Status AskForSlots(const Discovery& discovery);
  std::vector<int> WhomToAsk() const;
  absl::StatusOr<std::vector<SlotRange>> ViewOf(const NodeAnswer& answer,
                                                const Endpoint& from) const;
  int Flaws(const std::vector<SlotRange>& view);
  absl::Status Adopt(const std::vector<SlotRange>& view, int from, bool sound);
  void ListPrimaries();
  bool IsPrimary(int node) const;
  absl::StatusOr<int> ReplicaOf(int primary, int slot);

  const ClusterOptions options_;
  NodeTable nodes_;
  int seeds_ = 0;  // nodes 0 to seeds_ - 1
  bool must_be_cluster_ = false;
  Kind kind_ = Kind::kUnknown;
  bool kind_is_guess_ = false;  // nobody may say whether it is a cluster
  bool stale_ = true;

  // The view. Nodes by number.
  std::vector<int> owner_;                    // of each slot; -1: nobody
  std::vector<int> primaries_;                // who owns a slot
  std::map<int, std::vector<int>> replicas_;  // by primary
  std::map<std::string, int> by_id_;          // primaries, by the cluster's ids
  int any_ = -1;                              // where commands without a key go
  int last_good_ = -1;                        // who answered last
  std::map<int, int> moved_;  // slots that moved since the view was made, and where to
  absl::Time refreshed_ = absl::InfinitePast();
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_CLUSTER_ROUTER_H_
