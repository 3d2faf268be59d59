// Globs, as Redis matches keys with them (SCAN ... MATCH, https://redis.io/commands/keys/):
//
//   *      any bytes, none too          [abc] [a-c] [^a]  one byte of a class, or none of it
//   ?      one byte                     \                 takes the meaning of the byte after it
//
// Everything is bytes; nothing here depends on a locale or an encoding.

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

// A pattern that everything matches which SQL's LIKE (with backslash as its escape) matches, and
// perhaps more: `_` is a character there and a byte here.
std::string GlobOfLike(absl::string_view like);

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

// The pattern to scan for: that of the table, or what LIKE, prefixes and bounds on the key (kBytes
// predicates on `column`) narrow it to where that is longer. A superset: the keys found still have
// to match the table's pattern, and the predicates have to be evaluated. False if a NULL operand
// makes them true of no key. `prefix` and `suffix` surround what the column shows.
bool NarrowPattern(const KeyPattern& keys, absl::Span<const Predicate> predicates, int column,
                   absl::Span<const Cell> params, absl::string_view prefix,
                   absl::string_view suffix, std::string* glob);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PUSHDOWN_GLOB_H_
