#include "pushdown/glob.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

bool IsSpecial(char c) { return c == '*' || c == '?' || c == '[' || c == '\\'; }

// Whether byte `c` is in the class that begins behind the `[` at pattern[*pos - 1]; *pos is moved
// behind the class. One that is not closed reaches to the end, as Redis has it.
bool ClassHas(absl::string_view pattern, size_t* pos, char c) {
  size_t i = *pos;
  bool negated = i < pattern.size() && pattern[i] == '^';
  if (negated) ++i;
  bool found = false;
  const auto byte = static_cast<unsigned char>(c);
  for (; i < pattern.size() && pattern[i] != ']'; ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      found |= pattern[++i] == c;
    } else if (i + 2 < pattern.size() && pattern[i + 1] == '-') {
      auto low = static_cast<unsigned char>(pattern[i]);
      auto high = static_cast<unsigned char>(pattern[i + 2]);
      if (low > high) std::swap(low, high);
      found |= byte >= low && byte <= high;
      i += 2;
    } else {
      found |= pattern[i] == c;
    }
  }
  *pos = std::min(i + 1, pattern.size());
  return found != negated;
}

// Whether the one-byte item at pattern[*pos], not a `*`, takes `c`; *pos is moved behind the item.
bool ItemTakes(absl::string_view pattern, size_t* pos, char c) {
  char item = pattern[(*pos)++];
  if (item == '?') return true;
  if (item == '[') return ClassHas(pattern, pos, c);
  if (item == '\\' && *pos < pattern.size()) item = pattern[(*pos)++];
  return item == c;
}

// The longest prefix that both have.
absl::string_view CommonPrefix(absl::string_view a, absl::string_view b) {
  size_t n = std::min(a.size(), b.size());
  size_t i = 0;
  while (i < n && a[i] == b[i]) ++i;
  return a.substr(0, i);
}

// The literal bytes that a glob begins with.
size_t LiteralLength(absl::string_view glob) {
  size_t length = 0;
  for (size_t i = 0; i < glob.size(); ++i, ++length) {
    if (glob[i] == '\\' && i + 1 < glob.size()) {
      ++i;
    } else if (IsSpecial(glob[i])) {
      break;
    }
  }
  return length;
}

}  // namespace

bool GlobMatches(absl::string_view pattern, absl::string_view text) {
  size_t p = 0;
  size_t t = 0;
  // Where to go on if a later item fails: the last `*` takes one byte more.
  size_t star = absl::string_view::npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_text = t;
      continue;
    }
    if (p < pattern.size() && ItemTakes(pattern, &p, text[t])) {
      ++t;
      continue;
    }
    if (star == absl::string_view::npos) return false;
    p = star;
    t = ++star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string EscapeGlob(absl::string_view literal) {
  std::string glob;
  for (char c : literal) {
    if (IsSpecial(c)) glob.push_back('\\');
    glob.push_back(c);
  }
  return glob;
}

std::string GlobOfLike(absl::string_view like) {
  std::string glob;
  for (size_t i = 0; i < like.size(); ++i) {
    char c = like[i];
    if (c == '%' || c == '_') {
      if (!absl::EndsWith(glob, "*") || absl::EndsWith(glob, "\\*")) glob.push_back('*');
      continue;
    }
    if (c == '\\' && i + 1 < like.size()) c = like[++i];
    absl::StrAppend(&glob, EscapeGlob(absl::string_view(&c, 1)));
  }
  return glob;
}

absl::StatusOr<KeyPattern> KeyPattern::Parse(absl::string_view text) {
  KeyPattern pattern;
  pattern.glob_ = std::string(text);
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      if (pattern.is_literal_) pattern.literal_.push_back(text[i + 1]);
      ++i;
      continue;
    }
    if (c == '*' || c == '?' || c == '[') pattern.is_literal_ = false;
    if (c == '[') {
      size_t end = i + 1;
      while (end < text.size() && text[end] != ']') end += text[end] == '\\' ? 2 : 1;
      if (end >= text.size()) {
        return MakeError(ErrorKind::kInvalidOption,
                         absl::StrCat("invalid value for option \"table_key_prefix\": \"", text,
                                      "\" has a \"[\" that no \"]\" closes"),
                         "To mean the character itself, write a backslash before it.");
      }
      i = end;
    }
    if (pattern.is_literal_) pattern.literal_.push_back(c);
  }
  if (pattern.is_literal_) pattern.glob_ = EscapeGlob(pattern.literal_);
  return pattern;
}

KeyPattern KeyPattern::Around(absl::string_view prefix, absl::string_view suffix) {
  KeyPattern pattern;
  pattern.is_literal_ = false;
  pattern.literal_ = std::string(prefix);
  pattern.glob_ = absl::StrCat(EscapeGlob(prefix), "*", EscapeGlob(suffix));
  return pattern;
}

bool KeyPattern::MayOverlap(const KeyPattern& other) const {
  if (is_literal_) return other.Matches(literal_);
  if (other.is_literal_) return Matches(other.literal_);
  return absl::StartsWith(literal_, other.literal_) || absl::StartsWith(other.literal_, literal_);
}

bool NarrowPattern(const KeyPattern& keys, absl::Span<const Predicate> predicates, int column,
                   absl::Span<const Cell> params, absl::string_view prefix,
                   absl::string_view suffix, std::string* glob) {
  *glob = keys.glob();
  size_t best = LiteralLength(*glob);
  const Cell* low = nullptr;
  const Cell* high = nullptr;
  auto offer = [&](const std::string& between) {
    std::string offered = absl::StrCat(EscapeGlob(prefix), between, EscapeGlob(suffix));
    size_t length = LiteralLength(offered);
    if (length <= best) return;
    best = length;
    *glob = std::move(offered);
  };
  for (const Predicate& predicate : predicates) {
    if (predicate.column != column || predicate.semantics != Semantics::kBytes) continue;
    const Cell& operand = params[static_cast<size_t>(predicate.operand)];
    if (operand.is_null()) return false;
    switch (predicate.op) {
      case CompareOp::kLike:
        offer(GlobOfLike(operand.bytes()));
        break;
      case CompareOp::kPrefix:
        offer(absl::StrCat(EscapeGlob(operand.bytes()), "*"));
        break;
      case CompareOp::kGt:
      case CompareOp::kGe:
        low = &operand;
        break;
      case CompareOp::kLt:
      case CompareOp::kLe:
        high = &operand;
        break;
      case CompareOp::kEq:
      case CompareOp::kIn:
        break;
    }
  }
  // What lies between two strings begins as both do.
  if (low != nullptr && high != nullptr) {
    offer(absl::StrCat(EscapeGlob(CommonPrefix(low->bytes(), high->bytes())), "*"));
  }
  return true;
}

}  // namespace redis_fdw
