#include "testing/fakes/fake_waiter.h"

#include <algorithm>

#include "core/base/status.h"

namespace redis_fdw::test {

absl::Status FakeWaiter::Wait(absl::Span<const FdInterest> /*interests*/, absl::Time deadline) {
  ++waits_;
  if (!interrupt_.ok()) return interrupt_;
  absl::Time wake = deadline;
  if (!events_.empty()) wake = std::min(wake, events_.begin()->first);
  if (wake == absl::InfiniteFuture()) {
    return MakeError(ErrorKind::kInternal, "FakeWaiter: nothing would ever end this wait");
  }
  if (waits_ > 1000000) {
    return MakeError(ErrorKind::kInternal, "FakeWaiter: a million waits look like an endless loop");
  }
  TurnTo(wake);
  return absl::OkStatus();
}

void FakeWaiter::Advance(absl::Duration by) { TurnTo(now_ + by); }

void FakeWaiter::TurnTo(absl::Time time) {
  while (!events_.empty() && events_.begin()->first <= time) {
    now_ = std::max(now_, events_.begin()->first);
    const std::function<void()> event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    event();
  }
  now_ = std::max(now_, time);
}

}  // namespace redis_fdw::test
