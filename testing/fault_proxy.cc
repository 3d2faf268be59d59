#include "testing/fault_proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace redis_fdw::test {
namespace {

// What one direction of a connection may hold in memory.
constexpr size_t kMaxWaiting = 256 * 1024;

struct Address {
  struct sockaddr_storage storage = {};
  socklen_t length = 0;

  const struct sockaddr* get() const { return reinterpret_cast<const struct sockaddr*>(&storage); }
};

Address UnixAddress(const std::string& path) {
  Address address;
  auto* as_unix = reinterpret_cast<struct sockaddr_un*>(&address.storage);
  as_unix->sun_family = AF_UNIX;
  path.copy(as_unix->sun_path, sizeof(as_unix->sun_path) - 1);
  address.length = sizeof(*as_unix);
  return address;
}

Address TcpAddress(int port) {
  Address address;
  auto* as_inet = reinterpret_cast<struct sockaddr_in*>(&address.storage);
  as_inet->sin_family = AF_INET;
  as_inet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  as_inet->sin_port = htons(static_cast<uint16_t>(port));
  address.length = sizeof(*as_inet);
  return address;
}

// "unix:///path", or "127.0.0.1:port".
Address AddressOf(absl::string_view host_port) {
  if (absl::ConsumePrefix(&host_port, "unix://")) return UnixAddress(std::string(host_port));
  int port = 0;
  (void)absl::SimpleAtoi(host_port.substr(host_port.rfind(':') + 1), &port);
  return TcpAddress(port);
}

void Tune(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// A connection to the target, non-blocking; -1 if there is none. On loopback connect(2) does not
// wait.
int Dial(const std::string& target) {
  const Address address = AddressOf(target);
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (connect(fd, address.get(), address.length) == 0) return fd;
  struct pollfd done = {fd, POLLOUT, 0};
  int error = errno;
  socklen_t length = sizeof(error);
  if (error == EINPROGRESS && poll(&done, 1, 1000) == 1) {
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  }
  if (error == 0) return fd;
  close(fd);
  return -1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FaultProxy>> FaultProxy::Start(const std::string& target,
                                                              Listen listen) {
  std::unique_ptr<FaultProxy> proxy(new FaultProxy);
  proxy->listen_ = listen;
  absl::string_view rest = target;
  if (absl::ConsumePrefix(&rest, "rediss://")) proxy->scheme_ = "rediss://";
  proxy->target_ = std::string(rest);
  // PostgreSQL is somebody else and has to reach the socket.
  Identity::Unprivileged().Own(proxy->dir_.path());
  absl::Status status;
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (listen == Listen::kTcp) proxy->port_ = FreePort();
    status = proxy->Bind();
    if (status.ok()) break;
  }
  if (!status.ok()) return status;
  signal(SIGPIPE, SIG_IGN);
  proxy->wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  proxy->thread_ = std::thread([raw = proxy.get()] { raw->Run(); });
  return proxy;
}

FaultProxy::~FaultProxy() {
  if (thread_.joinable()) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    Wake();
    thread_.join();
  }
  for (Connection& connection : connections_) Close(connection, false);
  StopListening();
  if (wake_fd_ >= 0) close(wake_fd_);
}

std::string FaultProxy::host_port() const {
  if (listen_ == Listen::kUnix) return absl::StrCat("unix://", dir_.File("proxy.sock"));
  return absl::StrCat(scheme_, "127.0.0.1:", port_);
}

absl::Status FaultProxy::Bind() {
  const std::string path = dir_.File("proxy.sock");
  const Address address = listen_ == Listen::kUnix ? UnixAddress(path) : TcpAddress(port_);
  listener_ = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(listener_, address.get(), address.length) != 0 || listen(listener_, 100) != 0) {
    const std::string reason = strerror(errno);
    StopListening();
    return absl::UnavailableError(absl::StrCat(host_port(), ": ", reason));
  }
  if (listen_ == Listen::kUnix) chmod(path.c_str(), 0777);
  return absl::OkStatus();
}

void FaultProxy::StopListening() {
  if (listener_ >= 0) close(listener_);
  listener_ = -1;
  if (listen_ == Listen::kUnix) unlink(dir_.File("proxy.sock").c_str());
}

void FaultProxy::SetFaults(std::vector<Fault> faults) { SetFaults(std::move(faults), {}); }

void FaultProxy::SetRandom(const RandomFaults& random) { SetFaults({}, random); }

void FaultProxy::SetFaults(std::vector<Fault> faults, const absl::optional<RandomFaults>& random) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    faults_ = std::move(faults);
    random_ = random;
    for (Connection& connection : connections_) {
      for (FaultStream& stream : connection.streams) stream.Set(faults_, random_);
    }
  }
  Wake();
}

void FaultProxy::Clear() {
  SetFaults({}, {});
  HoldAll(false);
  Refuse(false);
}

void FaultProxy::Hold(Direction direction, bool hold) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int d = static_cast<int>(direction);
    hold_[d] = hold;
    for (Connection& connection : connections_) connection.streams[d].Hold(hold);
  }
  Wake();
}

