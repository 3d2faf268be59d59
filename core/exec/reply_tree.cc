#include "core/exec/reply_tree.h"

#include <utility>

#include "core/base/status.h"

namespace redis_fdw {

absl::Status ReplyTreeSink::OnElement(const ReplyElement& element) {
  ++elements_;
  bytes_ += element.bytes.size();
  if (elements_ > kMaxElements || bytes_ > kMaxBytes || element.depth > kMaxDepth) {
    return MakeError(ErrorKind::kReplyTooLarge, "its description of the deployment is too large");
  }
  Reply reply;
  reply.type = element.type;
  reply.bytes = std::string(element.bytes);
  if (element.type == ReplyType::kInteger) reply.integer = element.integer;
  // A parent's vector may move its older elements, but of these none is on the path.
  path_.resize(element.depth);
  std::vector<Reply>& siblings = path_.empty() ? replies_ : path_.back()->elements;
  siblings.push_back(std::move(reply));
  path_.push_back(&siblings.back());
  return absl::OkStatus();
}

absl::Status ReplyTreeSink::OnEnd() {
  ++complete_;
  return absl::OkStatus();
}

absl::Status ReplyTreeSink::OnError(const absl::Status& error) {
  Reply reply;
  reply.type = ReplyType::kError;
  reply.error = error;
  replies_.push_back(std::move(reply));
  ++complete_;
  return absl::OkStatus();
}

}  // namespace redis_fdw
