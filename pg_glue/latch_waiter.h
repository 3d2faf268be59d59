// LatchWaiter: waits on the backend's latch together with descriptors and a deadline.
//
// Cancel, terminate and statement_timeout end a wait at once (kHost: the error itself is parked,
// see guard.h); postmaster death ends the process. Interrupts that raise nothing (a configuration
// reload) are served and the wait goes on.

#ifndef REDIS_FDW_PG_GLUE_LATCH_WAITER_H_
#define REDIS_FDW_PG_GLUE_LATCH_WAITER_H_

#include "core/net/waiter.h"

namespace redis_fdw {

class LatchWaiter : public Waiter {
 public:
  absl::Status Wait(absl::Span<const FdInterest> interests, absl::Time deadline) override;
  absl::Time Now() override { return absl::Now(); }
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_LATCH_WAITER_H_
