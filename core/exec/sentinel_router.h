// SentinelRouter: the primary that sentinels name, and its replicas
// (https://redis.io/docs/reference/sentinel-clients/).
//
// The first sentinel that answers is asked, beginning with the one that answered last; what it says
// is believed only if that server itself says that it is a primary (ROLE), else the others are
// asked. Connections to sentinels have their own credentials, database 0 and role kSentinel. TLS:
// if the sentinels are spoken to over TLS (rediss://), the servers they name are, too.

#ifndef REDIS_FDW_CORE_EXEC_SENTINEL_ROUTER_H_
#define REDIS_FDW_CORE_EXEC_SENTINEL_ROUTER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/exec/ask.h"
#include "core/exec/node_table.h"
#include "core/exec/router.h"
#include "core/net/connection_spec.h"
#include "core/net/endpoint.h"

namespace redis_fdw {

struct SentinelOptions {
  std::string master;    // the name by which sentinels know the primary
  std::string username;  // of the sentinels; both may be empty
  std::string password;
  ReadFrom read_from = ReadFrom::kPrimary;
  // The clock by which doubts are forgotten.
  std::function<absl::Time()> now = [] { return absl::Now(); };
  // Which of several replicas this session reads from.
  uint32_t replica_choice = 0;
};

class SentinelRouter : public Router {
 public:
  // A server that was in doubt is avoided for so long, where there is a choice.
  static constexpr absl::Duration kDoubtFor = absl::Seconds(5);
  // So often sentinels are asked while reads that should go to replicas find none.
  static constexpr absl::Duration kLookForReplicasEvery = absl::Seconds(30);
  // How long a primary in doubt may take to say that it is one, before sentinels are asked again.
  static constexpr absl::Duration kCheckDoubted = absl::Seconds(1);
  // How long the other sentinels are asked, once one has named what is no primary.
  static constexpr absl::Duration kAskOthers = absl::Seconds(1);

  // `base`: as whom to connect to primary and replicas; its endpoint does not matter. REQUIRES:
  // !sentinels.empty().
  SentinelRouter(const ConnectionSpec& base, const std::vector<Endpoint>& sentinels,
                 SentinelOptions options);

  // Reads go to a replica if read_from says so; all else to the primary. With kNotReady it is
  // stale.
  absl::StatusOr<int> Route(const Command& command, bool primary_only) override;
  std::vector<int> Primaries() const override;
  const ConnectionSpec& Spec(int node) const override { return nodes_.Spec(node); }
  bool stale() const override { return stale_; }

  // Two round trips: a sentinel, and the primary. A sentinel that does not answer costs
  // kAskNextAfter. Besides the errors of Router: kInvalidOption (no sentinel knows the name; what
  // is no sentinel), kAuthentication, kPermission, kProtocol.
  absl::Status Refresh(const Discovery& discovery) override;
  bool Doubt(int node) override;
  absl::StatusOr<Keyspace> LookAtKeyspace(const Discovery& discovery) override;

 private:
  // What a sentinel said.
  struct View {
    Endpoint primary;
    std::vector<Endpoint> replicas;  // those that can be read from
  };

  std::vector<Command> Questions() const;
  absl::StatusOr<View> ViewOf(const NodeAnswer& answer, const Endpoint& from) const;
  absl::Status CheckPrimary(const Discovery& discovery, int node);
  absl::Status Adopt(const View& view, int primary);

  const SentinelOptions options_;
  NodeTable nodes_;
  std::vector<ConnectionSpec> sentinels_;  // who answered last, first
  bool stale_ = true;
  int primary_ = -1;
  std::vector<int> replicas_;
  absl::Time refreshed_ = absl::InfinitePast();
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_SENTINEL_ROUTER_H_
