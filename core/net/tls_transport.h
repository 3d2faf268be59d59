// TLS over any transport.
//
// Connecting is the inner transport's connecting and then the handshake. By default the server's
// certificate is verified: its chain, its dates, and that it is for TlsOptions.server_name, or else
// the endpoint's host (a name, or an address, which then has to be among the certificate's).
//
// What Write() took has been encrypted, and is sent by later calls of Write() and Read() as far as
// the inner transport takes it; so it counts as written, though a part may not have been sent. (It
// has to: a record that was begun cannot be taken back, and one that was not written whole is never
// applied.) Whatever was written has an answer that is read for, and AppendInterest() adds what
// sending needs.
//
// Data is only delivered if it is authentic. An end that TLS has not announced (close_notify) is
// kConnectionLost, since anybody can cut a connection.
//
// A server that refuses the client after the handshake, as TLS 1.3 allows, does so in the first
// Read(), which then is kConnectFailed with the server's reason, as if it had been the handshake:
// nothing can have been answered before.

#ifndef REDIS_FDW_CORE_NET_TLS_TRANSPORT_H_
#define REDIS_FDW_CORE_NET_TLS_TRANSPORT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "core/net/connection_spec.h"
#include "core/net/transport.h"

namespace redis_fdw {

// `inner` is not connected yet. Reads the files that spec.tls names, unless that was done for an
// earlier connection; what is wrong with them is kInvalidOption (see tls_context.h).
absl::StatusOr<std::unique_ptr<Transport>> NewTlsTransport(const ConnectionSpec& spec,
                                                           std::unique_ptr<Transport> inner);

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_TLS_TRANSPORT_H_
