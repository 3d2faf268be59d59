#include "tables/common/step_source.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {

absl::Status UnexpectedReply(absl::string_view command) {
  return MakeError(ErrorKind::kProtocol,
                   absl::StrCat("Redis answered ", command, " with a reply of another shape"));
}

}  // namespace redis_fdw
