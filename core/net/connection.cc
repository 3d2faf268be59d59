#include "core/net/connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

// How many chunks are read and written at most before the caller gets its turn (to look at
// interrupts).
constexpr int kRoundsPerAdvance = 8;
// An empty output buffer above this is given back.
constexpr size_t kKeepOutput = 1 << 20;
// Enough of a key for messages, which cut it.
constexpr size_t kKeepKey = 256;

// A name for the process behind a connection where INFO is forbidden. Behind the next there may be
// another, so no cursor outlives a connection.
std::string UnknownProcess() {
  static int64_t count = 0;
  return absl::StrCat("unknown ", ++count);
}

NullSink* TheNullSink() {
  static NullSink* const sink = new NullSink();
  return sink;
}

}  // namespace

Connection::Connection(ConnectionSpec spec, std::unique_ptr<Transport> transport, absl::Time now)
    : spec_(std::move(spec)),
      transport_(std::move(transport)),
      created_(now),
      last_progress_(now),
      now_(now) {}

Connection::~Connection() = default;

constexpr absl::Duration Connection::kRecheckTimeout;

size_t Connection::outstanding() const {
  // During the handshake its own commands are pending as well.
  return state_ == State::kHandshake ? waiting_.size() : pending_.size();
}

bool Connection::HasUnread() const {
  return decoder_.has_buffered() || decoder_.mid_reply() || in_transaction_ || unclean_;
}

bool Connection::Paused() const {
  return state_ == State::kReady && !pending_.empty() && pending_.front().sink->Full();
}

bool Connection::Awaiting() const { return !pending_.empty() && !Paused(); }

bool Connection::WantsWrite() const { return out_pos_ < out_.size() && write_error_.ok(); }

void Connection::SetTimeouts(absl::Duration connect, absl::Duration command) {
  spec_.connect_timeout = connect;
  spec_.command_timeout = command;
}

// --- Queueing -----------------------------------------------------------------------------------

void Connection::Enqueue(const Command& command, ReplySink* sink, Counters* counters) {
  Pending pending{sink,
                  counters,
                  std::string(command.name()),
                  std::string(command.key().substr(0, kKeepKey)),
                  command.read_only(),
                  command.atomic_group() != 0,
                  kNotEncoded,
                  absl::OkStatus()};
  if (counters != nullptr) {
    ++counters->commands;
    if (outstanding() == 0) ++counters->round_trips;
  }
  restart_silence_ = restart_silence_ || outstanding() == 0;
  if (state_ == State::kReady) {
    Encode(command, &pending);
    pending_.push_back(std::move(pending));
    return;
  }
  // The handshake is not over; its own commands, if begun, are those at the head of pending_.
  waiting_.push_back(command);
  pending_.push_back(std::move(pending));
}

absl::Status Connection::Refusal(const Command& command) const {
  if (!command.run_id().empty() && command.run_id() != server_info_.run_id) {
    return MakeError(ErrorKind::kConnectionLost,
                     absl::StrCat("a cursor was opened in another server process than the one that "
                                  "now answers at ",
                                  spec_.endpoint.ToString()));
  }
  if (command.TooLarge()) {
    return MakeError(ErrorKind::kReplyTooLarge,
                     absl::StrCat("a command of ", command.payload(), " bytes and ", command.size(),
                                  " arguments is more than Redis takes"),
                     "Lower option \"batch_size\".");
  }
  if (in_transaction_ && command.atomic_group() != transaction_group_) {
    return MakeError(ErrorKind::kInternal,
                     absl::StrCat(command.name(), " was queued between MULTI and EXEC"));
  }
  return absl::OkStatus();
}

void Connection::TrackTransaction(const Command& command) {
  const absl::string_view name = command.name();
  if (absl::EqualsIgnoreCase(name, "MULTI")) {
    in_transaction_ = true;
    transaction_group_ = command.atomic_group();
  } else if (absl::EqualsIgnoreCase(name, "EXEC") || absl::EqualsIgnoreCase(name, "DISCARD")) {
    in_transaction_ = false;
  }
}

