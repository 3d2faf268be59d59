// Asking nodes about a deployment: a few commands whose replies are small.
//
// Each asking leases a connection of its own, one more to a node than the limits allow, so that it
// never makes a scan give its connection up; a connection that has answered goes back to the pool.
// All waits go through the pool's Waiter and end at the discovery's deadline; an error of the
// Waiter (kHost: an interrupt) is returned at once. A pooled connection that turns out closed is
// replaced silently.

#ifndef REDIS_FDW_CORE_EXEC_ASK_H_
#define REDIS_FDW_CORE_EXEC_ASK_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "core/exec/reply_tree.h"
#include "core/exec/router.h"
#include "core/net/connection_spec.h"
#include "core/net/handshake.h"
#include "core/resp/command.h"

namespace redis_fdw {

// What a node said.
struct NodeAnswer {
  // Non-OK: it could not be asked, or did not answer all commands. An error reply is an answer.
  absl::Status status;
  ServerInfo server;
  std::vector<Reply> replies;  // one for each command
};

// Asks all nodes at once, and returns when each has answered or failed, in the order of `specs`.
// `commands` may be empty: then nodes are only connected to. One round trip, and one more for a new
// connection. The deadline counts as a failure (kConnectFailed) of those who have not answered.
absl::StatusOr<std::vector<NodeAnswer>> AskAll(const Discovery& discovery,
                                               const std::vector<ConnectionSpec>& specs,
                                               const std::vector<Command>& commands);

// The same, with each answer taken as it comes, and further nodes asked that answers name: what
// `take(place, answer)` returns is asked as well; places go on counting. Ends when all have
// answered or failed, when `enough()` is true after an answer, or with the first error of `take`.
// Errors: those, and of waiting.
absl::Status AskOnwards(
    const Discovery& discovery, const std::vector<ConnectionSpec>& specs,
    const std::vector<Command>& commands,
    absl::FunctionRef<absl::StatusOr<std::vector<ConnectionSpec>>(size_t, const NodeAnswer&)> take,
    absl::FunctionRef<bool()> enough);

// What an answer is worth.
enum class Verdict {
  kGood,    // it is taken, and nobody else is waited for
  kUsable,  // it is taken unless a good one comes soon
  kBad,     // as if there were none
};

// How long AskFirst() waits for a node before it asks the next as well, and after a usable answer
// for a good one.
constexpr absl::Duration kAskNextAfter = absl::Milliseconds(250);

// Asks the first node; the next when one has failed, or has not answered within kAskNextAfter (it
// may still do so). Returns the place in `specs` of the answer taken: the first good one, else the
// first usable one; nullopt if there is neither. `judge(place, answer)` is called once for each
// node that was asked and has answered or failed. Errors: those of waiting alone.
absl::StatusOr<absl::optional<size_t>> AskFirst(
    const Discovery& discovery, const std::vector<ConnectionSpec>& specs,
    const std::vector<Command>& commands,
    absl::FunctionRef<Verdict(size_t, const NodeAnswer&)> judge);

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_ASK_H_
