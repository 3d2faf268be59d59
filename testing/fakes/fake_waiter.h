// FakeWaiter: a clock that is turned by hand, and waits that end at once.
//
// Wait() does not wait: it turns the clock to the deadline, or to the next event planned with At(),
// whichever is earlier, so that deadlines of minutes are tested in no time. A wait that nothing
// would ever end is an error, so that what would hang in reality fails in a test.
//
//   FakeWaiter waiter;
//   waiter.At(absl::Seconds(5), [&] { server.Release(); });

#ifndef REDIS_FDW_TESTING_FAKES_FAKE_WAITER_H_
#define REDIS_FDW_TESTING_FAKES_FAKE_WAITER_H_

#include <functional>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/net/waiter.h"

namespace redis_fdw::test {

class FakeWaiter : public Waiter {
 public:
  absl::Status Wait(absl::Span<const FdInterest> interests, absl::Time deadline) override;
  absl::Time Now() override { return now_; }

  // Turns the clock, and runs the events that come due.
  void Advance(absl::Duration by);
  // Plans an event, so long from now.
  void At(absl::Duration in, std::function<void()> event) {
    events_.emplace(now_ + in, std::move(event));
  }
  // From now on waits are interrupted (kHost), as by a cancel; OK ends that.
  void Interrupt(absl::Status status) { interrupt_ = std::move(status); }

  int waits() const { return waits_; }

 private:
  void TurnTo(absl::Time time);

  absl::Time now_ = absl::FromUnixSeconds(1700000000);
  std::multimap<absl::Time, std::function<void()>> events_;
  absl::Status interrupt_;
  int waits_ = 0;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAKES_FAKE_WAITER_H_
