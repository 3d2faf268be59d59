// A cluster of fakes: three primaries and their replicas, of which each can be told what to say.

#ifndef REDIS_FDW_CORE_EXEC_CLUSTER_FIXTURE_H_
#define REDIS_FDW_CORE_EXEC_CLUSTER_FIXTURE_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/exec/cluster_router.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_server.h"
#include "testing/fakes/fake_waiter.h"
#include "testing/fakes/resp.h"

namespace redis_fdw::test {

inline Endpoint At(absl::string_view host, int port = 6379) {
  Endpoint endpoint;
  endpoint.host = std::string(host);
  endpoint.port = port;
  return endpoint;
}

// A part of the key space, as a node sees it.
struct FakeShard {
  int first;
  int last;
  std::string primary;  // host names, which are ids too
  std::vector<std::string> replicas;
};
using FakeView = std::vector<FakeShard>;

inline std::string SlotsReply(const FakeView& view) {
  std::vector<std::string> ranges;
  for (const FakeShard& shard : view) {
    std::vector<std::string> parts = {Int(shard.first), Int(shard.last)};
    std::vector<std::string> hosts = {shard.primary};
    hosts.insert(hosts.end(), shard.replicas.begin(), shard.replicas.end());
    for (const std::string& host : hosts) {
      parts.push_back(Array({Bulk(host), Int(6379), Bulk(host), Array({})}));
    }
    ranges.push_back(Array(parts));
  }
  return Array(ranges);
}

inline Command Get(absl::string_view key) {
  Command command("GET");
  command.Key(key).ReadOnly();
  return command;
}

inline Command Set(absl::string_view key) {
  Command command("SET");
  command.Key(key).Arg("v");
  return command;
}

class ClusterTest : public ::testing::Test {
 protected:
  // Hosts a, b, c are primaries; a2, b2, c2 replicas. "bar" is served by a, "foo" by c.
  ClusterTest() {
    for (const char* host : {"a", "b", "c", "a2", "b2", "c2", "d"}) {
      AddServer(host);
      views_[host] = {
          {0, 5460, "a", {"a2"}}, {5461, 10922, "b", {"b2"}}, {10923, 16383, "c", {"c2"}}};
    }
  }

  void AddServer(const std::string& host) {
    servers_[host] = std::make_unique<FakeServer>([this, host](const FakeServer::Argv& argv) {
      if (argv[0] != "CLUSTER") return Bulk(absl::StrCat(host, ":", argv[0]));
      if (server(host).options.mode != "cluster") {
        return Error("ERR This instance has cluster support disabled");
      }
      if (argv[1] == "SLOTS") return said_[host].empty() ? SlotsReply(views_[host]) : said_[host];
      return absl::StartsWith(lines_[host], "-") ? lines_[host] : Bulk(lines_[host]);
    });
    server(host).options.mode = "cluster";
    network_.Add(At(host), servers_[host].get());
  }

  FakeServer& server(const std::string& host) { return *servers_[host]; }
  void SetViews(const FakeView& view) {
    for (auto& entry : views_) entry.second = view;
  }
  void Refuse(const std::string& host) {
    server(host).CloseAll();
    server(host).options.refuse_connect =
        MakeError(ErrorKind::kConnectFailed, absl::StrCat("could not connect to ", host));
  }

  std::unique_ptr<ClusterRouter> NewRouter(const std::vector<std::string>& hosts,
                                           ReadFrom read_from = ReadFrom::kPrimary,
                                           bool must_be_cluster = false) {
    std::vector<Endpoint> seeds;
    for (const std::string& host : hosts) seeds.push_back(At(host));
    ClusterOptions options;
    options.read_from = read_from;
    options.must_be_cluster = must_be_cluster;
    options.now = [this] { return waiter_.Now(); };
    return std::make_unique<ClusterRouter>(base_, seeds, options);
  }

  Discovery discovery() { return Discovery{&pool_, PoolLimits(), waiter_.Now() + deadline_}; }

  // The host that a command goes to, or the error's message.
  std::string HostOf(ClusterRouter* router, const Command& command, bool primary_only = false) {
    const absl::StatusOr<int> node = router->Route(command, primary_only);
    if (!node.ok()) return GetErrorInfo(node.status()).message;
    return router->Spec(*node).endpoint.host;
  }

  std::map<std::string, FakeView> views_;     // by host: what CLUSTER SLOTS says
  std::map<std::string, std::string> said_;   // the same as RESP, in place of views_
  std::map<std::string, std::string> lines_;  // what CLUSTER NODES says; or "-...", RESP
  std::map<std::string, std::unique_ptr<FakeServer>> servers_;
  FakeTransportFactory network_;
  FakeWaiter waiter_;
  Pool pool_{&network_, &waiter_};
  ConnectionSpec base_;
  absl::Duration deadline_ = absl::Seconds(30);
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_CORE_EXEC_CLUSTER_FIXTURE_H_
