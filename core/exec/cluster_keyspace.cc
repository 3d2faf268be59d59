// ClusterRouter::LookAtKeyspace().

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/exec/cluster_router.h"
#include "core/exec/discovery_errors.h"

namespace redis_fdw {

// One look: asks primaries until nobody names another.
class ClusterRouter::KeyspaceLook {
 public:
  // What is routed counts as said, by nobody in particular: a node that has forgotten the cluster,
  // or is the first to be asked and gone, does not make a look at nothing complete.
  explicit KeyspaceLook(ClusterRouter* router)
      : router_(*router), claimed_(kSlots), covered_(kSlots) {
    for (int slot = 0; slot < kSlots; ++slot) claimed_[slot].any = router_.owner_[slot] >= 0;
  }

  absl::Status Ask(const Discovery& discovery) {
    for (const int node : router_.primaries_) Want(node);
    const auto take = [this](
                          size_t place,
                          const NodeAnswer& answer) -> absl::StatusOr<std::vector<ConnectionSpec>> {
      RETURN_IF_ERROR(Take(asked_[place], answer));
      return TakeWanted();
    };
    // Who does not answer is not waited for if others have taken over all that it had.
    const auto enough = [this] { return Check().ok(); };
    return AskOnwards(discovery, TakeWanted(), {Command("CLUSTER").Arg("NODES").ReadOnly()}, take,
                      enough);
  }

  // Whether what was said is all there is to know.
  absl::Status Check() const {
    if (shards_.empty()) return Incomplete("who is a primary");
    for (const std::string& id : importers_) {
      if (shard_of_.find(id) == shard_of_.end()) return Incomplete("who imports keys");
    }
    for (int slot = 0; slot < kSlots; ++slot) {
      // With a lower epoch it is somebody who has not heard yet that he has lost it.
      const Claim& claimed = claimed_[slot];
      const Claim& covered = covered_[slot];
      if (claimed.any && (!covered.any || covered.epoch < claimed.epoch)) {
        return Incomplete(absl::StrCat("who serves hash slot ", slot));
      }
    }
    return absl::OkStatus();
  }

  // Without primaries that are cut off, which the others have given up for failed: their keys are
  // those that their slots had when others took over, and that nobody serves any more. (To have
  // lost all slots is not enough. While slots are moved, that may look so for a moment of a node
  // that has their keys.)
  std::vector<Shard> TakeShards() {
    std::set<size_t> cut_off;
    for (const std::string& id : failed_) {
      const auto found = shard_of_.find(id);
      if (found != shard_of_.end() && Superseded(shards_[found->second])) {
        cut_off.insert(found->second);
      }
    }
    std::vector<Shard> shards;
    for (size_t i = 0; i < shards_.size(); ++i) {
      if (cut_off.count(i) == 0) shards.push_back(std::move(shards_[i]));
    }
    return shards;
  }

 private:
  // That a slot is served, and the greatest epoch of those who are said to.
  struct Claim {
    bool any = false;
    uint64_t epoch = 0;
  };

  void Want(int node) {
    if (std::find(asked_.begin(), asked_.end(), node) != asked_.end()) return;
    asked_.push_back(node);
    wanted_.push_back(router_.Spec(node));
  }

  std::vector<ConnectionSpec> TakeWanted() { return std::exchange(wanted_, {}); }

  absl::Status Incomplete(absl::string_view what) const {
    if (!unreachable_.ok()) {
      const ErrorInfo why = GetErrorInfo(unreachable_);
      return MakeError(ErrorKind::kNotReady,
                       absl::StrCat("a primary of the cluster cannot be asked: ", why.message),
                       why.hint, why.detail);
    }
    return MakeError(ErrorKind::kNotReady,
                     absl::StrCat("the nodes of the cluster do not agree yet ", what));
  }

  absl::Status Take(int node, const NodeAnswer& answer) {
    absl::Status failure = answer.status;
    if (failure.ok() && answer.replies.front().type == ReplyType::kError) {
      failure = answer.replies.front().error;
    }
    if (!failure.ok()) {
      // One that loads its data is like one that is gone: others may have taken over.
      if (!IsUnreachable(failure) && GetErrorKind(failure) != ErrorKind::kNotReady) return failure;
      unreachable_ = failure;
      router_.Doubt(node);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const std::vector<NodeLine> lines,
                     ParseClusterNodes(answer.replies.front(), router_.Spec(node).endpoint));
    // Itself first: it is the one that is known by this number.
    for (const NodeLine& line : lines) {
      if (line.myself) TakeOwn(node, line);
    }
    for (const NodeLine& line : lines) RETURN_IF_ERROR(TakeLine(line));
    return absl::OkStatus();
  }

