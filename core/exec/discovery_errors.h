// Which error to report when nobody could tell about a deployment.

#ifndef REDIS_FDW_CORE_EXEC_DISCOVERY_ERRORS_H_
#define REDIS_FDW_CORE_EXEC_DISCOVERY_ERRORS_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace redis_fdw {

// Whether a node could not be reached, or its connection broke: another may know more.
bool IsUnreachable(const absl::Status& status);

// One error for those of several nodes. kNotReady if any was (it is worth trying again); else the
// first that is more than being unreachable; else kConnectFailed with how many of `known` nodes
// were tried, the last error, and `hint`. A single node's error is returned unchanged. `what` is
// "node of the cluster", "sentinel".
absl::Status SumUp(const std::vector<absl::Status>& errors, size_t known, absl::string_view what,
                   absl::string_view hint);

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_DISCOVERY_ERRORS_H_
