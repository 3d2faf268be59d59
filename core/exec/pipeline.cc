#include "core/exec/pipeline.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

// What is kept for sending again, at most.
constexpr size_t kMaxReplayCommands = 16;
constexpr size_t kMaxReplayBytes = size_t{64} * 1024;
// While data flows, a wait of no length gives interrupts their chance this often.
constexpr absl::Duration kLookEvery = absl::Milliseconds(10);

}  // namespace

constexpr absl::Duration Pipeline::kAbandonWait;

Pipeline::Pipeline(Pool* pool, std::shared_ptr<Router> router, PoolLimits limits)
    : pool_(pool), router_(std::move(router)), limits_(limits) {}

Pipeline::~Pipeline() = default;

// --- Submitting ---------------------------------------------------------------------------------

absl::StatusOr<int> Pipeline::NodeOf(const Command& command) const {
  switch (command.target()) {
    case Command::Target::kNode:
      return command.node();
    case Command::Target::kAllPrimaries: {
      const std::vector<int> primaries = router_->Primaries();
      if (primaries.empty()) return MakeError(ErrorKind::kNotReady, "no primary is known");
      return primaries.front();
    }
    case Command::Target::kKey:
    case Command::Target::kAny:
      break;
  }
  return router_->Route(command, primary_only_);
}

