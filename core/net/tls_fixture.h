// What the tests of TLS share: connections to a fake server behind a TlsTerminator, through faults.

#ifndef REDIS_FDW_CORE_NET_TLS_FIXTURE_H_
#define REDIS_FDW_CORE_NET_TLS_FIXTURE_H_

#include <openssl/err.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/net/connection.h"
#include "core/net/tls_transport.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_server.h"
#include "testing/fakes/fake_waiter.h"
#include "testing/fakes/fault_transport.h"
#include "testing/fakes/recording_sink.h"
#include "testing/fakes/resp.h"
#include "testing/fakes/tls_terminator.h"
#include "testing/tls_authority.h"

namespace redis_fdw::test {

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    // One authority for all tests: keys take time.
    static auto* const authority = new std::shared_ptr<TlsAuthority>(new TlsAuthority());
    static const TlsCertificate certificate = (*authority)->Issue();
    authority_ = authority->get();
    terminator_options_.certificate = certificate;
    spec_.endpoint.host = "localhost";
    spec_.endpoint.tls = true;
    spec_.tls.ca_file = authority_->ca_file();
  }
  // Nothing may be left behind for PostgreSQL's own connections.
  ~TlsTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  // The client's TLS, faults, the server's TLS, and the fake server.
  absl::StatusOr<std::unique_ptr<Transport>> NewTransport() {
    ASSIGN_OR_RETURN(std::unique_ptr<Transport> plain, network_.NewTransport(spec_));
    auto terminator = std::make_unique<TlsTerminator>(terminator_options_, std::move(plain));
    terminator_ = terminator.get();
    auto fault = std::make_unique<FaultTransport>(std::move(terminator), &faults_);
    fault_ = fault.get();
    return NewTlsTransport(spec_, std::move(fault));
  }

  // An established one. Nothing waits: what blocks for good fails the test.
  std::unique_ptr<Transport> Connect() {
    std::unique_ptr<Transport> transport = NewTransport().value();
    for (int i = 0; i < 100000; ++i) {
      absl::StatusOr<bool> connected = transport->AdvanceConnect();
      EXPECT_TRUE(connected.ok()) << connected.status();
      EXPECT_EQ(ERR_peek_error(), 0u);
      if (!connected.ok() || *connected) break;
    }
    return transport;
  }

  // What connecting and one command end in.
  absl::Status Run(const Command& command) {
    absl::StatusOr<std::unique_ptr<Transport>> transport = NewTransport();
    if (!transport.ok()) return transport.status();
    Connection connection(spec_, *std::move(transport), waiter_.Now());
    connection.Enqueue(command, &sink_, nullptr);
    int idle = 0;
    while (!connection.ready() || connection.outstanding() > 0) {
      ASSIGN_OR_RETURN(bool moved, connection.Advance(waiter_.Now()));
      EXPECT_EQ(ERR_peek_error(), 0u);
      // A flight of the handshake is answered at once, but is not asked for before the next turn.
      idle = moved ? 0 : idle + 1;
      if (idle < 4) continue;
      std::vector<FdInterest> interests;
      absl::Time deadline = absl::InfiniteFuture();
      connection.AppendInterest(&interests, &deadline);
      RETURN_IF_ERROR(waiter_.Wait(interests, deadline));
    }
    usable_ = connection.Usable();
    return absl::OkStatus();
  }
  absl::Status Run() { return Run(Command("PING")); }

  TlsAuthority* authority_;
  FakeServer server_{
      [this](const FakeServer::Argv& argv) { return argv[0] == "GET" ? Bulk(value_) : Ok(); }};
  std::string value_ = "value";
  FakeTransportFactory network_{&server_};
  TlsTerminator::Options terminator_options_;
  TlsTerminator* terminator_ = nullptr;  // of the latest transport
  FaultTransport* fault_ = nullptr;      // likewise
  Faults faults_;
  FakeWaiter waiter_;
  ConnectionSpec spec_;
  RecordingSink sink_;
  bool usable_ = false;  // after Run()
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_CORE_NET_TLS_FIXTURE_H_
