#include "core/base/status.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"

namespace redis_fdw {
namespace {

constexpr char kPayloadUrl[] = "redis_fdw.ErrorInfo";

// The status code has no meaning of its own here; it only makes an unadorned Status readable.
absl::StatusCode CodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidOption:
    case ErrorKind::kMissingOption:
    case ErrorKind::kInvalidTable:
    case ErrorKind::kInvalidData:
    case ErrorKind::kInvalidEncoding:
    case ErrorKind::kNullNotAllowed:
    case ErrorKind::kCheckViolation:
      return absl::StatusCode::kInvalidArgument;
    case ErrorKind::kUnsupported:
      return absl::StatusCode::kUnimplemented;
    case ErrorKind::kConnectFailed:
    case ErrorKind::kConnectionLost:
    case ErrorKind::kMaybeApplied:
    case ErrorKind::kNotReady:
      return absl::StatusCode::kUnavailable;
    case ErrorKind::kTimeout:
      return absl::StatusCode::kDeadlineExceeded;
    case ErrorKind::kAuthentication:
      return absl::StatusCode::kUnauthenticated;
    case ErrorKind::kPermission:
      return absl::StatusCode::kPermissionDenied;
    case ErrorKind::kOutOfRange:
      return absl::StatusCode::kOutOfRange;
    case ErrorKind::kUniqueViolation:
      return absl::StatusCode::kAlreadyExists;
    case ErrorKind::kSerialization:
    case ErrorKind::kHost:
      return absl::StatusCode::kAborted;
    case ErrorKind::kResourceLimit:
    case ErrorKind::kReplyTooLarge:
    case ErrorKind::kOutOfMemory:
      return absl::StatusCode::kResourceExhausted;
    case ErrorKind::kWrongType:
    case ErrorKind::kReadOnly:
      return absl::StatusCode::kFailedPrecondition;
    case ErrorKind::kInternal:
    case ErrorKind::kProtocol:
    case ErrorKind::kRedirect:
    case ErrorKind::kUnknownScript:
    case ErrorKind::kRemote:
      return absl::StatusCode::kInternal;
  }
  return absl::StatusCode::kInternal;
}

// "kind:length of detail:detail hint".
std::string EncodePayload(ErrorKind kind, absl::string_view detail, absl::string_view hint) {
  return absl::StrCat(static_cast<int>(kind), ":", detail.size(), ":", detail, hint);
}

// False if the payload is none of ours.
bool DecodePayload(absl::string_view payload, ErrorInfo* info) {
  size_t kind_end = payload.find(':');
  if (kind_end == absl::string_view::npos) return false;
  size_t length_end = payload.find(':', kind_end + 1);
  if (length_end == absl::string_view::npos) return false;
  int kind = 0;
  uint64_t length = 0;
  if (!absl::SimpleAtoi(payload.substr(0, kind_end), &kind)) return false;
  if (!absl::SimpleAtoi(payload.substr(kind_end + 1, length_end - kind_end - 1), &length)) {
    return false;
  }
  absl::string_view rest = payload.substr(length_end + 1);
  if (length > rest.size()) return false;
  info->kind = static_cast<ErrorKind>(kind);
  info->detail = std::string(rest.substr(0, length));
  info->hint = std::string(rest.substr(length));
  return true;
}

}  // namespace

absl::Status MakeError(ErrorKind kind, absl::string_view message, absl::string_view hint,
                       absl::string_view detail) {
  absl::Status status(CodeOf(kind), message);
  status.SetPayload(kPayloadUrl, absl::Cord(EncodePayload(kind, detail, hint)));
  return status;
}

ErrorInfo GetErrorInfo(const absl::Status& status) {
  ErrorInfo info;
  info.message = std::string(status.message());
  absl::optional<absl::Cord> payload = status.GetPayload(kPayloadUrl);
  if (payload.has_value()) DecodePayload(std::string(*payload), &info);
  return info;
}

ErrorKind GetErrorKind(const absl::Status& status) { return GetErrorInfo(status).kind; }

absl::Status Annotate(const absl::Status& status, absl::string_view prefix) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(prefix, status.message()));
  status.ForEachPayload([&annotated](absl::string_view url, const absl::Cord& payload) {
    annotated.SetPayload(url, payload);
  });
  return annotated;
}

}  // namespace redis_fdw
