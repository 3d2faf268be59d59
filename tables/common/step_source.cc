#include "tables/common/step_source.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {

absl::Status UnexpectedReply(absl::string_view command) {
  return MakeError(ErrorKind::kProtocol,
                   absl::StrCat("Redis answered ", command, " with a reply of another shape"));
}

bool IsTypeName(absl::string_view reply) {
  return !reply.empty() && std::all_of(reply.begin(), reply.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
}

}  // namespace redis_fdw
