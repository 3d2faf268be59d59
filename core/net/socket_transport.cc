// Transport over sockets.
//
// A name may have several addresses. They are tried in their order; the next is begun when one
// fails, or when it has not answered for kStagger, while the earlier ones go on: whichever answers
// first is used (RFC 8305). So one dead address costs a quarter of a second, whatever the connect
// deadline is.

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "core/base/status.h"
#include "core/net/resolver.h"
#include "core/net/tls_transport.h"
#include "core/net/transport.h"

namespace redis_fdw {
namespace {

constexpr absl::Duration kStagger = absl::Milliseconds(250);
// A unix socket whose backlog is full cannot be waited for; it is tried again after this.
constexpr absl::Duration kBacklogRetry = absl::Milliseconds(10);

std::string ErrnoText(int error) { return std::generic_category().message(error); }

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

class SocketTransport : public Transport {
 public:
  explicit SocketTransport(const Endpoint& endpoint);

  absl::StatusOr<bool> AdvanceConnect() override;
  absl::StatusOr<Io> Read(absl::Span<char> into) override;
  absl::StatusOr<Io> Write(absl::string_view from) override;
  void AppendInterest(bool want_read, bool want_write, std::vector<FdInterest>* interests,
                      absl::Time* deadline) const override;
  bool ClosedOrDirty() override;
  std::string ConnectProgress() const override;

 private:
  // A connect() in progress.
  struct Attempt {
    Fd fd;
    size_t address;
  };

  void CheckAttempts();
  void StartAttempt(size_t index);
  void Establish(Fd fd, const SocketAddress& address);
  void Failed(size_t address, int error);
  absl::Status AllFailed() const;
  absl::Status Lost(int error) const;

  const Endpoint endpoint_;
  std::unique_ptr<Resolver> resolver_;  // until it is done; never for unix sockets
  std::vector<SocketAddress> addresses_;
  size_t next_address_ = 0;
  absl::Time next_start_ = absl::InfinitePast();  // when to begin the next attempt
  std::vector<Attempt> attempts_;
  std::vector<std::pair<size_t, int>> failures_;  // address, errno
  Fd fd_;                                         // once established
};

SocketTransport::SocketTransport(const Endpoint& endpoint) : endpoint_(endpoint) {
  if (!endpoint_.is_unix()) {
    resolver_ = std::make_unique<Resolver>(endpoint_.host, endpoint_.port);
    return;
  }
  SocketAddress address;
  sockaddr_un* sun = reinterpret_cast<sockaddr_un*>(&address.storage);
  sun->sun_family = AF_UNIX;
  // ParseHostPort() has refused longer paths; storage is zeroed, so it stays terminated.
  const size_t n = std::min(endpoint_.unix_socket.size(), sizeof(sun->sun_path) - 1);
  memcpy(sun->sun_path, endpoint_.unix_socket.data(), n);
  address.length = offsetof(sockaddr_un, sun_path) + n + 1;
  addresses_.push_back(address);
}

absl::StatusOr<bool> SocketTransport::AdvanceConnect() {
  if (fd_.get() >= 0) return true;
  if (resolver_ != nullptr) {
    absl::StatusOr<bool> resolved = resolver_->Advance();
    if (!resolved.ok()) {
      return Annotate(resolved.status(),
                      absl::StrCat("could not connect to Redis at ", endpoint_.ToString(), ": "));
    }
    if (!*resolved) return false;
    addresses_ = resolver_->addresses();
    resolver_.reset();
  }
  CheckAttempts();
  while (fd_.get() < 0 && next_address_ < addresses_.size() && absl::Now() >= next_start_) {
    const size_t address = next_address_++;
    next_start_ = absl::Now() + kStagger;
    StartAttempt(address);
  }
  if (fd_.get() >= 0) {
    attempts_.clear();
    return true;
  }
  if (attempts_.empty() && next_address_ == addresses_.size()) return AllFailed();
  return false;
}

void SocketTransport::CheckAttempts() {
  for (size_t i = 0; i < attempts_.size() && fd_.get() < 0;) {
    pollfd pfd = {};
    pfd.fd = attempts_[i].fd.get();
    pfd.events = POLLOUT;
    if (poll(&pfd, 1, 0) <= 0) {
      ++i;
      continue;
    }
    Attempt attempt = std::move(attempts_[i]);
    attempts_.erase(attempts_.begin() + i);
    int error = 0;
    socklen_t length = sizeof(error);
    if (getsockopt(attempt.fd.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    if (error == 0) {
      Establish(std::move(attempt.fd), addresses_[attempt.address]);
    } else {
      Failed(attempt.address, error);
    }
  }
}

void SocketTransport::StartAttempt(size_t index) {
  const SocketAddress& address = addresses_[index];
  Fd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return Failed(index, errno);
  int result = 0;
  do {
    result = connect(fd.get(), address.get(), address.length);
  } while (result != 0 && errno == EINTR && address.family() == AF_UNIX);
  if (result == 0) return Establish(std::move(fd), address);
  // After EINTR a TCP connect goes on by itself.
  if (errno == EINPROGRESS || errno == EINTR) {
    attempts_.push_back(Attempt{std::move(fd), index});
    return;
  }
  if (errno == EAGAIN && address.family() == AF_UNIX) {
    next_address_ = index;
    next_start_ = absl::Now() + kBacklogRetry;
    return;
  }
  Failed(index, errno);
}

void SocketTransport::Establish(Fd fd, const SocketAddress& address) {
  if (address.family() != AF_UNIX) {
    // Where nobody listens on a port of the ephemeral range, a socket may come to be connected to
    // itself.
    SocketAddress local;
    local.length = sizeof(local.storage);
    if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&local.storage), &local.length) == 0 &&
        local.ToString() == address.ToString()) {
      return Failed(&address - addresses_.data(), ECONNREFUSED);
    }
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  }
  fd_ = std::move(fd);
}

void SocketTransport::Failed(size_t address, int error) {
  failures_.emplace_back(address, error);
  next_start_ = absl::InfinitePast();
}

absl::Status SocketTransport::AllFailed() const {
  const int last = failures_.back().second;
  std::string detail;
  if (failures_.size() > 1) {
    detail =
        absl::StrCat("Tried ",
                     absl::StrJoin(failures_, "; ",
                                   [this](std::string* out, const std::pair<size_t, int>& failure) {
                                     absl::StrAppend(out, addresses_[failure.first].ToString(),
                                                     ": ", ErrnoText(failure.second));
                                   }),
                     ".");
  }
  absl::string_view hint;
  if (last == ECONNREFUSED || last == ENOENT) {
    hint = "Check that Redis is running there and accepts connections.";
  }
  return MakeError(
      ErrorKind::kConnectFailed,
      absl::StrCat("could not connect to Redis at ", endpoint_.ToString(), ": ", ErrnoText(last)),
      hint, detail);
}

absl::Status SocketTransport::Lost(int error) const {
  return MakeError(ErrorKind::kConnectionLost,
                   absl::StrCat("connection to Redis at ", endpoint_.ToString(),
                                " was lost: ", ErrnoText(error)));
}

std::string SocketTransport::ConnectProgress() const {
  if (resolver_ != nullptr) return "the host name was being resolved";
  std::vector<std::string> tried;
  for (const auto& failure : failures_) {
    tried.push_back(
        absl::StrCat(addresses_[failure.first].ToString(), ": ", ErrnoText(failure.second)));
  }
  for (const Attempt& attempt : attempts_) {
    tried.push_back(absl::StrCat(addresses_[attempt.address].ToString(), ": no answer"));
  }
  return absl::StrJoin(tried, "; ");
}

absl::StatusOr<Transport::Io> SocketTransport::Read(absl::Span<char> into) {
  Io io;
  ssize_t n = 0;
  do {
    n = recv(fd_.get(), into.data(), into.size(), 0);
  } while (n < 0 && errno == EINTR);
  if (n > 0) {
    io.bytes = static_cast<size_t>(n);
    // A short read has emptied the socket's buffer; asking again would cost a system call a
    // command.
    io.blocked = io.bytes < into.size();
  } else if (n == 0) {
    io.eof = true;
  } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
    io.blocked = true;
  } else {
    return Lost(errno);
  }
  return io;
}

