// What TLS connections with the same options share: an SSL_CTX, with the files that options name.
//
// Contexts are kept, at most kMaxTlsContexts of them, and made anew when one of their files has
// changed (another inode, size or time of modification). So a certificate that was renewed is used
// by the next connection, and no connection reads files that have not changed.

#ifndef REDIS_FDW_CORE_NET_TLS_CONTEXT_H_
#define REDIS_FDW_CORE_NET_TLS_CONTEXT_H_

#include <openssl/ssl.h>

#include <cstddef>

#include "absl/status/statusor.h"
#include "core/net/connection_spec.h"

namespace redis_fdw {

constexpr size_t kMaxTlsContexts = 16;

// The context for `options` (server_name does not matter). The caller takes a reference of its own
// (SSL_new does) before the next call. Reads files, at most 16 MiB each, and only regular ones,
// since others may keep one waiting.
//
// What is wrong with a file (absent, not readable, not PEM, an encrypted key, a key of another
// certificate) is kInvalidOption, naming the option: unlike kConnectFailed it is not worth another
// try. The same if only one of cert_file and key_file is given.
absl::StatusOr<SSL_CTX*> GetTlsContext(const TlsOptions& options);

// Nothing may be left in OpenSSL's queue of errors, which PostgreSQL's own connections use as well;
// nor may what was there before be taken for ours.
class TlsErrorScope {
 public:
  TlsErrorScope();
  ~TlsErrorScope();
  TlsErrorScope(const TlsErrorScope&) = delete;
  TlsErrorScope& operator=(const TlsErrorScope&) = delete;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_TLS_CONTEXT_H_
