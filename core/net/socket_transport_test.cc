// Transports over real sockets, with a listener of the test's own at the other end.

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status.h"
#include "core/net/transport.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

// Listens on a free port of 127.0.0.1, or on a unix socket; with kRefuses it has that, so that
// nobody else gets it, and does not listen.
class Listener {
 public:
  static constexpr int kRefuses = -1;

  explicit Listener(bool unix_socket = false, int backlog = 8) {
    if (unix_socket) {
      char dir[] = "/tmp/redis_fdw_XXXXXX";
      EXPECT_NE(mkdtemp(dir), nullptr);
      dir_ = dir;
      endpoint_.unix_socket = dir_ + "/s";
      fd_ = socket(AF_UNIX, SOCK_STREAM, 0);
      sockaddr_un address = {};
      address.sun_family = AF_UNIX;
      strncpy(address.sun_path, endpoint_.unix_socket.c_str(), sizeof(address.sun_path) - 1);
      EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    } else {
      fd_ = socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in address = {};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
      socklen_t length = sizeof(address);
      getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length);
      endpoint_.host = "127.0.0.1";
      endpoint_.port = ntohs(address.sin_port);
    }
    if (backlog == kRefuses) return;
    EXPECT_EQ(listen(fd_, backlog), 0);
  }
  ~Listener() {
    close(fd_);
    if (!dir_.empty()) {
      unlink(endpoint_.unix_socket.c_str());
      rmdir(dir_.c_str());
    }
  }
  int Accept() { return accept(fd_, nullptr, nullptr); }
  const Endpoint& endpoint() const { return endpoint_; }
  Endpoint* mutable_endpoint() { return &endpoint_; }

 private:
  int fd_ = -1;
  Endpoint endpoint_;
  std::string dir_;
};

std::unique_ptr<Transport> New(const Endpoint& endpoint) {
  ConnectionSpec spec;
  spec.endpoint = endpoint;
  return SocketTransportFactory()->NewTransport(spec).value();
}

absl::Status WaitFor(const Transport& transport, bool read, bool write, absl::Time until) {
  PollWaiter waiter;
  std::vector<FdInterest> interests;
  absl::Time deadline = until;
  transport.AppendInterest(read, write, &interests, &deadline);
  return waiter.Wait(interests, deadline);
}

absl::Status Connect(Transport* transport, absl::Duration patience = absl::Seconds(30)) {
  const absl::Time until = absl::Now() + patience;
  while (true) {
    ASSIGN_OR_RETURN(bool connected, transport->AdvanceConnect());
    if (connected) return absl::OkStatus();
    if (absl::Now() >= until) return absl::DeadlineExceededError("still connecting");
    RETURN_IF_ERROR(WaitFor(*transport, true, false, until));
  }
}

class SocketTransportTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(TcpAndUnix, SocketTransportTest, testing::Bool());

TEST_P(SocketTransportTest, CarriesBytesBothWays) {
  Listener listener(GetParam());
  std::unique_ptr<Transport> transport = New(listener.endpoint());
  ASSERT_TRUE(Connect(transport.get()).ok());
  const int peer = listener.Accept();

  char buffer[64];
  absl::StatusOr<Transport::Io> io = transport->Read(absl::MakeSpan(buffer));
  ASSERT_TRUE(io.ok());
  EXPECT_TRUE(io->blocked);
  EXPECT_FALSE(transport->ClosedOrDirty());

  io = transport->Write("ping");
  ASSERT_TRUE(io.ok());
  EXPECT_EQ(io->bytes, 4u);
  EXPECT_EQ(read(peer, buffer, sizeof(buffer)), 4);
  EXPECT_EQ(write(peer, "pong", 4), 4);
  ASSERT_TRUE(WaitFor(*transport, true, false, absl::Now() + absl::Seconds(30)).ok());
  EXPECT_TRUE(transport->ClosedOrDirty());
  io = transport->Read(absl::MakeSpan(buffer));
  ASSERT_TRUE(io.ok());
  EXPECT_EQ(absl::string_view(buffer, io->bytes), "pong");

  close(peer);
  ASSERT_TRUE(WaitFor(*transport, true, false, absl::Now() + absl::Seconds(30)).ok());
  EXPECT_TRUE(transport->ClosedOrDirty());
  io = transport->Read(absl::MakeSpan(buffer));
  EXPECT_TRUE(!io.ok() || io->eof);
}

