// StallMeter: for how long the machine stood still, so that bounds on our own time hold on one that
// does.
//
// A thread sleeps for a few milliseconds again and again. Where it wakes up much later than it
// wanted to, everybody else may have been kept from working too.

#ifndef REDIS_FDW_TESTING_RELIABILITY_STALL_METER_H_
#define REDIS_FDW_TESTING_RELIABILITY_STALL_METER_H_

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace redis_fdw::test {

class StallMeter {
 public:
  StallMeter();
  ~StallMeter();

  // All stalls in this time, added up. From any thread.
  absl::Duration Between(absl::Time from, absl::Time to) const;

 private:
  void Run();

  mutable std::mutex mutex_;
  std::vector<std::pair<absl::Time, absl::Time>> stalls_;
  std::atomic<bool> stop_{false};
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_RELIABILITY_STALL_METER_H_
