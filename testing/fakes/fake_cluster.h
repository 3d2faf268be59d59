// FakeCluster: several FakeServers that share one keyspace of strings, slots that move between
// them, and a Router that always knows where they are.
//
//   FakeCluster cluster(3);
//   cluster.Set("u:1", "value");
//   Pipeline pipeline(&pool, cluster.NewRouter(), limits);  // with cluster.network()
//   cluster.MoveSlot(cluster.SlotOf("u:1"), 2);
//
// SCAN keeps what Redis promises: keys that are on the node throughout come, those that come or go
// meanwhile may. A key that is asked for is answered for wherever it is, as if redirects had been
// followed.

#ifndef REDIS_FDW_TESTING_FAKES_FAKE_CLUSTER_H_
#define REDIS_FDW_TESTING_FAKES_FAKE_CLUSTER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/exec/keyspace.h"
#include "core/exec/router.h"
#include "testing/fakes/fake_server.h"

namespace redis_fdw::test {

class FakeCluster {
 public:
  using Argv = FakeServer::Argv;

  // Primaries 0 ... `nodes` - 1 share the slots evenly.
  explicit FakeCluster(int nodes);

  // Called before a node answers a command; may move slots.
  std::function<void(int node, const Argv& argv)> before_command;
  // Answers what is neither SCAN nor GET, DBSIZE, TYPE, UNLINK.
  std::function<std::string(int node, const Argv& argv)> other;

  TransportFactory* network() { return &network_; }
  std::shared_ptr<Router> NewRouter();
  FakeServer& server(int node) { return *nodes_[Index(node)]->server; }
  int nodes() const { return static_cast<int>(nodes_.size()); }
  // Commands of that name that were asked, of all nodes or of one.
  int Asked(absl::string_view name, int node = -1) const;
  int looks() const { return looks_; }

  void Set(const std::string& key, const std::string& value);
  // Whether it was there.
  bool Remove(const std::string& key);
  size_t Size() const;
  static int SlotOf(absl::string_view key);
  int OwnerOf(int slot) const { return owners_[Index(slot)]; }

  // A slot with its keys, at once.
  void MoveSlot(int slot, int to);
  // The same in steps: the slot opens, its keys go one by one, and it is the other's, or remains
  // open.
  void OpenSlot(int slot, int to) { open_[slot] = to; }
  // False if none is left.
  bool MoveKey(int slot);
  void CloseSlot(int slot);
  // Another node, whose number is returned, takes over from a primary that dies.
  int Failover(int node);

  Keyspace Look();

 private:
  class ClusterRouter;
  struct Node {
    std::unique_ptr<FakeServer> server;
    std::map<std::string, std::string> keys;
    uint64_t epoch = 0;
    bool primary = true;
  };

  static size_t Index(int i) { return static_cast<size_t>(i); }
  int AddNode();
  void Take(int slot, int to);
  std::string Answer(int node, const Argv& argv);
  std::string Scan(const Node& node, const Argv& argv) const;
  const std::string* Find(const std::string& key) const;
  uint64_t GreatestEpoch() const;

  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<int> owners_;
  std::map<int, int> open_;  // slot -> where it goes
  FakeTransportFactory network_;
  int looks_ = 0;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAKES_FAKE_CLUSTER_H_
