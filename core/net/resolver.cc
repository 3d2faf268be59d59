#include "core/net/resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

absl::Status Failed(int ares_status) {
  return MakeError(
      ErrorKind::kConnectFailed,
      absl::StrCat("the host name could not be resolved: ", ares_strerror(ares_status)),
      "Host names are looked up in /etc/hosts and by DNS.");
}

void SetPort(SocketAddress* address, int port) {
  if (address->family() == AF_INET) {
    reinterpret_cast<sockaddr_in*>(&address->storage)->sin_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in6*>(&address->storage)->sin6_port = htons(port);
  }
}

// An address written as a number (IPv6 perhaps with a zone). False if it is a name. Asks nobody.
bool ParseNumeric(const std::string& host, int port, SocketAddress* address) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
  memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
  address->length = found->ai_addrlen;
  freeaddrinfo(found);
  SetPort(address, port);
  return true;
}

// c-ares needs this once a process; it is never undone.
int InitLibrary() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  return status;
}

}  // namespace

std::string SocketAddress::ToString() const {
  if (family() == AF_UNIX) {
    return absl::StrCat("unix://", reinterpret_cast<const sockaddr_un*>(&storage)->sun_path);
  }
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (getnameinfo(get(), length, host, sizeof(host), port, sizeof(port),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown address";
  }
  return family() == AF_INET6 ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

struct Resolver::State {
  State(absl::string_view host_name, int port_number) : host(host_name), port(port_number) {}
  ~State() {
    // Calls OnDone() with ARES_EDESTRUCTION if the query is still open.
    if (channel != nullptr) ares_destroy(channel);
  }

  absl::Status Start();
  void Process();
  static void OnDone(void* arg, int status, int timeouts, ares_addrinfo* result) noexcept;
  void Take(const ares_addrinfo* result);

  const std::string host;
  const int port;
  ares_channel channel = nullptr;
  bool done = false;
  int ares_status = ARES_SUCCESS;
  std::vector<SocketAddress> addresses;
};

absl::Status Resolver::State::Start() {
  SocketAddress numeric;
  if (ParseNumeric(host, port, &numeric)) {
    addresses.push_back(numeric);
    done = true;
    return absl::OkStatus();
  }
  int status = InitLibrary();
  if (status == ARES_SUCCESS) status = ares_init(&channel);
  if (status != ARES_SUCCESS) {
    channel = nullptr;
    return Failed(status);
  }
  ares_addrinfo_hints hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel, host.c_str(), nullptr, &hints, &OnDone, this);
  return absl::OkStatus();
}

void Resolver::State::Process() {
  ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
  const int wanted = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
  pollfd fds[ARES_GETSOCK_MAXNUM];
  int count = 0;
  for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    const bool read = ARES_GETSOCK_READABLE(wanted, i);
    const bool write = ARES_GETSOCK_WRITABLE(wanted, i);
    if (!read && !write) continue;
    fds[count] = {};
    fds[count].fd = sockets[i];
    fds[count].events = static_cast<short>((read ? POLLIN : 0) |  // NOLINT(runtime/int)
                                           (write ? POLLOUT : 0));
    ++count;
  }
  if (count > 0) poll(fds, count, 0);
  for (int i = 0; i < count && !done; ++i) {
    if (fds[i].revents == 0) continue;
    const bool writable = (fds[i].revents & POLLOUT) != 0;
    const bool readable = (fds[i].revents & ~POLLOUT) != 0;
    ares_process_fd(channel, readable ? fds[i].fd : ARES_SOCKET_BAD,
                    writable ? fds[i].fd : ARES_SOCKET_BAD);
  }
  // Timeouts are looked at in any case.
  if (!done) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

// Called by C code, so nothing may be thrown.
void Resolver::State::OnDone(void* arg, int status, int /*timeouts*/,
                             ares_addrinfo* result) noexcept {
  State* state = static_cast<State*>(arg);
  if (status != ARES_EDESTRUCTION) {
    try {
      if (status == ARES_SUCCESS) state->Take(result);
      state->ares_status = status;
    } catch (...) {
      state->ares_status = ARES_ENOMEM;
    }
    state->done = true;
  }
  if (result != nullptr) ares_freeaddrinfo(result);
}

void Resolver::State::Take(const ares_addrinfo* result) {
  for (const ares_addrinfo_node* node = result->nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_family != AF_INET && node->ai_family != AF_INET6) continue;
    if (node->ai_addrlen > sizeof(sockaddr_storage)) continue;
    SocketAddress address;
    memcpy(&address.storage, node->ai_addr, node->ai_addrlen);
    address.length = node->ai_addrlen;
    SetPort(&address, port);
    addresses.push_back(address);
  }
}

Resolver::Resolver(absl::string_view host, int port)
    : state_(std::make_unique<State>(host, port)) {}
Resolver::~Resolver() = default;

absl::StatusOr<bool> Resolver::Advance() {
  State& state = *state_;
  if (!state.done) {
    if (state.channel == nullptr) {
      RETURN_IF_ERROR(state.Start());
    } else {
      state.Process();
    }
  }
  if (!state.done) return false;
  if (state.ares_status != ARES_SUCCESS) return Failed(state.ares_status);
  if (state.addresses.empty()) return Failed(ARES_ENODATA);
  return true;
}

void Resolver::AppendInterest(std::vector<FdInterest>* interests, absl::Time* deadline) const {
  const State& state = *state_;
  if (state.done || state.channel == nullptr) {
    *deadline = absl::InfinitePast();  // Advance() gets further at once
    return;
  }
  ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
  const int wanted = ares_getsock(state.channel, sockets, ARES_GETSOCK_MAXNUM);
  for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    const bool read = ARES_GETSOCK_READABLE(wanted, i);
    const bool write = ARES_GETSOCK_WRITABLE(wanted, i);
    if (read || write) interests->push_back(FdInterest{sockets[i], read, write});
  }
  timeval tv;
  if (ares_timeout(state.channel, nullptr, &tv) != nullptr) {
    // A millisecond more, since c-ares only acts once the instant has passed.
    *deadline =
        std::min(*deadline, absl::Now() + absl::DurationFromTimeval(tv) + absl::Milliseconds(1));
  } else {
    *deadline = std::min(*deadline, absl::Now() + absl::Milliseconds(10));
  }
}

const std::vector<SocketAddress>& Resolver::addresses() const { return state_->addresses; }

}  // namespace redis_fdw