// A peer that is gone is a Status, not a SIGPIPE.
TEST_P(SocketTransportTest, WritingToAClosedPeer) {
  Listener listener(GetParam());
  std::unique_ptr<Transport> transport = New(listener.endpoint());
  ASSERT_TRUE(Connect(transport.get()).ok());
  close(listener.Accept());
  absl::Status status;
  for (int i = 0; i < 1000 && status.ok(); ++i) {
    status = transport->Write("x").status();
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectionLost);
  EXPECT_TRUE(absl::StrContains(status.message(), listener.endpoint().ToString())) << status;
}

TEST_P(SocketTransportTest, NobodyListens) {
  Listener listener(GetParam(), Listener::kRefuses);
  std::unique_ptr<Transport> transport = New(listener.endpoint());
  absl::Status status = Connect(transport.get());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed);
  EXPECT_EQ(status.message(), absl::StrCat("could not connect to Redis at ",
                                           listener.endpoint().ToString(), ": Connection refused"));
  EXPECT_FALSE(GetErrorInfo(status).hint.empty());
}

TEST_P(SocketTransportTest, WritesBlockInsteadOfWaiting) {
  Listener listener(GetParam());
  std::unique_ptr<Transport> transport = New(listener.endpoint());
  ASSERT_TRUE(Connect(transport.get()).ok());
  const int peer = listener.Accept();
  const std::string megabyte(1 << 20, 'x');
  bool blocked = false;
  for (int i = 0; i < 100 && !blocked; ++i) {
    absl::StatusOr<Transport::Io> io = transport->Write(megabyte);
    ASSERT_TRUE(io.ok()) << io.status();
    blocked = io->blocked;
  }
  EXPECT_TRUE(blocked);
  close(peer);
}

TEST(SocketTransportUnixTest, NoSuchSocket) {
  Endpoint endpoint;
  endpoint.unix_socket = "/tmp/redis_fdw_no_such_socket";
  std::unique_ptr<Transport> transport = New(endpoint);
  absl::Status status = Connect(transport.get());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed);
  EXPECT_TRUE(absl::StrContains(status.message(), "No such file")) << status;
}

// A unix socket's full backlog is tried again by timer: it cannot be polled for.
TEST(SocketTransportUnixTest, FullBacklogIsWaitedFor) {
  Listener listener(true, 0);
  std::vector<std::unique_ptr<Transport>> waiting;
  absl::Status status;
  for (int i = 0; i < 10 && status.ok(); ++i) {
    waiting.push_back(New(listener.endpoint()));
    status = Connect(waiting.back().get(), absl::Milliseconds(50));
  }
  ASSERT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  std::vector<int> peers;
  for (size_t i = 1; i < waiting.size(); ++i) peers.push_back(listener.Accept());
  EXPECT_TRUE(Connect(waiting.back().get()).ok());
  for (int peer : peers) close(peer);
}

// Whether localhost is one address or two, the one that listens is found.
TEST(SocketTransportTcpTest, SeveralAddresses) {
  Listener listener;
  listener.mutable_endpoint()->host = "localhost";
  std::unique_ptr<Transport> transport = New(listener.endpoint());
  EXPECT_TRUE(Connect(transport.get()).ok());
}

TEST(SocketTransportTcpTest, DescriptorsAreClosedOnExec) {
  Listener listener;
  std::unique_ptr<Transport> transport = New(listener.endpoint());
  ASSERT_TRUE(Connect(transport.get()).ok());
  std::vector<FdInterest> interests;
  absl::Time deadline = absl::InfiniteFuture();
  transport->AppendInterest(true, false, &interests, &deadline);
  ASSERT_EQ(interests.size(), 1u);
  EXPECT_NE(fcntl(interests[0].fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(fcntl(interests[0].fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(deadline, absl::InfiniteFuture());
}

}  // namespace
}  // namespace redis_fdw
