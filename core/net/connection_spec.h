// ConnectionSpec: all that decides how a connection is made, and for whom.

#ifndef REDIS_FDW_CORE_NET_CONNECTION_SPEC_H_
#define REDIS_FDW_CORE_NET_CONNECTION_SPEC_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "core/net/endpoint.h"

namespace redis_fdw {

// How TLS endpoints (Endpoint::tls) are spoken to. Files are PEM; paths absolute or relative to the
// process.
struct TlsOptions {
  std::string ca_file;      // empty: the system's certificate authorities
  std::string cert_file;    // with key_file: the client's certificate, and its chain
  std::string key_file;     // of cert_file; not encrypted
  std::string server_name;  // sent (SNI) and verified; empty: the endpoint's host
  bool verify = true;       // false: any certificate will do

  friend bool operator==(const TlsOptions& a, const TlsOptions& b) {
    return a.ca_file == b.ca_file && a.cert_file == b.cert_file && a.key_file == b.key_file &&
           a.server_name == b.server_name && a.verify == b.verify;
  }
};

// What a node is to whoever connects.
enum class NodeRole : uint8_t { kPrimary, kReplica, kSentinel };

// How to connect. The password appears in no message.
struct ConnectionSpec {
  Endpoint endpoint;
  TlsOptions tls;        // heeded if endpoint.tls
  std::string username;  // empty: AUTH password alone
  std::string password;  // both empty: no AUTH
  int database = 0;
  NodeRole role = NodeRole::kPrimary;
  // To say READONLY first, as a replica of a cluster wants before it serves reads
  // (https://redis.io/commands/readonly/).
  bool readonly = false;
  // To refuse a server that is no primary (kReadOnly): after a failover a sentinel's old primary
  // comes back as a replica at the same address.
  bool check_role = false;
  absl::Duration connect_timeout = absl::Seconds(10);  // InfiniteDuration: none
  absl::Duration command_timeout = absl::Seconds(30);  // of silence while an answer is awaited

  // Whose connection it is, in the host's terms: the foreign server and the user whose mapping was
  // used. Connections are not shared between those that differ.
  uint32_t server_id = 0;
  uint32_t user_id = 0;
  // What CLIENT LIST calls the connection; empty: "redis_fdw". What a client's name may not hold
  // (spaces, control characters, what is not ASCII) is replaced.
  std::string client_name;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_CONNECTION_SPEC_H_
