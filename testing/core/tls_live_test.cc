// TLS against a real Redis: who is let in, who is not, and what is said then.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/net/connection.h"
#include "core/net/tls_transport.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/fakes/fault_transport.h"
#include "testing/fakes/recording_sink.h"
#include "testing/redis_server.h"

namespace redis_fdw {
namespace {

using test::RecordingSink;
using test::RedisOptions;
using test::RedisServer;
using test::TlsAuthority;
using test::TlsCertificate;
using ::testing::HasSubstr;

class TlsLiveTest : public testing::Test {
 protected:
  void StartServer(RedisOptions options = {}) {
    options.tls = true;
    absl::StatusOr<std::unique_ptr<RedisServer>> server = RedisServer::Start(options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(server).value();
    spec_.endpoint.host = "127.0.0.1";
    spec_.endpoint.port = server_->tls_port();
    spec_.endpoint.tls = true;
    spec_.tls.ca_file = server_->authority().ca_file();
    spec_.connect_timeout = absl::Seconds(20);
    spec_.command_timeout = absl::Seconds(20);
  }

  absl::StatusOr<std::unique_ptr<Connection>> Connect(
      TransportFactory* factory = SocketTransportFactory()) {
    ASSIGN_OR_RETURN(std::unique_ptr<Transport> transport, factory->NewTransport(spec_));
    auto connection = std::make_unique<Connection>(spec_, std::move(transport), absl::Now());
    RETURN_IF_ERROR(Finish(connection.get()));
    return connection;
  }

  // Until the connection is ready and nothing is outstanding.
  absl::Status Finish(Connection* connection) {
    while (!connection->ready() || connection->outstanding() > 0) {
      ASSIGN_OR_RETURN(bool moved, connection->Advance(absl::Now()));
      if (moved) continue;
      std::vector<FdInterest> interests;
      absl::Time deadline = absl::InfiniteFuture();
      connection->AppendInterest(&interests, &deadline);
      RETURN_IF_ERROR(waiter_.Wait(interests, deadline));
      ++waits_;
    }
    return absl::OkStatus();
  }

  absl::Status Run(Connection* connection, const Command& command) {
    sink_ = RecordingSink();
    connection->Enqueue(command, &sink_, nullptr);
    return Finish(connection);
  }

  // What an attempt to connect ends in.
  ErrorInfo Refusal() {
    absl::StatusOr<std::unique_ptr<Connection>> connection = Connect();
    if (connection.ok()) {
      ADD_FAILURE() << "connected";
      return {};
    }
    ErrorInfo info = GetErrorInfo(connection.status());
    EXPECT_EQ(info.kind, ErrorKind::kConnectFailed) << connection.status();
    EXPECT_THAT(info.message, HasSubstr(spec_.endpoint.ToString()));
    return info;
  }

  std::unique_ptr<RedisServer> server_;
  ConnectionSpec spec_;
  PollWaiter waiter_;
  int waits_ = 0;
  RecordingSink sink_;
};

TEST_F(TlsLiveTest, Works) {
  StartServer();
  for (const char* host : {"127.0.0.1", "localhost"}) {
    spec_.endpoint.host = host;
    auto connection = Connect();
    ASSERT_TRUE(connection.ok()) << connection.status();
    ASSERT_TRUE(Run(connection->get(), Command("SET").Key("k").Arg("v")).ok());
    ASSERT_TRUE(Run(connection->get(), Command("GET").Key("k")).ok());
    EXPECT_EQ(sink_.values, std::vector<std::string>{"v"});
    EXPECT_TRUE((*connection)->Usable());
    // Idle for a while, it is still the same.
    absl::SleepFor(absl::Milliseconds(50));
    EXPECT_TRUE((*connection)->Usable());
    server_->Command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
    EXPECT_TRUE(test::WaitUntil([&] { return !(*connection)->Usable(); }));
  }
}

TEST_F(TlsLiveTest, OverIpv6) {
  RedisOptions options;
  options.ipv6 = true;
  options.tls = true;
  auto server = RedisServer::Start(options);
  // Not every container has IPv6.
  if (!server.ok() && absl::StrContains(server.status().message(), "::1")) GTEST_SKIP();
  StartServer(options);
  spec_.endpoint.host = "::1";
  auto connection = Connect();
  EXPECT_TRUE(connection.ok()) << connection.status();
}

TEST_F(TlsLiveTest, MuchInBothDirections) {
  StartServer();
  auto connection = *Connect();
  const std::string value(20 << 20, 'x');
  ASSERT_TRUE(Run(connection.get(), Command("SET").Key("k").Arg(value)).ok());
  ASSERT_TRUE(Run(connection.get(), Command("GET").Key("k")).ok());
  EXPECT_TRUE(sink_.values[0] == value);
}

TEST_F(TlsLiveTest, AnUnknownAuthority) {
  StartServer();
  TlsAuthority other("some other authority");
  spec_.tls.ca_file = other.ca_file();
  ErrorInfo info = Refusal();
  EXPECT_THAT(info.message, HasSubstr("its TLS certificate comes from an unknown authority"));
  EXPECT_THAT(info.detail, HasSubstr("redis_fdw test authority"));
  EXPECT_THAT(info.hint, HasSubstr("tls_ca_file"));
  // Nor does the system know it.
  spec_.tls.ca_file = "";
  EXPECT_THAT(Refusal().message, HasSubstr("unknown authority"));
  // One of the same name with another key.
  TlsAuthority impostor;
  spec_.tls.ca_file = impostor.ca_file();
  EXPECT_THAT(Refusal().message, HasSubstr("unknown authority"));
  spec_.tls.verify = false;
  EXPECT_TRUE(Connect().ok());
}

TEST_F(TlsLiveTest, AnotherName) {
  StartServer();
  spec_.tls.server_name = "redis.example.com";
  ErrorInfo info = Refusal();
  EXPECT_THAT(info.message, HasSubstr("its TLS certificate is not for \"redis.example.com\""));
  EXPECT_EQ(info.detail, "The certificate is for: localhost, 127.0.0.1, ::1.");
  EXPECT_THAT(info.hint, HasSubstr("tls_server_name"));
  spec_.tls.server_name = "127.0.0.2";
  EXPECT_THAT(Refusal().message, HasSubstr("its TLS certificate is not for \"127.0.0.2\""));
  for (const char* name : {"localhost", "localhost.", "127.0.0.1", "::1", "LOCALHOST"}) {
    spec_.tls.server_name = name;
    EXPECT_TRUE(Connect().ok()) << name;
  }
}

TEST_F(TlsLiveTest, AnExpiredCertificate) {
  RedisOptions options;
  options.authority = std::make_shared<TlsAuthority>();
  TlsCertificate::Request request;
  request.expired = true;
  options.certificate = options.authority->Issue(request);
  StartServer(options);
  ErrorInfo info = Refusal();
  EXPECT_THAT(info.message, HasSubstr("its TLS certificate has expired"));
  EXPECT_THAT(info.detail, HasSubstr("was valid until "));
  EXPECT_THAT(info.hint, HasSubstr("tls_verify"));
  spec_.tls.verify = false;
  EXPECT_TRUE(Connect().ok());
}

TEST_F(TlsLiveTest, ASelfSignedCertificate) {
  RedisOptions options;
  options.authority = std::make_shared<TlsAuthority>();
  TlsCertificate::Request request;
  request.self_signed = true;
  options.certificate = options.authority->Issue(request);
  StartServer(options);
  EXPECT_THAT(Refusal().message, HasSubstr("its TLS certificate is self-signed and not trusted"));
  // It may be trusted itself.
  spec_.tls.ca_file = options.certificate.cert_file;
  EXPECT_TRUE(Connect().ok());
}

TEST_F(TlsLiveTest, ClientCertificates) {
  RedisOptions options;
  options.tls_auth_clients = true;
  for (const char* version : {"TLSv1.2", "TLSv1.3"}) {
    options.config = {absl::StrCat("tls-protocols ", version)};
    StartServer(options);
    spec_.tls.cert_file = spec_.tls.key_file = "";
    for (int i = 0; i < 20; ++i) {
      ErrorInfo info = Refusal();
      EXPECT_THAT(info.message, HasSubstr("want")) << version;
      EXPECT_THAT(info.hint, HasSubstr("tls_cert_file"));
    }
    for (const char* name : {"redis_fdw test authority", "another"}) {
      TlsAuthority other(name);
      const TlsCertificate stranger = other.Issue();
      spec_.tls.cert_file = stranger.cert_file;
      spec_.tls.key_file = stranger.key_file;
      ErrorInfo info = Refusal();
      EXPECT_THAT(info.message, HasSubstr("the client's certificate")) << version;
      EXPECT_THAT(info.hint, HasSubstr("tls_cert_file"));
    }
    const TlsCertificate client = server_->authority().Issue();
    spec_.tls.cert_file = client.cert_file;
    spec_.tls.key_file = client.key_file;
    auto connection = Connect();
    EXPECT_TRUE(connection.ok()) << version << connection.status();
  }
}

// A Redis without TLS takes a hello for a very long line, and answers nothing.
TEST_F(TlsLiveTest, APortWithoutTls) {
  RedisOptions options;
  options.tcp = true;
  StartServer(options);
  spec_.endpoint.port = server_->port();
  spec_.connect_timeout = absl::Milliseconds(300);
  for (int i = 0; i < 5; ++i) {
    const std::string message = Refusal().message;
    EXPECT_TRUE(absl::StrContains(message, "it does not speak TLS") ||
                absl::StrContains(message, "as by a port without TLS"))
        << message;
  }
}

TEST_F(TlsLiveTest, APortWithTlsAndNoneWanted) {
  StartServer();
  spec_.endpoint.tls = false;
  EXPECT_THAT(Refusal().hint, HasSubstr("may want TLS"));
}

TEST_F(TlsLiveTest, OldVersions) {
  RedisOptions options;
  options.config = {"tls-protocols TLSv1.1"};
  StartServer(options);
  Refusal();
}

TEST_F(TlsLiveTest, AServerThatDies) {
  StartServer();
  auto connection = *Connect();
  server_->Kill();
  const absl::Status status = Run(connection.get(), Command("GET").Key("k").ReadOnly());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectionLost) << status;
}

// One bit of a reply of Redis's is flipped on its way.
TEST_F(TlsLiveTest, FlippedBits) {
  RedisOptions options;
  options.tcp = true;
  StartServer(options);
  const std::string value(1000, 'v');
  server_->Command({"SET", "k", value});
  ConnectionSpec plain = spec_;
  plain.endpoint.tls = false;
  spec_.command_timeout = absl::Milliseconds(300);
  for (int flip = 0; flip < 100; ++flip) {
    test::Faults faults;
    auto fault = std::make_unique<test::FaultTransport>(
        SocketTransportFactory()->NewTransport(plain).value(), &faults);
    test::FaultTransport* const wire = fault.get();
    Connection connection(spec_, NewTlsTransport(spec_, std::move(fault)).value(), absl::Now());
    ASSERT_TRUE(Finish(&connection).ok());
    // The first bytes are the record's header, the last its authentication.
    const uint64_t at = flip < 50 ? flip : 900 * 8 + flip * 10;
    faults.flip_bit = wire->bytes_read() * 8 + at;
    const absl::Status status = Run(&connection, Command("GET").Key("k").ReadOnly());
    EXPECT_FALSE(status.ok()) << at;
    EXPECT_TRUE(sink_.values.empty()) << at;
    EXPECT_TRUE(connection.broken());
    const ErrorKind kind = GetErrorKind(status);
    // A longer record than was sent is waited for.
    EXPECT_TRUE(kind == ErrorKind::kConnectionLost || kind == ErrorKind::kTimeout) << status;
  }
}

// Where a wait is not needed, none is made, and each wait is for something.
TEST_F(TlsLiveTest, NoIdleTurns) {
  StartServer();
  auto connection = *Connect();
  waits_ = 0;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Run(connection.get(), Command("PING")).ok());
  EXPECT_LE(waits_, 110);
}

}  // namespace
}  // namespace redis_fdw
