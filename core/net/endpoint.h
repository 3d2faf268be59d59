// Endpoint: where a Redis node listens, as written in the option host_port.

#ifndef REDIS_FDW_CORE_NET_ENDPOINT_H_
#define REDIS_FDW_CORE_NET_ENDPOINT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace redis_fdw {

struct Endpoint {
  std::string host;  // name or address; empty for a unix socket
  int port = 6379;
  std::string unix_socket;  // absolute path; empty for TCP
  bool tls = false;         // rediss://

  bool is_unix() const { return !unix_socket.empty(); }
  // "host:port", "[::1]:6379" or "unix:///path": as messages show it.
  std::string ToString() const;
  friend bool operator==(const Endpoint& a, const Endpoint& b) {
    return a.host == b.host && a.port == b.port && a.unix_socket == b.unix_socket && a.tls == b.tls;
  }
};

// Parses host_port: one or several, comma-separated, of `host`, `host:port`, `[v6]:port`,
// `redis://host:port`, `rediss://host:port`, `unix:///path`. The port is 6379 if absent.
// Credentials in a URL are refused, saying where they belong; so are a path or query in a redis://
// URL, an empty host, a bad port. kInvalidOption; the message quotes the offending part (but never
// a part with credentials).
absl::StatusOr<std::vector<Endpoint>> ParseHostPort(absl::string_view text);

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_ENDPOINT_H_
