#include "pushdown/stream_id.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace redis_fdw {
namespace {

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool ReadPart(absl::string_view text, uint64_t* value) {
  return AllDigits(text) && absl::SimpleAtoi(text, value);
}

bool ParseCanonical(absl::string_view text, uint64_t* value) {
  return (text.size() <= 1 || text[0] != '0') && ReadPart(text, value);
}

}  // namespace

size_t StreamId::Write(char* buffer) const {
  char* const end = buffer + kMaxLength;
  char* at = std::to_chars(buffer, end, ms).ptr;
  *at++ = '-';
  at = std::to_chars(at, end, seq).ptr;
  return static_cast<size_t>(at - buffer);
}

std::string StreamId::ToString() const {
  char buffer[kMaxLength];
  return std::string(buffer, Write(buffer));
}

bool StreamId::Increment() {
  if (*this == Greatest()) return false;
  if (seq == kMaxPart) ++ms;
  ++seq;  // 0 after the greatest
  return true;
}

bool StreamId::Decrement() {
  if (*this == Least()) return false;
  if (seq == 0) --ms;
  --seq;  // the greatest before 0
  return true;
}

bool ParseStreamId(absl::string_view text, StreamId* id) {
  size_t dash = text.find('-');
  if (dash == absl::string_view::npos) return false;
  return ParseCanonical(text.substr(0, dash), &id->ms) &&
         ParseCanonical(text.substr(dash + 1), &id->seq);
}

bool ReadStreamId(absl::string_view text, StreamId* id) {
  id->seq = 0;
  size_t dash = text.find('-');
  if (dash == absl::string_view::npos) return ReadPart(text, &id->ms);
  return ReadPart(text.substr(0, dash), &id->ms) && ReadPart(text.substr(dash + 1), &id->seq);
}

bool IsInsertableId(absl::string_view text) {
  if (text == "*") return true;
  size_t dash = text.find('-');
  if (dash == absl::string_view::npos) return AllDigits(text);
  absl::string_view seq = text.substr(dash + 1);
  return AllDigits(text.substr(0, dash)) && (seq == "*" || AllDigits(seq));
}

}  // namespace redis_fdw
