#include "testing/fault_stream.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace redis_fdw::test {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
// A throttled stream passes what this time is worth, then pauses for it.
constexpr absl::Duration kSlice = absl::Milliseconds(10);

}  // namespace

void FaultStream::Set(const std::vector<Fault>& faults,
                      const absl::optional<RandomFaults>& random) {
  faults_.clear();
  for (const Fault& fault : faults) {
    const bool ours = fault.connection < 0 || fault.connection == connection_;
    if (ours && fault.direction == direction_) faults_.push_back(fault);
  }
  // Those of the same offset happen in the order they were given.
  std::reverse(faults_.begin(), faults_.end());
  std::stable_sort(faults_.begin(), faults_.end(),
                   [](const Fault& a, const Fault& b) { return a.offset > b.offset; });
  position_ = 0;
  wake_ = absl::InfinitePast();
  bytes_per_second_ = 0;
  random_ = random;
  if (!random_.has_value()) return;
  std::seed_seq seed{static_cast<uint32_t>(random_->seed),
                     static_cast<uint32_t>(random_->seed >> 32), static_cast<uint32_t>(connection_),
                     static_cast<uint32_t>(direction_)};
  dice_.seed(seed);
  drawn_.offset = 0;
  DrawRandom();
}

void FaultStream::DrawRandom() {
  const int* weights = random_->weights;
  const int total = std::accumulate(weights, weights + Fault::kKinds, 0);
  if (total <= 0) {
    drawn_.offset = kNever;
    return;
  }
  drawn_.offset += 1 + static_cast<int64_t>(std::exponential_distribution<double>(
                           1.0 / static_cast<double>(random_->mean_bytes))(dice_));
  int left = std::uniform_int_distribution<int>(0, total - 1)(dice_);
  int kind = 0;
  while (left >= weights[kind]) left -= weights[kind++];
  drawn_.kind = static_cast<Fault::Kind>(kind);
  std::uniform_real_distribution<double> share(0, 1);
  drawn_.delay = random_->max_delay * share(dice_);
  drawn_.bytes_per_second = random_->bytes_per_second;
  drawn_.mask = static_cast<uint8_t>(1u << std::uniform_int_distribution<int>(0, 7)(dice_));
  drawn_.bytes.clear();
  const int length = std::uniform_int_distribution<int>(1, random_->max_insert)(dice_);
  std::uniform_int_distribution<int> byte(0, 255);
  for (int i = 0; i < length; ++i) drawn_.bytes.push_back(static_cast<char>(byte(dice_)));
}

int64_t FaultStream::NextOffset() const {
  int64_t next = faults_.empty() ? kNever : faults_.back().offset;
  if (random_.has_value()) next = std::min(next, drawn_.offset);
  return next;
}

Fault FaultStream::TakeNext() {
  if (!faults_.empty() && faults_.back().offset <= NextOffset()) {
    Fault fault = std::move(faults_.back());
    faults_.pop_back();
    return fault;
  }
  Fault fault = drawn_;
  DrawRandom();
  return fault;
}

void FaultStream::Apply(absl::Time now, std::string* out) {
  const Fault fault = TakeNext();
  ++counts_->faults[static_cast<int>(fault.kind)];
  switch (fault.kind) {
    case Fault::Kind::kReset:
      reset_ = true;
      cut_ = true;
      return;
    case Fault::Kind::kCut:
      cut_ = true;
      return;
    case Fault::Kind::kDelay:
      wake_ = std::max(wake_, now + fault.delay);
      return;
    case Fault::Kind::kThrottle:
      bytes_per_second_ = std::max<int64_t>(fault.bytes_per_second, 1);
      return;
    case Fault::Kind::kBlackHole:
      swallows_ = true;
      return;
    case Fault::Kind::kInsert:
      out->append(fault.bytes);
      return;
    case Fault::Kind::kFlip:
      waiting_[0] = static_cast<char>(static_cast<uint8_t>(waiting_[0]) ^ fault.mask);
      return;
  }
}

void FaultStream::Advance(absl::Time now, std::string* out) {
  while (!waiting_.empty() && !cut_) {
    if (swallows_) {
      waiting_.clear();
      return;
    }
    if (held_ || now < wake_) return;
    const int64_t gap = NextOffset() - position_;
    if (gap <= 0) {
      Apply(now, out);
      continue;
    }
    auto passing = static_cast<int64_t>(waiting_.size());
    passing = std::min(passing, gap);
    if (bytes_per_second_ > 0) {
      const double slice = static_cast<double>(bytes_per_second_) * absl::ToDoubleSeconds(kSlice);
      passing = std::min(passing, std::max<int64_t>(static_cast<int64_t>(slice), 1));
      wake_ = now + absl::Seconds(1) * static_cast<double>(passing) /
                        static_cast<double>(bytes_per_second_);
    }
    out->append(waiting_, 0, static_cast<size_t>(passing));
    waiting_.erase(0, static_cast<size_t>(passing));
    position_ += passing;
    counts_->bytes[static_cast<int>(direction_)] += passing;
  }
}

}  // namespace redis_fdw::test
