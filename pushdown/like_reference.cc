#include "pushdown/like_reference.h"

#include <cstddef>
#include <vector>

namespace redis_fdw {
namespace {

// The bytes of the character that begins at `text[0]`; one where that is no valid beginning.
size_t CharacterLength(absl::string_view text, bool utf8) {
  const auto first = static_cast<unsigned char>(text[0]);
  size_t length = !utf8 || first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return length <= text.size() ? length : 1;
}

class Matcher {
 public:
  Matcher(absl::string_view pattern, absl::string_view text, bool utf8)
      : pattern_(pattern), text_(text), utf8_(utf8) {
    known_.assign((pattern.size() + 1) * (text.size() + 1), kUnknown);
  }

  // Whether the pattern from `p` on matches the text from `t` on.
  LikeResult At(size_t p, size_t t) {
    int& known = known_[p * (text_.size() + 1) + t];
    if (known == kUnknown) known = static_cast<int>(Compute(p, t));
    return static_cast<LikeResult>(known);
  }

 private:
  static constexpr int kUnknown = -1;

  LikeResult Compute(size_t p, size_t t) {
    const bool text_ends = t == text_.size();
    if (p == pattern_.size()) return text_ends ? LikeResult::kYes : LikeResult::kNo;
    if (pattern_[p] == '%') {
      LikeResult none = At(p + 1, t);
      return none != LikeResult::kNo || text_ends ? none : At(p, t + 1);
    }
    if (text_ends) return LikeResult::kNo;
    if (pattern_[p] == '_') return At(p + 1, t + CharacterLength(text_.substr(t), utf8_));
    if (pattern_[p] == '\\' && ++p == pattern_.size()) return LikeResult::kError;
    return pattern_[p] == text_[t] ? At(p + 1, t + 1) : LikeResult::kNo;
  }

  absl::string_view pattern_;
  absl::string_view text_;
  bool utf8_;
  std::vector<int> known_;
};

}  // namespace

LikeResult LikeMatches(absl::string_view pattern, absl::string_view text, bool utf8) {
  return Matcher(pattern, text, utf8).At(0, 0);
}

}  // namespace redis_fdw
