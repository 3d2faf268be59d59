// Transport: a non-blocking byte stream to one node. TCP and unix sockets are one implementation
// (socket_transport.cc), TLS wraps any (tls_transport.cc), fakes and faults (testing/fakes) are
// others.
//
// No call blocks. Destruction closes.

#ifndef REDIS_FDW_CORE_NET_TRANSPORT_H_
#define REDIS_FDW_CORE_NET_TRANSPORT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/net/connection_spec.h"
#include "core/net/waiter.h"

namespace redis_fdw {

class Transport {
 public:
  virtual ~Transport() = default;

  struct Io {
    size_t bytes = 0;      // moved
    bool blocked = false;  // nothing (more) can be moved now
    bool eof = false;      // the peer closed (reading)
  };

  // Advances the connecting (resolve, connect, handshake). True once established. kConnectFailed
  // names the endpoint and the reason.
  virtual absl::StatusOr<bool> AdvanceConnect() = 0;

  // REQUIRES: established. kConnectionLost on a broken stream.
  virtual absl::StatusOr<Io> Read(absl::Span<char> into) = 0;
  virtual absl::StatusOr<Io> Write(absl::string_view from) = 0;

  // What to wait for before the next call can get further. While established: `want_write` says
  // whether the caller has something to write and `want_read` whether it wants to read (TLS may
  // translate one into the other). May lower *deadline to when it wants to be advanced regardless
  // (a resolver's timer).
  virtual void AppendInterest(bool want_read, bool want_write, std::vector<FdInterest>* interests,
                              absl::Time* deadline) const = 0;

  // What AdvanceConnect() is about, for the message of a connect that took too long; may be empty.
  virtual std::string ConnectProgress() const { return ""; }

  // A non-blocking look at an idle, established stream: true if the peer has closed it or sent
  // something unasked.
  virtual bool ClosedOrDirty() = 0;
};

// Makes unconnected transports.
class TransportFactory {
 public:
  virtual ~TransportFactory() = default;
  virtual absl::StatusOr<std::unique_ptr<Transport>> NewTransport(const ConnectionSpec& spec) = 0;
};

// Sockets: TCP over IPv4 and IPv6, names resolved by c-ares; unix sockets; TLS (tls_transport.h)
// over them where the endpoint asks for it.
TransportFactory* SocketTransportFactory();

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_TRANSPORT_H_
