#include "pg_glue/latch_waiter.h"

#include <algorithm>
#include <cstdint>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "pg_glue/guard.h"
#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

// Milliseconds until `deadline`, rounded up so that a wait does not end just before it; -1 for
// never.
long TimeoutMs(absl::Time deadline) {
  if (deadline == absl::InfiniteFuture()) return -1;
  absl::Duration left = deadline - absl::Now();
  if (left <= absl::ZeroDuration()) return 0;
  int64_t ms = absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1)));
  return static_cast<long>(std::min<int64_t>(ms, 1000 * 60 * 60));
}

int SocketEvents(const FdInterest& interest) {
  return (interest.read ? WL_SOCKET_READABLE : 0) | (interest.write ? WL_SOCKET_WRITEABLE : 0);
}

// Several descriptors need a set of their own. It is freed whatever happens: it holds a descriptor.
void WaitForMany(const FdInterest* interests, size_t count, long timeout) {
  WaitEventSet* set = NewWaitEventSet(static_cast<int>(count) + 2);
  PG_TRY();
  {
    AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, nullptr);
    AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, nullptr, nullptr);
    for (size_t i = 0; i < count; ++i) {
      int events = SocketEvents(interests[i]);
      if (events != 0) {
        AddWaitEventToSet(set, static_cast<uint32>(events), interests[i].fd, nullptr, nullptr);
      }
    }
    WaitEvent occurred;
    WaitEventSetWait(set, timeout, &occurred, 1, PG_WAIT_EXTENSION);
  }
  PG_FINALLY();
  { FreeWaitEventSet(set); }
  PG_END_TRY();
}

void WaitOnce(const FdInterest* interests, size_t count, long timeout) {
  int events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (timeout >= 0 ? WL_TIMEOUT : 0);
  if (count == 0) {
    WaitLatch(MyLatch, events, timeout, PG_WAIT_EXTENSION);
  } else if (count == 1) {
    WaitLatchOrSocket(MyLatch, events | SocketEvents(interests[0]), interests[0].fd, timeout,
                      PG_WAIT_EXTENSION);
  } else {
    WaitForMany(interests, count, timeout);
  }
}

}  // namespace

absl::Status LatchWaiter::Wait(absl::Span<const FdInterest> interests, absl::Time deadline) {
  // A parked error must be raised first; whoever waits on regardless would wait uncancellably.
  absl::Status parked = ParkedError();
  if (!parked.ok()) return parked;
  long timeout = TimeoutMs(deadline);
  return CallPg([&] {
    CHECK_FOR_INTERRUPTS();
    WaitOnce(interests.data(), interests.size(), timeout);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  });
}

}  // namespace redis_fdw
