// A proxy in front of a server that loses, delays, changes and inserts bytes, and cuts connections,
// when and where a test says.
//
//   auto proxy = *FaultProxy::Start(redis->host_port());
//   ... OPTIONS (host_port '<proxy->host_port()>') ...
//   Fault cut;                                   // every connection, after 100 bytes of replies
//   cut.offset = 100;
//   proxy->SetFaults({cut});
//   ...
//   proxy->Clear();
//   EXPECT_EQ(proxy->counts().of(Fault::Kind::kCut), 1);
//
// It works on bytes and knows nothing of Redis or TLS. One thread of its own does the work; the
// functions may be called from any thread and take effect before they return.

#ifndef REDIS_FDW_TESTING_FAULT_PROXY_H_
#define REDIS_FDW_TESTING_FAULT_PROXY_H_

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "testing/fault_stream.h"
#include "testing/process.h"

namespace redis_fdw::test {

class FaultProxy {
 public:
  enum class Listen { kTcp, kUnix };

  // `target` is a host_port: "127.0.0.1:port" or "unix:///path", with "rediss://" before it if the
  // proxy's own host_port() is to have that too. Nobody needs to listen there yet.
  static absl::StatusOr<std::unique_ptr<FaultProxy>> Start(const std::string& target,
                                                           Listen listen = Listen::kTcp);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  // In the form of `target`.
  std::string host_port() const;
  int port() const { return port_; }  // 0: a unix socket

  // For connections there are and those to come. Each replaces what was set before.
  void SetFaults(std::vector<Fault> faults);
  void SetRandom(const RandomFaults& random);
  // Both at once.
  void SetFaults(std::vector<Fault> faults, const absl::optional<RandomFaults>& random);
  // No faults, nothing held, connections accepted. Bytes that were lost stay lost.
  void Clear();

  // Whether bytes of this direction are held back, on all connections and those to come: a server
  // that is silent, or a network that is gone. What was held passes when it is let go.
  void Hold(Direction direction, bool hold);
  // Both directions.
  void HoldAll(bool hold);
  // Nobody listens: ECONNREFUSED. Connections that are there stay.
  void Refuse(bool refuse);
  // Closes the connections there are.
  void CutAll();

  FaultCounts counts();
  // How many connections there are now, and which, as Fault::connection counts them.
  int open();
  std::vector<int> open_numbers();

 private:
  struct Connection {
    Connection(int n, FaultCounts* counts)
        : number(n),
          streams{{Direction::kToServer, n, counts}, {Direction::kToClient, n, counts}} {}

    const int number;

    // By Direction: where its bytes come from is ends[d], where they go ends[1 - d].
    int ends[2] = {-1, -1};
    FaultStream streams[2];
    std::string out[2];  // passed, and not written yet
    bool ended[2] = {};  // there is no more to read
    bool dead = false;
  };

  FaultProxy() = default;

  absl::Status Bind();
  void StopListening();
  void Run();
  // These hold mutex_.
  void Accept();
  void Pump(Connection& connection);
  void Read(Connection& connection, int direction);
  void Write(Connection& connection, int direction);
  static void Close(Connection& connection, bool reset);
  void Wake() const;

  TempDir dir_;
  Listen listen_ = Listen::kTcp;
  std::string scheme_;  // "rediss://" or empty
  std::string target_;
  int port_ = 0;
  int wake_fd_ = -1;

  std::mutex mutex_;
  int listener_ = -1;
  bool stopping_ = false;
  bool hold_[2] = {};
  std::vector<Fault> faults_;
  absl::optional<RandomFaults> random_;
  FaultCounts counts_;
  std::list<Connection> connections_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAULT_PROXY_H_
