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
  Answer& answer() { return answer_; }

  void Start() {
    absl::StatusOr<Lease> lease = discovery_.pool->Acquire(spec_, limits_);
    if (!lease.ok()) return Fail(lease.status());
    lease_ = std::move(*lease);
    was_ready_ = lease_->ready();
    lease_->RestartSilence(discovery_.pool->waiter()->Now());
    for (const Command& command : commands_) lease_->Enqueue(command, &sink_, nullptr);
  }

  // Moves what can be moved; true if anything did. REQUIRES: !done().
  bool Advance(absl::Time now) {
    const absl::StatusOr<bool> moved = lease_->Advance(now);
    if (!moved.ok()) {
      // It had waited in the pool, and its server has gone since.
      const bool closed = GetErrorKind(moved.status()) == ErrorKind::kConnectionLost;
      lease_.Discard();
      if (closed && was_ready_ && sink_.complete() == 0) {
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
    Fail(MakeError(ErrorKind::kConnectFailed, absl::StrCat("Redis at ", spec_.endpoint.ToString(),
                                                           " could not be asked", what)));
  }

 private:
  void Fail(const absl::Status& status) {
    answer_.status = status;
    done_ = true;
  }

  const Discovery& discovery_;
  PoolLimits limits_;
  const ConnectionSpec& spec_;
  const std::vector<Command>& commands_;
  ReplyTreeSink sink_;
  Lease lease_;  // after the sink, so that it ends first
  bool was_ready_ = false;
  bool done_ = false;
  Answer answer_;
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

bool AllDone(const Askings& askings) {
  return std::all_of(askings.begin(), askings.end(), [](const Asking& a) { return a.done(); });
}

}  // namespace

absl::StatusOr<std::vector<Answer>> AskAll(const Discovery& discovery,
                                           const std::vector<ConnectionSpec>& specs,
                                           const std::vector<Command>& commands) {
  Waiter* const waiter = discovery.pool->waiter();
  Askings askings;
  for (const ConnectionSpec& spec : specs) {
    askings.emplace_back(discovery, spec, commands);
    askings.back().Start();
  }
  while (!AllDone(askings)) {
    bool moved = false;
    RETURN_IF_ERROR(Turn(waiter, discovery.deadline, &askings, &moved));
    if (moved || waiter->Now() < discovery.deadline) continue;
    for (Asking& asking : askings) {
      if (!asking.done()) asking.TimeOut();
    }
  }
  std::vector<Answer> answers;
  for (Asking& asking : askings) answers.push_back(std::move(asking.answer()));
  return answers;
}

absl::StatusOr<absl::optional<size_t>> AskFirst(
    const Discovery& discovery, const std::vector<ConnectionSpec>& specs,
    const std::vector<Command>& commands, absl::FunctionRef<Verdict(size_t, const Answer&)> judge) {
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
