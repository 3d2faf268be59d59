#include "core/exec/cluster_router.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/exec/discovery_errors.h"
#include "core/exec/slot.h"

namespace redis_fdw {
namespace {

// What is wrong if a server that has to be a cluster node is none.
absl::Status NoClusterNode(const Endpoint& endpoint, bool is_sentinel, bool several) {
  if (is_sentinel) {
    return MakeError(ErrorKind::kInvalidOption,
                     absl::StrCat("Redis at ", endpoint.ToString(), " is a sentinel"),
                     "Set option \"mode\" of the server to \"sentinel\", and \"sentinel_master\".");
  }
  return MakeError(
      ErrorKind::kInvalidOption,
      absl::StrCat(several ? "host_port names several addresses, but Redis at " : "Redis at ",
                   endpoint.ToString(), " is no cluster node"),
      several ? "Name one address, or the sentinels and set option \"mode\" to \"sentinel\"."
              : "Set option \"mode\" of the server to \"auto\" or \"standalone\".");
}

}  // namespace

constexpr absl::Duration ClusterRouter::kDoubtFor;
constexpr absl::Duration ClusterRouter::kRefreshEvery;
constexpr absl::Duration ClusterRouter::kLookFor;
constexpr absl::Duration ClusterRouter::kLookForReplicasEvery;

ClusterRouter::ClusterRouter(const ConnectionSpec& base, const std::vector<Endpoint>& seeds,
                             ClusterOptions options)
    : options_(std::move(options)),
      nodes_(base, /*readonly_replicas=*/true),
      must_be_cluster_(options_.must_be_cluster || seeds.size() > 1),
      kind_(must_be_cluster_ ? Kind::kCluster : Kind::kUnknown),
      owner_(kSlots, -1) {
  // (Whatever is beyond the limit of nodes is not needed to find a cluster.)
  for (const Endpoint& seed : seeds) (void)nodes_.Number(seed, NodeRole::kPrimary);
  seeds_ = nodes_.size();
}

// --- Routing ------------------------------------------------------------------------------------

bool ClusterRouter::IsPrimary(int node) const {
  return std::find(primaries_.begin(), primaries_.end(), node) != primaries_.end();
}

absl::StatusOr<int> ClusterRouter::Route(const Command& command, bool primary_only) {
  if (kind_ == Kind::kStandalone) return 0;
  if (!command.has_key()) {
    if (any_ >= 0) return any_;
    stale_ = true;
    return MakeError(ErrorKind::kNotReady, "no primary of the cluster is known");
  }
  const int slot = KeySlot(command.key());
  const int primary = owner_[slot];
  if (primary < 0) {
    stale_ = true;
    return MakeError(ErrorKind::kNotReady,
                     absl::StrCat("no node of the cluster serves hash slot ", slot),
                     "Redis's CLUSTER INFO and CLUSTER SLOTS tell more.");
  }
  if (options_.read_from == ReadFrom::kPrimary || primary_only || !command.read_only()) {
    return primary;
  }
  return ReplicaOf(primary, slot);
}

// The same one as long as it is well, so that connections are used again.
absl::StatusOr<int> ClusterRouter::ReplicaOf(int primary, int slot) {
  const absl::Time now = options_.now();
  const auto found = replicas_.find(primary);
  if (found != replicas_.end()) {
    const std::vector<int>& replicas = found->second;
    for (size_t i = 0; i < replicas.size(); ++i) {
      const int replica = replicas[(options_.replica_choice + i) % replicas.size()];
      if (!nodes_.Doubted(replica, now)) return replica;
    }
  }
  if (options_.read_from == ReadFrom::kPreferReplica) {
    // There may be one by now: nodes name a replica only once it is in sync.
    if (now >= refreshed_ + kLookForReplicasEvery) stale_ = true;
    return primary;
  }
  stale_ = true;
  return MakeError(ErrorKind::kNotReady,
                   absl::StrCat("no replica can be reached that serves hash slot ", slot),
                   "Option \"read_from\" may be \"prefer_replica\".");
}

bool ClusterRouter::Doubt(int node) {
  if (kind_ != Kind::kCluster) return false;
  nodes_.Doubt(node, options_.now() + kDoubtFor);
  stale_ = true;
  return true;
}

absl::StatusOr<int> ClusterRouter::Follow(const Redirect& redirect, int node) {
  if (kind_ != Kind::kCluster) {
    RETURN_IF_ERROR(CheckDatabase());
    kind_ = Kind::kCluster;
    primaries_.clear();
    stale_ = true;
  }
  const ConnectionSpec& from = Spec(node);
  ASSIGN_OR_RETURN(const Endpoint endpoint,
                   NamedEndpoint(redirect.host, redirect.port, from.endpoint));
  ASSIGN_OR_RETURN(const int target, nodes_.Number(endpoint, NodeRole::kPrimary));
  if (redirect.ask) return target;
  // A replica of another primary than we think, or none any more.
  if (from.role == NodeRole::kReplica) Doubt(node);
  if (!IsPrimary(target)) {
    primaries_.push_back(target);
    stale_ = true;
  }
  ViewChanged();
  owner_[redirect.slot] = target;
  moved_[redirect.slot] = target;
  last_good_ = target;  // the new owner knows best
  if (moved_.size() >= kMovesBeforeRefresh) stale_ = true;
  return target;
}

// --- Discovery ----------------------------------------------------------------------------------

absl::Status ClusterRouter::CheckDatabase() const {
  const int database = nodes_.base().database;
  if (database == 0) return absl::OkStatus();
  return MakeError(ErrorKind::kInvalidOption,
                   absl::StrCat("database ", database, " does not exist in a Redis Cluster"),
                   "A Redis Cluster has only database 0; change option \"database\".");
}

absl::Status ClusterRouter::Refresh(const Discovery& discovery) {
  if (!stale_) return absl::OkStatus();
  if (kind_ == Kind::kUnknown) {
    RETURN_IF_ERROR(FindOutKind(discovery));
    if (kind_ == Kind::kStandalone) return absl::OkStatus();
  }
  RETURN_IF_ERROR(CheckDatabase());
  const absl::Time now = discovery.pool->waiter()->Now();
  if (now >= refreshed_ && now < refreshed_ + kRefreshEvery) {
    stale_ = false;
    return absl::OkStatus();
  }
  return AskForSlots(discovery);
}

// Connects to the only address there is, as the first command would.
absl::Status ClusterRouter::FindOutKind(const Discovery& discovery) {
  ASSIGN_OR_RETURN(const std::vector<NodeAnswer> answers, AskAll(discovery, {Spec(0)}, {}));
  RETURN_IF_ERROR(answers[0].status);
  if (answers[0].server.is_sentinel) {
    return NoClusterNode(Spec(0).endpoint, /*is_sentinel=*/true, /*several=*/false);
  }
  bool is_cluster = answers[0].server.cluster_enabled;
  if (!answers[0].server.told) {
    // INFO is forbidden. Taken for one server, a node would show its own keys as if they were all.
    ASSIGN_OR_RETURN(const std::vector<NodeAnswer> asked,
                     AskAll(discovery, {Spec(0)}, {Command("CLUSTER").Arg("SLOTS").ReadOnly()}));
    RETURN_IF_ERROR(asked[0].status);
    const Reply& reply = asked[0].replies.front();
    is_cluster = reply.type != ReplyType::kError;
    kind_is_guess_ = !is_cluster && GetErrorKind(reply.error) == ErrorKind::kPermission;
  }
  if (is_cluster) {
    kind_ = Kind::kCluster;
    return absl::OkStatus();
  }
  if (options_.read_from == ReadFrom::kReplica && !kind_is_guess_) {
    return MakeError(
        ErrorKind::kInvalidOption,
        absl::StrCat("option \"read_from\" is \"replica\", but Redis at ",
                     Spec(0).endpoint.ToString(), " is one server, no cluster"),
        "Replicas are known of a cluster, or by sentinels. To read from one replica, make a "
        "server of it, without \"read_from\".");
  }
  kind_ = Kind::kStandalone;
  primaries_ = {0};
  any_ = 0;
  stale_ = false;
  return absl::OkStatus();
}

// Those most likely to answer, and to know, first; the addresses of host_port last, since they may
// be names that resolve anew; each endpoint once. Who is in doubt comes after all others.
std::vector<int> ClusterRouter::WhomToAsk() const {
  std::vector<int> order;
  if (last_good_ >= 0) order.push_back(last_good_);
  order.insert(order.end(), primaries_.begin(), primaries_.end());
  for (const auto& replicas : replicas_) {
    order.insert(order.end(), replicas.second.begin(), replicas.second.end());
  }
  for (int seed = 0; seed < seeds_; ++seed) order.push_back(seed);
  std::set<std::string> seen;
  const auto repeated = [this, &seen](int node) {
    return !seen.insert(Spec(node).endpoint.ToString()).second;
  };
  order.erase(std::remove_if(order.begin(), order.end(), repeated), order.end());
  const absl::Time now = options_.now();
  std::stable_partition(order.begin(), order.end(),
                        [this, now](int node) { return !nodes_.Doubted(node, now); });
  return order;
}

absl::StatusOr<std::vector<SlotRange>> ClusterRouter::ViewOf(const NodeAnswer& answer,
                                                             const Endpoint& from) const {
  RETURN_IF_ERROR(answer.status);
  const Reply& reply = answer.replies.front();
  if (reply.type == ReplyType::kError) {
    const ErrorInfo error = GetErrorInfo(reply.error);
    if (answer.server.is_sentinel || absl::StrContains(error.message, "cluster support disabled")) {
      return NoClusterNode(from, answer.server.is_sentinel, seeds_ > 1);
    }
    if (error.kind != ErrorKind::kPermission) return reply.error;
    return MakeError(error.kind, error.message,
                     "The Redis user needs the right to run CLUSTER SLOTS and CLUSTER NODES.");
  }
  ASSIGN_OR_RETURN(std::vector<SlotRange> view, ParseClusterSlots(reply, from));
  if (view.empty()) {
    return MakeError(ErrorKind::kNotReady,
                     absl::StrCat("Redis at ", from.ToString(),
                                  " knows of no node that serves slots of its cluster"));
  }
  return view;
}

// In how many slots the view is doubtful: it has them not, contradicts what MOVED has said since,
// or names somebody as primary who could not be reached just now. 0: it may be the newest.
int ClusterRouter::Flaws(const std::vector<SlotRange>& view) {
  const absl::Time now = options_.now();
  std::vector<bool> sound(kSlots);
  for (const SlotRange& range : view) {
    const absl::StatusOr<int> node = nodes_.Number(range.primary.endpoint, NodeRole::kPrimary);
    if (!node.ok() || nodes_.Doubted(*node, now)) continue;
    std::fill(sound.begin() + range.first, sound.begin() + range.last + 1, true);
    for (auto it = moved_.lower_bound(range.first); it != moved_.end() && it->first <= range.last;
         ++it) {
      if (it->second != *node) sound[it->first] = false;
    }
  }
  return static_cast<int>(std::count(sound.begin(), sound.end(), false));
}

absl::Status ClusterRouter::AskForSlots(const Discovery& discovery) {
  const std::vector<int> order = WhomToAsk();
  std::vector<ConnectionSpec> specs;
  for (const int node : order) specs.push_back(Spec(node));
  std::vector<absl::Status> errors;
  // The best so far.
  std::vector<SlotRange> best;
  int best_flaws = kSlots + 1;
  size_t best_from = 0;
  const auto judge = [&](size_t place, const NodeAnswer& answer) {
    absl::StatusOr<std::vector<SlotRange>> view = ViewOf(answer, specs[place].endpoint);
    if (!view.ok()) {
      errors.push_back(view.status());
      return Verdict::kBad;
    }
    const int flaws = Flaws(*view);
    if (flaws < best_flaws) {
      best = std::move(*view);
      best_flaws = flaws;
      best_from = place;
    }
    return flaws == 0 ? Verdict::kGood : Verdict::kUsable;
  };
  ASSIGN_OR_RETURN(const absl::optional<size_t> taken,
                   AskFirst(discovery, specs, {Command("CLUSTER").Arg("SLOTS").ReadOnly()}, judge));
  if (!taken.has_value()) {
    return SumUp(
        errors, order.size(), "node of the Redis Cluster",
        "Option \"host_port\" names the nodes to begin with; one that is alive is enough.");
  }
  RETURN_IF_ERROR(Adopt(best, order[best_from], best_flaws == 0));
  refreshed_ = discovery.pool->waiter()->Now();
  stale_ = false;
  return absl::OkStatus();
}

absl::Status ClusterRouter::Adopt(const std::vector<SlotRange>& view, int from, bool sound) {
  std::vector<int> owner(kSlots, -1);
  std::map<int, std::vector<int>> replicas;
  std::map<std::string, int> by_id;
  for (const SlotRange& range : view) {
    ASSIGN_OR_RETURN(const int primary, nodes_.Number(range.primary.endpoint, NodeRole::kPrimary));
    std::fill(owner.begin() + range.first, owner.begin() + range.last + 1, primary);
    if (!range.primary.id.empty()) by_id[range.primary.id] = primary;
    for (const NamedNode& named : range.replicas) {
      ASSIGN_OR_RETURN(const int replica, nodes_.Number(named.endpoint, NodeRole::kReplica));
      std::vector<int>& known = replicas[primary];
      if (std::find(known.begin(), known.end(), replica) == known.end()) known.push_back(replica);
    }
  }
  // A view that may be older than what MOVED said does not overrule it.
  if (!sound) {
    for (const auto& move : moved_) owner[move.first] = move.second;
  }
  moved_.clear();
  ViewChanged();
  owner_ = std::move(owner);
  replicas_ = std::move(replicas);
  by_id_ = std::move(by_id);
  last_good_ = from;
  ListPrimaries();
  return absl::OkStatus();
}

// Brings primaries_ and any_ in line with owner_.
void ClusterRouter::ListPrimaries() {
  primaries_.clear();
  for (int slot = 0; slot < kSlots; ++slot) {
    if (owner_[slot] < 0 || (slot > 0 && owner_[slot] == owner_[slot - 1])) continue;
    if (!IsPrimary(owner_[slot])) primaries_.push_back(owner_[slot]);
  }
  const absl::Time now = options_.now();
  const auto well = [this, now](int node) { return IsPrimary(node) && !nodes_.Doubted(node, now); };
  if (well(any_)) return;
  any_ = -1;
  if (well(last_good_)) any_ = last_good_;
  for (const int primary : primaries_) {
    if (any_ < 0 && well(primary)) any_ = primary;
  }
  if (any_ < 0 && !primaries_.empty()) any_ = primaries_.front();
}

}  // namespace redis_fdw
