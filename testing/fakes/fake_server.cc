#include "testing/fakes/fake_server.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "testing/fakes/resp.h"

namespace redis_fdw::test {
namespace {

// Takes one line, without CRLF, off *bytes. False if it is not all there.
bool TakeLine(absl::string_view* bytes, absl::string_view* line) {
  const size_t end = bytes->find("\r\n");
  if (end == absl::string_view::npos) return false;
  *line = bytes->substr(0, end);
  bytes->remove_prefix(end + 2);
  return true;
}

// Takes one command off *bytes. False if it is not all there.
bool TakeCommand(absl::string_view* bytes, FakeServer::Argv* argv) {
  absl::string_view rest = *bytes;
  absl::string_view line;
  int count = 0;
  if (!TakeLine(&rest, &line) || !absl::SimpleAtoi(line.substr(1), &count)) return false;
  argv->clear();
  for (int i = 0; i < count; ++i) {
    size_t length = 0;
    if (!TakeLine(&rest, &line) || !absl::SimpleAtoi(line.substr(1), &length)) return false;
    if (rest.size() < length + 2) return false;
    argv->emplace_back(rest.substr(0, length));
    rest.remove_prefix(length + 2);
  }
  *bytes = rest;
  return true;
}

absl::Status Lost(const Endpoint& endpoint, absl::string_view why) {
  return MakeError(
      ErrorKind::kConnectionLost,
      absl::StrCat("connection to Redis at ", endpoint.ToString(), " was lost: ", why));
}

}  // namespace

// --- FakeServer ---------------------------------------------------------------------------------

FakeServer::~FakeServer() {
  for (FakeTransport* transport : open_) {
    transport->closed_ = true;
    transport->server_ = nullptr;
  }
}

std::vector<std::string> FakeServer::CommandLines() const {
  std::vector<std::string> lines;
  for (const Argv& argv : commands_) lines.push_back(absl::StrJoin(argv, " "));
  return lines;
}

void FakeServer::Send(absl::string_view bytes) {
  for (FakeTransport* transport : open_) absl::StrAppend(&transport->replies_, bytes);
}

void FakeServer::CloseAll() {
  for (FakeTransport* transport : open_) {
    transport->closed_ = true;
    transport->replies_.clear();
    transport->replies_pos_ = 0;
  }
  open_.clear();
}

void FakeServer::Restart(absl::string_view run_id) {
  CloseAll();
  options.run_id = std::string(run_id);
}

bool FakeServer::AnswerHandshake(const Argv& argv, FakeTransport* from, std::string* reply) {
  const std::string name = absl::AsciiStrToUpper(argv[0]);
  if (name == "AUTH") {
    if (options.password.empty()) {
      *reply = Error(
          "ERR AUTH <password> called without any password configured for the default user. Are "
          "you sure your configuration is correct?");
    } else if (argv.back() != options.password) {
      *reply = Error("WRONGPASS invalid username-password pair or user is disabled.");
    } else {
      from->authenticated_ = true;
      *reply = Ok();
    }
    return true;
  }
  if (!options.password.empty() && !from->authenticated_) {
    *reply = Error("NOAUTH Authentication required.");
    return true;
  }
  if (name == "SELECT") {
    int database = 0;
    const bool valid = absl::SimpleAtoi(argv[1], &database) && database < options.databases;
    *reply = valid ? Ok() : Error("ERR DB index is out of range");
    return true;
  }
  if (name == "INFO") {
    *reply = options.info_forbidden
                 ? Error("NOPERM this user has no permissions to run the 'info' command")
                 : Bulk(absl::StrCat("# Server\r\nredis_version:", options.version,
                                     "\r\nredis_mode:", options.mode, "\r\nrun_id:", options.run_id,
                                     "\r\n"));
    return true;
  }
  if (name == "CLIENT") {
    *reply = Ok();
    return true;
  }
  return false;
}

std::string FakeServer::Answer(const Argv& argv, FakeTransport* from) {
  std::string reply;
  if (options.raw) {
    commands_.push_back(argv);
    return handler_(argv);
  }
  if (AnswerHandshake(argv, from, &reply)) return reply;
  commands_.push_back(argv);
  const std::string name = absl::AsciiStrToUpper(argv[0]);
  if (name == "MULTI") {
    from->in_multi_ = true;
    from->queued_.clear();
    return Ok();
  }
  if (name == "EXEC" || name == "DISCARD") {
    from->in_multi_ = false;
    return name == "EXEC" ? Array(from->queued_) : Ok();
  }
  reply = handler_(argv);
  if (!from->in_multi_) return reply;
  from->queued_.push_back(reply);
  return Simple("QUEUED");
}

// --- FakeTransportFactory -----------------------------------------------------------------------

absl::StatusOr<std::unique_ptr<Transport>> FakeTransportFactory::NewTransport(
    const ConnectionSpec& spec) {
  const auto found = by_name_.find(spec.endpoint.ToString());
  FakeServer* server = found != by_name_.end() ? found->second : default_;
  return std::unique_ptr<Transport>(std::make_unique<FakeTransport>(spec.endpoint, server));
}

// --- FakeTransport ------------------------------------------------------------------------------

FakeTransport::FakeTransport(const Endpoint& endpoint, FakeServer* server)
    : endpoint_(endpoint), server_(server) {}

FakeTransport::~FakeTransport() {
  if (server_ != nullptr) server_->open_.erase(this);
}

absl::StatusOr<bool> FakeTransport::AdvanceConnect() {
  if (connected_) return true;
  if (server_ == nullptr) {
    return MakeError(ErrorKind::kConnectFailed,
                     absl::StrCat("could not connect to Redis at ", endpoint_.ToString(),
                                  ": Connection refused"));
  }
  if (server_->options.hang_connect) return false;
  if (!server_->options.refuse_connect.ok()) return server_->options.refuse_connect;
  connected_ = true;
  ++server_->connections_made_;
  server_->open_.insert(this);
  return true;
}

// Reads requests and answers them, as far as the replies' buffer allows.
void FakeTransport::Serve() {
  absl::string_view rest = requests_;
  FakeServer::Argv argv;
  while (!closed_ && replies_.size() - replies_pos_ < server_->options.buffer &&
         TakeCommand(&rest, &argv)) {
    std::string reply = server_->Answer(argv, this);
    // Nothing of a server that the handler has closed arrives.
    if (!closed_) replies_ += reply;
  }
  requests_.erase(0, requests_.size() - rest.size());
}

absl::StatusOr<Transport::Io> FakeTransport::Write(absl::string_view from) {
  if (closed_) return Lost(endpoint_, "Broken pipe");
  const FakeServer::Options& options = server_->options;
  // A first request is always taken whole, or one larger than the buffer would never be complete.
  const size_t room = options.buffer - std::min(options.buffer, requests_.size());
  size_t n = std::min({from.size(), options.write_at_most, room});
  if (replies_.size() - replies_pos_ < options.buffer) {
    n = std::min(from.size(), options.write_at_most);
  }
  Io io;
  io.bytes = n;
  io.blocked = n < from.size();
  absl::StrAppend(&requests_, from.substr(0, n));
  Serve();
  return io;
}

absl::StatusOr<Transport::Io> FakeTransport::Read(absl::Span<char> into) {
  Io io;
  if (closed_) {
    io.eof = true;
    return io;
  }
  const size_t unread = server_->held_ ? 0 : replies_.size() - replies_pos_;
  io.bytes = std::min({unread, into.size(), server_->options.read_at_most});
  io.blocked = io.bytes == 0;
  memcpy(into.data(), replies_.data() + replies_pos_, io.bytes);
  replies_pos_ += io.bytes;
  if (replies_pos_ > replies_.size() / 2) {
    replies_.erase(0, replies_pos_);
    replies_pos_ = 0;
  }
  Serve();
  return io;
}

void FakeTransport::AppendInterest(bool want_read, bool want_write,
                                   std::vector<FdInterest>* interests,
                                   absl::Time* /*deadline*/) const {
  // There is no descriptor, but there is interest.
  if (!connected_ || want_read || want_write) {
    interests->push_back(FdInterest{-1, want_read, want_write});
  }
}

bool FakeTransport::ClosedOrDirty() { return closed_ || replies_.size() > replies_pos_; }

}  // namespace redis_fdw::test
