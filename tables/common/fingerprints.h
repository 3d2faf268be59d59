// Fingerprints: which elements a cursor scan has returned already.
//
// HSCAN, SSCAN and ZSCAN may return an element more than once while the key is rehashed. A scan
// remembers 64 bits of each identity: a keyed hash (SipHash-1-3) under a key drawn anew for every
// scan, so that nobody can prepare two elements that collide. Among n elements the chance that any
// two collide, upon which one would be missing, is n * n / 2^65: 3e-8 for a million.
//
// Memory: 9 bytes a slot, 8/7 to 16/7 slots an element: at most 20 MiB for a million, 28 MiB at the
// moment of growing.

#ifndef REDIS_FDW_TABLES_COMMON_FINGERPRINTS_H_
#define REDIS_FDW_TABLES_COMMON_FINGERPRINTS_H_

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

namespace redis_fdw {

// SipHash-1-3 of `bytes` under the key (k0, k1).
uint64_t SipHash13(uint64_t k0, uint64_t k1, absl::string_view bytes);

class Fingerprints {
 public:
  // Under a random key.
  Fingerprints();
  Fingerprints(uint64_t k0, uint64_t k1) : k0_(k0), k1_(k1) {}

  // Whether `identity` is new; it is not the next time.
  bool Insert(absl::string_view identity) { return seen_.insert(Of(identity)).second; }
  size_t size() const { return seen_.size(); }

 private:
  uint64_t Of(absl::string_view identity) const { return SipHash13(k0_, k1_, identity); }

  // What is stored is mixed already.
  struct Identity {
    size_t operator()(uint64_t v) const { return static_cast<size_t>(v); }
  };
  absl::flat_hash_set<uint64_t, Identity> seen_;
  uint64_t k0_;
  uint64_t k1_;
};

// 64 bits that nobody can guess.
uint64_t RandomBits();

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_FINGERPRINTS_H_
