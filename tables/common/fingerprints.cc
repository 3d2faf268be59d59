#include "tables/common/fingerprints.h"

#include <sys/random.h>

#include <chrono>
#include <cstring>

namespace redis_fdw {
namespace {

constexpr uint64_t Rotate(uint64_t x, int b) { return (x << b) | (x >> (64 - b)); }

struct SipState {
  uint64_t v0, v1, v2, v3;

  void Round() {
    v0 += v1;
    v1 = Rotate(v1, 13) ^ v0;
    v0 = Rotate(v0, 32);
    v2 += v3;
    v3 = Rotate(v3, 16) ^ v2;
    v0 += v3;
    v3 = Rotate(v3, 21) ^ v0;
    v2 += v1;
    v1 = Rotate(v1, 17) ^ v2;
    v2 = Rotate(v2, 32);
  }
  void Add(uint64_t word) {
    v3 ^= word;
    Round();
    v0 ^= word;
  }
};

}  // namespace

// Aumasson and Bernstein, "SipHash: a fast short-input PRF", with one and three rounds. Words are
// read in the machine's order: the values never leave the process.
uint64_t SipHash13(uint64_t k0, uint64_t k1, absl::string_view bytes) {
  SipState state{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                 k1 ^ 0x7465646279746573};
  const char* p = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    state.Add(word);
  }
  uint64_t last = static_cast<uint64_t>(bytes.size()) << 56;
  for (size_t i = 0; i < left; ++i) {
    last |= static_cast<uint64_t>(static_cast<unsigned char>(p[i])) << (8 * i);
  }
  state.Add(last);
  state.v2 ^= 0xff;
  for (int i = 0; i < 3; ++i) state.Round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

uint64_t RandomBits() {
  uint64_t bits = 0;
  // Of so few bytes getrandom() gives all or, before the kernel has gathered any, none.
  if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) == sizeof(bits)) return bits;
  static uint64_t count = 0;
  uint64_t now = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  return SipHash13(now, reinterpret_cast<uintptr_t>(&bits) + ++count, "");
}

Fingerprints::Fingerprints() : k0_(RandomBits()), k1_(RandomBits()) {}

}  // namespace redis_fdw
