// Pipeline: the commands of one statement's scan or modification, on their way to one or several
// nodes.
//
// Submit() routes a command, leases a connection to its node if there is none yet, and queues it.
// Advance() moves all connections without blocking. RunUntil() is the blocking wrapper: it advances
// and waits, through the Waiter, until a condition holds. Replies of one node arrive in order;
// those of different nodes arrive as they come.

#ifndef REDIS_FDW_CORE_EXEC_PIPELINE_H_
#define REDIS_FDW_CORE_EXEC_PIPELINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/counters.h"
#include "core/exec/router.h"
#include "core/net/pool.h"
#include "core/resp/command.h"
#include "core/resp/reply_sink.h"

namespace redis_fdw {

class Pipeline {
 public:
  // What Abandon() reads at most before it rather closes a connection, and how long it waits.
  static constexpr uint64_t kAbandonBytes = uint64_t{256} * 1024;
  static constexpr absl::Duration kAbandonWait = absl::Milliseconds(20);

  // `pool` must outlive the pipeline; `router` is shared. No I/O.
  Pipeline(Pool* pool, std::shared_ptr<Router> router, PoolLimits limits);
  ~Pipeline();  // gives clean connections back, closes the others; no I/O beyond closing
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Queues a command; `sink` must live until its reply is complete, or Abandon() or destruction. A
  // command to all primaries gets the same sink once per node. kConnectFailed and kResourceLimit
  // may come from leasing.
  absl::Status Submit(const Command& command, ReplySink* sink);

  // A connection that breaks is given up, with what is outstanding on it; the error is returned
  // once, and the other nodes' replies go on arriving. But if it came from the pool, has not
  // answered anything yet, and carries only what may be sent again, then another connection takes
  // over, silently.
  //
  // Moves what can be moved now; true if anything moved. Errors: of connections, of sinks, error
  // replies.
  absl::StatusOr<bool> Advance();
  void AppendInterest(std::vector<FdInterest>* interests, absl::Time* deadline) const;

  // Advances and waits until `done()` or an error (a cancelled wait is one: kHost). If nothing is
  // outstanding and done() is false: kInternal, never an endless wait.
  absl::Status RunUntil(absl::FunctionRef<bool()> done);
  // Until every reply has arrived.
  absl::Status Drain() {
    return RunUntil([this] { return outstanding() == 0; });
  }
  // Sends what is queued as far as it goes without waiting, and decodes nothing. For asking ahead.
  absl::Status Flush();

  size_t outstanding() const;

  // Connects to the node of `command` if need be, and tells about its server. Waits (one round trip
  // for a new connection, none for a warm one). The reference lives until the lease changes.
  absl::StatusOr<const ServerInfo*> ServerFor(const Command& command);

  // How keys are spread over nodes now; see Router. Waits, on connections of its own: what is
  // outstanding here is not touched.
  absl::StatusOr<Keyspace> LookAtKeyspace();

  // Whether reads, too, go to primaries, whatever the option read_from says: they feed a write, or
  // follow one.
  void SetPrimaryOnly(bool primary_only) { primary_only_ = primary_only; }

  // Stops early: what remains of the replies is thrown away if it is small (kAbandonBytes,
  // kAbandonWait), else the connection is closed. Sinks are not called again. The leases are given
  // back. May wait a little; an interrupt ends it quietly (it is raised at the next wait). What was
  // not sent yet never is. Not to be called by a sink.
  void Abandon();

  // Called when the pool wants this pipeline's connection: finish what is outstanding (into memory
  // or a file), after which the pipeline releases its leases. Applies to leases taken from now on.
  void SetSpill(std::function<absl::Status()> spill) { spill_ = std::move(spill); }

  // Gives idle connections back to the pool (between batches, at the end). Leases with replies
  // outstanding stay, and all of them if a sink calls.
  void ReleaseIdle();

  const Counters& counters() const { return counters_; }
  Counters* mutable_counters() { return &counters_; }

 private:
  // A command that may have to be sent again.
  struct Replay {
    Command command;
    ReplySink* sink;
  };
  // A node that this pipeline has a connection to.
  struct Node {
    Lease lease;
    // The connection had been used before, has answered nothing since, and all that was submitted
    // is in `replay`: if it turns out closed (Redis was restarted between statements), another one
    // takes over.
    bool may_be_stale = false;
    std::vector<Replay> replay;
    size_t replay_bytes = 0;
    uint64_t read_before = 0;  // Connection::bytes_read() and bytes_written() when it was leased
    uint64_t written_before = 0;
  };

  absl::StatusOr<int> NodeOf(const Command& command) const;
  absl::Status SubmitTo(int number, const Command& command, ReplySink* sink);
  absl::StatusOr<Node*> Lend(int number);
  absl::Status LeaseInto(int number, Node* node);
  void Remember(const Command& command, ReplySink* sink, Node* node);
  static bool CanReplay(const Node& node, const absl::Status& error);
  absl::Status Replace(int number, Node* node);
  absl::StatusOr<bool> AdvanceAll(bool read_replies);
  absl::Status WaitFor(absl::Time until);
  bool Discarding(absl::Time deadline, uint64_t max_read);
  uint64_t BytesRead() const;

  Pool* const pool_;
  const std::shared_ptr<Router> router_;
  const PoolLimits limits_;
  Counters counters_;
  std::function<absl::Status()> spill_;
  std::map<int, Node> nodes_;  // references stay valid while sinks submit to further nodes
  bool primary_only_ = false;
  bool advancing_ = false;  // a sink may be on the stack
  int group_ = 0;           // the atomic group submitted last, and where it went
  int group_node_ = 0;
  std::vector<FdInterest> interests_;  // scratch
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_PIPELINE_H_
