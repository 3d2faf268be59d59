// Router: which node a command goes to.
//
// Nodes are numbered; a number means the same node for the router's life. One server is node 0.
// Sentinel and Cluster will be other routers, with the same two questions.

#ifndef REDIS_FDW_CORE_EXEC_ROUTER_H_
#define REDIS_FDW_CORE_EXEC_ROUTER_H_

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/net/connection.h"
#include "core/resp/command.h"

namespace redis_fdw {

class Router {
 public:
  virtual ~Router() = default;
  // The node for a command whose target is kKey, kNode or kAny.
  virtual absl::StatusOr<int> Route(const Command& command) const = 0;
  // Every primary, for kAllPrimaries.
  virtual std::vector<int> Primaries() const = 0;
  // How to connect to a node. The reference lives as long as the router.
  virtual const ConnectionSpec& Spec(int node) const = 0;
};

// One server.
class StandaloneRouter : public Router {
 public:
  explicit StandaloneRouter(ConnectionSpec spec) : spec_(std::move(spec)) {}
  absl::StatusOr<int> Route(const Command&) const override { return 0; }
  std::vector<int> Primaries() const override { return {0}; }
  const ConnectionSpec& Spec(int) const override { return spec_; }

 private:
  ConnectionSpec spec_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_ROUTER_H_
