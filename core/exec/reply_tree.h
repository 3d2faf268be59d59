// Replies as trees, for the few that are small and wanted whole: those of discovery.

#ifndef REDIS_FDW_CORE_EXEC_REPLY_TREE_H_
#define REDIS_FDW_CORE_EXEC_REPLY_TREE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/resp/reply_sink.h"

namespace redis_fdw {

struct Reply {
  ReplyType type = ReplyType::kNil;
  int64_t integer = 0;          // kInteger
  std::string bytes;            // kStatus, kBulk, and kError within an array
  std::vector<Reply> elements;  // kArray
  absl::Status error;           // kError, if it is the whole reply: names command and host

  bool is_array() const { return type == ReplyType::kArray; }
  bool is_text() const { return type == ReplyType::kBulk || type == ReplyType::kStatus; }
};

// Collects the replies of several commands, in order. An error reply is one of them. A reply that
// is more than discovery has any use for is refused (kReplyTooLarge).
class ReplyTreeSink : public ReplySink {
 public:
  static constexpr size_t kMaxElements = size_t{1} << 20;  // of all replies together
  static constexpr size_t kMaxBytes = size_t{16} << 20;
  static constexpr int kMaxDepth = 8;

  absl::Status OnElement(const ReplyElement& element) override;
  absl::Status OnEnd() override;
  absl::Status OnError(const absl::Status& error) override;

  // Those that are complete.
  size_t complete() const { return complete_; }
  std::vector<Reply> TakeReplies() { return std::move(replies_); }

 private:
  std::vector<Reply> replies_;
  // The arrays that elements are added to: path_[d] is the latest element at depth d.
  std::vector<Reply*> path_;
  size_t complete_ = 0;
  size_t elements_ = 0;
  size_t bytes_ = 0;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_REPLY_TREE_H_
