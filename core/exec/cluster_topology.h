// What nodes of a Redis Cluster say about it: the replies of CLUSTER SLOTS and CLUSTER NODES
// (https://redis.io/commands/cluster-slots/, https://redis.io/commands/cluster-nodes/), checked.
//
// Whatever is malformed is kProtocol, and the message names who said it.

#ifndef REDIS_FDW_CORE_EXEC_CLUSTER_TOPOLOGY_H_
#define REDIS_FDW_CORE_EXEC_CLUSTER_TOPOLOGY_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/exec/reply_tree.h"
#include "core/net/endpoint.h"

namespace redis_fdw {

// Where a node is that another, `from`, has named. An empty host, or "?", is that of `from` (a node
// that has met no other does not know its own; a proxy may want to be asked again), or this very
// machine, if `from` is a unix socket. TLS as with `from`.
absl::StatusOr<Endpoint> NamedEndpoint(absl::string_view host, int64_t port, const Endpoint& from);

struct NamedNode {
  Endpoint endpoint;
  std::string id;  // of 40 hexadecimal digits
};

// Consecutive slots, and who serves them.
struct SlotRange {
  int first = 0;
  int last = 0;
  NamedNode primary;
  std::vector<NamedNode> replicas;
};

// The reply of CLUSTER SLOTS from `from`, also with the names of Redis 7. May be empty.
absl::StatusOr<std::vector<SlotRange>> ParseClusterSlots(const Reply& reply, const Endpoint& from);

// A line of CLUSTER NODES.
struct NodeLine {
  NamedNode node;  // REQUIRES of its endpoint: has_address
  bool has_address = false;
  bool myself = false;                                 // the node that answered
  bool primary = false;                                // else a replica
  bool failed = false;                                 // as the majority agrees
  uint64_t epoch = 0;                                  // config epoch
  std::vector<std::pair<int, int>> slots;              // first and last of each range, ascending
  std::vector<std::pair<int, std::string>> migrating;  // slot, and the id of the node it goes to
  std::vector<std::pair<int, std::string>> importing;  // slot, and the id of the node it is from
};

// The reply of CLUSTER NODES from `from`: a line for each node, exactly one of them `myself`.
// Migrating and importing slots are those of `myself` alone.
absl::StatusOr<std::vector<NodeLine>> ParseClusterNodes(const Reply& reply, const Endpoint& from);

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_CLUSTER_TOPOLOGY_H_
