// Stream ids: milliseconds and a sequence number, "1640995200000-0".

#ifndef REDIS_FDW_PUSHDOWN_STREAM_ID_H_
#define REDIS_FDW_PUSHDOWN_STREAM_ID_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/string_view.h"

namespace redis_fdw {

struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;

  static constexpr uint64_t kMaxPart = std::numeric_limits<uint64_t>::max();
  static constexpr StreamId Least() { return {0, 0}; }
  static constexpr StreamId Greatest() { return {kMaxPart, kMaxPart}; }

  // Bytes that Write() needs at most.
  static constexpr size_t kMaxLength = 41;
  // Writes it as Redis does, without a zero byte, and returns how many bytes that are.
  size_t Write(char* buffer) const;
  std::string ToString() const;
  // Makes this the least id above it, or the greatest below; false, and unchanged, if there is
  // none.
  bool Increment();
  bool Decrement();

  friend bool operator<(const StreamId& a, const StreamId& b) {
    return a.ms != b.ms ? a.ms < b.ms : a.seq < b.seq;
  }
  friend bool operator==(const StreamId& a, const StreamId& b) {
    return a.ms == b.ms && a.seq == b.seq;
  }
};

// Parses "ms-seq" as Redis writes it: no leading zeros, no sign, nothing else. False for what Redis
// would merely accept as an id ("5", "05-1", "-", "+", "*").
bool ParseStreamId(absl::string_view text, StreamId* id);

// Parses what Redis accepts as an id: "ms-seq" or "ms", which is its sequence number 0; zeros may
// lead.
bool ReadStreamId(absl::string_view text, StreamId* id);

// Whether XADD takes this as an id, and not as one of its options (MAXLEN, NOMKSTREAM ...): "*",
// "5", "5-1" or "5-*". What the numbers must be is Redis's to say.
bool IsInsertableId(absl::string_view text);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PUSHDOWN_STREAM_ID_H_
