// What is said when TLS fails, in terms of the options that a person can change.

#ifndef REDIS_FDW_CORE_NET_TLS_ERROR_H_
#define REDIS_FDW_CORE_NET_TLS_ERROR_H_

#include <openssl/x509.h>

#include <string>

#include "absl/status/status.h"
#include "core/net/connection_spec.h"

namespace redis_fdw {

// Why a server's certificate was refused.
struct TlsRefusedCertificate {
  int code = X509_V_OK;  // X509_V_ERR_...
  std::string subject;   // of the certificate at fault, like "CN=redis"
  std::string issuer;
  std::string not_before;
  std::string not_after;
  std::string names;  // those the certificate is for: "localhost, 127.0.0.1"

  bool refused() const { return code != X509_V_OK; }
};

// Looks at what OpenSSL's verification stumbled over.
TlsRefusedCertificate DescribeRefused(X509_STORE_CTX* store);

// What is known of a TLS connection when it fails.
struct TlsFailure {
  unsigned long error = 0;  // of OpenSSL's queue; 0: none
  absl::Status transport;   // what befell the transport beneath
  bool eof = false;         // it ended
  int first_byte = -1;      // of all that the server sent; -1: it sent nothing
  TlsRefusedCertificate refused;
};

// The error of a connection that could not be made: kConnectFailed. `name` is the server name that
// was wanted. The handshake is not over, or it is and the server has refused us after it, as it
// does in TLS 1.3.
absl::Status TlsConnectError(const Endpoint& endpoint, const TlsOptions& options,
                             absl::string_view name, const TlsFailure& failure);

// The error of a connection that was in use: kConnectionLost.
absl::Status TlsLostError(const Endpoint& endpoint, const TlsFailure& failure);

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_TLS_ERROR_H_
