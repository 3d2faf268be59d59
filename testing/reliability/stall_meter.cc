#include "testing/reliability/stall_meter.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace redis_fdw::test {
namespace {

constexpr absl::Duration kNap = absl::Milliseconds(5);
// What a busy machine may be late and is none the slower for.
constexpr absl::Duration kUsual = absl::Milliseconds(50);

}  // namespace

StallMeter::StallMeter() : thread_([this] { Run(); }) {}

StallMeter::~StallMeter() {
  stop_ = true;
  thread_.join();
}

void StallMeter::Run() {
  while (!stop_) {
    const absl::Time wanted = absl::Now() + kNap;
    absl::SleepFor(kNap);
    const absl::Time now = absl::Now();
    if (now - wanted < kUsual) continue;
    const std::lock_guard<std::mutex> lock(mutex_);
    stalls_.emplace_back(wanted, now);
  }
}

absl::Duration StallMeter::Between(absl::Time from, absl::Time to) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  absl::Duration sum;
  for (const auto& [begin, end] : stalls_) {
    sum += std::max(std::min(end, to) - std::max(begin, from), absl::ZeroDuration());
  }
  return sum;
}

}  // namespace redis_fdw::test
