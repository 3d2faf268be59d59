// SQL's LIKE as its definition reads, to test against: not fast, and in no way like the code under
// test.

#ifndef REDIS_FDW_PUSHDOWN_LIKE_REFERENCE_H_
#define REDIS_FDW_PUSHDOWN_LIKE_REFERENCE_H_

#include "absl/strings/string_view.h"

namespace redis_fdw {

enum class LikeResult {
  kNo,
  kYes,
  kError,  // matching came to the end of a pattern that ends with its escape, with text left
};

// `text` LIKE `pattern`, with backslash as the escape. Characters are those of UTF-8, or bytes
// (bytea). O(pattern * text).
LikeResult LikeMatches(absl::string_view pattern, absl::string_view text, bool utf8);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PUSHDOWN_LIKE_REFERENCE_H_
