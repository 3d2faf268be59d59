// FakeServer: a Redis that is a function from a command to its reply, and FakeTransportFactory, the
// network that leads to it. No socket, no thread: what is written is parsed and answered at once,
// and read back in pieces as small as the test likes.
//
//   FakeServer server([](const std::vector<std::string>& argv) {
//     if (argv[0] == "HGET") return Bulk("value");
//     return Error("ERR unknown command");
//   });
//   FakeTransportFactory network(&server);
//   FakeWaiter waiter;
//   Pool pool(&network, &waiter);
//
// The handshake (AUTH, SELECT, INFO, CLIENT) and MULTI ... EXEC are answered here, unless said
// otherwise.

#ifndef REDIS_FDW_TESTING_FAKES_FAKE_SERVER_H_
#define REDIS_FDW_TESTING_FAKES_FAKE_SERVER_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/net/endpoint.h"
#include "core/net/transport.h"

namespace redis_fdw::test {

class FakeTransport;

class FakeServer {
 public:
  using Argv = std::vector<std::string>;
  // RESP bytes; empty: no answer at all.
  using Handler = std::function<std::string(const Argv& argv)>;

  // Set before the first connection, or between two.
  struct Options {
    std::string version = "7.0.15";
    std::string run_id = "fake-run-1";
    std::string mode = "standalone";  // or "cluster", "sentinel"
    std::string password;             // required if not empty
    int databases = 16;
    bool info_forbidden = false;      // INFO answers NOPERM
    bool raw = false;                 // every command, the handshake's too, goes to the handler
    absl::Status refuse_connect;      // non-OK: what connecting ends in
    bool hang_connect = false;        // connecting never ends
    size_t read_at_most = SIZE_MAX;   // bytes that one Read() gets
    size_t write_at_most = SIZE_MAX;  // bytes that one Write() takes
    // Unread replies beyond which it stops reading requests, and unread requests beyond which it
    // takes no more: the sizes of socket buffers.
    size_t buffer = SIZE_MAX;
  };

  explicit FakeServer(Handler handler) : handler_(std::move(handler)) {}
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  Options options;

  // Commands that reached the handler, or were queued by MULTI, in order, over all connections.
  const std::vector<Argv>& commands() const { return commands_; }
  // The same, each as one line of words.
  std::vector<std::string> CommandLines() const;
  void ClearCommands() { commands_.clear(); }

  // Keeps replies back until Release(): the server is slow.
  void Hold() { held_ = true; }
  void Release() { held_ = false; }

  // Sends bytes nobody asked for, on every open connection.
  void Send(absl::string_view bytes);
  // Closes every open connection; what was not read is lost. New ones are accepted.
  void CloseAll();
  // CloseAll(), and a new process with another run_id.
  void Restart(absl::string_view run_id);

  int connections_made() const { return connections_made_; }
  int connections_open() const { return static_cast<int>(open_.size()); }

 private:
  friend class FakeTransport;
  std::string Answer(const Argv& argv, FakeTransport* from);
  bool AnswerHandshake(const Argv& argv, FakeTransport* from, std::string* reply);

  Handler handler_;
  std::vector<Argv> commands_;
  std::set<FakeTransport*> open_;
  int connections_made_ = 0;
  bool held_ = false;
};

// Leads to one server, whatever the endpoint, or to a server by endpoint.
class FakeTransportFactory : public TransportFactory {
 public:
  FakeTransportFactory() = default;
  explicit FakeTransportFactory(FakeServer* server) : default_(server) {}

  // `server` must outlive the factory's transports.
  void Add(const Endpoint& endpoint, FakeServer* server) { by_name_[endpoint.ToString()] = server; }

  absl::StatusOr<std::unique_ptr<Transport>> NewTransport(const ConnectionSpec& spec) override;

 private:
  FakeServer* default_ = nullptr;
  std::map<std::string, FakeServer*> by_name_;
};

// What a FakeTransportFactory makes. Tests rarely need to name it.
class FakeTransport : public Transport {
 public:
  FakeTransport(const Endpoint& endpoint, FakeServer* server);
  ~FakeTransport() override;

  absl::StatusOr<bool> AdvanceConnect() override;
  absl::StatusOr<Io> Read(absl::Span<char> into) override;
  absl::StatusOr<Io> Write(absl::string_view from) override;
  void AppendInterest(bool want_read, bool want_write, std::vector<FdInterest>* interests,
                      absl::Time* deadline) const override;
  bool ClosedOrDirty() override;

 private:
  friend class FakeServer;
  void Serve();

  const Endpoint endpoint_;
  FakeServer* server_;
  bool connected_ = false;
  bool closed_ = false;   // by the server
  std::string requests_;  // written, not yet parsed
  std::string replies_;   // not yet read
  size_t replies_pos_ = 0;
  bool authenticated_ = false;
  bool in_multi_ = false;
  std::vector<std::string> queued_;  // replies of the commands between MULTI and EXEC
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAKES_FAKE_SERVER_H_
