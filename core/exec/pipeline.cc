#include "core/exec/pipeline.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

// While data flows, a wait of no length gives interrupts their chance this often.
constexpr absl::Duration kLookEvery = absl::Milliseconds(10);

// The answer to ASKING says nothing.
NullSink* AskingSink() {
  static NullSink* const sink = new NullSink();
  return sink;
}

}  // namespace

constexpr absl::Duration Pipeline::kAbandonWait;

Pipeline::Pipeline(Pool* pool, std::shared_ptr<Router> router, PoolLimits limits)
    : pool_(pool), router_(std::move(router)), limits_(limits), traffic_(pool, &counters_) {}

// Connections first: they hold pointers to flights.
Pipeline::~Pipeline() { nodes_.clear(); }

// --- Submitting ---------------------------------------------------------------------------------

absl::StatusOr<int> Pipeline::NodeOf(const Command& command, int pinned) const {
  if (pinned >= 0) return pinned;
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

absl::Status Pipeline::Submit(Command command, ReplySink* sink) {
  if (!advancing_ && router_->stale()) {
    RETURN_IF_ERROR(EnsureFresh(pool_->waiter()->Now() + limits_.acquire_timeout));
  }
  if (command.target() != Command::Target::kAllPrimaries) {
    const int pinned = command.target() == Command::Target::kNode ? command.node() : -1;
    return SubmitOne(std::move(command), sink, pinned);
  }
  for (int number : router_->Primaries()) RETURN_IF_ERROR(SubmitOne(command, sink, number));
  return absl::OkStatus();
}

absl::Status Pipeline::SubmitOne(Command command, ReplySink* sink, int pinned) {
  // Behind what is to be sent again, so that commands on one key keep their order.
  const bool waits = !again_.empty() || router_->stale() || MustFollow(command, pinned);
  Flights& list = waits ? again_ : flights_;
  FlightOwner* owner = this;
  list.emplace_back(owner, std::move(command), sink, pinned, submitted_++);
  Flight* flight = &list.back();
  flight->self = std::prev(list.end());
  if (waits) return absl::OkStatus();
  absl::Status sent = Send(flight);
  if (sent.ok()) return sent;
  if (GetErrorKind(sent) == ErrorKind::kNotReady) {
    // Nobody serves the key at present.
    Defer(flight, sent);
    return absl::OkStatus();
  }
  flights_.erase(flight->self);
  return sent;
}

absl::Status Pipeline::CheckGroup(const Flight& flight) {
  const int group = flight.command.atomic_group();
  if (group != 0 && group == group_ && flight.node != group_node_) {
    return MakeError(ErrorKind::kUnsupported,
                     "keys that are changed in one transaction are on different nodes",
                     "Keys share a node if they share a hash tag, as in {tag}key.");
  }
  group_ = group;
  group_node_ = flight.node;
  return absl::OkStatus();
}

// Queues it on the connection to its node. REQUIRES: it is in flights_.
absl::Status Pipeline::Send(Flight* flight) {
  const bool asking = std::exchange(flight->asking, false);
  if (flight->next_node >= 0) {
    flight->node = std::exchange(flight->next_node, -1);
  } else {
    ASSIGN_OR_RETURN(flight->node, NodeOf(flight->command, flight->pinned));
  }
  RETURN_IF_ERROR(CheckGroup(*flight));
  ASSIGN_OR_RETURN(Lease * lease, Lend(flight->node));
  if (asking) {
    // Refused if the command is: left alone, it would be for the next one.
    const Command ask = Command("ASKING").ReadOnly().CursorOf(flight->command.run_id());
    (*lease)->Enqueue(ask, AskingSink(), &counters_);
  }
  (*lease)->Enqueue(flight->command, flight, &counters_);
  CountNode(flight->node);
  return absl::OkStatus();
}

void Pipeline::CountNode(int number) {
  const auto place = static_cast<size_t>(number);
  if (place >= counted_.size()) counted_.resize(place + 1);
  if (counted_[place]) return;
  counted_[place] = true;
  ++counters_.nodes;
}

absl::StatusOr<Lease*> Pipeline::Lend(int number) {
  const auto found = nodes_.find(number);
  if (found != nodes_.end()) {
    Lease& lease = found->second;
    // Kept since an earlier command, it may have been closed meanwhile, like an idle one in the
    // pool.
    const bool look = !advancing_ && limits_.test_on_check_out && lease->idle();
    if (!look || lease->Usable()) return &lease;
    lease.Discard();
    nodes_.erase(found);
  }
  ASSIGN_OR_RETURN(Lease lease, NewLease(number));
  return &nodes_.emplace(number, std::move(lease)).first->second;
}

absl::StatusOr<Lease> Pipeline::NewLease(int number) {
  leasing_ = true;
  absl::Cleanup not_leasing = [this] { leasing_ = false; };
  ASSIGN_OR_RETURN(Lease lease, pool_->Acquire(router_->Spec(number), limits_));
  traffic_.SetOwner(lease->spec());
  if (spill_ != nullptr) {
    lease.SetSpill([this]() -> absl::Status {
      // A connection that is being advanced further up the stack cannot be given up. Nor can what
      // is read be finished while its reader is there, waiting for a connection of the scan that
      // now wants this one.
      if (advancing_) return absl::OkStatus();
      if (leasing_) {
        ReleaseIdle();
        return absl::OkStatus();
      }
      RETURN_IF_ERROR(spill_());
      ReleaseIdle();
      return absl::OkStatus();
    });
  }
  return lease;
}

// --- Moving -------------------------------------------------------------------------------------

absl::StatusOr<bool> Pipeline::Advance() { return AdvanceAll(/*read_replies=*/true); }

absl::Status Pipeline::Flush() { return AdvanceAll(/*read_replies=*/false).status(); }

absl::StatusOr<bool> Pipeline::AdvanceAll(bool read_replies) {
  const absl::Time now = pool_->waiter()->Now();
  RETURN_IF_ERROR(SendAgain(now));
  advancing_ = true;
  absl::Cleanup not_advancing = [this] { advancing_ = false; };
  bool moved = false;
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    const auto node = it++;
    Connection& connection = *node->second.get();
    absl::StatusOr<bool> result = read_replies ? connection.Advance(now) : connection.Flush(now);
    if (result.ok()) {
      moved = moved || *result;
    } else if (!connection.broken()) {
      return result.status();
    } else {
      RETURN_IF_ERROR(OnBroken(node, result.status()));
      moved = true;
    }
  }
  return moved;
}

