#include "core/net/tls_transport.h"

#include <arpa/inet.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status.h"
#include "core/net/tls_context.h"
#include "core/net/tls_error.h"

namespace redis_fdw {
namespace {

// How much is encrypted in one go, and so waits to be sent at most: four records.
constexpr size_t kWriteAtMost = 64 << 10;
// Looks at an idle connection for news that are no data. A server sends two tickets, usually.
constexpr int kMaxLooks = 16;

class TlsTransport : public Transport {
 public:
  TlsTransport(const ConnectionSpec& spec, std::unique_ptr<Transport> inner)
      : endpoint_(spec.endpoint), options_(spec.tls), inner_(std::move(inner)) {}
  ~TlsTransport() override;

  absl::Status Init();

  absl::StatusOr<bool> AdvanceConnect() override;
  absl::StatusOr<Io> Read(absl::Span<char> into) override;
  absl::StatusOr<Io> Write(absl::string_view from) override;
  void AppendInterest(bool want_read, bool want_write, std::vector<FdInterest>* interests,
                      absl::Time* deadline) const override;
  bool ClosedOrDirty() override;
  std::string ConnectProgress() const override;

 private:
  enum class State { kConnecting, kHandshake, kEstablished };

  // OpenSSL reads and writes through these. As with recv(): > 0 bytes, 0 at the end, -1 with
  // *retry or for good.
  static BIO_METHOD* Method();
  static int OnVerify(int ok, X509_STORE_CTX* store);
  int ReadWire(char* into, int size, bool* retry);
  int WriteWire(const char* from, int size);

  absl::Status SetName();
  bool Unsent() const { return sent_ < wire_out_.size(); }
  void Send();
  TlsFailure Failure() const;

  const Endpoint endpoint_;
  const TlsOptions options_;
  std::string name_;  // of the server, as it is verified
  std::unique_ptr<Transport> inner_;
  SSL* ssl_ = nullptr;
  State state_ = State::kConnecting;

  std::string wire_out_;  // encrypted, sent up to sent_
  size_t sent_ = 0;
  absl::Status write_error_;  // of the inner transport; what the server said before is read first

  bool wire_blocked_ = false;  // the inner transport had no more in this call
  bool wire_eof_ = false;
  absl::Status wire_error_;  // of reading
  bool out_of_memory_ = false;
  int first_byte_ = -1;  // of what the server sent

  bool received_ = false;    // data, ever
  bool maybe_more_ = false;  // the last Read() ended before the inner transport had no more
  absl::Status read_error_;  // to be reported after the data that came before it
  TlsRefusedCertificate refused_;
};

// --- What OpenSSL calls: no exception may pass through it
// -----------------------------------------

BIO_METHOD* TlsTransport::Method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "redis_fdw");
    if (made == nullptr) return made;
    BIO_meth_set_read(made, [](BIO* bio, char* into, int size) {
      BIO_clear_retry_flags(bio);
      bool retry = false;
      const int n = static_cast<TlsTransport*>(BIO_get_data(bio))->ReadWire(into, size, &retry);
      if (retry) BIO_set_retry_read(bio);
      return n;
    });
    BIO_meth_set_write(made, [](BIO* bio, const char* from, int size) {
      BIO_clear_retry_flags(bio);
      return static_cast<TlsTransport*>(BIO_get_data(bio))->WriteWire(from, size);
    });
    BIO_meth_set_ctrl(made, [](BIO* bio, int command, long /*number*/, void* /*pointer*/) -> long {
      if (command == BIO_CTRL_FLUSH) return 1;
      if (command != BIO_CTRL_EOF) return 0;
      return static_cast<TlsTransport*>(BIO_get_data(bio))->wire_eof_ ? 1 : 0;
    });
    BIO_meth_set_create(made, [](BIO* bio) {
      BIO_set_init(bio, 1);
      return 1;
    });
    return made;
  }();
  return method;
}

int TlsTransport::ReadWire(char* into, int size, bool* retry) {
  if (!wire_error_.ok()) return -1;
  if (wire_eof_) return 0;
  // A short read has emptied the socket; asking again would cost a system call a command.
  if (!wire_blocked_) {
    try {
      absl::StatusOr<Io> io = inner_->Read(absl::MakeSpan(into, static_cast<size_t>(size)));
      if (!io.ok()) {
        wire_error_ = io.status();
        return -1;
      }
      wire_eof_ = io->eof;
      wire_blocked_ = io->blocked || io->bytes == 0;
      if (io->bytes > 0) {
        if (first_byte_ < 0) first_byte_ = static_cast<unsigned char>(into[0]);
        return static_cast<int>(io->bytes);
      }
      if (wire_eof_) return 0;
    } catch (const std::bad_alloc&) {
      out_of_memory_ = true;
      return -1;
    }
  }
  *retry = true;
  return -1;
}

