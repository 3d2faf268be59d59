// The option table_key_prefix, where it names one key.

#ifndef REDIS_FDW_PG_GLUE_KEY_PREFIX_H_
#define REDIS_FDW_PG_GLUE_KEY_PREFIX_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace redis_fdw {

// The key that the text names: `\` takes the special meaning from the character after it. An
// unescaped `*`, `?` or `[` makes a pattern, which tables do not take yet (kUnsupported). Braces
// are literal: they are hash tags.
absl::StatusOr<std::string> ParseLiteralKey(absl::string_view text);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_KEY_PREFIX_H_
