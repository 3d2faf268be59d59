// SQL names for what is called anything in Redis.

#ifndef REDIS_FDW_TABLES_IMPORT_NAMES_H_
#define REDIS_FDW_TABLES_IMPORT_NAMES_H_

#include <cstddef>
#include <initializer_list>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

namespace redis_fdw {

// PostgreSQL's limit.
constexpr size_t kLongestName = 63;

// `text` in lower case, each run of bytes other than [a-z0-9_] as one underscore, cut to
// kLongestName, an underscore before a leading digit; `fallback` if no letter or digit is left.
std::string SqlName(absl::string_view text, absl::string_view fallback);

// Names that differ from each other.
class NameSet {
 public:
  // `taken` are never given out.
  explicit NameSet(std::initializer_list<absl::string_view> taken = {});

  // `name`, or if it was given out already `name`_`suffix` (without a suffix: not tried), or else
  // that with a number; never longer than kLongestName. REQUIRES: `name` comes from SqlName().
  std::string Add(absl::string_view name, absl::string_view suffix = "");

 private:
  absl::flat_hash_set<std::string> names_;
  absl::flat_hash_map<std::string, int> numbers_;  // the last one tried for a name
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_IMPORT_NAMES_H_
