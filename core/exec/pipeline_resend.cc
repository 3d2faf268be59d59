// What was refused, or lost with its connection, and is sent again.

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "core/base/status.h"
#include "core/exec/pipeline.h"

namespace redis_fdw {
namespace {

// Redirects in a row before it is waited in between.
constexpr int kPromptTries = 3;
// How often a command is sent again to the only server there is after a connection to it broke.
constexpr int kTriesOfOne = 1;
constexpr absl::Duration kFirstPause = absl::Milliseconds(10);
constexpr absl::Duration kLongestPause = absl::Milliseconds(250);
// After so long it is looked again whether something has to be held back still.
constexpr absl::Duration kHeldPause = absl::Milliseconds(1);

absl::Duration PauseAfter(int tries) {
  return std::min(kFirstPause * (1 << std::min(tries, 10)), kLongestPause);
}

// Counts the time until it ends as waited.
class WaitTime {
 public:
  WaitTime(Waiter* waiter, Counters* counters)
      : waiter_(waiter), counters_(counters), since_(waiter->Now()) {}
  ~WaitTime() { counters_->wait_time += waiter_->Now() - since_; }
  WaitTime(const WaitTime&) = delete;
  WaitTime& operator=(const WaitTime&) = delete;

 private:
  Waiter* const waiter_;
  Counters* const counters_;
  const absl::Time since_;
};

// Whether the reply says that nothing was done, and that it may go better soon.
bool SaysLater(absl::string_view code) {
  return code == "LOADING" || code == "CLUSTERDOWN" || code == "TRYAGAIN" || code == "MASTERDOWN";
}

// Whether a connection that broke so says nothing of the command.
bool IsOfConnection(ErrorKind kind) {
  return kind == ErrorKind::kConnectionLost || kind == ErrorKind::kMaybeApplied ||
         kind == ErrorKind::kConnectFailed || kind == ErrorKind::kNotReady ||
         kind == ErrorKind::kReadOnly;
}

// What a reader hears whose node, which it asked for itself, is not there any more: it looks for
// those who are.
absl::Status NodeIsGone(const absl::Status& why) {
  const ErrorInfo info = GetErrorInfo(why);
  if (!IsOfConnection(info.kind) || info.kind == ErrorKind::kMaybeApplied) return why;
  return MakeError(ErrorKind::kConnectionLost, info.message, info.hint, info.detail);
}

// The error of a command that was tried for long enough. If it was sent to and fro, the nodes do
// not agree who serves its key.
absl::Status TriedEnough(const Flight& flight, absl::Duration patience) {
  ErrorInfo info = GetErrorInfo(flight.refusal);
  absl::StrAppend(&info.detail, info.detail.empty() ? "" : " ", "It was tried ", flight.tries,
                  " times within ", absl::FormatDuration(patience), ".");
  if (info.kind == ErrorKind::kRedirect) info.kind = ErrorKind::kNotReady;
  return MakeError(info.kind, info.message,
                   info.hint.empty() || info.kind == ErrorKind::kNotReady
                       ? "Option \"pool_connection_timeout_ms\" says how long it is tried."
                       : absl::string_view(info.hint),
                   info.detail);
}

}  // namespace

absl::Status Pipeline::OnFlightError(Flight* flight, const absl::Status& error) {
  ++counters_.errors;
  if (flight->begun || flight->command.atomic_group() != 0) return End(flight, error);
  const absl::optional<Redirect> redirect = ReplyRedirect(error);
  if (redirect.has_value() && flight->pinned < 0) return FollowRedirect(flight, *redirect, error);
  const std::string code = ReplyCode(error);
  bool again = SaysLater(code);
  // Another may do better: another replica, the primary, or who has taken over from a node that
  // loads its data, or is cut off from its cluster, and does not know of it.
  if (again && code != "TRYAGAIN") router_->Doubt(flight->node);
  if (code == "READONLY") again = router_->Doubt(flight->node);
  if (!again) return End(flight, error);
  Defer(flight, error);
  return absl::OkStatus();
}

absl::Status Pipeline::FollowRedirect(Flight* flight, const Redirect& redirect,
                                      const absl::Status& error) {
  absl::StatusOr<int> node = router_->Follow(redirect, flight->node);
  if (!node.ok()) {
    const ErrorInfo why = GetErrorInfo(node.status());
    return End(flight, MakeError(why.kind, GetErrorInfo(error).message, why.hint, why.detail));
  }
  // The router remembers a MOVED, so a command with a key finds its way, as those behind it do. It
  // cannot know the keys of one that has none (redis_command()).
  if (redirect.ask || !flight->command.has_key()) flight->next_node = *node;
  flight->asking = redirect.ask;
  Defer(flight, error);
  return absl::OkStatus();
}

// Takes a flight of flights_ out of the traffic until it is sent again.
void Pipeline::Defer(Flight* flight, const absl::Status& error) {
  const absl::Time now = pool_->waiter()->Now();
  flight->refused_at = std::min(flight->refused_at, now);
  flight->refusal = error;
  absl::Time at = now;
  const bool redirected = GetErrorKind(error) == ErrorKind::kRedirect;
  ++(redirected ? counters_.redirects : counters_.retries);
  const bool at_once = redirected || GetErrorKind(error) == ErrorKind::kConnectionLost;
  if (!at_once || flight->tries >= kPromptTries) at += PauseAfter(flight->tries);
  ++flight->tries;
  rerouted_ = true;
  again_at_ = again_.empty() ? at : std::max(again_at_, at);
  again_.splice(again_.end(), flights_, flight->self);
}

// A command on a key was answered. Earlier ones on it that wait to be sent again must not follow
// it.
void Pipeline::NoteOvertaken(const Flight& flight) {
  for (Flight& earlier : again_) {
    if (earlier.sequence > flight.sequence || earlier.tries == 0) continue;
    if (earlier.command.key() != flight.command.key()) continue;
    earlier.overtaken = true;
  }
}

// Where it would be sent now; -1 if nobody serves its key.
int Pipeline::NextNodeOf(const Flight& flight) const {
  if (flight.next_node >= 0) return flight.next_node;
  return NodeOf(flight.command, flight.pinned).value_or(-1);
}

// Whether it must wait for an earlier command on its key, which is under way on another node, from
// where it may have to follow. That can only be where nodes have changed meanwhile.
bool Pipeline::MustFollow(const Command& command, int pinned) {
  if (flights_.empty()) {
    rerouted_ = false;
    view_ = router_->view();
  }
  if ((!rerouted_ && view_ == router_->view()) || !command.has_key()) return false;
  const int node = NodeOf(command, pinned).value_or(-1);
  return std::any_of(flights_.begin(), flights_.end(), [&](const Flight& flight) {
    return flight.node != node && flight.command.key() == command.key();
  });
}

// Of what is to be sent again, finds that which is not to be yet: a later command on its key is
// under way, and if that goes through, it would come behind it; or an earlier one is, or will be,
// on another node, from where it may have to follow.
void Pipeline::HoldBack() {
  struct Latest {
    int64_t sequence;
    int node;
  };
  absl::flat_hash_map<absl::string_view, Latest> latest;  // under way, by key
  for (const Flight& flight : flights_) {
    if (!flight.command.has_key()) continue;
    const auto entry = latest.try_emplace(flight.command.key(), Latest{-1, flight.node}).first;
    entry->second.sequence = std::max(entry->second.sequence, flight.sequence);
  }
  for (Flight& flight : again_) {
    if (!flight.command.has_key()) continue;
    const int node = NextNodeOf(flight);
    const auto entry = latest.try_emplace(flight.command.key(), Latest{-1, node}).first;
    flight.held = entry->second.sequence > flight.sequence || entry->second.node != node;
    // Nor is what comes after it on that key.
    entry->second.sequence = flight.held ? std::numeric_limits<int64_t>::max() : flight.sequence;
  }
}

bool Pipeline::SurvivesBreak(const Flight& flight, bool sent, bool doubted,
                             const absl::Status& why) const {
  if (flight.begun || flight.command.atomic_group() != 0) return false;
  const RetryClass retry = flight.command.retry();
  if (retry == RetryClass::kNever || (sent && retry == RetryClass::kIfUnsent)) return false;
  // A node that is asked for itself, and is gone, is its reader's affair.
  const bool unreachable = GetErrorKind(why) != ErrorKind::kConnectionLost &&
                           GetErrorKind(why) != ErrorKind::kMaybeApplied;
  if (unreachable && (flight.pinned >= 0 || !doubted)) return false;
  return doubted || flight.tries < kTriesOfOne;
}

// A connection broke. OK if all that was outstanding on it will be sent again.
absl::Status Pipeline::OnBroken(Nodes::iterator node, const absl::Status& why) {
  ++counters_.errors;
  const std::vector<Connection::Unanswered> unanswered = node->second->TakeUnanswered();
  const int number = node->first;
  nodes_.erase(node);
  const ErrorKind kind = GetErrorKind(why);
  const bool of_connection = IsOfConnection(kind);
  const bool doubted = (of_connection || kind == ErrorKind::kTimeout) && router_->Doubt(number);
  std::vector<Flight*> lost;
  bool survive = of_connection;
  bool pinned = false;
  for (const Connection::Unanswered& one : unanswered) {
    auto* flight = dynamic_cast<Flight*>(one.sink);
    if (flight == nullptr) continue;  // ASKING's
    lost.push_back(flight);
    pinned = pinned || flight->pinned >= 0;
    survive = survive && SurvivesBreak(*flight, one.sent, doubted, why);
  }
  if (survive && !lost.empty()) {
    for (Flight* flight : lost) Defer(flight, why);
    return absl::OkStatus();
  }
  for (Flight* flight : lost) flights_.erase(flight->self);
  failed_ = failed_ || !lost.empty();
  return pinned && doubted ? NodeIsGone(why) : why;
}

// Sends what is due, in the order in which it was submitted, and ends what has been tried for too
// long. No more than leasing waits.
absl::Status Pipeline::SendAgain(absl::Time now) {
  if (again_.empty() || now < again_at_ || router_->stale()) return absl::OkStatus();
  again_.sort([](const Flight& a, const Flight& b) { return a.sequence < b.sequence; });
  HoldBack();
  absl::Status first;
  size_t count = again_.size();  // what is deferred again meanwhile waits
  for (; count > 0 && first.ok(); --count) {
    Flight* flight = &again_.front();
    flights_.splice(flights_.end(), again_, flight->self);
    if (flight->overtaken) {
      first = End(flight, flight->refusal);
    } else if (now >= flight->refused_at + limits_.acquire_timeout) {
      first = End(flight, TriedEnough(*flight, limits_.acquire_timeout));
    } else if (flight->held) {
      again_.splice(again_.end(), flights_, flight->self);
      again_at_ = std::max(again_at_, now + kHeldPause);
    } else {
      absl::Status sent = Send(flight);
      if (sent.ok()) continue;
      if (GetErrorKind(sent) == ErrorKind::kNotReady) {
        Defer(flight, sent);
      } else {
        first = End(flight, sent);
      }
    }
  }
  return first;
}

// Ends all that waits to be sent again.
absl::Status Pipeline::GiveUpAgain(const absl::Status& why) {
  absl::Status first = absl::OkStatus();
  while (!again_.empty()) {
    Flight* flight = &again_.front();
    flights_.splice(flights_.end(), again_, flight->self);
    absl::Status status = End(flight, why);
    if (first.ok()) first = status;
  }
  return first;
}

// Lets the router find out what it must know before anything is sent again.
absl::Status Pipeline::RefreshForAgain() {
  if (again_.empty() || !router_->stale()) return absl::OkStatus();
  const absl::Time now = pool_->waiter()->Now();
  absl::Time deadline = now + limits_.acquire_timeout;
  for (const Flight& flight : again_) {
    if (flight.tries > 0) {
      deadline = std::min(deadline, flight.refused_at + limits_.acquire_timeout);
    }
  }
  // Not before it is due: who was asked just now has nothing new to tell.
  RETURN_IF_ERROR(SleepUntil(again_at_));
  absl::Status fresh = EnsureFresh(deadline);
  for (auto& node : nodes_) node.second->RestartSilence(pool_->waiter()->Now());
  if (fresh.ok() || GetErrorKind(fresh) == ErrorKind::kHost) return fresh;
  return GiveUpAgain(fresh);
}

// --- Waiting for somebody who serves ------------------------------------------------------------

// Waits a little before something is tried for the time after `tries`; `why` it has to be, if
// `deadline` is over.
absl::Status Pipeline::Pause(int tries, absl::Time deadline, const absl::Status& why) {
  const absl::Time until = pool_->waiter()->Now() + PauseAfter(tries);
  if (until >= deadline) return why;
  return SleepUntil(until);
}

absl::Status Pipeline::SleepUntil(absl::Time until) {
  Waiter* waiter = pool_->waiter();
  const WaitTime counted(waiter, &counters_);
  while (waiter->Now() < until) RETURN_IF_ERROR(waiter->Wait({}, until));
  return absl::OkStatus();
}

absl::Status Pipeline::Refresh(absl::Time deadline) {
  const WaitTime counted(pool_->waiter(), &counters_);
  leasing_ = true;
  const absl::Cleanup not_leasing = [this] { leasing_ = false; };
  return router_->Refresh(Discovery{pool_, limits_, deadline});
}

absl::Status Pipeline::EnsureFresh(absl::Time deadline) {
  for (int tries = 0; router_->stale(); ++tries) {
    const absl::Status status = Refresh(deadline);
    if (status.ok()) continue;
    if (GetErrorKind(status) != ErrorKind::kNotReady) return status;
    RETURN_IF_ERROR(Pause(tries, deadline, status));
  }
  return absl::OkStatus();
}

// Connects to the node of `command`, once. kNotReady if that broke, and all that was queued on it
// is sent again.
absl::Status Pipeline::BecomeReady(const Command& command, int* number) {
  const int pinned = command.target() == Command::Target::kNode ? command.node() : -1;
  ASSIGN_OR_RETURN(*number, NodeOf(command, pinned));
  RETURN_IF_ERROR(Lend(*number).status());
  RETURN_IF_ERROR(RunUntil([this, number] {
    const auto found = nodes_.find(*number);
    return found == nodes_.end() || found->second->ready();
  }));
  if (nodes_.find(*number) != nodes_.end()) return absl::OkStatus();
  return MakeError(ErrorKind::kNotReady,
                   absl::StrCat("no connection to Redis at ",
                                router_->Spec(*number).endpoint.ToString(), " can be kept"));
}

absl::StatusOr<const ServerInfo*> Pipeline::ServerFor(const Command& command) {
  const absl::Time deadline = pool_->waiter()->Now() + limits_.acquire_timeout;
  for (int tries = 0;; ++tries) {
    if (router_->stale()) RETURN_IF_ERROR(EnsureFresh(deadline));
    int number = 0;
    failed_ = false;
    absl::Status status = BecomeReady(command, &number);
    if (status.ok()) return &nodes_.find(number)->second->server_info();
    // It is what another command has ended in, which nobody would hear of otherwise.
    if (failed_) return status;
    // Somebody else may serve: the router knows whether that can be.
    const bool later = GetErrorKind(status) == ErrorKind::kNotReady;
    if ((!router_->stale() && !later) || !IsOfConnection(GetErrorKind(status))) return status;
    const bool pinned = command.target() == Command::Target::kNode;
    if (pinned && router_->stale()) return NodeIsGone(status);
    RETURN_IF_ERROR(Pause(tries, deadline, status));
  }
}

absl::StatusOr<Keyspace> Pipeline::LookOnce(absl::Time deadline) {
  const WaitTime counted(pool_->waiter(), &counters_);
  leasing_ = true;
  const absl::Cleanup not_leasing = [this] { leasing_ = false; };
  return router_->LookAtKeyspace(Discovery{pool_, limits_, deadline});
}

absl::StatusOr<Keyspace> Pipeline::LookAtKeyspace() {
  const absl::Time deadline = pool_->waiter()->Now() + limits_.acquire_timeout;
  for (int tries = 0;; ++tries) {
    if (router_->stale()) RETURN_IF_ERROR(EnsureFresh(deadline));
    absl::StatusOr<Keyspace> keyspace = LookOnce(deadline);
    if (keyspace.ok()) return keyspace;
    const ErrorKind kind = GetErrorKind(keyspace.status());
    if (kind != ErrorKind::kNotReady && kind != ErrorKind::kConnectFailed) return keyspace;
    RETURN_IF_ERROR(Pause(tries, deadline, keyspace.status()));
  }
}

}  // namespace redis_fdw
