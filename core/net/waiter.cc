#include "core/net/waiter.h"

#include <errno.h>
#include <poll.h>

#include <algorithm>
#include <climits>
#include <system_error>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {

absl::Status PollWaiter::Wait(absl::Span<const FdInterest> interests, absl::Time deadline) {
  absl::InlinedVector<pollfd, 8> fds;
  for (const FdInterest& interest : interests) {
    pollfd fd = {};
    fd.fd = interest.fd;
    fd.events = static_cast<short>((interest.read ? POLLIN : 0) |  // NOLINT(runtime/int)
                                   (interest.write ? POLLOUT : 0));
    fds.push_back(fd);
  }
  int timeout = -1;
  if (deadline != absl::InfiniteFuture()) {
    // Rounded up: to wake a little late is one turn of the caller's loop, a little early many.
    const int64_t ms = absl::ToInt64Milliseconds(
        absl::Ceil(std::max(deadline - Now(), absl::ZeroDuration()), absl::Milliseconds(1)));
    timeout = static_cast<int>(std::min<int64_t>(ms, INT_MAX));
  }
  if (poll(fds.data(), fds.size(), timeout) < 0 && errno != EINTR) {
    return MakeError(ErrorKind::kInternal,
                     absl::StrCat("poll failed: ", std::generic_category().message(errno)));
  }
  return absl::OkStatus();
}

}  // namespace redis_fdw
