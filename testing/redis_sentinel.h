// A private Redis with sentinels for a test: a primary, replicas of it, and sentinels that agree on
// who is the primary, on loopback.
//
//   absl::StatusOr<std::unique_ptr<RedisSentinel>> redis = RedisSentinel::Start();
//   (*redis)->host_port();                    // of the sentinels: "127.0.0.1:1,127.0.0.1:2,..."
//   (*redis)->primary().Cli({"SET", "k", "v"});
//   (*redis)->KillPrimary();
//   (*redis)->WaitUntilReady();               // a replica has taken over
//
// Nodes are numbered, the first primary is node 0. Nothing here is for several threads.

#ifndef REDIS_FDW_TESTING_REDIS_SENTINEL_H_
#define REDIS_FDW_TESTING_REDIS_SENTINEL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "testing/redis_server.h"

namespace redis_fdw::test {

struct RedisSentinelOptions {
  int replicas = 2;
  int sentinels = 3;        // the quorum is a majority
  int down_after_ms = 500;  // where a test has made a primary silent; see KillPrimary()
  int failover_timeout_ms = 2000;
  std::string master = "mymaster";
  // What is the same for primary and replicas: password, users, config, TLS. With TLS they are
  // known by their TLS ports.
  RedisOptions node;
  // Of the sentinels: password, users, config. They have TLS if the nodes have it.
  RedisOptions sentinel;
};

class RedisSentinel {
 public:
  // Returns when all sentinels know each other and the replicas.
  static absl::StatusOr<std::unique_ptr<RedisSentinel>> Start(
      const RedisSentinelOptions& options = {});

  // As the option wants it: the sentinels, separated by commas. "rediss://..." with TLS.
  std::string host_port() const;
  const std::string& master() const { return options_.master; }

  int nodes() const { return static_cast<int>(nodes_.size()); }
  RedisServer& node(int i) const { return *nodes_[static_cast<size_t>(i)].server; }
  int sentinels() const { return static_cast<int>(sentinels_.size()); }
  RedisServer& sentinel(int i) const { return *sentinels_[static_cast<size_t>(i)].server; }

  // What the first sentinel that lives says: the node, and its port (with TLS the TLS port).
  int PrimaryIndex();
  RedisServer& primary() { return node(PrimaryIndex()); }
  int PrimaryPort() { return NodePort(PrimaryIndex()); }

  // SIGKILL; which node it was. Sentinels are quick to replace a primary after this and
  // StopPrimary(), until WaitUntilReady() is content. At other times they are slow: it would be
  // because a node of a busy machine had to wait for too long.
  int KillPrimary();
  // SIGSTOP of the primary, which node it was; and SIGCONT.
  int StopPrimary();
  void Continue(int node);
  // The same node again, without data; as a replica, once the sentinels have told it.
  absl::Status Restart(int node);
  void KillSentinel(int i) { sentinel(i).Kill(); }
  absl::Status RestartSentinel(int i);
  // SENTINEL FAILOVER: another node becomes the primary, nobody dies.
  absl::Status Failover();

  // Until all sentinels that live agree on a primary that lives, know each other, and all other
  // nodes that live are replicas in sync with it.
  absl::Status WaitUntilReady(absl::Duration patience = absl::Seconds(60));

 private:
  struct Member {
    std::unique_ptr<RedisServer> server;
    bool stopped = false;

    bool Lives() const { return !stopped && server->Running(); }
  };

  explicit RedisSentinel(RedisSentinelOptions options) : options_(std::move(options)) {}

  absl::Status StartNodes();
  absl::Status StartSentinels();
  static void Hurry(RedisServer& sentinel);
  void SetDownAfter(int ms);
  Member& At(int i) { return nodes_[static_cast<size_t>(i)]; }
  // The port that sentinels and replicas use.
  int NodePort(int i) const { return options_.node.tls ? node(i).tls_port() : node(i).port(); }
  // The node that a sentinel takes for the primary; -1: none of these.
  int PrimaryAsSeenBy(int sentinel);
  // Why it is not ready, empty if it is.
  std::string Trouble();
  std::string TroubleOfSentinel(int i, int primary);
  std::string TroubleOfNode(int i, int primary);

  const RedisSentinelOptions options_;
  std::vector<Member> nodes_;
  std::vector<Member> sentinels_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_REDIS_SENTINEL_H_
