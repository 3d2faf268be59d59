// What happens to the network during one round of statements, drawn at random.

#ifndef REDIS_FDW_TESTING_FAULTS_MIX_H_
#define REDIS_FDW_TESTING_FAULTS_MIX_H_

#include <vector>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "testing/differential/random.h"
#include "testing/fault_proxy.h"

namespace redis_fdw::test {

// How long sessions wait for the network: after that a statement has failed. What is to succeed has
// no more, so a machine that stands still for so long fails the test.
constexpr absl::Duration kTimeout = absl::Milliseconds(2000);
// Longer than that.
constexpr absl::Duration kTooLong = absl::Milliseconds(2500);

struct Mix {
  // What the test itself does to the proxy, once, while statements run.
  enum class Deed { kNone, kCutAll, kRefuse, kHold };

  std::vector<Fault> faults;
  absl::optional<RandomFaults> random;
  Deed deed = Deed::kNone;
  absl::Duration after;    // when it is done, from the start of the round
  absl::Duration lasting;  // until it is undone
  bool garbage = false;    // bytes are added or changed
};

// `tls`: bits may be turned and any bytes inserted anywhere, for all of that must be noticed. RESP
// itself has no checksum: over plain TCP garbage goes only where it breaks the framing.
// `open`: the connections there are; `next`: the number of the one that the proxy accepts next.
Mix DrawMix(Random* random, bool tls, const std::vector<int>& open, int next);

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAULTS_MIX_H_
