#include "core/exec/node_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {

absl::StatusOr<int> NodeTable::Number(const Endpoint& endpoint, NodeRole role) {
  const std::string name = absl::StrCat(endpoint.tls ? "tls " : "", endpoint.ToString());
  const auto found = numbers_.find({name, role});
  if (found != numbers_.end()) return found->second;
  if (size() >= kMaxNodes) {
    return MakeError(ErrorKind::kProtocol,
                     absl::StrCat("Redis has named more than ", kMaxNodes, " nodes"));
  }
  Node node;
  node.spec = base_;
  node.spec.endpoint = endpoint;
  node.spec.role = role;
  node.spec.check_role = base_.check_role && role == NodeRole::kPrimary;
  node.spec.readonly = readonly_replicas_ && role == NodeRole::kReplica;
  nodes_.push_back(std::move(node));
  numbers_.emplace(std::make_pair(name, role), size() - 1);
  return size() - 1;
}

}  // namespace redis_fdw
