// Fuzz target: the globs made of LIKE patterns never miss what LIKE matches.
//
// Input: a byte of flags, the length of the pattern, and the bytes of pattern and text; bytes stand
// for themselves or for what patterns are made of.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "pushdown/glob.h"
#include "pushdown/like_reference.h"

namespace redis_fdw {
namespace {

constexpr const char* kAlphabet[] = {"a",
                                     "b",
                                     "%",
                                     "_",
                                     "\\",
                                     "*",
                                     "?",
                                     "[",
                                     "]",
                                     "^",
                                     "-",
                                     "\xc3\xa9",
                                     "\xe2\x82\xac",
                                     "\xf0\x9d\x84\x9e"};
constexpr size_t kLetters = sizeof(kAlphabet) / sizeof(kAlphabet[0]);

enum Flags : uint8_t { kSpelled = 1, kBytes = 2 };

std::string Text(absl::Span<const uint8_t> input, bool spelled) {
  std::string text;
  for (uint8_t byte : input) {
    if (spelled) {
      text += kAlphabet[byte % kLetters];
    } else {
      text.push_back(static_cast<char>(byte));
    }
  }
  return text;
}

int Stars(absl::string_view glob) {
  int stars = 0;
  for (size_t i = 0; i < glob.size(); ++i) {
    if (glob[i] == '\\') {
      ++i;
    } else if (glob[i] == '*') {
      ++stars;
    }
  }
  return stars;
}

void Require(bool holds, const char* what, absl::string_view like, absl::string_view text) {
  if (holds) return;
  std::fprintf(stderr, "%s: '%s' LIKE '%s', glob '%s'\n", what, absl::CHexEscape(text).c_str(),
               absl::CHexEscape(like).c_str(), absl::CHexEscape(GlobOfLike(like)).c_str());
  std::abort();
}

// That GlobMatches() and the pattern agree with LIKE about `text`.
void Check(absl::string_view like, absl::string_view text, bool utf8) {
  const std::string glob = GlobOfLike(like);
  const LikeResult result = LikeMatches(like, text, utf8);
  Require(result == LikeResult::kNo || GlobMatches(glob, text), "missed", like, text);
  Require(Stars(glob) <= 2, "more than two stars", like, text);
  Require(glob.size() <= 3 * 2 * 256 + 2, "too long", like, text);
  Require(GlobMatches(EscapeGlob(text), text), "escaped text is missed", like, text);
  // Where the pattern is a text, so is the glob.
  const bool literal = Stars(glob) == 0;
  Require(!literal || GlobMatches(glob, text) == (result == LikeResult::kYes), "too many", like,
          text);
}

}  // namespace
}  // namespace redis_fdw

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const bool spelled = (data[0] & redis_fdw::kSpelled) != 0;
  const bool utf8 = (data[0] & redis_fdw::kBytes) == 0;
  const size_t length = std::min<size_t>(data[1], size - 2);
  const absl::Span<const uint8_t> input(data + 2, size - 2);
  const std::string like = redis_fdw::Text(input.first(length), spelled);
  redis_fdw::Check(like, redis_fdw::Text(input.subspan(length), spelled), utf8);
  // A text that has much of the pattern matches more often.
  std::string similar;
  for (char c : like) {
    if (c == '%') continue;
    similar.push_back(c == '_' ? 'a' : c);
  }
  redis_fdw::Check(like, similar, utf8);
  return 0;
}
