#include "tables/stream/stream_id.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace redis_fdw {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool ParseCanonical(absl::string_view text, uint64_t* value) {
  if (!AllDigits(text) || (text.size() > 1 && text[0] == '0')) return false;
  return absl::SimpleAtoi(text, value);
}

}  // namespace

std::string StreamId::ToString() const { return absl::StrCat(ms, "-", seq); }

bool StreamId::Increment() {
  if (seq < kMax) {
    ++seq;
    return true;
  }
  if (ms == kMax) return false;
  ++ms;
  seq = 0;
  return true;
}

bool ParseStreamId(absl::string_view text, StreamId* id) {
  size_t dash = text.find('-');
  if (dash == absl::string_view::npos) return false;
  return ParseCanonical(text.substr(0, dash), &id->ms) &&
         ParseCanonical(text.substr(dash + 1), &id->seq);
}

bool IsInsertableId(absl::string_view text) {
  if (text == "*") return true;
  size_t dash = text.find('-');
  if (dash == absl::string_view::npos) return AllDigits(text);
  absl::string_view seq = text.substr(dash + 1);
  return AllDigits(text.substr(0, dash)) && (seq == "*" || AllDigits(seq));
}

}  // namespace redis_fdw
