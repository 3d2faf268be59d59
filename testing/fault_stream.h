// FaultStream: what becomes of the bytes of one direction of a connection on their way through a
// fault proxy. No sockets and no clock of its own, so the same bytes have the same fate whatever
// pieces they come in.
//
// Bytes go in by Feed() and come out by Advance(). A fault happens just before the byte at its
// offset would pass, all bytes before it having passed.

#ifndef REDIS_FDW_TESTING_FAULT_STREAM_H_
#define REDIS_FDW_TESTING_FAULT_STREAM_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace redis_fdw::test {

enum class Direction { kToServer, kToClient };

struct Fault {
  enum class Kind {
    kCut,        // both ends are closed, in good order
    kReset,      // both ends are reset: ECONNRESET, and unread bytes are lost
    kDelay,      // what follows waits for `delay`
    kThrottle,   // what follows passes at `bytes_per_second`
    kBlackHole,  // what follows is lost; the connection stays
    kInsert,     // `bytes` come in between
    kFlip,       // the byte's bits in `mask` are turned
  };
  static constexpr int kKinds = 7;

  Kind kind = Kind::kCut;
  Direction direction = Direction::kToClient;
  // Bytes of this direction that pass before: after the faults were set, or since the beginning of
  // a connection that is made later.
  int64_t offset = 0;
  int connection = -1;  // the how-manieth accepted by the proxy, from 0; -1: each
  absl::Duration delay;
  int64_t bytes_per_second = 1000;
  std::string bytes;
  uint8_t mask = 1;
};

// Faults by chance, the same for the same seed, connection number and bytes.
struct RandomFaults {
  uint64_t seed = 1;
  // Between two faults of a direction of a connection, on average.
  int64_t mean_bytes = 10000;
  // How often each kind is taken, against the others; by Fault::Kind.
  int weights[Fault::kKinds] = {1, 1, 1, 0, 0, 0, 0};
  absl::Duration max_delay = absl::Milliseconds(20);
  int64_t bytes_per_second = 100000;
  int max_insert = 20;  // bytes
};

// What was done.
struct FaultCounts {
  int64_t connections = 0;  // accepted
  int64_t bytes[2] = {};    // passed, by Direction
  int64_t faults[Fault::kKinds] = {};

  int64_t of(Fault::Kind kind) const { return faults[static_cast<int>(kind)]; }
  int64_t total() const {
    int64_t sum = 0;
    for (int64_t n : faults) sum += n;
    return sum;
  }
};

class FaultStream {
 public:
  // `counts` outlives the stream.
  FaultStream(Direction direction, int connection, FaultCounts* counts)
      : direction_(direction), connection_(connection), counts_(counts) {}

  // Replaces what was set before. Faults of other directions and connections are left out. What has
  // been swallowed stays so; a delay or throttle is over.
  void Set(const std::vector<Fault>& faults, const absl::optional<RandomFaults>& random);
  // Holds everything back, losing nothing, until it is let go again.
  void Hold(bool hold) { held_ = hold; }

  void Feed(absl::string_view bytes) { waiting_.append(bytes.data(), bytes.size()); }
  // Appends to `out` what may pass by now.
  void Advance(absl::Time now, std::string* out);

  // When Advance() can do more, if only for the time: InfiniteFuture otherwise.
  absl::Time wake() const { return waiting_.empty() || held_ ? absl::InfiniteFuture() : wake_; }
  // Bytes that have not passed yet.
  size_t waiting() const { return waiting_.size(); }
  // Whether bytes will pass at some time if nothing else is done.
  bool flows() const { return !held_ && !swallows_; }
  // That the connection is to be closed once what has passed is delivered.
  bool cut() const { return cut_; }
  bool reset() const { return reset_; }

 private:
  // Where the next fault is, counted like position_; very far if there is none.
  int64_t NextOffset() const;
  void Apply(absl::Time now, std::string* out);
  Fault TakeNext();
  void DrawRandom();

  const Direction direction_;
  const int connection_;
  FaultCounts* const counts_;
  std::vector<Fault> faults_;  // the next one last
  absl::optional<RandomFaults> random_;
  std::mt19937_64 dice_;
  Fault drawn_;           // the next random one
  int64_t position_ = 0;  // bytes passed since Set()
  std::string waiting_;   // fed, and not passed
  absl::Time wake_ = absl::InfinitePast();
  int64_t bytes_per_second_ = 0;  // 0: no limit
  bool held_ = false;
  bool swallows_ = false;
  bool cut_ = false;
  bool reset_ = false;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAULT_STREAM_H_
