// Waiter: the only way in which this code waits.
//
// core never blocks in a system call. Whatever has nothing to do says which descriptors and which
// instant it is interested in; a Waiter waits for them. In the backend it waits on the process
// latch as well and answers interrupts; in tests it is poll(2) or a clock turned by hand.

#ifndef REDIS_FDW_CORE_NET_WAITER_H_
#define REDIS_FDW_CORE_NET_WAITER_H_

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace redis_fdw {

struct FdInterest {
  int fd;
  bool read;
  bool write;
};

class Waiter {
 public:
  virtual ~Waiter() = default;

  // Returns OK when a descriptor is ready, when `deadline` has come, or spuriously: the caller
  // looks for itself. An error means that waiting must end (an interrupt: kHost). `interests` may
  // be empty (a pure sleep).
  virtual absl::Status Wait(absl::Span<const FdInterest> interests, absl::Time deadline) = 0;

  // Now, on the clock that deadlines refer to.
  virtual absl::Time Now() = 0;
};

// poll(2), for tests, benchmarks and tools.
class PollWaiter : public Waiter {
 public:
  absl::Status Wait(absl::Span<const FdInterest> interests, absl::Time deadline) override;
  absl::Time Now() override { return absl::Now(); }
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_WAITER_H_