  void TakeOwn(int node, const NodeLine& line) {
    // A replica serves nothing, and a server may be known by two addresses.
    if (!line.primary) router_.stale_ = true;
    if (!line.primary || !shard_of_.emplace(line.node.id, shards_.size()).second) return;
    router_.by_id_[line.node.id] = node;
    Shard shard;
    shard.node = node;
    shard.epoch = line.epoch;
    shard.slots = line.slots;
    for (const auto& slot : line.importing) shard.importing.push_back(slot.first);
    for (const auto& slot : line.migrating) {
      shard.migrating.push_back(slot.first);
      importers_.insert(slot.second);
    }
    Mark(line, &covered_);
    shards_.push_back(std::move(shard));
  }

  // What a node says of any, itself too.
  absl::Status TakeLine(const NodeLine& line) {
    Mark(line, &claimed_);
    if (line.failed) failed_.insert(line.node.id);
    if (!line.primary || line.failed || !line.has_address) return absl::OkStatus();
    if (shard_of_.find(line.node.id) != shard_of_.end()) return absl::OkStatus();
    const auto known = router_.by_id_.find(line.node.id);
    if (known != router_.by_id_.end()) {
      Want(known->second);
      return absl::OkStatus();
    }
    // One without slots may matter, too: the first keys may be on their way to it.
    ASSIGN_OR_RETURN(const int node, router_.nodes_.Number(line.node.endpoint, NodeRole::kPrimary));
    Want(node);
    return absl::OkStatus();
  }

  // Whether others have taken over all that it had.
  bool Superseded(const Shard& shard) const {
    for (const auto& range : shard.slots) {
      for (int slot = range.first; slot <= range.second; ++slot) {
        if (covered_[slot].epoch <= shard.epoch) return false;
      }
    }
    return !shard.slots.empty();
  }

  static void Mark(const NodeLine& line, std::vector<Claim>* claims) {
    for (const auto& range : line.slots) {
      for (int slot = range.first; slot <= range.second; ++slot) {
        Claim& claim = (*claims)[slot];
        claim.any = true;
        claim.epoch = std::max(claim.epoch, line.epoch);
      }
    }
  }

  ClusterRouter& router_;
  std::vector<int> asked_;              // in the order of asking
  std::vector<ConnectionSpec> wanted_;  // the last of them, if not asked yet
  std::vector<Shard> shards_;
  std::map<std::string, size_t> shard_of_;  // by id
  std::set<std::string> importers_;         // ids of those that slots migrate to
  std::set<std::string> failed_;            // ids of those that others have given up
  std::vector<Claim> claimed_;              // by anybody for anybody
  std::vector<Claim> covered_;              // by a shard
  absl::Status unreachable_;                // of the latest that could not be reached
};

absl::StatusOr<Keyspace> ClusterRouter::LookAtKeyspace(const Discovery& discovery) {
  RETURN_IF_ERROR(Refresh(discovery));
  if (kind_ != Kind::kCluster && kind_is_guess_) {
    // If it is a cluster's node, then these would be its keys alone.
    return MakeError(ErrorKind::kPermission,
                     absl::StrCat("whether Redis at ", Spec(0).endpoint.ToString(),
                                  " has all keys or is a node of a cluster is not known: INFO and "
                                  "CLUSTER SLOTS are forbidden"),
                     "Allow one of them (ACL rules +info, +cluster|slots), or set option \"mode\" "
                     "of the server to \"standalone\".");
  }
  if (kind_ != Kind::kCluster) return Router::LookAtKeyspace(discovery);
  KeyspaceLook look(this);
  Discovery patient = discovery;
  patient.deadline = std::min(patient.deadline, discovery.pool->waiter()->Now() + kLookFor);
  RETURN_IF_ERROR(look.Ask(patient));
  absl::Status complete = look.Check();
  if (!complete.ok()) {
    stale_ = true;
    return complete;
  }
  Keyspace keyspace;
  keyspace.is_cluster = true;
  keyspace.shards = look.TakeShards();
  ViewChanged();
  // The greater epoch last: it is right.
  std::vector<const Shard*> by_epoch;
  for (const Shard& shard : keyspace.shards) by_epoch.push_back(&shard);
  std::stable_sort(by_epoch.begin(), by_epoch.end(),
                   [](const Shard* a, const Shard* b) { return a->epoch < b->epoch; });
  for (const Shard* shard : by_epoch) {
    for (const auto& range : shard->slots) {
      std::fill(owner_.begin() + range.first, owner_.begin() + range.second + 1, shard->node);
    }
  }
  ListPrimaries();
  return keyspace;
}

}  // namespace redis_fdw
