// Interrupts while a connection is being made: names, TCP, TLS, the handshake, and the PING of a
// connection that has been idle.

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "testing/fault_proxy.h"
#include "testing/pg/interrupt_fixture.h"

namespace redis_fdw::test {
namespace {

// A name server that hears and says nothing, for this process and the servers that it starts: a
// socket at port 53 of loopback, and an /etc/resolv.conf that names it. Both need namespaces of
// their own, mounts and network, which this process enters before it has started anything. (So all
// tests of this program have a loopback to themselves.)
class SilentNames : public ::testing::Environment {
 public:
  void SetUp() override { problem_ = Begin(); }
  void TearDown() override {
    if (socket_ >= 0) close(socket_);
  }
  // Why there is none; empty if there is one.
  const std::string& problem() const { return problem_; }

 private:
  std::string Begin() {
    const uid_t uid = getuid();
    const gid_t gid = getgid();
    if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) {
      if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) != 0) return "no namespaces";
      WriteTo("/proc/self/setgroups", "deny");
      WriteTo("/proc/self/uid_map", absl::StrCat(uid, " ", uid, " 1"));
      WriteTo("/proc/self/gid_map", absl::StrCat(gid, " ", gid, " 1"));
    }
    if (!RaiseLoopback()) return "no loopback";
    const std::string file = dir_.File("resolv.conf");
    WriteTo(file, "nameserver 127.0.0.1\n");
    mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    if (access("/etc/resolv.conf", F_OK) != 0) return "no /etc/resolv.conf to put another over";
    if (mount(file.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) != 0) return "no mount";
    socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(53);
    const bool bound = bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    return bound ? "" : "no port 53";
  }

  static void WriteTo(const std::string& file, const std::string& text) {
    const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size())) << file;
    close(fd);
  }

  static bool RaiseLoopback() {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request = {};
    strcpy(request.ifr_name, "lo");
    bool up = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);  // NOLINT(runtime/int)
    up = up && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return up;
  }

  TempDir dir_;
  int socket_ = -1;
  std::string problem_;
};

// GoogleTest owns it.
SilentNames* const silent_names =
    static_cast<SilentNames*>(::testing::AddGlobalTestEnvironment(new SilentNames));

class InterruptsConnectionsTest : public InterruptTest {
 protected:
  // Connecting to server s stalls in itself.
  static Stall Connecting(const std::string& name) {
    Stall stall;
    stall.name = name;
    stall.sql = "SELECT * FROM s.h";
    return stall;
  }

  static std::unique_ptr<FaultProxy> Proxy(const std::string& target) {
    auto started = FaultProxy::Start(target);
    EXPECT_TRUE(started.ok()) << started.status();
    return *std::move(started);
  }

  static std::unique_ptr<RedisServer> WithTls() {
    RedisOptions options;
    options.tls = true;
    auto started = RedisServer::Start(options);
    EXPECT_TRUE(started.ok()) << started.status();
    return *std::move(started);
  }
};

TEST_F(InterruptsConnectionsTest, Names) {
  if (!silent_names->problem().empty()) GTEST_SKIP() << silent_names->problem();
  MakeServer("s", "host_port 'redis.example.com:6379'");
  EachInterruptIsPrompt(Connecting("name resolution"));
}

TEST_F(InterruptsConnectionsTest, NamesOfSeveralNodes) {
  if (!silent_names->problem().empty()) GTEST_SKIP() << silent_names->problem();
  MakeServer("s", "host_port 'a.example.com,b.example.com,c.example.com'");
  EachInterruptIsPrompt(Connecting("name resolution, several nodes"));
}

TEST_F(InterruptsConnectionsTest, Tcp) {
  SilentPort silent;
  MakeServer("s", absl::StrCat("host_port '127.0.0.1:", silent.port(), "'"));
  EachInterruptIsPrompt(Connecting("TCP connect"));
  MustExec("ALTER SERVER s OPTIONS (ADD connect_timeout_ms '300')");
  PgResult result = Exec("SELECT * FROM s.h");
  EXPECT_EQ(result.error.sqlstate, "08001") << result.error.ToString();
  EXPECT_TRUE(absl::StrContains(result.error.ToString(), "connect_timeout_ms"));
}

TEST_F(InterruptsConnectionsTest, Handshake) {
  Stall stall = Connecting("handshake, stopped");
  stall.sql = "SELECT * FROM h";
  stall.begin = [] { redis().Stop(); };
  stall.end = [] { redis().Continue(); };
  stall.after = stall.sql;
  EachInterruptIsPrompt(stall);

  auto proxy = Proxy(absl::StrCat("127.0.0.1:", redis().port()));
  MakeServer("s", absl::StrCat("host_port '", proxy->host_port(), "'"));
  stall = Connecting("handshake, silent");
  stall.begin = [&] { proxy->HoldAll(true); };
  stall.end = [&] { proxy->HoldAll(false); };
  stall.after = stall.sql;
  EachInterruptIsPrompt(stall);
  stall.name = "handshake, cut short";
  stall.begin = [&] {
    Fault hole;
    hole.kind = Fault::Kind::kBlackHole;
    hole.offset = 40;
    proxy->SetFaults({hole});
  };
  stall.end = [&] { proxy->Clear(); };
  EachInterruptIsPrompt(stall);
}

TEST_F(InterruptsConnectionsTest, Tls) {
  auto server = WithTls();
  auto proxy = Proxy(server->tls_host_port());
  MakeServer("s", absl::StrCat("host_port '", proxy->host_port(), "', tls_ca_file '",
                               server->authority().ca_file(), "'"));
  Stall stall = Connecting("TLS handshake, silent");
  stall.begin = [&] { proxy->HoldAll(true); };
  stall.end = [&] { proxy->Clear(); };
  stall.after = stall.sql;
  EachInterruptIsPrompt(stall);
  stall.name = "TLS handshake, cut short";
  stall.begin = [&] {
    Fault hole;
    hole.kind = Fault::Kind::kBlackHole;
    hole.offset = 200;
    proxy->SetFaults({hole});
  };
  EachInterruptIsPrompt(stall);
  stall.name = "TLS, read";
  stall.prepare = [](PgConnection& session) { session.MustExec("SELECT * FROM s.h"); };
  stall.begin = [&] { proxy->HoldAll(true); };
  EachInterruptIsPrompt(stall);
  stall.name = "TLS, write";
  stall.sql = "INSERT INTO s.h SELECT 'f' || i, repeat('x', 10000) FROM generate_series(1, 500) i";
  EachInterruptIsPrompt(stall);
}

// Connections that have been idle for 30 s are asked first. (The sessions of all tries are opened
// here, so that it is waited for once.)
TEST_F(InterruptsConnectionsTest, PingOfAnIdleConnection) {
  std::vector<PgConnection> sessions;
  for (int i = 0; i < 3 * kMostTries + 1; ++i) {
    sessions.push_back(Connect());
    sessions.back().MustExec("SELECT * FROM h");
  }
  absl::SleepFor(absl::Seconds(31));
  Stall stall = Connecting("PING of an idle connection");
  stall.sql = "SELECT * FROM h";
  stall.prepare = [&](PgConnection& session) {
    // A fast shutdown has taken those that were left.
    if (sessions.empty()) return;
    std::swap(session, sessions.back());
    sessions.pop_back();
  };
  stall.begin = [] { redis().Stop(); };
  stall.end = [] { redis().Continue(); };
  stall.after = stall.sql;
  EachInterruptIsPrompt(stall);
}

}  // namespace
}  // namespace redis_fdw::test