// Takes everything: what cannot be sent yet is kept.
int TlsTransport::WriteWire(const char* from, int size) {
  try {
    wire_out_.append(from, static_cast<size_t>(size));
  } catch (const std::bad_alloc&) {
    out_of_memory_ = true;
    return -1;
  }
  return size;
}

int TlsTransport::OnVerify(int ok, X509_STORE_CTX* store) {
  if (ok == 1) return 1;
  auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* self = static_cast<TlsTransport*>(SSL_get_app_data(ssl));
  try {
    self->refused_ = DescribeRefused(store);
  } catch (const std::bad_alloc&) {
    self->out_of_memory_ = true;
  }
  return 0;
}

// --- Connecting ---------------------------------------------------------------------------------

absl::Status TlsTransport::Init() {
  const TlsErrorScope scope;
  ASSIGN_OR_RETURN(SSL_CTX * context, GetTlsContext(options_));
  ssl_ = SSL_new(context);
  BIO* bio = Method() == nullptr ? nullptr : BIO_new(Method());
  if (ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    return MakeError(ErrorKind::kOutOfMemory, "out of memory");
  }
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, this);
  SSL_set_connect_state(ssl_);
  if (options_.verify) {
    SSL_set_verify(ssl_, SSL_VERIFY_PEER, &OnVerify);
  } else {
    SSL_set_verify(ssl_, SSL_VERIFY_NONE, nullptr);
  }
  return SetName();
}

absl::Status TlsTransport::SetName() {
  const bool given = !options_.server_name.empty();
  name_ = given ? options_.server_name : endpoint_.host;
  // Neither the zone of an IPv6 address nor a name's final dot is part of what certificates name.
  const std::string address = name_.substr(0, name_.find('%'));
  const std::string name(absl::StripSuffix(name_, "."));
  unsigned char buffer[sizeof(in6_addr)];
  bool set = false;
  if (inet_pton(AF_INET, address.c_str(), buffer) == 1 ||
      inet_pton(AF_INET6, address.c_str(), buffer) == 1) {
    set = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), address.c_str()) == 1;
  } else if (!name.empty()) {
    SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    set =
        SSL_set1_host(ssl_, name.c_str()) == 1 && SSL_set_tlsext_host_name(ssl_, name.c_str()) == 1;
  }
  if (set) return absl::OkStatus();
  return MakeError(
      ErrorKind::kInvalidOption,
      absl::StrCat("\"", name_, "\" cannot be the name of a server that speaks TLS"),
      absl::StrCat("Option \"", given ? "tls_server_name" : "host_port", "\" says so."));
}

absl::StatusOr<bool> TlsTransport::AdvanceConnect() {
  if (state_ == State::kEstablished) return true;
  if (state_ == State::kConnecting) {
    ASSIGN_OR_RETURN(bool connected, inner_->AdvanceConnect());
    if (!connected) return false;
    state_ = State::kHandshake;
  }
  const TlsErrorScope scope;
  wire_blocked_ = false;
  Send();
  const int result = SSL_do_handshake(ssl_);
  const int error = SSL_get_error(ssl_, result);
  TlsFailure failure = Failure();
  // When it has failed, this tells the server why.
  Send();
  if (result == 1) {
    state_ = State::kEstablished;
    return true;
  }
  if (error == SSL_ERROR_WANT_READ) {
    if (write_error_.ok()) return false;
    failure.transport = write_error_;
  }
  return TlsConnectError(endpoint_, options_, name_, failure);
}

std::string TlsTransport::ConnectProgress() const {
  if (state_ == State::kConnecting) return inner_->ConnectProgress();
  if (first_byte_ >= 0) return "the TLS handshake was not finished";
  return "the TLS handshake was not answered, as by a port without TLS";
}

// What is known now, before OpenSSL's queue of errors is touched.
TlsFailure TlsTransport::Failure() const {
  TlsFailure failure;
  failure.error = ERR_peek_error();
  failure.transport = wire_error_;
  if (out_of_memory_) failure.transport = MakeError(ErrorKind::kOutOfMemory, "out of memory");
  failure.eof = wire_eof_;
  failure.first_byte = first_byte_;
  failure.refused = refused_;
  return failure;
}

// --- Established --------------------------------------------------------------------------------

// Sends what is encrypted, as far as the inner transport takes it.
void TlsTransport::Send() {
  while (Unsent() && write_error_.ok()) {
    absl::StatusOr<Io> io = inner_->Write(absl::string_view(wire_out_).substr(sent_));
    if (!io.ok()) {
      write_error_ = io.status();
      return;
    }
    sent_ += io->bytes;
    if (io->blocked || io->bytes == 0) break;
  }
  if (sent_ < wire_out_.size()) return;
  wire_out_.clear();
  sent_ = 0;
}

