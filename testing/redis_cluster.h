// A private Redis Cluster for a test: some primaries, each with replicas, on loopback.
//
//   absl::StatusOr<std::unique_ptr<RedisCluster>> cluster = RedisCluster::Start();
//   (*cluster)->CommandOn("k", {"SET", "k", "v"});     // wherever "k" is
//   int primary = (*cluster)->PrimaryOf("k");
//   (*cluster)->Kill(primary);
//   (*cluster)->WaitUntilOk();                         // a replica has taken over
//   (*cluster)->Restart(primary);                      // comes back as a replica
//
// Nodes are numbered: first the primaries as they were at the start, node i with the i-th part of
// the slots, then their replicas (node primaries + i is one of node i). Roles change with
// failovers, numbers do not. Nothing here is for several threads.

#ifndef REDIS_FDW_TESTING_REDIS_CLUSTER_H_
#define REDIS_FDW_TESTING_REDIS_CLUSTER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "testing/redis_server.h"

namespace redis_fdw::test {

struct RedisClusterOptions {
  int primaries = 3;
  int replicas = 1;  // of each primary
  int node_timeout_ms = 1000;
  bool require_full_coverage = true;
  // What is the same for all nodes: password, users, config, TLS (an authority for all). Nodes have
  // TCP in any case; with TLS they speak it among themselves too, and clients may use either port.
  RedisOptions node;
};

class RedisCluster {
 public:
  static constexpr int kSlots = 16384;

  // Returns when every node finds the cluster in order and all replicas are in sync.
  static absl::StatusOr<std::unique_ptr<RedisCluster>> Start(
      const RedisClusterOptions& options = {});

  int size() const { return static_cast<int>(nodes_.size()); }
  // For its ports, pid(), log(), and commands that are for this very node.
  RedisServer& node(int i) const { return *nodes_[static_cast<size_t>(i)].server; }
  const std::string& id(int i) const { return nodes_[static_cast<size_t>(i)].id; }
  // As options want it: the first node, and all nodes separated by commas. "rediss://..." with TLS.
  std::string host_port() const;
  std::string all_host_ports() const;
  std::string host_port(int i) const;

  int SlotOf(const std::string& key);
  // Who serves a slot or the slot of a key, as the living nodes say of themselves; -1: none.
  int PrimaryOf(int slot);
  int PrimaryOf(const std::string& key) { return PrimaryOf(SlotOf(key)); }
  // A living replica of a node; -1: none. And all living primaries.
  int ReplicaOf(int i);
  std::vector<int> Primaries();

  // Runs a command where the key is, following redirects and waiting while the cluster has nobody
  // for the slot. `key` decides alone: it need not be in `argv`.
  RedisReply CommandOn(const std::string& key, const std::vector<std::string>& argv);
  std::string CliOn(const std::string& key, const std::vector<std::string>& argv) {
    return CommandOn(key, argv).ToString();
  }
  // FLUSHALL on all primaries.
  void FlushAll();
  // DBSIZE, added up.
  long long DbSize();

  // SIGKILL; and the same node again, with what it knew of the cluster and none of its data.
  // Replicas take over by themselves after Kill() and Stop(), until WaitUntilOk() is content. At
  // other times they do not: it would be because a node of a busy machine had to wait for too long.
  void Kill(int i);
  absl::Status Restart(int i);
  // SIGSTOP and SIGCONT.
  void Stop(int i);
  void Continue(int i);

  // Makes a replica the primary, in good order (or by force if its primary does not live), and
  // waits until everybody knows.
  absl::Status Failover(int replica);

  // Moves a slot and its keys to another primary: all at once until all is in order, or in pieces.
  // Between Begin and End nodes answer with ASK and TRYAGAIN for it. MigrateKeys moves up to
  // `count` keys and returns how many there were to move. EndMigration moves what is left and tells
  // all primaries; before slots move to another primary the nodes must come to rest, or both may
  // take the same epoch, and what somebody heard late undoes the move.
  absl::Status MigrateSlot(int slot, int to);
  absl::Status BeginMigration(int slot, int to);
  absl::StatusOr<int> MigrateKeys(int slot, int count);
  absl::Status EndMigration(int slot);

  // Until all nodes that live say that the cluster is in order, agree on who serves what since
  // which epoch, and their replicas are in sync.
  absl::Status WaitUntilOk(absl::Duration patience = absl::Seconds(60));

 private:
  struct Node {
    std::unique_ptr<RedisServer> server;
    std::string id;
    bool stopped = false;
  };
  struct Migration {
    int slot;
    int from;
    int to;
  };

  explicit RedisCluster(RedisClusterOptions options) : options_(std::move(options)) {}

  absl::Status StartNode();
  absl::Status Join();
  absl::Status Meet();
  void LetReplicasTakeOver(bool let);
  // Runs, and makes an error of a reply that is one.
  absl::Status Must(int i, const std::vector<std::string>& argv);
  bool Lives(int i) const { return !nodes_[static_cast<size_t>(i)].stopped && node(i).Running(); }
  bool IsPrimary(int i);
  int WithId(const std::string& id) const;
  int WithPort(const std::string& port) const;
  // The port that nodes use among themselves.
  int NodePort(int i) const { return options_.node.tls ? node(i).tls_port() : node(i).port(); }
  // Why the cluster is not in order, empty if it is.
  std::string Trouble();
  std::string TroubleOf(int i, std::string* view);
  Migration* MigrationOf(int slot);

  const RedisClusterOptions options_;
  std::vector<Node> nodes_;
  std::vector<Migration> migrations_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_REDIS_CLUSTER_H_
