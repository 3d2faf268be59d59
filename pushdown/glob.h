// Globs, as Redis matches keys with them (SCAN ... MATCH, https://redis.io/commands/keys/):
//
//   *      any bytes, none too          [abc] [a-c] [^a]  one byte of a class, or none of it
//   ?      one byte                     \                 takes the meaning of the byte after it
//
// Everything is bytes; nothing here depends on a locale or an encoding. (A range of a class with
// one end beyond ASCII depends, in Redis, on whether the processor has signed characters; here it
// does not.)

#ifndef REDIS_FDW_PUSHDOWN_GLOB_H_
#define REDIS_FDW_PUSHDOWN_GLOB_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/base/cell.h"
#include "pushdown/predicate.h"

namespace redis_fdw {

// Whether Redis would say that `text` matches. O(pattern * text) at worst.
bool GlobMatches(absl::string_view pattern, absl::string_view text);

// A pattern that only `literal` matches.
std::string EscapeGlob(absl::string_view literal);

// A pattern that everything matches which SQL's LIKE (with backslash as its escape) matches, or of
// which LIKE raises an error (the pattern ends with its escape), and perhaps more:
//
// - It has two `*` at most: matching takes Redis exponential time in their number. Of the literal
//   parts the first, the last and the longest between them stay: `a%bb%c%d` is `a*bb*d`.
// - Its length is bounded whatever that of `like`: parts are cut.
// - `_` is one character, so one to four bytes in UTF-8: a `*`. As it is for bytea, to be simple.
std::string GlobOfLike(absl::string_view like);

// What every text begins with that `like` matches, or raises an error of: its bytes up to the first
// wildcard.
std::string PrefixOfLike(absl::string_view like);

// How much MATCH (of SCAN, HSCAN, SSCAN, ZSCAN) decides of a predicate on what it matches: it only
// narrows, since several predicates share one pattern, which cuts what is long.
Answer AnswerByMatch(const Predicate& predicate);

// The pattern for MATCH that LIKE, prefixes, equalities and bounds (kBytes predicates on `column`)
// come to: that of them which names most bytes, "*" if none narrows. A superset: the predicates
// have to be evaluated. False if no element can satisfy them: an operand is NULL, or the bounds
// leave nothing. `params` is a parameter row, which the predicates' operands index; predicates on
// other columns and of other semantics are passed over.
bool MatchPattern(absl::Span<const Predicate> predicates, int column, absl::Span<const Cell> params,
                  std::string* glob);

// The keys of a table: one, or all that match a pattern.
class KeyPattern {
 public:
  // Of the option table_key_prefix: a pattern if it has an unescaped `*`, `?` or `[`. Braces are
  // literal: they are hash tags. kInvalidOption if a class is not closed.
  static absl::StatusOr<KeyPattern> Parse(absl::string_view text);
  // Keys that begin and end with these bytes, whatever is between.
  static KeyPattern Around(absl::string_view prefix, absl::string_view suffix);

  // Whether it is one key; then literal() is it, else the bytes that all matching keys begin with.
  bool is_literal() const { return is_literal_; }
  const std::string& literal() const { return literal_; }
  // As SCAN ... MATCH takes it.
  const std::string& glob() const { return glob_; }

  bool Matches(absl::string_view key) const {
    return is_literal_ ? key == literal_ : GlobMatches(glob_, key);
  }
  // Whether a key may match both; true when that is not known.
  bool MayOverlap(const KeyPattern& other) const;

 private:
  bool is_literal_ = true;
  std::string literal_;
  std::string glob_;
};

// The pattern to scan for: that of the table, or what MatchPattern() would take where that names
// more bytes. A superset: the keys found still have to match the table's pattern, and the
// predicates have to be evaluated. False as there. `prefix` and `suffix` surround what the column
// shows.
bool NarrowPattern(const KeyPattern& keys, absl::Span<const Predicate> predicates, int column,
                   absl::Span<const Cell> params, absl::string_view prefix,
                   absl::string_view suffix, std::string* glob);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PUSHDOWN_GLOB_H_