absl::StatusOr<Transport::Io> SocketTransport::Write(absl::string_view from) {
  Io io;
  ssize_t n = 0;
  do {
    n = send(fd_.get(), from.data(), from.size(), MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n >= 0) {
    io.bytes = static_cast<size_t>(n);
    io.blocked = io.bytes < from.size();
  } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
    io.blocked = true;
  } else {
    return Lost(errno);
  }
  return io;
}

void SocketTransport::AppendInterest(bool want_read, bool want_write,
                                     std::vector<FdInterest>* interests,
                                     absl::Time* deadline) const {
  if (fd_.get() >= 0) {
    if (want_read || want_write) {
      interests->push_back(FdInterest{fd_.get(), want_read, want_write});
    }
    return;
  }
  if (resolver_ != nullptr) return resolver_->AppendInterest(interests, deadline);
  for (const Attempt& attempt : attempts_) {
    interests->push_back(FdInterest{attempt.fd.get(), false, true});
  }
  if (next_address_ < addresses_.size()) *deadline = std::min(*deadline, next_start_);
}

bool SocketTransport::ClosedOrDirty() {
  char byte;
  ssize_t n = 0;
  do {
    n = recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  return n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

class Factory : public TransportFactory {
 public:
  absl::StatusOr<std::unique_ptr<Transport>> NewTransport(const ConnectionSpec& spec) override {
    std::unique_ptr<Transport> socket = std::make_unique<SocketTransport>(spec.endpoint);
    if (spec.endpoint.tls) return NewTlsTransport(spec, std::move(socket));
    return socket;
  }
};

}  // namespace

TransportFactory* SocketTransportFactory() {
  static Factory* const factory = new Factory();
  return factory;
}

}  // namespace redis_fdw