void Connection::Encode(const Command& command, Pending* pending) {
  pending->refusal = Refusal(command);
  if (!pending->refusal.ok()) return;
  if (out_pos_ > out_.size() / 2) {
    out_.erase(0, out_pos_);
    out_pos_ = 0;
  }
  const size_t before = out_.size();
  command.AppendTo(&out_);
  TrackTransaction(command);
  ++commands_;
  pending->begin = written_ + (before - out_pos_);
  if (pending->counters != nullptr) {
    pending->counters->bytes_sent += static_cast<int64_t>(out_.size() - before);
  }
}

void Connection::ForgetSinks() {
  // Those which have begun to be sent, and the handshake's own, stay; so do refused ones between.
  size_t kept = pending_.size() - waiting_.size();
  if (state_ == State::kReady) {
    kept = pending_.size();
    while (kept > 0 && pending_[kept - 1].begin >= written_) --kept;
    for (size_t i = 0; i < kept; ++i) {
      pending_[i].sink = TheNullSink();
      pending_[i].counters = nullptr;
    }
  }
  // What would come next would be taken for what ASKING was for.
  if (kept > 0 && kept < pending_.size() && pending_[kept - 1].command == "ASKING") unclean_ = true;
  uint64_t end = kNotEncoded;
  for (size_t i = kept; i < pending_.size(); ++i) {
    // The first half of a transaction may have been sent.
    if (pending_[i].grouped) unclean_ = true;
    end = std::min(end, pending_[i].begin);
  }
  pending_.erase(pending_.begin() + kept, pending_.end());
  waiting_.clear();
  if (end != kNotEncoded) out_.resize(out_pos_ + (end - written_));
}

// --- Moving -------------------------------------------------------------------------------------

absl::StatusOr<bool> Connection::Advance(absl::Time now) {
  if (state_ == State::kBroken) return broken_why_;
  now_ = now;
  bool moved = false;
  RETURN_IF_ERROR(AdvanceStep(/*read_replies=*/true, &moved));
  if (moved || restart_silence_ || !Awaiting()) last_progress_ = now;
  restart_silence_ = false;
  RETURN_IF_ERROR(CheckDeadline(now));
  return moved;
}

