// TlsTerminator: a server's end of TLS, in memory, before any transport that speaks plainly.
//
//   TlsTerminator::Options options;
//   options.certificate = authority.Issue();
//   FakeServer server(...);
//   FakeTransportFactory plain(&server);
//   TlsTerminator* terminator = new TlsTerminator(options, plain.NewTransport(spec).value());
//   NewTlsTransport(spec, std::unique_ptr<Transport>(terminator));

#ifndef REDIS_FDW_TESTING_FAKES_TLS_TERMINATOR_H_
#define REDIS_FDW_TESTING_FAKES_TLS_TERMINATOR_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/net/transport.h"
#include "testing/tls_authority.h"

namespace redis_fdw::test {

// Faults go between it and the client's TLS, in a FaultTransport. A mistake of a test's, such as a
// file that is not there, ends the test.
class TlsTerminator : public Transport {
 public:
  struct Options {
    TlsCertificate certificate;
    std::string client_ca_file;  // clients must show a certificate of this authority
    int max_version = 0;         // TLS1_2_VERSION, ...; 0: the newest
    size_t tickets = 2;          // sent after a handshake of TLS 1.3
  };

  TlsTerminator(const Options& options, std::unique_ptr<Transport> plain);
  ~TlsTerminator() override;

  absl::StatusOr<bool> AdvanceConnect() override { return plain_->AdvanceConnect(); }
  absl::StatusOr<Io> Read(absl::Span<char> into) override;
  absl::StatusOr<Io> Write(absl::string_view from) override;
  void AppendInterest(bool want_read, bool want_write, std::vector<FdInterest>* interests,
                      absl::Time* deadline) const override {
    plain_->AppendInterest(want_read, want_write, interests, deadline);
  }
  bool ClosedOrDirty() override;

  // Announces the end, as a server does that closes in an orderly way. The stream ends after it.
  void SayGoodbye();
  // Wants new keys of the client, too (TLS 1.3).
  void ChangeKeys();
  // Another ticket (TLS 1.3, of OpenSSL 3).
  void SendTicket();

  // What has been encrypted for the client, and was not read yet.
  size_t unread();
  // Whether the client has said goodbye.
  bool client_said_goodbye() const { return client_said_goodbye_; }
  // The name that the client asked for (SNI); "" if none.
  std::string wanted_name() const;

 private:
  void Pump();

  std::unique_ptr<Transport> plain_;
  SSL_CTX* context_;
  SSL* ssl_;
  BIO* from_client_;  // owned by ssl_
  BIO* to_client_;    // likewise
  bool failed_ = false;
  bool ended_ = false;
  bool client_said_goodbye_ = false;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAKES_TLS_TERMINATOR_H_
