#include "testing/redis_sentinel.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace redis_fdw::test {
namespace {

// When a primary is taken for dead that no test has made silent.
constexpr int kSlowDownAfterMs = 15000;

// A field of a reply that lists names and values; empty if it is not there.
std::string Field(const RedisReply& reply, const std::string& name) {
  for (size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    if (reply.elements[i].text == name) return reply.elements[i + 1].text;
  }
  return "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<RedisSentinel>> RedisSentinel::Start(
    const RedisSentinelOptions& options) {
  RedisSentinelOptions made = options;
  made.node.tcp = true;
  made.sentinel.tcp = true;
  made.sentinel.sentinel = true;
  if (made.node.tls && made.node.authority == nullptr) {
    made.node.authority = std::make_shared<TlsAuthority>();
  }
  made.sentinel.tls = made.node.tls;
  made.sentinel.authority = made.node.authority;
  std::unique_ptr<RedisSentinel> redis(new RedisSentinel(std::move(made)));
  if (absl::Status status = redis->StartNodes(); !status.ok()) return status;
  if (absl::Status status = redis->StartSentinels(); !status.ok()) return status;
  if (absl::Status status = redis->WaitUntilReady(); !status.ok()) return status;
  return redis;
}

absl::Status RedisSentinel::StartNodes() {
  for (int i = 0; i <= options_.replicas; ++i) {
    RedisOptions node = options_.node;
    // It waits 5 seconds for more replicas otherwise.
    node.config.emplace_back("repl-diskless-sync-delay 0");
    if (node.tls) node.config.emplace_back("tls-replication yes");
    if (!node.password.empty()) node.config.push_back("masterauth " + node.password);
    if (i > 0) node.config.push_back(absl::StrCat("replicaof 127.0.0.1 ", NodePort(0)));
    auto server = RedisServer::Start(node);
    if (!server.ok()) return server.status();
    nodes_.push_back({*std::move(server)});
  }
  // Sentinels look for replicas when they start, and then rarely.
  std::string trouble;
  const bool synced = WaitUntil([&] {
    trouble.clear();
    for (int i = 1; i < nodes() && trouble.empty(); ++i) trouble = TroubleOfNode(i, 0);
    return trouble.empty();
  });
  return synced ? absl::OkStatus() : absl::DeadlineExceededError(trouble);
}

absl::Status RedisSentinel::StartSentinels() {
  const std::string& name = options_.master;
  for (int i = 0; i < options_.sentinels; ++i) {
    RedisOptions sentinel = options_.sentinel;
    // Without TLS for replication a sentinel would speak plain TCP to the TLS port.
    if (sentinel.tls) sentinel.config.emplace_back("tls-replication yes");
    sentinel.config.push_back(absl::StrCat("sentinel monitor ", name, " 127.0.0.1 ", NodePort(0),
                                           " ", options_.sentinels / 2 + 1));
    sentinel.config.push_back(
        absl::StrCat("sentinel down-after-milliseconds ", name, " ", options_.down_after_ms));
    sentinel.config.push_back(
        absl::StrCat("sentinel failover-timeout ", name, " ", options_.failover_timeout_ms));
    if (!options_.node.password.empty()) {
      sentinel.config.push_back(
          absl::StrCat("sentinel auth-pass ", name, " ", options_.node.password));
    }
    if (!sentinel.password.empty()) {
      sentinel.config.push_back("sentinel sentinel-pass " + sentinel.password);
    }
    auto server = RedisServer::Start(sentinel);
    if (!server.ok()) return server.status();
    Hurry(**server);
    sentinels_.push_back({*std::move(server)});
  }
  return absl::OkStatus();
}

void RedisSentinel::Hurry(RedisServer& sentinel) {
  // How often sentinels look, tell and connect again: seconds otherwise, which is longer than
  // down_after_ms, so that a new primary, which closes all connections, would be taken for dead
  // at once. Not less than this either: a replica is no candidate if it has told nothing for five
  // ping periods, and it is asked once a second. And how long a sentinel does nothing that had to
  // wait for two seconds itself: half a minute otherwise. Where there is no such command it takes
  // longer.
  sentinel.Command({"SENTINEL", "DEBUG", "INFO-PERIOD", "500", "PUBLISH-PERIOD", "200",
                    "PING-PERIOD", "250", "TILT-PERIOD", "1000"});
}

void RedisSentinel::SetDownAfter(int ms) {
  for (const Member& member : sentinels_) {
    if (!member.Lives()) continue;
    member.server->Command(
        {"SENTINEL", "SET", options_.master, "down-after-milliseconds", absl::StrCat(ms)});
  }
}

std::string RedisSentinel::host_port() const {
  std::vector<std::string> all;
  for (const Member& member : sentinels_) {
    all.push_back(options_.node.tls ? member.server->tls_host_port() : member.server->host_port());
  }
  return absl::StrJoin(all, ",");
}

int RedisSentinel::PrimaryAsSeenBy(int i) {
  const RedisReply address =
      sentinel(i).Command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", options_.master});
  if (address.elements.size() != 2) return -1;
  for (int node = 0; node < nodes(); ++node) {
    if (absl::StrCat(NodePort(node)) == address.elements[1].text) return node;
  }
  return -1;
}

int RedisSentinel::PrimaryIndex() {
  for (int i = 0; i < sentinels(); ++i) {
    if (!sentinels_[static_cast<size_t>(i)].Lives()) continue;
    if (const int primary = PrimaryAsSeenBy(i); primary >= 0) return primary;
  }
  return 0;
}

int RedisSentinel::KillPrimary() {
  const int primary = PrimaryIndex();
  SetDownAfter(options_.down_after_ms);
  node(primary).Kill();
  return primary;
}

int RedisSentinel::StopPrimary() {
  const int primary = PrimaryIndex();
  SetDownAfter(options_.down_after_ms);
  At(primary).stopped = true;
  node(primary).Stop();
  return primary;
}

void RedisSentinel::Continue(int i) {
  At(i).stopped = false;
  node(i).Continue();
}

absl::Status RedisSentinel::Restart(int i) {
  At(i).stopped = false;
  return node(i).Restart();
}

absl::Status RedisSentinel::RestartSentinel(int i) {
  absl::Status status = sentinel(i).Restart();
  if (status.ok()) Hurry(sentinel(i));
  return status;
}

absl::Status RedisSentinel::Failover() {
  const int before = PrimaryIndex();
  RedisReply reply;
  // Refused while another one is under way, or no replica is good enough yet.
  const bool done = WaitUntil([&] {
    if (PrimaryIndex() != before) return true;  // later than it was waited for
    reply = sentinel(0).Command({"SENTINEL", "FAILOVER", options_.master});
    if (reply.is_error()) return false;
    return WaitUntil([&] { return PrimaryIndex() != before; }, absl::Seconds(5));
  });
  if (!done) return absl::DeadlineExceededError("no failover: " + reply.ToString());
  return WaitUntilReady();
}

absl::Status RedisSentinel::WaitUntilReady(absl::Duration patience) {
  std::string trouble;
  const auto ready = [&] {
    trouble = Trouble();
    return trouble.empty();
  };
  if (WaitUntil(ready, patience)) {
    SetDownAfter(std::max(options_.down_after_ms, kSlowDownAfterMs));
    return absl::OkStatus();
  }
  return absl::DeadlineExceededError(absl::StrCat("the sentinels are not ready: ", trouble));
}

std::string RedisSentinel::Trouble() {
  const int primary = PrimaryIndex();
  if (!At(primary).Lives()) return absl::StrCat("primary ", primary, " does not live");
  for (int i = 0; i < sentinels(); ++i) {
    if (!sentinels_[static_cast<size_t>(i)].Lives()) continue;
    const std::string trouble = TroubleOfSentinel(i, primary);
    if (!trouble.empty()) return absl::StrCat("sentinel ", i, ": ", trouble);
  }
  for (int i = 0; i < nodes(); ++i) {
    if (!At(i).Lives()) continue;
    const std::string trouble = TroubleOfNode(i, primary);
    if (!trouble.empty()) return absl::StrCat("node ", i, ": ", trouble);
  }
  return "";
}

std::string RedisSentinel::TroubleOfSentinel(int i, int primary) {
  if (PrimaryAsSeenBy(i) != primary) return "another primary";
  const RedisReply quorum = sentinel(i).Command({"SENTINEL", "CKQUORUM", options_.master});
  if (quorum.is_error()) return quorum.text;
  const RedisReply seen = sentinel(i).Command({"SENTINEL", "MASTER", options_.master});
  // "master" and nothing else: not s_down, no failover under way.
  if (Field(seen, "flags") != "master") return "flags " + Field(seen, "flags");
  if (Field(seen, "num-slaves") != absl::StrCat(options_.replicas)) return "not all replicas known";
  if (Field(seen, "num-other-sentinels") != absl::StrCat(options_.sentinels - 1)) {
    return "not all sentinels known";
  }
  return "";
}

std::string RedisSentinel::TroubleOfNode(int i, int primary) {
  const RedisReply role = node(i).Command({"ROLE"});
  if (role.elements.empty()) return role.ToString();
  if (i == primary) return role.elements[0].text == "master" ? "" : "is no primary";
  // Of a replica: "slave", host, port, state, offset.
  if (role.elements[0].text != "slave") return "is no replica";
  if (role.elements[2].ToString() != absl::StrCat(NodePort(primary))) return "of another primary";
  return role.elements[3].text == "connected" ? "" : "not in sync";
}

}  // namespace redis_fdw::test
