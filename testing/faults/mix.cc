#include "testing/faults/mix.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>

namespace redis_fdw::test {
namespace {

// Most faults near the beginning, where handshakes and short replies are; some far in.
int64_t DrawOffset(Random* random) {
  const double exponent = static_cast<double>(random->Below(1000)) / 1000.0;
  return static_cast<int64_t>(std::pow(20000.0, exponent)) - 1;
}

// Neither digits, nor ends of lines, nor signs, nor what begins a reply: wherever it is put into
// replies, a length, a number, the end of a bulk string or the name of a type is wrong.
std::string DrawGarbage(Random* random) {
  static const std::string signs = "@&/?";
  static const std::string others = "xyzXYZ@&/ \t\x01\xf3\xff";
  std::string garbage(1, signs[random->Below(signs.size())]);
  for (int64_t n = random->Between(0, 19); n > 0; --n) {
    garbage += others[random->Below(others.size())];
  }
  return garbage;
}

Fault DrawFault(Random* random, bool tls) {
  Fault fault;
  fault.direction = random->Chance(60) ? Direction::kToClient : Direction::kToServer;
  fault.offset = DrawOffset(random);
  switch (random->Below(tls ? 8 : 7)) {
    case 0:
      fault.kind = Fault::Kind::kCut;
      break;
    case 1:
    case 2:
      fault.kind = Fault::Kind::kReset;
      break;
    case 3:
      fault.kind = Fault::Kind::kDelay;
      fault.delay = random->Chance(20) ? kTooLong : absl::Milliseconds(random->Between(1, 40));
      break;
    case 4:
      fault.kind = Fault::Kind::kThrottle;
      fault.bytes_per_second = random->Chance(50) ? 500 : 20000;
      break;
    case 5:
      fault.kind = random->Chance(40) ? Fault::Kind::kBlackHole : Fault::Kind::kCut;
      break;
    case 6:
      fault.kind = Fault::Kind::kInsert;
      fault.bytes = DrawGarbage(random);
      if (!tls && fault.direction == Direction::kToServer) {
        // Redis checks no string's end, so only what stands between two commands is noticed: an
        // open quote, which it refuses before it does anything.
        fault.offset = 0;
        fault.bytes = "'";
      }
      break;
    case 7:
      fault.kind = Fault::Kind::kFlip;
      fault.mask = static_cast<uint8_t>(1u << random->Below(8));
      break;
  }
  return fault;
}

RandomFaults DrawRandomFaults(Random* random, bool tls) {
  RandomFaults faults;
  faults.seed = random->Next();
  faults.mean_bytes = random->Pick<int64_t>({60, 300, 1500, 6000});
  faults.max_delay = absl::Milliseconds(10);
  faults.bytes_per_second = 20000;
  const int weights[Fault::kKinds] = {4,           4,          1, 1, random->Chance(20) ? 1 : 0,
                                      tls ? 2 : 0, tls ? 4 : 0};
  std::copy(std::begin(weights), std::end(weights), faults.weights);
  return faults;
}

// Most on the connections there are, so that trying again helps and what is sent is a statement's;
// some on one that is yet to come; some on all.
void AddFault(const Fault& fault, Random* random, const std::vector<int>& open, int next,
              Mix* mix) {
  const uint64_t where = random->Below(100);
  Fault one = fault;
  if (where < 55 && !open.empty()) {
    for (int number : open) {
      one.connection = number;
      mix->faults.push_back(one);
    }
    return;
  }
  if (where < 80) one.connection = next + static_cast<int>(random->Below(3));
  mix->faults.push_back(one);
}

}  // namespace

Mix DrawMix(Random* random, bool tls, const std::vector<int>& open, int next) {
  Mix mix;
  const uint64_t what = random->Below(100);
  if (what < 35) {
    mix.random = DrawRandomFaults(random, tls);
    mix.garbage = tls;
  } else if (what < 85) {
    for (int64_t n = random->Between(1, 3); n > 0; --n) {
      const Fault fault = DrawFault(random, tls);
      // Redis's own complaint of garbage could be garbled beyond recognition.
      if (!tls && fault.kind == Fault::Kind::kInsert && mix.garbage) continue;
      AddFault(fault, random, open, next, &mix);
      if (fault.kind == Fault::Kind::kInsert || fault.kind == Fault::Kind::kFlip) {
        mix.garbage = true;
      }
    }
  } else {
    mix.deed = static_cast<Mix::Deed>(random->Between(1, 3));
    mix.after = absl::Microseconds(random->Between(0, 8000));
    mix.lasting = random->Chance(30) ? kTooLong : absl::Milliseconds(random->Between(1, 60));
  }
  return mix;
}

}  // namespace redis_fdw::test
