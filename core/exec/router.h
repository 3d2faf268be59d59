// Router: which node a command goes to.
//
// Nodes are numbered; a number means the same endpoint for the router's life, whatever becomes of
// the node. A router outlives statements: what it has learnt of a deployment serves all of a
// session's statements on that server.
//
//   StandaloneRouter  one server: node 0
//   SentinelRouter    the primary that the sentinels name (sentinel_router.h)
//   ClusterRouter     a Redis Cluster, or what turns out not to be one (cluster_router.h)

#ifndef REDIS_FDW_CORE_EXEC_ROUTER_H_
#define REDIS_FDW_CORE_EXEC_ROUTER_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/status.h"
#include "core/exec/keyspace.h"
#include "core/net/connection.h"
#include "core/net/pool.h"
#include "core/net/reply_error.h"
#include "core/resp/command.h"

namespace redis_fdw {

// Who answers reads (option read_from).
enum class ReadFrom : uint8_t {
  kPrimary,
  kPreferReplica,  // a replica where one can be reached, else the primary
  kReplica,        // a replica, or the read fails
};

// What discovery may use and how long it may take. It leases connections of its own, one more to a
// node than `limits` allow.
struct Discovery {
  Pool* pool;
  PoolLimits limits;
  absl::Time deadline;
};

class Router {
 public:
  virtual ~Router() = default;

  // The node for a command whose target is kKey or kAny. REQUIRES: !stale(). `primary_only`: reads,
  // too, go to the primary. No I/O. kNotReady if nobody serves the key at present.
  virtual absl::StatusOr<int> Route(const Command& command, bool primary_only) = 0;
  // Every primary, for kAllPrimaries. REQUIRES: !stale().
  virtual std::vector<int> Primaries() const = 0;
  // How to connect to a node. The reference lives as long as the router.
  virtual const ConnectionSpec& Spec(int node) const = 0;

  // Another number once other nodes may serve keys than before: whoever has commands under way
  // looks whether what follows them goes elsewhere. Statements of a session share a router, so it
  // may change at any time that one of them waits.
  uint64_t view() const { return view_; }

  // Whether Refresh() has to be called before anything is routed.
  virtual bool stale() const { return false; }
  // Finds out who serves what now. Waits. Errors: kConnectFailed (nobody can be reached: final),
  // kNotReady (those who can be reached know of no primary now: worth trying again), kInvalidOption
  // and others (final).
  virtual absl::Status Refresh(const Discovery&) { return absl::OkStatus(); }
  // `node` cannot be reached, or is not what it was taken for. True: the router is now stale(), and
  // Refresh() may find another; false: there is nobody else to ask.
  virtual bool Doubt(int /*node*/) { return false; }
  // The node that a MOVED or ASK from `node` names; of a MOVED the slot's new node is remembered.
  // No I/O. An error if it cannot be followed.
  virtual absl::StatusOr<int> Follow(const Redirect& /*redirect*/, int /*node*/) {
    return MakeError(ErrorKind::kRedirect, "the server is a node of a Redis Cluster, and redirects",
                     "Set option \"mode\" of the server to \"cluster\" or \"auto\".");
  }
  // How keys are spread at this moment, by asking each primary. Waits: a round trip in a cluster,
  // none elsewhere.
  virtual absl::StatusOr<Keyspace> LookAtKeyspace(const Discovery&) {
    Keyspace keyspace;
    for (int node : Primaries()) {
      keyspace.shards.emplace_back();
      keyspace.shards.back().node = node;
    }
    return keyspace;
  }

 protected:
  void ViewChanged() { ++view_; }

 private:
  uint64_t view_ = 0;
};

// One server.
class StandaloneRouter : public Router {
 public:
  explicit StandaloneRouter(ConnectionSpec spec) : spec_(std::move(spec)) {}
  absl::StatusOr<int> Route(const Command&, bool) override { return 0; }
  std::vector<int> Primaries() const override { return {0}; }
  const ConnectionSpec& Spec(int) const override { return spec_; }

 private:
  ConnectionSpec spec_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_ROUTER_H_
