// Interrupts while it is found out who serves what, and while somebody who serves is waited for.

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg/interrupt_fixture.h"
#include "testing/process.h"
#include "testing/redis_cluster.h"
#include "testing/redis_sentinel.h"

namespace redis_fdw::test {
namespace {

class InterruptsDeploymentsTest : public InterruptTest {
 protected:
  static Stall Asking(const std::string& name) {
    Stall stall;
    stall.name = name;
    stall.sql = "SELECT * FROM s.h";
    return stall;
  }

  template <typename T>
  static T Must(absl::StatusOr<T> value) {
    if (value.ok()) return *std::move(value);
    ADD_FAILURE() << value.status();
    exit(1);
  }
};

// DEBUG RELOAD saves and loads; each key of which takes a while, in which it says LOADING.
TEST_F(InterruptsDeploymentsTest, Loading) {
  RedisOptions options;
  options.tcp = true;
  options.config = {"enable-debug-command yes", "rdbcompression no",
                    "loading-process-events-interval-bytes 1024"};
  auto server = Must(RedisServer::Start(options));
  server->Cli({"EVAL", "for i = 1, 3000 do redis.call('SET', i, string.rep('x', 2000)) end", "0"});
  server->Cli({"HSET", "h", "a", "1"});
  MakeServer("s", absl::StrCat("host_port '", server->host_port(), "'"));
  std::unique_ptr<Process> reload;
  Stall stall = Asking("LOADING");
  stall.prepare = [](PgConnection& session) { session.MustExec("SELECT * FROM s.h"); };
  stall.begin = [&] {
    server->Cli({"CONFIG", "SET", "key-load-delay", "10000"});
    Process::Options cli;
    cli.argv = {"redis-cli", "-s", server->unix_socket(), "DEBUG", "RELOAD"};
    cli.output_path = "/dev/null";
    reload = Must(Process::Start(cli));
    EXPECT_TRUE(WaitUntil([&] {
      return server->Cli({"GET", "x"}).find("LOADING") != std::string::npos;
    }));
  };
  stall.end = [&] {
    server->Cli({"CONFIG", "SET", "key-load-delay", "0"});
    EXPECT_TRUE(WaitUntil([&] { return server->Cli({"GET", "x"}) == "(nil)"; }));
  };
  stall.after = stall.sql;
  // The connection stays: its commands are answered.
  stall.kept = 1;
  EachInterruptIsPrompt(stall);
}

TEST_F(InterruptsDeploymentsTest, ClusterWithoutAPrimary) {
  RedisClusterOptions options;
  options.replicas = 0;
  auto cluster = Must(RedisCluster::Start(options));
  MakeServer("s", absl::StrCat("host_port '", cluster->all_host_ports(), "'"));
  MustExec(
      "CREATE FOREIGN TABLE s.many (key text, v text) SERVER s "
      "OPTIONS (table_type 'string', table_key_prefix '*')");
  Stall all = Asking("a cluster, all nodes silent");
  all.begin = [&] {
    for (int i = 0; i < cluster->size(); ++i) cluster->node(i).Stop();
  };
  all.end = [&] {
    for (int i = 0; i < cluster->size(); ++i) cluster->node(i).Continue();
  };
  EachInterruptIsPrompt(all);
  // Known, and silent.
  Stall known = all;
  known.kept = cluster->size();  // discovery asks on others than those of the scan before
  known.name = "a cluster, all nodes silent, a scan of all";
  known.sql = "SELECT * FROM s.many";
  known.prepare = [](PgConnection& session) { session.MustExec("SELECT * FROM s.many"); };
  EachInterruptIsPrompt(known);
  known.name = "a cluster, all nodes silent, TRUNCATE";
  known.sql = "TRUNCATE s.many";
  EachInterruptIsPrompt(known);
  ASSERT_TRUE(cluster->WaitUntilOk().ok());

  const int owner = cluster->PrimaryOf("h");
  cluster->Kill(owner);
  const int other = (owner + 1) % cluster->size();
  ASSERT_TRUE(WaitUntil([&] {
    return cluster->node(other).Cli({"CLUSTER", "INFO"}).find("cluster_state:fail") !=
           std::string::npos;
  }));
  Stall down = Asking("CLUSTERDOWN, a key of a dead primary");
  down.kept = cluster->size();
  EachInterruptIsPrompt(down);
  down.name = "CLUSTERDOWN, a write";
  down.sql = "INSERT INTO s.h VALUES ('x', 'y')";
  EachInterruptIsPrompt(down);
  down.name = "CLUSTERDOWN, a scan of all";
  down.sql = "SELECT * FROM s.many";
  EachInterruptIsPrompt(down);
}

TEST_F(InterruptsDeploymentsTest, Sentinels) {
  RedisSentinelOptions options;
  options.replicas = 0;
  auto redis = Must(RedisSentinel::Start(options));
  MakeServer("s", absl::StrCat("host_port '", redis->host_port(),
                               "', mode 'sentinel', sentinel_master 'mymaster'"));
  Stall silent = Asking("Sentinel, all sentinels silent");
  silent.begin = [&] {
    for (int i = 0; i < redis->sentinels(); ++i) redis->sentinel(i).Stop();
  };
  silent.end = [&] {
    for (int i = 0; i < redis->sentinels(); ++i) redis->sentinel(i).Continue();
  };
  EachInterruptIsPrompt(silent);
  Stall stopped = Asking("Sentinel, the primary silent");
  stopped.begin = [&] { redis->node(0).Stop(); };
  stopped.end = [&] { redis->node(0).Continue(); };
  // One to the sentinel that has answered.
  stopped.kept = 1;
  EachInterruptIsPrompt(stopped);
  ASSERT_TRUE(redis->WaitUntilReady().ok());
  redis->KillPrimary();
  Stall dead = Asking("Sentinel, the primary dead and no replica: back-off");
  dead.kept = redis->sentinels();
  EachInterruptIsPrompt(dead);
}

}  // namespace
}  // namespace redis_fdw::test
