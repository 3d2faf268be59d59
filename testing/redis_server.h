// A private Redis server for a test.
//
//   absl::StatusOr<std::unique_ptr<RedisServer>> redis = RedisServer::Start();
//   (*redis)->Cli({"HSET", "h", "f", "v"});        // "1"
//   (*redis)->Command({"HGET", "h", "f"}).text;    // "v", whatever its bytes
//
// It speaks to the server through a hiredis client of its own, so that a test does not check this
// project's client against itself.

#ifndef REDIS_FDW_TESTING_REDIS_SERVER_H_
#define REDIS_FDW_TESTING_REDIS_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "testing/process.h"
#include "testing/tls_authority.h"

struct redisContext;

namespace redis_fdw::test {

struct RedisReply {
  enum class Type { kNil, kString, kStatus, kInteger, kArray, kError };

  Type type = Type::kNil;
  std::string text;       // of a string, status or error
  long long integer = 0;  // of an integer
  std::vector<RedisReply> elements;

  bool is_nil() const { return type == Type::kNil; }
  bool is_error() const { return type == Type::kError; }
  // For people and EXPECT_EQ: "(nil)", "12", "text", "(error) ERR ...", and an array's elements
  // one per line ("(empty)" for none). Bytes are as they are.
  std::string ToString() const;
};

struct RedisOptions {
  bool tcp = false;                 // also listen on a free port of 127.0.0.1
  bool ipv6 = false;                // and of ::1, the same port; implies tcp
  std::string password;             // requirepass
  std::vector<std::string> users;   // ACL rules, like "alice on >secret ~app:* +@all"
  std::vector<std::string> config;  // further lines of redis.conf, like "maxmemory 10mb"

  bool tls = false;               // also listen with TLS on a free port of 127.0.0.1 (and ::1)
  bool tls_auth_clients = false;  // where clients must show a certificate of the authority's
  std::shared_ptr<TlsAuthority> authority;  // who is trusted; null: an authority of its own
  TlsCertificate certificate;  // what the server shows; empty: one of the authority's for localhost

  bool sentinel = false;  // runs as a sentinel; `config` says what it watches
};

class RedisServer {
 public:
  static absl::StatusOr<std::unique_ptr<RedisServer>> Start(const RedisOptions& options = {});
  ~RedisServer();

  const std::string& unix_socket() const { return socket_path_; }
  int port() const { return port_; }  // 0 without TCP
  // As the option of that name wants it: "127.0.0.1:port", or "unix:///path" without TCP.
  std::string host_port() const;
  // The port that wants TLS, 0 without; and what rediss://127.0.0.1:port needs.
  int tls_port() const { return tls_port_; }
  std::string tls_host_port() const;
  TlsAuthority& authority() const { return *options_.authority; }  // REQUIRES: tls
  pid_t pid() const { return process_->pid(); }
  std::string log() const;

  // Runs one command as the default user. If the server does not answer: an error reply whose text
  // starts with "client:".
  RedisReply Command(const std::vector<std::string>& argv);
  // The same, as text.
  std::string Cli(const std::vector<std::string>& argv) { return Command(argv).ToString(); }
  void FlushAll() { Command({"FLUSHALL"}); }
  // How many clients are connected, but for this one.
  int ClientCount();

  // SIGSTOP: still accepts connections (the kernel does), answers nothing. And back.
  void Stop() { process_->Signal(SIGSTOP); }
  void Continue() { process_->Signal(SIGCONT); }
  bool Running() { return process_->Running(); }
  // SIGKILL: nothing is saved, nobody is told.
  void Kill();
  // Starts it again on the same socket and ports, killing it first if it runs. Empty, unless
  // `config` says "appendonly yes". What it wrote into its configuration itself (CONFIG REWRITE, a
  // node's nodes.conf, what a sentinel has learned) is still there.
  absl::Status Restart();

 private:
  RedisServer() = default;

  absl::Status WriteConfiguration();
  absl::Status Launch();
  absl::Status Connect();
  void Disconnect();

  TempDir dir_;
  RedisOptions options_;
  std::string socket_path_;
  int port_ = 0;
  int tls_port_ = 0;
  std::unique_ptr<Process> process_;
  redisContext* client_ = nullptr;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_REDIS_SERVER_H_
