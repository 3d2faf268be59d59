// Errors as values.
//
// Everything outside pg_glue returns absl::Status or absl::StatusOr. A Status made here carries,
// beside its message, an ErrorKind (which pg_glue turns into a SQLSTATE), and optionally a detail
// and a hint. No function in core, pushdown or tables throws on purpose; std::bad_alloc may pass
// through and is caught in pg_glue.
//
// Example:
//   if (port > 65535) {
//     return MakeError(ErrorKind::kInvalidOption, "port 70000 is out of range", "Use a port from 1
//     to 65535.");
//   }
//   RETURN_IF_ERROR(connection.Advance());
//   ASSIGN_OR_RETURN(Endpoint endpoint, ParseEndpoint(text));

#ifndef REDIS_FDW_CORE_BASE_STATUS_H_
#define REDIS_FDW_CORE_BASE_STATUS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace redis_fdw {

// What went wrong, in the terms a caller acts on. The SQLSTATE that pg_glue reports is given beside
// each.
enum class ErrorKind {
  kInternal,        // XX000: a bug of ours
  kInvalidOption,   // HV00D: an option's name or value
  kMissingOption,   // HV00B / HV00J: a required option is absent
  kInvalidTable,    // HV005: the columns do not fit the table type
  kUnsupported,     // 0A000: meaningful, not possible
  kConnectFailed,   // 08001: no connection could be made; nothing was sent
  kConnectionLost,  // 08006: the connection broke while in use
  kMaybeApplied,    // 08007: a write was sent and its answer never came
  kProtocol,        // 08P01: the peer does not speak RESP, or breaks it
  kTimeout,         // 57014 when a command, 08001 when connecting (then kConnectFailed)
  kAuthentication,  // 28P01: AUTH refused, or needed and not given
  kPermission,      // 42501: ACL forbids the command or key (NOPERM)
  kWrongType,       // 42809: the key holds another Redis type (WRONGTYPE)
  kNotReady,        // 57P03: LOADING, MASTERDOWN, CLUSTERDOWN, TRYAGAIN, BUSY
  kReadOnly,        // 25006: a write reached a replica (READONLY)
  kRedirect,        // HV000: MOVED or ASK, for the router
  kUnknownScript,   // HV000: EVALSHA of a script that Redis has not seen (NOSCRIPT); it did nothing
  kRemote,          // HV000: any other error reply
  kInvalidData,     // 22P02: a stored or given value that its column cannot take
  kInvalidEncoding,  // 22021: bytes invalid in the database's encoding
  kOutOfRange,       // 22003
  kNullNotAllowed,   // 23502: NULL where Redis has no absence
  kUniqueViolation,  // 23505
  kCheckViolation,   // 23514: a row that the table may not hold
  kSerialization,    // 40001: what was read has changed since
  kResourceLimit,    // 53300: pool exhausted
  kReplyTooLarge,    // 54000: a reply beyond what we are willing to allocate
  kOutOfMemory,      // 53200
  kHost,  // an error raised by the host (PostgreSQL), parked there, to be raised again unchanged
};

struct ErrorInfo {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
  std::string detail;
  std::string hint;
};

// Makes a Status that GetErrorInfo() reads back. `message` follows PostgreSQL's style: lower case,
// no full stop; `hint` and `detail` are sentences. None may contain a password.
absl::Status MakeError(ErrorKind kind, absl::string_view message, absl::string_view hint = "",
                       absl::string_view detail = "");

// The kind, message, detail and hint of a non-OK status; a Status not made by MakeError is
// kInternal.
ErrorInfo GetErrorInfo(const absl::Status& status);

// The kind alone. REQUIRES: !status.ok().
ErrorKind GetErrorKind(const absl::Status& status);

// The same error with `prefix` before its message, keeping kind, detail and hint.
absl::Status Annotate(const absl::Status& status, absl::string_view prefix);

}  // namespace redis_fdw

// abseil 20220623 has no such macros of its own.
#define RETURN_IF_ERROR(expr)                              \
  do {                                                     \
    ::absl::Status redis_fdw_status_ = (expr);             \
    if (!redis_fdw_status_.ok()) return redis_fdw_status_; \
  } while (false)

#define REDIS_FDW_CONCAT_INNER_(a, b) a##b
#define REDIS_FDW_CONCAT_(a, b) REDIS_FDW_CONCAT_INNER_(a, b)
#define ASSIGN_OR_RETURN(lhs, expr) \
  ASSIGN_OR_RETURN_IMPL_(REDIS_FDW_CONCAT_(redis_fdw_or_, __LINE__), lhs, expr)
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in parentheses.
#define ASSIGN_OR_RETURN_IMPL_(tmp, lhs, expr)   \
  auto tmp = (expr);                             \
  if (!tmp.ok()) return std::move(tmp).status(); \
  lhs = std::move(tmp).value()
// NOLINTEND(bugprone-macro-parentheses)

#endif  // REDIS_FDW_CORE_BASE_STATUS_H_
