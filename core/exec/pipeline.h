// Pipeline: the commands of one statement's scan or modification, on their way to one or several
// nodes.
//
// Submit() routes a command, leases a connection to its node if there is none yet, and queues it.
// Advance() moves all connections without blocking. RunUntil() is the blocking wrapper: it advances
// and waits, through the Waiter, until a condition holds. Replies of one node arrive in order;
// those of different nodes arrive as they come.
//
// What was submitted is kept until it is answered (flight.h), and sent again where that is right
// (pipeline_resend.cc):
//
//   MOVED, ASK          to the node that is named
//   LOADING, CLUSTERDOWN, TRYAGAIN, MASTERDOWN, and READONLY where there may be another primary
//                       after a while; nothing was done
//   a node that cannot be reached, where others may take over
//                       after the router has looked for them; nothing was sent
//   a connection that breaks
//                       reads whose reply had not begun, and writes of which no byte was sent
//
// until PoolLimits::acquire_timeout is over since it was first refused. Anything else is an error:
// kMaybeApplied for a write that was sent. Commands on one key keep their order: they are on one
// node at a time, and one is not sent again while a later one is under way, and fails if that goes
// through.

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
#include "core/exec/flight.h"
#include "core/exec/router.h"
#include "core/exec/traffic_report.h"
#include "core/net/pool.h"
#include "core/resp/command.h"
#include "core/resp/reply_sink.h"

namespace redis_fdw {

class Pipeline : private FlightOwner {
 public:
  // What Abandon() reads at most before it rather closes a connection, and how long it waits.
  static constexpr uint64_t kAbandonBytes = uint64_t{256} * 1024;
  static constexpr absl::Duration kAbandonWait = absl::Milliseconds(20);

  // `pool` must outlive the pipeline; `router` is shared. No I/O.
  Pipeline(Pool* pool, std::shared_ptr<Router> router, PoolLimits limits);
  ~Pipeline() override;  // gives clean connections back, closes the others; no I/O beyond closing
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Queues a command; `sink` must live until its reply is complete, or Abandon() or destruction. A
  // command to all primaries gets the same sink once per node. Waits where the router is stale: for
  // what Router::Refresh() takes. A sink may submit, and never waits then. Errors of leasing and
  // of Refresh().
  absl::Status Submit(Command command, ReplySink* sink);

  // Moves what can be moved now; true if anything moved. Errors: of connections, of sinks, error
  // replies. A connection that breaks is given up; if what is outstanding on it cannot all be sent
  // again, that is given up as well, and the error is returned once; the other nodes' replies go on
  // arriving.
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

  // Commands that are not answered, those to be sent again included.
  size_t outstanding() const { return flights_.size() + again_.size(); }

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
  // Never called while this pipeline itself is given a connection: then idle ones are released.
  void SetSpill(std::function<absl::Status()> spill) { spill_ = std::move(spill); }

  // Gives idle connections back to the pool (between batches, at the end). Leases with replies
  // outstanding stay, and all of them if a sink calls.
  void ReleaseIdle();

  const Counters& counters() const { return counters_; }
  Counters* mutable_counters() { return &counters_; }

 private:
  using Nodes = std::map<int, Lease>;

  // Submitting.
  absl::StatusOr<int> NodeOf(const Command& command, int pinned) const;
  absl::Status SubmitOne(Command command, ReplySink* sink, int pinned);
  absl::Status CheckGroup(const Flight& flight);
  absl::Status Send(Flight* flight);
  absl::StatusOr<Lease*> Lend(int number);
  absl::StatusOr<Lease> NewLease(int number);
  void CountNode(int number);

  // Moving.
  absl::StatusOr<bool> AdvanceAll(bool read_replies);
  absl::Status OnBroken(Nodes::iterator node, const absl::Status& why);
  absl::Status WaitFor(absl::Time until);
  absl::Status OnFlightEnd(Flight* flight) override;
  absl::Status OnFlightError(Flight* flight, const absl::Status& error) override;
  absl::Status End(Flight* flight, absl::Status error);

  // Sending again.
  absl::Status FollowRedirect(Flight* flight, const Redirect& redirect, const absl::Status& error);
  bool SurvivesBreak(const Flight& flight, bool sent, bool doubted, const absl::Status& why) const;
  void Defer(Flight* flight, const absl::Status& error);
  void NoteOvertaken(const Flight& flight);
  int NextNodeOf(const Flight& flight) const;
  bool MustFollow(const Command& command, int pinned);
  void HoldBack();
  absl::Status SendAgain(absl::Time now);
  absl::Status GiveUpAgain(const absl::Status& why);
  absl::Status RefreshForAgain();
  // Makes the router know who serves what. Waits, and tries again, until `deadline`.
  absl::Status EnsureFresh(absl::Time deadline);
  absl::Status Refresh(absl::Time deadline);
  absl::StatusOr<Keyspace> LookOnce(absl::Time deadline);
  absl::Status Pause(int tries, absl::Time deadline, const absl::Status& why);
  absl::Status SleepUntil(absl::Time until);
  absl::Status BecomeReady(const Command& command, int* number);

  // Ending.
  bool Discarding(absl::Time deadline, uint64_t max_read);
  size_t Unread() const;
  uint64_t BytesRead() const;

  Pool* const pool_;
  const std::shared_ptr<Router> router_;
  const PoolLimits limits_;
  Counters counters_;
  TrafficReport traffic_;  // of counters_; its destructor reports what is left
  std::function<absl::Status()> spill_;
  Nodes nodes_;      // references stay valid while sinks submit to further nodes
  Flights flights_;  // queued on a connection of nodes_
  Flights again_;    // to be sent again, or for the first time after those
  absl::Time again_at_ = absl::InfinitePast();
  int64_t submitted_ = 0;
  std::vector<bool> counted_;  // by number of the node: whether counters_.nodes has it
  bool primary_only_ = false;
  bool advancing_ = false;  // a sink may be on the stack
  bool leasing_ = false;    // others may be asked for their connections further down the stack
  bool rerouted_ = false;   // some of flights_ may be elsewhere than the router would send them
  uint64_t view_ = 0;       // the router's, when the first of flights_ was sent
  bool failed_ = false;     // a command has ended with the error that is being returned
  int group_ = 0;           // the atomic group submitted last, and where it went
  int group_node_ = 0;
  std::vector<FdInterest> interests_;  // scratch
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_PIPELINE_H_
