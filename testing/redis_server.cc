#include "testing/redis_server.h"

#include <hiredis/hiredis.h>
#include <signal.h>
#include <sys/socket.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace redis_fdw::test {
namespace {

// Longer than any command of a test, shorter than a test's own limit.
constexpr struct timeval kPatience = {30, 0};

RedisReply ClientError(absl::string_view what) {
  RedisReply reply;
  reply.type = RedisReply::Type::kError;
  reply.text = absl::StrCat("client: ", what);
  return reply;
}

RedisReply Convert(const redisReply& from) {
  RedisReply to;
  switch (from.type) {
    case REDIS_REPLY_STRING:
      to.type = RedisReply::Type::kString;
      break;
    case REDIS_REPLY_STATUS:
      to.type = RedisReply::Type::kStatus;
      break;
    case REDIS_REPLY_ERROR:
      to.type = RedisReply::Type::kError;
      break;
    case REDIS_REPLY_INTEGER:
      to.type = RedisReply::Type::kInteger;
      to.integer = from.integer;
      return to;
    case REDIS_REPLY_ARRAY:
      to.type = RedisReply::Type::kArray;
      for (size_t i = 0; i < from.elements; ++i) to.elements.push_back(Convert(*from.element[i]));
      return to;
    default:
      return to;
  }
  to.text.assign(from.str, static_cast<size_t>(from.len));
  return to;
}

// Whether the server has closed the connection: CLIENT KILL does, and a sentinel says it to every
// node that it gives another role.
bool IsClosed(const redisContext& client) {
  char byte = 0;
  return recv(client.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

}  // namespace

std::string RedisReply::ToString() const {
  switch (type) {
    case Type::kNil:
      return "(nil)";
    case Type::kString:
    case Type::kStatus:
      return text;
    case Type::kInteger:
      return absl::StrCat(integer);
    case Type::kError:
      return absl::StrCat("(error) ", text);
    case Type::kArray:
      break;
  }
  if (elements.empty()) return "(empty)";
  return absl::StrJoin(elements, "\n", [](std::string* out, const RedisReply& element) {
    absl::StrAppend(out, element.ToString());
  });
}

absl::StatusOr<std::unique_ptr<RedisServer>> RedisServer::Start(const RedisOptions& options) {
  std::unique_ptr<RedisServer> server(new RedisServer);
  server->options_ = options;
  if (options.ipv6) server->options_.tcp = true;
  server->socket_path_ = server->dir_.File("redis.sock");
  RedisOptions& made = server->options_;
  if (made.tls && made.authority == nullptr) made.authority = std::make_shared<TlsAuthority>();
  if (made.tls && made.certificate.cert_file.empty()) made.certificate = made.authority->Issue();
  // A free port may be taken by another test before Redis has it.
  absl::Status status;
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (server->options_.tcp) server->port_ = FreePort();
    if (server->options_.tls) server->tls_port_ = FreePort();
    status = server->WriteConfiguration();
    if (status.ok()) status = server->Launch();
    if (status.ok()) return server;
    if (!absl::StrContains(server->log(), "Address already in use")) break;
  }
  return status;
}

RedisServer::~RedisServer() {
  Disconnect();
  // Nothing of it is wanted: no reason to let it say goodbye.
  if (process_ != nullptr) process_->Kill();
}

std::string RedisServer::host_port() const {
  if (port_ != 0) return absl::StrCat("127.0.0.1:", port_);
  return absl::StrCat("unix://", socket_path_);
}

std::string RedisServer::tls_host_port() const {
  return absl::StrCat("rediss://127.0.0.1:", tls_port_);
}

std::string RedisServer::log() const { return ReadFile(dir_.File("log")).value_or(""); }

absl::Status RedisServer::WriteConfiguration() {
  std::string conf =
      absl::StrCat("port ", port_, "\nunixsocket ", socket_path_, "\nunixsocketperm 777\ndir ",
                   dir_.path(), "\nsave \"\"\nappendonly no\ndaemonize no\n");
  if (options_.tcp || options_.tls) {
    absl::StrAppend(&conf, "bind 127.0.0.1", options_.ipv6 ? " ::1\n" : "\n");
  }
  if (options_.tls) {
    absl::StrAppend(&conf, "tls-port ", tls_port_, "\ntls-ca-cert-file ",
                    options_.authority->ca_file(), "\ntls-cert-file ",
                    options_.certificate.cert_file, "\ntls-key-file ",
                    options_.certificate.key_file, "\ntls-auth-clients ",
                    options_.tls_auth_clients ? "yes\n" : "no\n");
  }
  if (!options_.password.empty()) absl::StrAppend(&conf, "requirepass ", options_.password, "\n");
  for (const std::string& user : options_.users) absl::StrAppend(&conf, "user ", user, "\n");
  for (const std::string& line : options_.config) absl::StrAppend(&conf, line, "\n");
  return WriteFile(dir_.File("redis.conf"), conf);
}

absl::Status RedisServer::Launch() {
  if (absl::Status status = WriteFile(dir_.File("log"), ""); !status.ok()) return status;
  // Redis as the test's user makes a socket that the unprivileged PostgreSQL has to reach.
  Identity::Unprivileged().Own(dir_.path());

  Process::Options options;
  options.argv = {"redis-server", dir_.File("redis.conf")};
  if (options_.sentinel) options.argv.emplace_back("--sentinel");
  options.cwd = dir_.path();
  options.output_path = dir_.File("log");
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(options);
  if (!process.ok()) {
    return absl::NotFoundError(
        absl::StrCat("cannot start Redis (install redis-server): ", process.status().message()));
  }
  process_ = *std::move(process);
  WaitUntil([this] { return !process_->Running() || Connect().ok(); });
  if (client_ != nullptr) return absl::OkStatus();
  process_->Kill();
  return absl::InternalError(absl::StrCat("Redis did not start; its log:\n", log()));
}

absl::Status RedisServer::Connect() {
  Disconnect();
  // hiredis writes without MSG_NOSIGNAL, and a server may die at any time.
  signal(SIGPIPE, SIG_IGN);
  client_ = redisConnectUnixWithTimeout(socket_path_.c_str(), kPatience);
  if (client_ == nullptr || client_->err != 0) {
    const std::string reason = client_ == nullptr ? "out of memory" : client_->errstr;
    Disconnect();
    return absl::UnavailableError(reason);
  }
  redisSetTimeout(client_, kPatience);
  if (!options_.password.empty()) {
    const RedisReply reply = Command({"AUTH", options_.password});
    if (reply.is_error()) {
      Disconnect();
      return absl::PermissionDeniedError(reply.text);
    }
  }
  // A server that is still loading its data accepts connections, but is not there yet.
  const RedisReply reply = Command({"PING"});
  if (reply.text == "PONG") return absl::OkStatus();
  Disconnect();
  return absl::UnavailableError(reply.ToString());
}

void RedisServer::Disconnect() {
  if (client_ != nullptr) redisFree(client_);
  client_ = nullptr;
}

RedisReply RedisServer::Command(const std::vector<std::string>& argv) {
  if (client_ != nullptr && IsClosed(*client_)) Disconnect();
  if (client_ == nullptr) {
    if (absl::Status status = Connect(); !status.ok()) return ClientError(status.message());
  }
  std::vector<const char*> pointers;
  std::vector<size_t> lengths;
  for (const std::string& arg : argv) {
    pointers.push_back(arg.data());
    lengths.push_back(arg.size());
  }
  void* raw =
      redisCommandArgv(client_, static_cast<int>(argv.size()), pointers.data(), lengths.data());
  if (raw == nullptr) {
    const std::string reason = client_->errstr;
    Disconnect();
    return ClientError(reason);
  }
  auto* reply = static_cast<redisReply*>(raw);
  RedisReply result = Convert(*reply);
  freeReplyObject(reply);
  return result;
}

int RedisServer::ClientCount() {
  const RedisReply reply = Command({"CLIENT", "LIST"});
  if (reply.is_error()) return -1;
  const std::vector<std::string> lines = absl::StrSplit(reply.text, '\n', absl::SkipEmpty());
  return static_cast<int>(lines.size()) - 1;
}

void RedisServer::Kill() {
  process_->Kill();
  Disconnect();
}

absl::Status RedisServer::Restart() {
  Kill();
  absl::Status status;
  // A child of what was killed, as one for a replica that comes, may have the ports for a moment.
  WaitUntil([&] {
    status = Launch();
    return status.ok() || !absl::StrContains(log(), "Address already in use");
  });
  return status;
}

}  // namespace redis_fdw::test
