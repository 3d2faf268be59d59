#include "pg_glue/key_prefix.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {

absl::StatusOr<std::string> ParseLiteralKey(absl::string_view text) {
  std::string key;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      key.push_back(text[++i]);
    } else if (c == '*' || c == '?' || c == '[') {
      return MakeError(
          ErrorKind::kUnsupported,
          absl::StrCat("patterns in option \"table_key_prefix\" are not supported yet: \"", text,
                       "\""),
          "To mean the character itself, write a backslash before it.");
    } else {
      key.push_back(c);
    }
  }
  return key;
}

}  // namespace redis_fdw