absl::Status Pipeline::Submit(const Command& command, ReplySink* sink) {
  if (command.target() == Command::Target::kAllPrimaries) {
    for (int number : router_->Primaries()) RETURN_IF_ERROR(SubmitTo(number, command, sink));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(int number, NodeOf(command));
  return SubmitTo(number, command, sink);
}

absl::Status Pipeline::SubmitTo(int number, const Command& command, ReplySink* sink) {
  const int group = command.atomic_group();
  if (group != 0 && group == group_ && number != group_node_) {
    return MakeError(ErrorKind::kUnsupported,
                     "keys that are changed in one transaction are on different nodes",
                     "Keys share a node if they share a hash tag, as in {tag}key.");
  }
  group_ = group;
  group_node_ = number;
  ASSIGN_OR_RETURN(Node * node, Lend(number));
  Remember(command, sink, node);
  node->lease->Enqueue(command, sink, &counters_);
  return absl::OkStatus();
}

absl::StatusOr<Pipeline::Node*> Pipeline::Lend(int number) {
  const auto found = nodes_.find(number);
  if (found != nodes_.end()) {
    Node& node = found->second;
    // Kept since an earlier command, it may have been closed meanwhile, like an idle one in the
    // pool.
    if (!advancing_ && limits_.test_on_check_out && node.lease->idle() && !node.lease->Usable()) {
      RETURN_IF_ERROR(Replace(number, &node));
    }
    return &node;
  }
  Node node;
  RETURN_IF_ERROR(LeaseInto(number, &node));
  return &nodes_.emplace(number, std::move(node)).first->second;
}

absl::Status Pipeline::LeaseInto(int number, Node* node) {
  ASSIGN_OR_RETURN(node->lease, pool_->Acquire(router_->Spec(number), limits_));
  node->may_be_stale = node->lease->ready();
  node->read_before = node->lease->bytes_read();
  node->written_before = node->lease->bytes_written();
  if (spill_ != nullptr) {
    node->lease.SetSpill([this]() -> absl::Status {
      // A connection that is being advanced further up the stack cannot be given up.
      if (advancing_) return absl::OkStatus();
      RETURN_IF_ERROR(spill_());
      ReleaseIdle();
      return absl::OkStatus();
    });
  }
  return absl::OkStatus();
}

// --- Sending again ------------------------------------------------------------------------------

void Pipeline::Remember(const Command& command, ReplySink* sink, Node* node) {
  if (!node->may_be_stale) return;
  node->replay_bytes += command.payload();
  if (node->replay.size() >= kMaxReplayCommands || node->replay_bytes > kMaxReplayBytes) {
    node->may_be_stale = false;
    node->replay.clear();
    return;
  }
  node->replay.push_back(Replay{command, sink});
}

bool Pipeline::CanReplay(const Node& node, const absl::Status& error) {
  if (!node.may_be_stale || node.replay.empty()) return false;
  const ErrorKind kind = GetErrorKind(error);
  if (kind != ErrorKind::kConnectionLost && kind != ErrorKind::kMaybeApplied) return false;
  if (node.lease->bytes_read() != node.read_before) return false;
  const bool unsent = node.lease->bytes_written() == node.written_before;
  return std::all_of(node.replay.begin(), node.replay.end(), [unsent](const Replay& replay) {
    const RetryClass retry = replay.command.retry();
    return retry == RetryClass::kAlways || (unsent && retry == RetryClass::kIfUnsent);
  });
}

// Puts another connection in the place of a stale one, and what was outstanding on it into its
// queue. If there is none, the node is forgotten.
absl::Status Pipeline::Replace(int number, Node* node) {
  std::vector<Replay> replay;
  replay.swap(node->replay);
  node->replay_bytes = 0;
  node->lease.Discard();
  absl::Status leased = LeaseInto(number, node);
  if (!leased.ok()) {
    nodes_.erase(number);
    return leased;
  }
  for (const Replay& again : replay) {
    Remember(again.command, again.sink, node);
    node->lease->Enqueue(again.command, again.sink, &counters_);
  }
  return absl::OkStatus();
}

// --- Moving -------------------------------------------------------------------------------------

absl::StatusOr<bool> Pipeline::Advance() { return AdvanceAll(/*read_replies=*/true); }

absl::Status Pipeline::Flush() { return AdvanceAll(/*read_replies=*/false).status(); }

absl::StatusOr<bool> Pipeline::AdvanceAll(bool read_replies) {
  advancing_ = true;
  absl::Cleanup not_advancing = [this] { advancing_ = false; };
  const absl::Time now = pool_->waiter()->Now();
  bool moved = false;
  for (auto it = nodes_.begin(); it != nodes_.end(); ++it) {
    Node& node = it->second;
    Connection& connection = *node.lease.get();
    absl::StatusOr<bool> result = read_replies ? connection.Advance(now) : connection.Flush(now);
    if (result.ok()) {
      moved = moved || *result;
    } else if (!connection.broken()) {
      return result.status();
    } else {
      if (!CanReplay(node, result.status())) {
        nodes_.erase(it);
        return result.status();
      }
      RETURN_IF_ERROR(Replace(it->first, &node));
      moved = true;
    }
    if (node.may_be_stale && node.lease->bytes_read() != node.read_before) {
      node.may_be_stale = false;
      node.replay.clear();
    }
  }
  return moved;
}

void Pipeline::AppendInterest(std::vector<FdInterest>* interests, absl::Time* deadline) const {
  for (const auto& node : nodes_) node.second.lease->AppendInterest(interests, deadline);
}

// Waits for what the connections are interested in, until `until` at most.
absl::Status Pipeline::WaitFor(absl::Time until) {
  interests_.clear();
  absl::Time deadline = absl::InfiniteFuture();
  AppendInterest(&interests_, &deadline);
  if (interests_.empty() && deadline == absl::InfiniteFuture() && until == deadline) {
    return MakeError(ErrorKind::kInternal,
                     absl::StrCat("nothing to wait for, with ", outstanding(),
                                  " replies outstanding whose readers are full"));
  }
  Waiter* waiter = pool_->waiter();
  const absl::Time before = waiter->Now();
  absl::Status status = waiter->Wait(interests_, std::min(deadline, until));
  counters_.wait_time += waiter->Now() - before;
  return status;
}

absl::Status Pipeline::RunUntil(absl::FunctionRef<bool()> done) {
  if (done()) return absl::OkStatus();
  absl::Time looked = pool_->waiter()->Now();
  for (auto& node : nodes_) node.second.lease->RestartSilence(looked);
  while (true) {
    ASSIGN_OR_RETURN(bool moved, Advance());
    if (done()) return absl::OkStatus();
    absl::Time until = absl::InfiniteFuture();
    if (moved) {
      until = pool_->waiter()->Now();
      if (until - looked < kLookEvery) continue;
      looked = until;
    }
    RETURN_IF_ERROR(WaitFor(until));
  }
}

size_t Pipeline::outstanding() const {
  size_t sum = 0;
  for (const auto& node : nodes_) sum += node.second.lease->outstanding();
  return sum;
}

absl::StatusOr<const ServerInfo*> Pipeline::ServerFor(const Command& command) {
  ASSIGN_OR_RETURN(int number, NodeOf(command));
  RETURN_IF_ERROR(Lend(number).status());
  RETURN_IF_ERROR(RunUntil([this, number] {
    const auto found = nodes_.find(number);
    return found != nodes_.end() && found->second.lease->ready();
  }));
  return &nodes_.find(number)->second.lease->server_info();
}

absl::StatusOr<Keyspace> Pipeline::LookAtKeyspace() {
  return router_->LookAtKeyspace(Discovery{pool_, limits_, absl::InfiniteFuture()});
}

// --- Ending -------------------------------------------------------------------------------------

uint64_t Pipeline::BytesRead() const {
  uint64_t sum = 0;
  for (const auto& node : nodes_) sum += node.second.lease->bytes_read();
  return sum;
}

// Reads on, for Abandon(). False when enough was done: nothing is outstanding, or too much is.
bool Pipeline::Discarding(absl::Time deadline, uint64_t max_read) {
  const absl::Time now = pool_->waiter()->Now();
  bool moved = false;
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    const absl::StatusOr<bool> result = it->second.lease->Advance(now);
    moved = moved || (result.ok() && *result);
    if (it->second.lease->broken()) {
      it = nodes_.erase(it);
    } else {
      ++it;
    }
  }
  if (outstanding() == 0 || BytesRead() > max_read || now >= deadline) return false;
  return moved || WaitFor(deadline).ok();
}

void Pipeline::Abandon() {
  if (advancing_) return;
  try {
    for (auto& node : nodes_) node.second.lease->ForgetSinks();
    if (outstanding() > 0) {
      const absl::Time deadline = pool_->waiter()->Now() + kAbandonWait;
      const uint64_t max_read = BytesRead() + kAbandonBytes;
      while (Discarding(deadline, max_read)) {
      }
    }
  } catch (...) {
    // Out of memory: what is not clean is closed by its lease.
  }
  nodes_.clear();
}

void Pipeline::ReleaseIdle() {
  if (advancing_) return;
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    if (it->second.lease->idle()) {
      it = nodes_.erase(it);
    } else {
      ++it;
    }
  }
}

}  // namespace redis_fdw
