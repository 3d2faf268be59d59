// Resolver: a host name to addresses, without blocking.
//
// c-ares asks /etc/hosts and the name servers of /etc/resolv.conf, and says which descriptors and
// timers it waits for. Addresses written as numbers, IPv4 or IPv6, need no lookup.
//
//   Resolver resolver("redis.example", 6379);
//   while (true) {
//     ASSIGN_OR_RETURN(bool done, resolver.Advance());
//     if (done) break;
//     ... AppendInterest(), Waiter::Wait() ...
//   }

#ifndef REDIS_FDW_CORE_NET_RESOLVER_H_
#define REDIS_FDW_CORE_NET_RESOLVER_H_

#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/net/waiter.h"

namespace redis_fdw {

// An address to connect() to.
struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  // "127.0.0.1:6379", "[::1]:6379", "unix:///path".
  std::string ToString() const;
};

class Resolver {
 public:
  // No I/O.
  Resolver(absl::string_view host, int port);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // True once addresses() is known (at least one). Errors (kConnectFailed): the name does not
  // exist, no name server answers, ...; the message is the reason alone.
  absl::StatusOr<bool> Advance();
  void AppendInterest(std::vector<FdInterest>* interests, absl::Time* deadline) const;

  // In the order in which they should be tried.
  const std::vector<SocketAddress>& addresses() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_RESOLVER_H_
