// The reply to SCAN: a cursor and an array of keys.

#ifndef REDIS_FDW_TABLES_COMMON_SCAN_PAGE_H_
#define REDIS_FDW_TABLES_COMMON_SCAN_PAGE_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/resp/reply_sink.h"
#include "tables/common/step_source.h"

namespace redis_fdw {

// Takes an element of the reply: calls one of the functions, or none. The cursor comes first.
// kProtocol if the reply has another shape.
inline absl::Status TakeScanPage(const ReplyElement& element,
                                 absl::FunctionRef<void(absl::string_view)> on_cursor,
                                 absl::FunctionRef<void(absl::string_view)> on_key) {
  if (element.depth == 2 && element.type == ReplyType::kBulk) {
    on_key(element.bytes);
    return absl::OkStatus();
  }
  if (element.depth == 1 && element.index == 0 && element.type == ReplyType::kBulk) {
    on_cursor(element.bytes);
    return absl::OkStatus();
  }
  bool reply = element.depth == 0 && element.type == ReplyType::kArray && element.integer == 2;
  bool page = element.depth == 1 && element.index == 1 && element.type == ReplyType::kArray;
  return reply || page ? absl::OkStatus() : UnexpectedReply("SCAN");
}

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_SCAN_PAGE_H_
