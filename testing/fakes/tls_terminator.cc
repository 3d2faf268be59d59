#include "testing/fakes/tls_terminator.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <utility>

namespace redis_fdw::test {
namespace {

void Must(bool done, const char* what) {
  if (done) return;
  fprintf(stderr, "TlsTerminator: %s failed\n", what);
  ERR_print_errors_fp(stderr);
  abort();
}

}  // namespace

TlsTerminator::TlsTerminator(const Options& options, std::unique_ptr<Transport> plain)
    : plain_(std::move(plain)), context_(SSL_CTX_new(TLS_server_method())) {
  Must(SSL_CTX_use_certificate_chain_file(context_, options.certificate.cert_file.c_str()) == 1,
       "reading a certificate");
  Must(SSL_CTX_use_PrivateKey_file(context_, options.certificate.key_file.c_str(),
                                   SSL_FILETYPE_PEM) == 1,
       "reading a key");
  SSL_CTX_set_max_proto_version(context_, options.max_version);
  SSL_CTX_set_num_tickets(context_, options.tickets);
  if (!options.client_ca_file.empty()) {
    Must(SSL_CTX_load_verify_locations(context_, options.client_ca_file.c_str(), nullptr) == 1,
         "reading an authority");
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  ssl_ = SSL_new(context_);
  from_client_ = BIO_new(BIO_s_mem());
  to_client_ = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(from_client_, -1);
  BIO_set_mem_eof_return(to_client_, -1);
  SSL_set_bio(ssl_, from_client_, to_client_);
  SSL_set_accept_state(ssl_);
}

TlsTerminator::~TlsTerminator() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  ERR_clear_error();
}

// Moves what can be moved, in both directions.
void TlsTerminator::Pump() {
  char buffer[4096];
  while (!failed_) {
    const int n = SSL_read(ssl_, buffer, sizeof(buffer));
    if (n <= 0) {
      const int error = SSL_get_error(ssl_, n);
      client_said_goodbye_ = client_said_goodbye_ || error == SSL_ERROR_ZERO_RETURN;
      failed_ = error == SSL_ERROR_SSL;
      break;
    }
    for (int taken = 0; taken < n;) {
      absl::StatusOr<Io> io =
          plain_->Write(absl::string_view(buffer + taken, static_cast<size_t>(n - taken)));
      if (!io.ok()) break;
      taken += static_cast<int>(io->bytes);
    }
  }
  while (!failed_ && !ended_ && SSL_is_init_finished(ssl_) == 1) {
    absl::StatusOr<Io> io = plain_->Read(absl::MakeSpan(buffer));
    if (!io.ok() || io->eof) ended_ = true;
    if (!io.ok() || io->bytes == 0) break;
    Must(SSL_write(ssl_, buffer, static_cast<int>(io->bytes)) > 0, "SSL_write");
  }
  // The client uses the same thread's queue.
  ERR_clear_error();
}

absl::StatusOr<Transport::Io> TlsTerminator::Write(absl::string_view from) {
  Io io;
  io.bytes = from.size();
  BIO_write(from_client_, from.data(), static_cast<int>(from.size()));
  Pump();
  return io;
}

absl::StatusOr<Transport::Io> TlsTerminator::Read(absl::Span<char> into) {
  Pump();
  Io io;
  const int n = BIO_read(to_client_, into.data(), static_cast<int>(into.size()));
  io.bytes = static_cast<size_t>(std::max(n, 0));
  if (io.bytes > 0) return io;
  io.eof = failed_ || ended_;
  io.blocked = !io.eof;
  return io;
}

bool TlsTerminator::ClosedOrDirty() {
  Pump();
  return failed_ || ended_ || unread() > 0;
}

size_t TlsTerminator::unread() {
  Pump();
  return BIO_ctrl_pending(to_client_);
}

void TlsTerminator::SayGoodbye() {
  Pump();
  SSL_shutdown(ssl_);
  ended_ = true;
}

void TlsTerminator::ChangeKeys() {
  Must(SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED) == 1, "SSL_key_update");
  SSL_do_handshake(ssl_);
}

void TlsTerminator::SendTicket() {
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
  Must(SSL_new_session_ticket(ssl_) == 1, "SSL_new_session_ticket");
  SSL_do_handshake(ssl_);
#endif
}

std::string TlsTerminator::wanted_name() const {
  const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

}  // namespace redis_fdw::test
