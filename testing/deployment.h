// Redis in one of the ways it is deployed, for tests that are to hold for all of them.
//
//   auto redis = *Deployment::Start("cluster");
//   absl::StrCat("CREATE SERVER ... OPTIONS (", redis->server_options(), ")");
//   // sh: <redis->cli()> HSET h f v

#ifndef REDIS_FDW_TESTING_DEPLOYMENT_H_
#define REDIS_FDW_TESTING_DEPLOYMENT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "testing/process.h"
#include "testing/redis_cluster.h"
#include "testing/redis_sentinel.h"
#include "testing/redis_server.h"

namespace redis_fdw::test {

class Deployment {
 public:
  // "unix", "tcp" and "tls" are a single server, reached in this way. "sentinel" is a primary with
  // two replicas and three sentinels, "cluster" three primaries with a replica each. They do not
  // fail over by themselves, however long one of them does not answer.
  static absl::StatusOr<std::unique_ptr<Deployment>> Start(const std::string& kind);

  const std::string& kind() const { return kind_; }
  // The option of that name. Of a cluster it is one node: the rest is to be found.
  std::string host_port() const;
  // All options that a foreign server needs, as SQL: "host_port '...', tls_ca_file '...'".
  std::string server_options() const;
  // How Redis may be called in messages: every form of every server's address, and host_port().
  std::vector<std::string> addresses() const;

  // A program to run in the place of redis-cli, which knows where to connect. On a cluster it goes
  // where a command's key is; KEYS, DBSIZE and FLUSHALL are for all primaries, and MGET, MSET, DEL
  // and EXISTS of several keys are as many commands.
  std::string cli() const { return dir_.File("cli"); }

  // One of these is there: the server of "unix", "tcp" and "tls", or what the kind is called.
  RedisServer* server() const { return server_.get(); }
  RedisSentinel* sentinel() const { return sentinel_.get(); }
  RedisCluster* cluster() const { return cluster_.get(); }

 private:
  explicit Deployment(const std::string& kind) : kind_(kind) {}

  absl::Status StartServers();
  absl::Status WriteCli() const;
  std::vector<RedisServer*> servers() const;

  const std::string kind_;
  TempDir dir_;
  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<RedisSentinel> sentinel_;
  std::unique_ptr<RedisCluster> cluster_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_DEPLOYMENT_H_