absl::StatusOr<Transport::Io> TlsTransport::Write(absl::string_view from) {
  Send();
  if (!write_error_.ok()) return write_error_;
  Io io;
  io.blocked = Unsent();
  if (io.blocked || from.empty()) return io;
  const TlsErrorScope scope;
  const size_t n = std::min(from.size(), kWriteAtMost);
  const int written = SSL_write(ssl_, from.data(), static_cast<int>(n));
  if (written <= 0) {
    // Some of it may have been encrypted; none of it is sent.
    wire_out_.clear();
    write_error_ = TlsLostError(endpoint_, Failure());
    return write_error_;
  }
  // From here on it counts as written, whatever becomes of it: some of it may be sent.
  io.bytes = static_cast<size_t>(written);
  Send();
  io.blocked = Unsent();
  return io;
}

absl::StatusOr<Transport::Io> TlsTransport::Read(absl::Span<char> into) {
  Io io;
  if (!read_error_.ok()) return read_error_;
  const TlsErrorScope scope;
  Send();
  wire_blocked_ = false;
  maybe_more_ = true;
  while (io.bytes < into.size()) {
    const size_t room = std::min<size_t>(into.size() - io.bytes, INT_MAX);
    const int n = SSL_read(ssl_, into.data() + io.bytes, static_cast<int>(room));
    if (n > 0) {
      io.bytes += static_cast<size_t>(n);
      received_ = true;
      continue;
    }
    const int error = SSL_get_error(ssl_, n);
    if (error == SSL_ERROR_WANT_READ) {
      io.blocked = true;
      maybe_more_ = false;
      Send();  // an answer to a change of keys
      if (io.bytes == 0 && !write_error_.ok()) return write_error_;
      return io;
    }
    if (error == SSL_ERROR_ZERO_RETURN) {
      io.eof = io.bytes == 0;
      return io;
    }
    const TlsFailure failure = Failure();
    read_error_ = received_ ? TlsLostError(endpoint_, failure)
                            : TlsConnectError(endpoint_, options_, name_, failure);
    if (io.bytes == 0) return read_error_;
    return io;
  }
  return io;
}

void TlsTransport::AppendInterest(bool want_read, bool want_write,
                                  std::vector<FdInterest>* interests, absl::Time* deadline) const {
  const bool sending = Unsent() && write_error_.ok();
  switch (state_) {
    case State::kConnecting:
      return inner_->AppendInterest(want_read, want_write, interests, deadline);
    case State::kHandshake:
      return inner_->AppendInterest(true, sending, interests, deadline);
    case State::kEstablished:
      break;
  }
  if (!want_read && !want_write) return;
  // What is in OpenSSL's buffers makes no descriptor ready.
  if (want_read && maybe_more_) *deadline = absl::InfinitePast();
  inner_->AppendInterest(want_read, want_write || sending, interests, deadline);
}

// Tickets and changes of keys come unasked and are no data.
bool TlsTransport::ClosedOrDirty() {
  if (!read_error_.ok() || !write_error_.ok()) return true;
  if (!maybe_more_ && !inner_->ClosedOrDirty()) return false;
  const TlsErrorScope scope;
  for (int look = 0; look < kMaxLooks; ++look) {
    wire_blocked_ = false;
    char byte;
    const int n = SSL_peek(ssl_, &byte, 1);
    if (n > 0 || SSL_get_error(ssl_, n) != SSL_ERROR_WANT_READ) return true;
    maybe_more_ = false;
    // A part of a record may be the beginning of data; of one whose header alone has come ("RB":
    // its body is being read) nothing counts as pending.
    if (SSL_has_pending(ssl_) || absl::string_view(SSL_rstate_string(ssl_)) == "RB") return true;
    Send();
    if (!write_error_.ok()) return true;
    if (!inner_->ClosedOrDirty()) return false;
  }
  return true;
}

// A farewell, so that the server does not take it for an attack. Never waits.
TlsTransport::~TlsTransport() {
  if (ssl_ == nullptr) return;
  const TlsErrorScope scope;
  if (state_ == State::kEstablished && !Unsent() && read_error_.ok() && write_error_.ok()) {
    try {
      SSL_shutdown(ssl_);
      Send();
    } catch (const std::bad_alloc&) {
      // Then without.
    }
  }
  SSL_free(ssl_);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Transport>> NewTlsTransport(const ConnectionSpec& spec,
                                                           std::unique_ptr<Transport> inner) {
  auto transport = std::make_unique<TlsTransport>(spec, std::move(inner));
  RETURN_IF_ERROR(transport->Init());
  return std::unique_ptr<Transport>(std::move(transport));
}

}  // namespace redis_fdw
