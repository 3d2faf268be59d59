#include "core/exec/discovery_errors.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {

bool IsUnreachable(const absl::Status& status) {
  const ErrorKind kind = GetErrorKind(status);
  return kind == ErrorKind::kConnectFailed || kind == ErrorKind::kConnectionLost ||
         kind == ErrorKind::kTimeout;
}

absl::Status SumUp(const std::vector<absl::Status>& errors, size_t known, absl::string_view what,
                   absl::string_view hint) {
  for (const absl::Status& error : errors) {
    if (GetErrorKind(error) == ErrorKind::kNotReady) return error;
  }
  for (const absl::Status& error : errors) {
    if (!IsUnreachable(error)) return error;
  }
  if (errors.size() == 1 && known == 1) return errors.front();
  std::string message = absl::StrCat("no ", what, " could be reached");
  std::string detail = absl::StrCat("Tried ", errors.size(), " of ", known, ".");
  std::string hints(hint);
  if (!errors.empty()) {
    const ErrorInfo last = GetErrorInfo(errors.back());
    absl::StrAppend(&message, ": ", last.message);
    if (!last.detail.empty()) absl::StrAppend(&detail, " ", last.detail);
    if (!last.hint.empty()) absl::StrAppend(&hints, hints.empty() ? "" : " ", last.hint);
  }
  return MakeError(ErrorKind::kConnectFailed, message, hints, detail);
}

}  // namespace redis_fdw
