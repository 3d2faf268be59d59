// Handshake: what a connection says before it is used, in one round trip: AUTH, SELECT, INFO
// server, READONLY where replicas want it, CLIENT SETNAME and SETINFO. Of a connection that has
// been idle for long it is PING alone (Recheck).
//
// It is the sink of its own commands' replies. The errors of AUTH and SELECT are heeded; that INFO
// is forbidden is tolerated (the server is then taken for the oldest supported), and CLIENT is a
// courtesy to whoever operates the server (SETINFO is known from Redis 7.2 on; an older one's error
// costs less than another round trip); READONLY is refused by what is no cluster, where it is not
// needed.

#ifndef REDIS_FDW_CORE_NET_HANDSHAKE_H_
#define REDIS_FDW_CORE_NET_HANDSHAKE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/net/connection_spec.h"
#include "core/resp/command.h"
#include "core/resp/reply_sink.h"

namespace redis_fdw {

// What differs between servers, as INFO server tells. An unknown server (INFO forbidden by ACL) is
// treated as the oldest supported, Redis 6.0.
struct ServerInfo {
  bool told = false;          // INFO was answered
  int redis_version = 60000;  // 70015 for 7.0.15; Valkey's redis_version counts too
  int valkey_version = 0;     // 80001 for 8.0.1; 0: it is Redis
  std::string run_id;         // empty if unknown
  bool cluster_enabled = false;
  bool is_sentinel = false;

  bool AtLeast(int major, int minor) const { return redis_version >= major * 10000 + minor * 100; }
  // HPEXPIRE and its like: Redis 7.4, Valkey 9.0 (https://redis.io/commands/hpexpire/).
  bool HasFieldTtl() const { return AtLeast(7, 4) || valkey_version >= 90000; }
};

// Reads the reply of INFO server. What is missing keeps its default.
ServerInfo ParseServerInfo(absl::string_view info);

class Handshake : public ReplySink {
 public:
  // `spec` must outlive the handshake.
  explicit Handshake(const ConnectionSpec& spec);
  // A PING of a connection that was used before, whose server is known. Any answer will do.
  Handshake(const ConnectionSpec& spec, const ServerInfo& known);

  // To be sent in this order; replies come back to this sink in the same.
  const std::vector<Command>& commands() const { return commands_; }
  bool done() const { return replies_ == commands_.size(); }
  const ServerInfo& server_info() const { return server_info_; }

  absl::Status OnElement(const ReplyElement& element) override;
  absl::Status OnEnd() override;
  absl::Status OnError(const absl::Status& error) override;

 private:
  const ConnectionSpec& spec_;
  std::vector<Command> commands_;
  size_t replies_ = 0;
  ServerInfo server_info_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_HANDSHAKE_H_
