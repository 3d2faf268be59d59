#include "core/net/waiter.h"

#include <unistd.h>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

TEST(PollWaiterTest, EndsAtTheDeadline) {
  PollWaiter waiter;
  const absl::Time deadline = absl::Now() + absl::Milliseconds(20);
  ASSERT_TRUE(waiter.Wait({}, deadline).ok());
  EXPECT_GE(absl::Now(), deadline);
  EXPECT_TRUE(waiter.Wait({}, absl::InfinitePast()).ok());
}

TEST(PollWaiterTest, EndsWhenADescriptorIsReady) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  PollWaiter waiter;
  const FdInterest writable{fds[1], false, true};
  EXPECT_TRUE(waiter.Wait(absl::MakeConstSpan(&writable, 1), absl::InfiniteFuture()).ok());
  ASSERT_EQ(write(fds[1], "x", 1), 1);
  const FdInterest readable{fds[0], true, false};
  EXPECT_TRUE(waiter.Wait(absl::MakeConstSpan(&readable, 1), absl::InfiniteFuture()).ok());
  close(fds[0]);
  close(fds[1]);
}

}  // namespace
}  // namespace redis_fdw
