// Connection: a Transport that speaks RESP: connects, authenticates, selects the database, learns
// who the server is, and then carries commands and replies in order.
//
// Commands are only sent once the handshake has succeeded, so none ever runs as another user or in
// another database.
//
// States: connecting -> handshake -> ready -> broken, and from ready back to handshake by
// Recheck(). All methods are non-blocking; Advance() moves everything that can be moved: reading
// and writing together, since a large pipeline deadlocks otherwise.

#ifndef REDIS_FDW_CORE_NET_CONNECTION_H_
#define REDIS_FDW_CORE_NET_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/counters.h"
#include "core/net/endpoint.h"
#include "core/net/handshake.h"  // ConnectionSpec, ServerInfo
#include "core/net/reply_error.h"
#include "core/net/transport.h"
#include "core/net/waiter.h"
#include "core/resp/command.h"
#include "core/resp/reply_decoder.h"
#include "core/resp/reply_sink.h"

namespace redis_fdw {

class Connection {
 public:
  Connection(ConnectionSpec spec, std::unique_ptr<Transport> transport, absl::Time now);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Queues a command (before the connection is ready, too). `sink` must live until its reply is
  // complete or ForgetSinks() is called. `counters` (may be null) likewise. A command that cannot
  // be sent (its cursor belongs to another server process: kConnectionLost; too large:
  // kReplyTooLarge; it would come between MULTI and EXEC: kInternal) is answered by its sink's
  // OnError(), in turn.
  void Enqueue(const Command& command, ReplySink* sink, Counters* counters);

  // Moves what can be moved. True if anything moved. An error that concerns one command only (an
  // error reply that its sink did not swallow) leaves the connection usable; any other breaks it.
  // Errors name the endpoint. `now` is used to check deadlines: connect_timeout from construction,
  // command_timeout from the last progress while replies are awaited and wanted.
  absl::StatusOr<bool> Advance(absl::Time now);

  // Adds what to wait for, and lowers *deadline to when Advance() must be called regardless.
  void AppendInterest(std::vector<FdInterest>* interests, absl::Time* deadline) const;

  // Connects and writes what can be written now, but decodes no command's reply. For asking ahead.
  absl::StatusOr<bool> Flush(absl::Time now);

  // The reader was away (PostgreSQL consumed rows) and now waits: silence counts from `now`.
  void RestartSilence(absl::Time now) { last_progress_ = now; }

  bool ready() const { return state_ == State::kReady; }
  bool broken() const { return state_ == State::kBroken; }
  size_t outstanding() const;  // commands whose replies are not complete
  // Nothing outstanding, nothing unread, no transaction open: another may use it.
  bool idle() const { return ready() && outstanding() == 0 && !HasUnread(); }

  // Statements after the one that connected may have other timeouts.
  void SetTimeouts(absl::Duration connect, absl::Duration command);

  // Bytes ever written and read, to tell whether anything moved between two looks.
  uint64_t bytes_written() const { return written_; }
  uint64_t bytes_read() const { return read_; }
  // Commands ever sent, without the handshake's.
  uint64_t commands() const { return commands_; }
  absl::Time created() const { return created_; }

  // From now on, replies to what is outstanding are read and thrown away. What has not begun to be
  // sent never is.
  void ForgetSinks();

  // A command that a connection which broke leaves without an answer. `sent`: perhaps only in part.
  struct Unanswered {
    ReplySink* sink;
    bool sent;
  };
  // Of a broken connection: in the order in which they were queued. A second call gives none.
  std::vector<Unanswered> TakeUnanswered() { return std::move(unanswered_); }

  // Whether an idle connection may be used again; non-blocking.
  bool Usable();
  // Sends PING before anything else; what is queued from now on waits for its answer, so that a
  // connection which was cut unnoticed breaks (kConnectionLost) before a command is sent. If there
  // is none within kRecheckTimeout, it breaks likewise. REQUIRES: idle().
  void Recheck(absl::Time now);
  static constexpr absl::Duration kRecheckTimeout = absl::Seconds(1);

  // Where the server does not tell its run_id, this connection has one of its own. REQUIRES:
  // ready().
  const ServerInfo& server_info() const { return server_info_; }
  const ConnectionSpec& spec() const { return spec_; }

 private:
  enum class State { kConnecting, kHandshake, kReady, kBroken };
  // A command whose reply is not complete.
  struct Pending {
    ReplySink* sink;
    Counters* counters;   // may be null
    std::string command;  // its name, for messages
    std::string key;      // likewise, perhaps cut
    bool read_only;
    bool grouped;          // part of an atomic group
    uint64_t begin;        // where its RESP begins in the stream of bytes written; kNotEncoded
    absl::Status refusal;  // non-OK: never sent, this is its answer
  };
  static constexpr uint64_t kNotEncoded = ~uint64_t{0};

  bool HasUnread() const;
  // Whether a reply is awaited that its reader wants now.
  bool Awaiting() const;
  bool Paused() const;
  bool WantsWrite() const;
  bool MaybeApplied(std::string* command) const;
  absl::Status Break(const absl::Status& why);
  void GiveUp();
  void StartHandshake();
  void Encode(const Command& command, Pending* pending);
  absl::Status Refusal(const Command& command) const;
  void TrackTransaction(const Command& command);
  absl::Status AdvanceStep(bool read_replies, bool* moved);
  absl::StatusOr<bool> AdvanceWrite();
  absl::StatusOr<bool> AdvanceRead();
  absl::Status DecodeReplies(bool* moved);
  absl::Status FinishReply(const std::string& error);
  absl::Status CheckDeadline(absl::Time now);

  ConnectionSpec spec_;
  std::unique_ptr<Transport> transport_;  // null once broken
  State state_ = State::kConnecting;
  absl::Status broken_why_;
  std::unique_ptr<Handshake> handshake_;  // until ready
  ReplyDecoder decoder_;
  std::string out_;  // RESP not yet written, from out_pos_ on
  size_t out_pos_ = 0;
  uint64_t written_ = 0;      // bytes of RESP, ever
  uint64_t read_ = 0;         // likewise
  uint64_t commands_ = 0;     // likewise
  bool drained_ = false;      // the latest read of this Advance() emptied the socket
  absl::Status write_error_;  // what the server said before it closed is read first
  std::deque<Pending> pending_;
  std::deque<Command> waiting_;  // before ready: the commands of pending_, in its order
  std::vector<Unanswered> unanswered_;
  ServerInfo server_info_;
  bool in_transaction_ = false;  // between MULTI and EXEC, as far as commands were queued
  int transaction_group_ = 0;
  bool unclean_ = false;  // the session's state is unknown: never use it again
  absl::Time created_;
  absl::Time last_progress_;
  absl::Time now_;               // of the latest Advance()
  bool restart_silence_ = true;  // something was queued since
  bool rechecking_ = false;      // the handshake is a PING
  absl::Time recheck_deadline_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_CONNECTION_H_
