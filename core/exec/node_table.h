// NodeTable: the numbers of a router's nodes, how to connect to each, and which are in doubt.

#ifndef REDIS_FDW_CORE_EXEC_NODE_TABLE_H_
#define REDIS_FDW_CORE_EXEC_NODE_TABLE_H_

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/net/connection_spec.h"

namespace redis_fdw {

class NodeTable {
 public:
  // More than any deployment has: a server that names ever new ones is refused.
  static constexpr int kMaxNodes = 10000;

  // Nodes are connected to like `base`, whose check_role holds for primaries. `readonly_replicas`:
  // replicas want READONLY first.
  NodeTable(ConnectionSpec base, bool readonly_replicas)
      : base_(std::move(base)), readonly_replicas_(readonly_replicas) {}

  // The number of the node at `endpoint`, new if need be. A primary and a replica at the same
  // endpoint are two nodes: they are connected to in different ways. kProtocol: too many.
  absl::StatusOr<int> Number(const Endpoint& endpoint, NodeRole role);

  // The reference lives as long as the table.
  const ConnectionSpec& Spec(int node) const { return nodes_[node].spec; }
  const ConnectionSpec& base() const { return base_; }
  int size() const { return static_cast<int>(nodes_.size()); }

  // `node` could not be reached, or was not what it was taken for.
  void Doubt(int node, absl::Time until) { nodes_[node].doubted_until = until; }
  bool Doubted(int node, absl::Time now) const { return now < nodes_[node].doubted_until; }

 private:
  struct Node {
    ConnectionSpec spec;
    absl::Time doubted_until = absl::InfinitePast();
  };

  const ConnectionSpec base_;
  const bool readonly_replicas_;
  std::deque<Node> nodes_;  // stable references
  std::map<std::pair<std::string, NodeRole>, int> numbers_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_NODE_TABLE_H_
