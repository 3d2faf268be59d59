#include "core/exec/ask.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/net/waiter.h"

namespace redis_fdw {
namespace {

// One node that is being asked. Not movable: its connection knows the sink.
class Asking {
 public:
  Asking(const Discovery& discovery, const ConnectionSpec& spec,
         const std::vector<Command>& commands)
      : discovery_(discovery), limits_(discovery.limits), spec_(spec), commands_(commands) {
    ++limits_.max_size;
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  bool done() const { return done_; }
  NodeAnswer& answer() { return answer_; }

  void Start() {
    absl::StatusOr<Lease> lease = discovery_.pool->Acquire(spec_, limits_);
    if (!lease.ok()) return Fail(lease.status());
    lease_ = std::move(*lease);
    used_before_ = lease_->bytes_written() > 0;
    lease_->RestartSilence(discovery_.pool->waiter()->Now());
    for (const Command& command : commands_) lease_->Enqueue(command, &sink_, nullptr);
  }

  // Moves what can be moved; true if anything did. REQUIRES: !done().
  bool Advance(absl::Time now) {
    const absl::StatusOr<bool> moved = lease_->Advance(now);
    if (!moved.ok()) {
      // It had waited in the pool, and its server has gone since.
      const ErrorKind kind = GetErrorKind(moved.status());
      const bool closed = kind == ErrorKind::kConnectionLost || kind == ErrorKind::kConnectFailed;
      lease_.Discard();
      if (closed && used_before_ && sink_.complete() == 0) {
        sink_ = ReplyTreeSink();
        Start();
      } else {
        Fail(moved.status());
      }
      return true;
    }
    if (lease_->ready() && lease_->outstanding() == 0) {
      answer_.server = lease_->server_info();
      answer_.replies = sink_.TakeReplies();
      lease_ = Lease();
      done_ = true;
      return true;
    }
    return *moved;
  }

  void AppendInterest(std::vector<FdInterest>* interests, absl::Time* deadline) const {
    lease_->AppendInterest(interests, deadline);
  }

  void TimeOut() {
    const absl::string_view what =
        lease_->ready() ? ": no answer in time" : ": no connection in time";
    lease_.Discard();
    Fail(MakeError(
        ErrorKind::kConnectFailed,
        absl::StrCat("Redis at ", spec_.endpoint.ToString(), " could not be asked", what),
        "Options \"connect_timeout_ms\" and \"pool_connection_timeout_ms\" say how long to wait."));
  }

 private:
  void Fail(const absl::Status& status) {
    answer_.status = status;
    done_ = true;
  }

  const Discovery& discovery_;
  PoolLimits limits_;
  const ConnectionSpec spec_;
  const std::vector<Command>& commands_;
  ReplyTreeSink sink_;
  Lease lease_;  // after the sink, so that it ends first
  bool used_before_ = false;
  bool done_ = false;
  NodeAnswer answer_;
};

using Askings = std::deque<Asking>;  // stable references

// Moves all that is not done, then waits for it, until `until` at most, unless something moved.
// *moved tells. Errors: those of waiting, and of an interrupt elsewhere.
absl::Status Turn(Waiter* waiter, absl::Time until, Askings* askings, bool* moved) {
  *moved = false;
  std::vector<FdInterest> interests;
  absl::Time deadline = until;
  for (Asking& asking : *askings) {
    if (asking.done()) continue;
    *moved = asking.Advance(waiter->Now()) || *moved;
    if (!asking.done()) {
      asking.AppendInterest(&interests, &deadline);
    } else if (!asking.answer().status.ok() &&
               GetErrorKind(asking.answer().status) == ErrorKind::kHost) {
      return asking.answer().status;
    }
  }
  // A wait of no length still gives interrupts their chance.
  return waiter->Wait(interests, *moved ? waiter->Now() : deadline);
}

bool AllTaken(const std::vector<bool>& taken) {
  return std::find(taken.begin(), taken.end(), false) == taken.end();
}

bool AllDone(const Askings& askings) {
  return std::all_of(askings.begin(), askings.end(), [](const Asking& a) { return a.done(); });
}

}  // namespace

absl::Status AskOnwards(
    const Discovery& discovery, const std::vector<ConnectionSpec>& specs,
    const std::vector<Command>& commands,
    absl::FunctionRef<absl::StatusOr<std::vector<ConnectionSpec>>(size_t, const NodeAnswer&)> take,
    absl::FunctionRef<bool()> enough) {
  Waiter* const waiter = discovery.pool->waiter();
  Askings askings;
  std::vector<bool> taken;
  const auto start = [&](const std::vector<ConnectionSpec>& more) {
    for (const ConnectionSpec& spec : more) {
      askings.emplace_back(discovery, spec, commands);
      askings.back().Start();
      taken.push_back(false);
    }
  };
  start(specs);
  bool moved = true;
  while (true) {
    const bool over = !moved && waiter->Now() >= discovery.deadline;
    for (size_t i = 0; i < askings.size(); ++i) {
      if (over && !askings[i].done()) askings[i].TimeOut();
      if (taken[i] || !askings[i].done()) continue;
      taken[i] = true;
      ASSIGN_OR_RETURN(const std::vector<ConnectionSpec> more, take(i, askings[i].answer()));
      if (enough()) return absl::OkStatus();
      start(more);
    }
    if (AllTaken(taken)) return absl::OkStatus();
    RETURN_IF_ERROR(Turn(waiter, discovery.deadline, &askings, &moved));
  }
}

absl::StatusOr<std::vector<NodeAnswer>> AskAll(const Discovery& discovery,
                                               const std::vector<ConnectionSpec>& specs,
                                               const std::vector<Command>& commands) {
  std::vector<NodeAnswer> answers(specs.size());
  const auto take = [&answers](size_t place, const NodeAnswer& answer) {
    answers[place] = answer;
    return std::vector<ConnectionSpec>();
  };
  RETURN_IF_ERROR(AskOnwards(discovery, specs, commands, take, [] { return false; }));
  return answers;
}

absl::StatusOr<absl::optional<size_t>> AskFirst(
    const Discovery& discovery, const std::vector<ConnectionSpec>& specs,
    const std::vector<Command>& commands,
    absl::FunctionRef<Verdict(size_t, const NodeAnswer&)> judge) {
  Waiter* const waiter = discovery.pool->waiter();
  Askings askings;
  std::vector<bool> judged;
  absl::optional<size_t> usable;
  absl::Time give_up = discovery.deadline;
  absl::Time next = absl::InfinitePast();  // when to ask another
  while (true) {
    for (size_t i = 0; i < askings.size(); ++i) {
      if (judged[i] || !askings[i].done()) continue;
      judged[i] = true;
      const Verdict verdict = judge(i, askings[i].answer());
      if (verdict == Verdict::kGood) return absl::optional<size_t>(i);
      next = absl::InfinitePast();
      if (verdict == Verdict::kUsable && !usable.has_value()) {
        usable = i;
        give_up = std::min(give_up, waiter->Now() + kAskNextAfter);
      }
    }
    const absl::Time now = waiter->Now();
    const bool all_asked = askings.size() == specs.size();
    if (now >= give_up || (all_asked && AllDone(askings))) break;
    if (!all_asked && now >= next) {
      askings.emplace_back(discovery, specs[askings.size()], commands);
      askings.back().Start();
      judged.push_back(false);
      next = now + kAskNextAfter;
      if (askings.back().done()) continue;
    }
    bool moved = false;
    const absl::Time until = askings.size() == specs.size() ? give_up : std::min(give_up, next);
    RETURN_IF_ERROR(Turn(waiter, until, &askings, &moved));
  }
  for (size_t i = 0; i < askings.size() && !usable.has_value(); ++i) {
    if (askings[i].done()) continue;
    askings[i].TimeOut();
    judge(i, askings[i].answer());
  }
  return usable;
}

}  // namespace redis_fdw