void FaultProxy::HoldAll(bool hold) {
  Hold(Direction::kToServer, hold);
  Hold(Direction::kToClient, hold);
}

void FaultProxy::Refuse(bool refuse) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (refuse) {
      StopListening();
    } else if (listener_ < 0) {
      // The port was ours a moment ago, and is not one that outgoing connections get.
      WaitUntil([this] { return Bind().ok(); });
    }
  }
  Wake();
}

void FaultProxy::CutAll() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (Connection& connection : connections_) Close(connection, false);
  }
  Wake();
}

FaultCounts FaultProxy::counts() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counts_;
}

int FaultProxy::open() { return static_cast<int>(open_numbers().size()); }

std::vector<int> FaultProxy::open_numbers() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<int> numbers;
  for (const Connection& connection : connections_) {
    if (!connection.dead) numbers.push_back(connection.number);
  }
  return numbers;
}

void FaultProxy::Wake() const {
  const uint64_t one = 1;
  (void)!write(wake_fd_, &one, sizeof(one));
}

void FaultProxy::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    connections_.remove_if([](const Connection& connection) { return connection.dead; });
    std::vector<struct pollfd> waits = {{wake_fd_, POLLIN, 0}, {listener_, POLLIN, 0}};
    absl::Time wake = absl::InfiniteFuture();
    for (Connection& connection : connections_) {
      short events[2] = {};
      for (int d = 0; d < 2; ++d) {
        const size_t waiting = connection.streams[d].waiting() + connection.out[d].size();
        if (!connection.ended[d] && waiting < kMaxWaiting) events[d] |= POLLIN;
        if (!connection.out[d].empty()) events[1 - d] |= POLLOUT;
        wake = std::min(wake, connection.streams[d].wake());
      }
      // An end of which nothing is wanted is left out: poll(2) would tell of its hang-up for ever.
      for (int end = 0; end < 2; ++end) {
        waits.push_back({events[end] != 0 ? connection.ends[end] : -1, events[end], 0});
      }
    }
    int timeout = -1;
    if (wake != absl::InfiniteFuture()) {
      timeout =
          static_cast<int>(std::max<int64_t>(absl::ToInt64Milliseconds(wake - absl::Now()) + 1, 0));
    }
    lock.unlock();
    poll(waits.data(), waits.size(), timeout);
    lock.lock();
    uint64_t woken = 0;
    (void)!read(wake_fd_, &woken, sizeof(woken));
    for (Connection& connection : connections_) Pump(connection);
    Accept();
  }
}

void FaultProxy::Accept() {
  while (listener_ >= 0) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return;
    const int server = Dial(target_);
    connections_.emplace_back(static_cast<int>(counts_.connections++), &counts_);
    Connection& connection = connections_.back();
    connection.ends[0] = client;
    connection.ends[1] = server;
    if (server < 0) {
      Close(connection, true);
      continue;
    }
    for (int d = 0; d < 2; ++d) {
      Tune(connection.ends[d]);
      connection.streams[d].Set(faults_, random_);
      connection.streams[d].Hold(hold_[d]);
    }
  }
}

// Tries everything: sockets are non-blocking.
void FaultProxy::Pump(Connection& connection) {
  for (int d = 0; d < 2 && !connection.dead; ++d) {
    FaultStream& stream = connection.streams[d];
    Read(connection, d);
    if (connection.dead) return;
    stream.Advance(absl::Now(), &connection.out[d]);
    Write(connection, d);
    if (connection.dead) return;
    const bool delivered = connection.out[d].empty();
    if (stream.cut() && delivered) Close(connection, stream.reset());
    // Who has closed is waiting for nothing more.
    const bool through = delivered && stream.waiting() == 0;
    if (connection.ended[d] && (through || !stream.flows())) Close(connection, false);
  }
}

void FaultProxy::Read(Connection& connection, int d) {
  char buffer[16 * 1024];
  while (!connection.ended[d] &&
         connection.streams[d].waiting() + connection.out[d].size() < kMaxWaiting) {
    const ssize_t n = read(connection.ends[d], buffer, sizeof(buffer));
    if (n > 0) {
      connection.streams[d].Feed(absl::string_view(buffer, static_cast<size_t>(n)));
    } else if (n == 0) {
      connection.ended[d] = true;
    } else if (errno == EAGAIN || errno == EINTR) {
      return;
    } else {
      Close(connection, errno == ECONNRESET);
      return;
    }
  }
}

void FaultProxy::Write(Connection& connection, int d) {
  std::string& out = connection.out[d];
  while (!out.empty()) {
    const ssize_t n = send(connection.ends[1 - d], out.data(), out.size(), MSG_NOSIGNAL);
    if (n > 0) {
      out.erase(0, static_cast<size_t>(n));
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      Close(connection, errno == ECONNRESET);
      return;
    }
  }
}

void FaultProxy::Close(Connection& connection, bool reset) {
  connection.dead = true;
  for (int& end : connection.ends) {
    if (end < 0) continue;
    const struct linger at_once = {1, 0};
    if (reset) setsockopt(end, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(end);
    end = -1;
  }
}

}  // namespace redis_fdw::test
