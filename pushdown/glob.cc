#include "pushdown/glob.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "pushdown/bounds.h"

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

// How many bytes of a text a glob names, wherever they are: what it is judged by.
size_t LiteralBytes(absl::string_view glob) {
  size_t bytes = 0;
  for (size_t i = 0; i < glob.size(); ++i) {
    if (glob[i] == '[') {
      ++i;
      (void)ClassHas(glob, &i, '\0');
      --i;  // the loop goes on behind the class
    } else if (glob[i] == '\\' && i + 1 < glob.size()) {
      ++i;
      ++bytes;
    } else if (!IsSpecial(glob[i])) {
      ++bytes;
    }
  }
  return bytes;
}

// The longest literal part that we give a glob; a longer one is cut. It narrows enough, and bounds
// what an operand of any length makes Redis compare.
constexpr size_t kMaxPart = 256;

absl::string_view FirstBytes(absl::string_view part) { return part.substr(0, kMaxPart); }
absl::string_view LastBytes(absl::string_view part) {
  return part.size() <= kMaxPart ? part : part.substr(part.size() - kMaxPart);
}

// A glob of everything that begins with `prefix`.
std::string GlobOfPrefix(absl::string_view prefix) {
  return absl::StrCat(EscapeGlob(FirstBytes(prefix)), "*");
}

// A glob of `literal`.
std::string GlobOfLiteral(absl::string_view literal) {
  return literal.size() <= kMaxPart ? EscapeGlob(literal) : GlobOfPrefix(literal);
}

// The literal parts of a LIKE pattern, between which there may be anything; the first and the last
// are empty where it begins or ends so.
std::vector<std::string> LiteralParts(absl::string_view like) {
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < like.size(); ++i) {
    const bool escapes = like[i] == '\\';
    // What ends with its escape is an error, which PostgreSQL raises of a text that matches up to
    // there and goes on: such texts must be found.
    const bool ends_with_escape = escapes && i + 1 == like.size();
    if (like[i] == '%' || like[i] == '_' || ends_with_escape) {
      // A part between two gaps that is empty says nothing.
      if (parts.size() == 1 || !parts.back().empty()) parts.emplace_back();
      continue;
    }
    if (escapes) ++i;
    parts.back().push_back(like[i]);
  }
  return parts;
}

// Gives `offer` a glob of each predicate on `column` that makes one. False if no value satisfies
// them all.
bool OfferGlobs(absl::Span<const Predicate> predicates, int column, absl::Span<const Cell> params,
                absl::FunctionRef<void(std::string glob)> offer) {
  BytesRange range;
  for (const Predicate& predicate : predicates) {
    if (predicate.column != column) continue;
    const Cell& operand = params[static_cast<size_t>(predicate.operand)];
    if (operand.is_null()) return false;  // every operator is strict
    if (predicate.semantics != Semantics::kBytes) continue;
    switch (predicate.op) {
      case CompareOp::kLike:
        offer(GlobOfLike(operand.bytes()));
        break;
      case CompareOp::kPrefix:
        offer(GlobOfPrefix(operand.bytes()));
        break;
      case CompareOp::kEq:
        offer(GlobOfLiteral(operand.bytes()));
        break;
      case CompareOp::kGt:
      case CompareOp::kGe:
        range.RaiseMin(operand.bytes(), predicate.op == CompareOp::kGt);
        break;
      case CompareOp::kLt:
      case CompareOp::kLe:
        range.LowerMax(operand.bytes(), predicate.op == CompareOp::kLt);
        break;
      case CompareOp::kIn:
        break;
    }
  }
  // What lies between two strings begins as both do.
  if (range.bounded()) {
    offer(GlobOfPrefix(CommonPrefix(*range.min, *range.max)));
  }
  return !range.empty();
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
  const std::vector<std::string> parts = LiteralParts(like);
  if (parts.size() == 1) return GlobOfLiteral(parts.front());
  std::string glob = GlobOfPrefix(parts.front());
  absl::string_view middle;
  for (size_t i = 1; i + 1 < parts.size(); ++i) {
    if (parts[i].size() > middle.size()) middle = parts[i];
  }
  if (!middle.empty()) absl::StrAppend(&glob, GlobOfPrefix(middle));
  return absl::StrCat(glob, EscapeGlob(LastBytes(parts.back())));
}

std::string PrefixOfLike(absl::string_view like) { return LiteralParts(like).front(); }

Answer AnswerByMatch(const Predicate& predicate) {
  if (predicate.semantics != Semantics::kBytes) return Answer::kLocal;
  switch (predicate.op) {
    case CompareOp::kLike:
    case CompareOp::kPrefix:
    case CompareOp::kLt:
    case CompareOp::kLe:
    case CompareOp::kGt:
    case CompareOp::kGe:
      return Answer::kSuperset;
    case CompareOp::kEq:
    case CompareOp::kIn:
      return Answer::kLocal;
  }
  return Answer::kLocal;
}

bool MatchPattern(absl::Span<const Predicate> predicates, int column, absl::Span<const Cell> params,
                  std::string* glob) {
  *glob = "*";
  size_t best = 0;
  return OfferGlobs(predicates, column, params, [&](std::string offered) {
    const size_t bytes = LiteralBytes(offered);
    // Of the empty string alone there is nothing to count, yet nothing is narrower.
    if (bytes <= best && !offered.empty()) return;
    best = offered.empty() ? std::numeric_limits<size_t>::max() : bytes;
    *glob = std::move(offered);
  });
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
  size_t best = LiteralBytes(*glob);
  return OfferGlobs(predicates, column, params, [&](const std::string& between) {
    std::string offered = absl::StrCat(EscapeGlob(prefix), between, EscapeGlob(suffix));
    const size_t bytes = LiteralBytes(offered);
    if (bytes <= best) return;
    best = bytes;
    *glob = std::move(offered);
  });
}

}  // namespace redis_fdw