absl::Status Connection::AdvanceStep(bool read_replies, bool* moved) {
  drained_ = false;
  if (state_ == State::kConnecting) {
    absl::StatusOr<bool> connected = transport_->AdvanceConnect();
    if (!connected.ok()) return Break(connected.status());
    if (!*connected) return absl::OkStatus();
    StartHandshake();
    *moved = true;
  }
  for (int round = 0; round < kRoundsPerAdvance; ++round) {
    ASSIGN_OR_RETURN(bool wrote, AdvanceWrite());
    bool read = false;
    if (read_replies || state_ != State::kReady) {
      ASSIGN_OR_RETURN(read, AdvanceRead());
    }
    if (!wrote && !read) break;
    *moved = true;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Connection::Flush(absl::Time now) {
  if (state_ == State::kBroken) return broken_why_;
  now_ = now;
  bool moved = false;
  RETURN_IF_ERROR(AdvanceStep(/*read_replies=*/false, &moved));
  if (moved || restart_silence_) last_progress_ = now;
  restart_silence_ = false;
  // Replies may be there that were not looked at.
  if (state_ != State::kReady) RETURN_IF_ERROR(CheckDeadline(now));
  return moved;
}

void Connection::StartHandshake() {
  handshake_ = rechecking_ ? std::make_unique<Handshake>(spec_, server_info_)
                           : std::make_unique<Handshake>(spec_);
  std::deque<Pending> queued;
  queued.swap(pending_);
  for (const Command& command : handshake_->commands()) {
    Pending pending{
        handshake_.get(),       nullptr,         std::string(command.name()), "", true, false,
        written_ + out_.size(), absl::OkStatus()};
    command.AppendTo(&out_);
    pending_.push_back(std::move(pending));
  }
  for (Pending& pending : queued) pending_.push_back(std::move(pending));
  state_ = State::kHandshake;
}

absl::StatusOr<bool> Connection::AdvanceWrite() {
  if (!WantsWrite()) return false;
  absl::StatusOr<Transport::Io> io = transport_->Write(absl::string_view(out_).substr(out_pos_));
  if (!io.ok()) {
    // The server may have said why before it closed. AdvanceRead() reports this once nothing is
    // left.
    write_error_ = io.status();
    return false;
  }
  out_pos_ += io->bytes;
  written_ += io->bytes;
  if (out_pos_ == out_.size()) {
    out_.clear();
    out_pos_ = 0;
    if (out_.capacity() > kKeepOutput) std::string().swap(out_);
  }
  return io->bytes > 0;
}

absl::StatusOr<bool> Connection::AdvanceRead() {
  bool moved = false;
  RETURN_IF_ERROR(DecodeReplies(&moved));
  if (!Awaiting() || drained_) return moved;
  char chunk[ReplyDecoder::kChunk];
  absl::StatusOr<Transport::Io> io = transport_->Read(absl::MakeSpan(chunk));
  if (!io.ok()) return Break(io.status());
  drained_ = io->blocked;
  if (io->bytes > 0) {
    read_ += io->bytes;
    Counters* counters = pending_.front().counters;
    if (counters != nullptr) counters->bytes_received += static_cast<int64_t>(io->bytes);
    absl::Status fed = decoder_.Feed(absl::string_view(chunk, io->bytes));
    if (!fed.ok()) return Break(fed);
    RETURN_IF_ERROR(DecodeReplies(&moved));
    return true;
  }
  if (io->eof) {
    return Break(MakeError(ErrorKind::kConnectionLost,
                           absl::StrCat("connection to Redis at ", spec_.endpoint.ToString(),
                                        " was lost: the server closed it")));
  }
  if (!write_error_.ok()) return Break(write_error_);
  return moved;
}

absl::Status Connection::DecodeReplies(bool* moved) {
  std::string error;
  while (!pending_.empty()) {
    const Pending& head = pending_.front();
    if (!head.refusal.ok()) {
      Pending refused = std::move(pending_.front());
      pending_.pop_front();
      *moved = true;
      RETURN_IF_ERROR(refused.sink->OnError(refused.refusal));
      continue;
    }
    if (Paused() || !decoder_.has_buffered()) return absl::OkStatus();
    // (A server that has no room for us says so before it was asked anything.)
    if (state_ == State::kReady && !decoder_.mid_reply() && head.begin >= written_) break;
    absl::StatusOr<bool> complete = decoder_.DecodeOne(head.sink, &error);
    if (!complete.ok()) return Break(complete.status());
    if (!*complete) return absl::OkStatus();
    *moved = true;
    RETURN_IF_ERROR(FinishReply(error));
  }
  if (!decoder_.has_buffered()) return absl::OkStatus();
  return Break(MakeError(ErrorKind::kProtocol, "it sent something that was not asked for"));
}

// The reply of the first pending command is complete. Its sink may queue further commands.
absl::Status Connection::FinishReply(const std::string& error) {
  Pending done = std::move(pending_.front());
  pending_.pop_front();
  last_progress_ = now_;
  absl::Status status =
      error.empty()
          ? done.sink->OnEnd()
          : done.sink->OnError(ErrorFromReply(error, done.command, done.key, spec_.endpoint));
  if (state_ != State::kHandshake) return status;
  if (!status.ok()) return Break(status);
  if (!handshake_->done()) return absl::OkStatus();
  server_info_ = handshake_->server_info();
  if (server_info_.run_id.empty()) server_info_.run_id = UnknownProcess();
  handshake_.reset();
  rechecking_ = false;
  state_ = State::kReady;
  restart_silence_ = true;
  // What is pending now was queued before and waits for being sent, or for being refused.
  for (Pending& pending : pending_) {
    Encode(waiting_.front(), &pending);
    waiting_.pop_front();
  }
  return absl::OkStatus();
}

// --- Ending -------------------------------------------------------------------------------------

// Whether a write was (perhaps partly) sent whose answer has not come; *command is its name.
bool Connection::MaybeApplied(std::string* command) const {
  for (const Pending& pending : pending_) {
    if (!pending.read_only && pending.refusal.ok() && pending.begin < written_) {
      *command = pending.command;
      return true;
    }
  }
  return false;
}

absl::Status Connection::Break(const absl::Status& why) {
  ErrorInfo info = GetErrorInfo(why);
  const bool was_ready = state_ == State::kReady;
  if (info.kind == ErrorKind::kProtocol || info.kind == ErrorKind::kReplyTooLarge ||
      info.kind == ErrorKind::kOutOfMemory) {
    info.message = absl::StrCat("Redis at ", spec_.endpoint.ToString(), ": ", info.message);
  }
  std::string command;
  if (info.kind == ErrorKind::kConnectionLost && !was_ready && !rechecking_) {
    info.kind = ErrorKind::kConnectFailed;
    info.message = absl::StrCat("could not connect to Redis at ", spec_.endpoint.ToString(),
                                ": the connection was lost during the handshake");
    info.hint = "The server may want TLS, or have no room for another client; its log says more.";
  } else if (was_ready && MaybeApplied(&command)) {
    if (info.kind == ErrorKind::kConnectionLost) {
      info.kind = ErrorKind::kMaybeApplied;
      absl::StrAppend(&info.message, " after ", command,
                      " was sent and before it was answered; it may have been applied");
    } else {
      absl::StrAppend(&info.detail, info.detail.empty() ? "" : " ", command,
                      " was sent and not answered: it may have been applied.");
    }
  }
  broken_why_ = MakeError(info.kind, info.message, info.hint, info.detail);
  GiveUp();
  return broken_why_;
}

// Closes, and notes what will not be answered.
void Connection::GiveUp() {
  state_ = State::kBroken;
  transport_.reset();
  for (const Pending& pending : pending_) {
    if (pending.sink == handshake_.get()) continue;
    unanswered_.push_back({pending.sink, pending.refusal.ok() && pending.begin < written_});
  }
  pending_.clear();
  waiting_.clear();
  out_.clear();
  out_pos_ = 0;
}

absl::Status Connection::CheckDeadline(absl::Time now) {
  if (state_ == State::kReady) {
    if (!Awaiting() || now < last_progress_ + spec_.command_timeout) return absl::OkStatus();
    return Break(MakeError(ErrorKind::kTimeout,
                           absl::StrCat("Redis at ", spec_.endpoint.ToString(),
                                        " has not answered ", pending_.front().command, " for ",
                                        absl::FormatDuration(spec_.command_timeout)),
                           "Option \"command_timeout_ms\" says how long to wait."));
  }
  if (rechecking_) {
    if (now < recheck_deadline_) return absl::OkStatus();
    return Break(MakeError(ErrorKind::kConnectionLost,
                           absl::StrCat("connection to Redis at ", spec_.endpoint.ToString(),
                                        " was lost: it has been idle, and PING is not answered")));
  }
  if (now < created_ + spec_.connect_timeout) return absl::OkStatus();
  const std::string progress = state_ == State::kHandshake
                                   ? std::string("the handshake was not answered")
                                   : transport_->ConnectProgress();
  return Break(MakeError(ErrorKind::kConnectFailed,
                         absl::StrCat("could not connect to Redis at ", spec_.endpoint.ToString(),
                                      " within ", absl::FormatDuration(spec_.connect_timeout),
                                      progress.empty() ? "" : ": ", progress),
                         "Options \"connect_timeout_ms\" and \"pool_connection_timeout_ms\" say "
                         "how long to wait."));
}

void Connection::AppendInterest(std::vector<FdInterest>* interests, absl::Time* deadline) const {
  switch (state_) {
    case State::kBroken:
      *deadline = absl::InfinitePast();
      return;
    case State::kConnecting:
    case State::kHandshake:
      *deadline =
          std::min(*deadline, rechecking_ ? recheck_deadline_ : created_ + spec_.connect_timeout);
      transport_->AppendInterest(true, WantsWrite(), interests, deadline);
      return;
    case State::kReady:
      break;
  }
  const bool awaiting = Awaiting();
  if (awaiting) {
    // A refusal needs no waiting for.
    *deadline = pending_.front().refusal.ok()
                    ? std::min(*deadline, last_progress_ + spec_.command_timeout)
                    : absl::InfinitePast();
  }
  if (awaiting || WantsWrite()) {
    transport_->AppendInterest(awaiting, WantsWrite(), interests, deadline);
  }
}

void Connection::Recheck(absl::Time now) {
  rechecking_ = true;
  recheck_deadline_ = now + kRecheckTimeout;
  StartHandshake();
}

bool Connection::Usable() { return idle() && !transport_->ClosedOrDirty(); }

}  // namespace redis_fdw