void Pipeline::AppendInterest(std::vector<FdInterest>* interests, absl::Time* deadline) const {
  for (const auto& node : nodes_) node.second->AppendInterest(interests, deadline);
  if (!again_.empty()) *deadline = std::min(*deadline, again_at_);
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
  for (auto& node : nodes_) node.second->RestartSilence(looked);
  while (true) {
    RETURN_IF_ERROR(RefreshForAgain());
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

absl::Status Pipeline::OnFlightEnd(Flight* flight) {
  if (!again_.empty() && flight->command.has_key()) NoteOvertaken(*flight);
  ReplySink* sink = flight->sink;
  flights_.erase(flight->self);
  absl::Status status = sink->OnEnd();
  failed_ = failed_ || !status.ok();
  return status;
}

// Ends a flight of flights_ with an error, as its sink takes it.
absl::Status Pipeline::End(Flight* flight, absl::Status error) {
  ReplySink* sink = flight->sink;
  flights_.erase(flight->self);
  absl::Status status = sink->OnError(error);
  failed_ = failed_ || !status.ok();
  return status;
}

// --- Ending -------------------------------------------------------------------------------------

size_t Pipeline::Unread() const {
  size_t sum = 0;
  for (const auto& node : nodes_) sum += node.second->outstanding();
  return sum;
}

uint64_t Pipeline::BytesRead() const {
  uint64_t sum = 0;
  for (const auto& node : nodes_) sum += node.second->bytes_read();
  return sum;
}

// Reads on, for Abandon(). False when enough was done: nothing is outstanding, or too much is.
bool Pipeline::Discarding(absl::Time deadline, uint64_t max_read) {
  const absl::Time now = pool_->waiter()->Now();
  bool moved = false;
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    const absl::StatusOr<bool> result = it->second->Advance(now);
    moved = moved || (result.ok() && *result);
    if (it->second->broken()) {
      it = nodes_.erase(it);
    } else {
      ++it;
    }
  }
  if (Unread() == 0 || BytesRead() > max_read || now >= deadline) return false;
  return moved || WaitFor(deadline).ok();
}

void Pipeline::Abandon() {
  if (advancing_) return;
  try {
    for (auto& node : nodes_) node.second->ForgetSinks();
    flights_.clear();
    again_.clear();
    if (Unread() > 0) {
      const absl::Time deadline = pool_->waiter()->Now() + kAbandonWait;
      const uint64_t max_read = BytesRead() + kAbandonBytes;
      while (Discarding(deadline, max_read)) {
      }
    }
  } catch (...) {
    // Out of memory: what is not clean is closed by its lease.
  }
  nodes_.clear();
  flights_.clear();
  again_.clear();
  traffic_.Report();
}

void Pipeline::ReleaseIdle() {
  if (advancing_) return;
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    if (it->second->idle()) {
      it = nodes_.erase(it);
    } else {
      ++it;
    }
  }
  traffic_.Report();
}

}  // namespace redis_fdw
