#include "testing/redis_cluster.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace redis_fdw::test {
namespace {

// How long CommandOn() waits for somebody to serve a slot, and one try of a failover.
constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kFailoverTry = absl::Seconds(2);

// A line of CLUSTER NODES (https://redis.io/commands/cluster-nodes/).
struct NodeLine {
  std::string id;
  std::vector<std::string> flags;
  std::string primary;  // "-": it is one itself
  long long epoch = 0;  // of its configuration, and a replica's primary's
  bool connected = false;
  std::vector<std::pair<int, int>> slots;

  bool Has(const std::string& flag) const {
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
  }
};

std::vector<NodeLine> ParseNodes(const std::string& text) {
  std::vector<NodeLine> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() < 8) continue;
    NodeLine node;
    node.id = words[0];
    node.flags = absl::StrSplit(words[2], ',');
    node.primary = words[3];
    if (!absl::SimpleAtoi(words[6], &node.epoch)) continue;
    node.connected = words[7] == "connected";
    for (size_t i = 8; i < words.size(); ++i) {
      // "[slot->-id]" tells of a slot that is on its way.
      const std::vector<std::string> ends = absl::StrSplit(words[i], '-');
      int first = 0;
      int last = 0;
      if (!absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last))
        continue;
      node.slots.emplace_back(first, last);
    }
    lines.push_back(std::move(node));
  }
  return lines;
}

// "MOVED 3999 127.0.0.1:6381" is "6381"; empty if it is no such error.
std::string PortOfRedirect(const RedisReply& reply, absl::string_view code) {
  if (!reply.is_error() || !absl::StartsWith(reply.text, code)) return "";
  return reply.text.substr(reply.text.rfind(':') + 1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RedisCluster>> RedisCluster::Start(
    const RedisClusterOptions& options) {
  RedisClusterOptions made = options;
  made.node.tcp = true;
  if (made.node.tls && made.node.authority == nullptr) {
    made.node.authority = std::make_shared<TlsAuthority>();
  }
  std::unique_ptr<RedisCluster> cluster(new RedisCluster(std::move(made)));
  const int size = options.primaries * (1 + options.replicas);
  for (int i = 0; i < size; ++i) {
    if (absl::Status status = cluster->StartNode(); !status.ok()) return status;
  }
  if (absl::Status status = cluster->Join(); !status.ok()) return status;
  return cluster;
}

absl::Status RedisCluster::StartNode() {
  absl::Status status;
  for (int attempt = 0; attempt < 5; ++attempt) {
    RedisOptions node = options_.node;
    const std::vector<std::string> lines = {
        "cluster-enabled yes",
        // By itself it is the port plus 10000, which may be taken or none.
        absl::StrCat("cluster-port ", FreePort()),
        absl::StrCat("cluster-node-timeout ", options_.node_timeout_ms),
        absl::StrCat("cluster-require-full-coverage ",
                     options_.require_full_coverage ? "yes" : "no"),
        "cluster-allow-replica-migration no",
        // It waits 5 seconds for more replicas otherwise.
        "repl-diskless-sync-delay 0",
    };
    node.config.insert(node.config.begin(), lines.begin(), lines.end());
    if (node.tls) node.config.insert(node.config.end(), {"tls-cluster yes", "tls-replication yes"});
    if (!node.password.empty()) node.config.push_back("masterauth " + node.password);
    auto server = RedisServer::Start(node);
    if (server.ok()) {
      nodes_.push_back({*std::move(server), "", false});
      return absl::OkStatus();
    }
    status = server.status();
    if (!absl::StrContains(status.message(), "Address already in use")) break;
  }
  return status;
}

// What `redis-cli --cluster create` does, without its pauses.
absl::Status RedisCluster::Join() {
  for (int i = 0; i < size(); ++i) {
    nodes_[static_cast<size_t>(i)].id = node(i).Cli({"CLUSTER", "MYID"});
    absl::Status status = Must(i, {"CLUSTER", "SET-CONFIG-EPOCH", absl::StrCat(i + 1)});
    if (!status.ok()) return status;
  }
  for (int i = 0; i < options_.primaries; ++i) {
    const int first = kSlots * i / options_.primaries;
    const int last = kSlots * (i + 1) / options_.primaries - 1;
    absl::Status status =
        Must(i, {"CLUSTER", "ADDSLOTSRANGE", absl::StrCat(first), absl::StrCat(last)});
    if (!status.ok()) return status;
  }
  if (absl::Status status = Meet(); !status.ok()) return status;
  for (int i = options_.primaries; i < size(); ++i) {
    const std::string primary = id(i % options_.primaries);
    // Refused until it has met its primary.
    const bool done = WaitUntil(
        [&] {
          return Must(i, {"CLUSTER", "REPLICATE", primary}).ok();
        },
        kPatience);
    if (!done) return Must(i, {"CLUSTER", "REPLICATE", primary});
  }
  return WaitUntilOk();
}

// Everybody with everybody, rather than to wait for gossip. A node that has not been answered
// within the node timeout, as when the disk stalls, forgets that it was to meet the other, and
// nobody but those that are known gossips: it is told again.
absl::Status RedisCluster::Meet() {
  std::vector<std::string> buses;
  for (int i = 0; i < size(); ++i) {
    const std::string setting = node(i).Cli({"CONFIG", "GET", "cluster-port"});
    buses.emplace_back(absl::StripPrefix(setting, "cluster-port\n"));
  }
  absl::Status status;
  const auto met = [&] {
    std::vector<std::string> known;
    for (int i = 0; i < size(); ++i) known.push_back(node(i).Cli({"CLUSTER", "NODES"}));
    bool all = true;
    for (int i = 1; i < size(); ++i) {
      for (int j = 0; j < i; ++j) {
        if (absl::StrContains(known[j], id(i)) && absl::StrContains(known[i], id(j))) continue;
        all = false;
        status = Must(j, {"CLUSTER", "MEET", "127.0.0.1", absl::StrCat(NodePort(i)), buses[i]});
        if (!status.ok()) return true;
      }
    }
    return all;
  };
  if (!WaitUntil(met, kPatience)) return absl::DeadlineExceededError("nodes do not meet");
  return status;
}

void RedisCluster::LetReplicasTakeOver(bool let) {
  for (int i = 0; i < size(); ++i) {
    if (!Lives(i)) continue;
    node(i).Command({"CONFIG", "SET", "cluster-replica-no-failover", let ? "no" : "yes"});
  }
}

absl::Status RedisCluster::Must(int i, const std::vector<std::string>& argv) {
  const RedisReply reply = node(i).Command(argv);
  if (!reply.is_error()) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("node ", i, ": ", absl::StrJoin(argv, " "), ": ", reply.text));
}

std::string RedisCluster::host_port(int i) const {
  return options_.node.tls ? node(i).tls_host_port() : node(i).host_port();
}

std::string RedisCluster::host_port() const { return host_port(0); }

std::string RedisCluster::all_host_ports() const {
  std::vector<std::string> all;
  for (int i = 0; i < size(); ++i) all.push_back(host_port(i));
  return absl::StrJoin(all, ",");
}

int RedisCluster::WithId(const std::string& id) const {
  for (int i = 0; i < size(); ++i) {
    if (nodes_[static_cast<size_t>(i)].id == id) return i;
  }
  return -1;
}

int RedisCluster::WithPort(const std::string& port) const {
  for (int i = 0; i < size(); ++i) {
    if (absl::StrCat(node(i).port()) == port || absl::StrCat(node(i).tls_port()) == port) return i;
  }
  return -1;
}

int RedisCluster::SlotOf(const std::string& key) {
  for (int i = 0; i < size(); ++i) {
    if (!Lives(i)) continue;
    const RedisReply reply = node(i).Command({"CLUSTER", "KEYSLOT", key});
    if (reply.type == RedisReply::Type::kInteger) return static_cast<int>(reply.integer);
  }
  return -1;
}

int RedisCluster::PrimaryOf(int slot) {
  // What a node says of itself, for the others hear of it later. A primary that was replaced and
  // does not know yet says what it was, so the newest configuration counts.
  int primary = -1;
  long long newest = -1;
  for (int i = 0; i < size(); ++i) {
    if (!Lives(i)) continue;
    for (const NodeLine& line : ParseNodes(node(i).Cli({"CLUSTER", "NODES"}))) {
      if (!line.Has("myself") || line.epoch <= newest) continue;
      for (const auto& [first, last] : line.slots) {
        if (slot < first || slot > last) continue;
        primary = i;
        newest = line.epoch;
      }
    }
  }
  return primary;
}

bool RedisCluster::IsPrimary(int i) {
  const RedisReply role = node(i).Command({"ROLE"});
  return !role.elements.empty() && role.elements[0].text == "master";
}

int RedisCluster::ReplicaOf(int primary) {
  for (int i = 0; i < size(); ++i) {
    if (i == primary || !Lives(i)) continue;
    for (const NodeLine& line : ParseNodes(node(i).Cli({"CLUSTER", "NODES"}))) {
      if (line.id == id(i) && line.primary == id(primary)) return i;
    }
  }
  return -1;
}

std::vector<int> RedisCluster::Primaries() {
  std::vector<int> primaries;
  for (int i = 0; i < size(); ++i) {
    if (Lives(i) && IsPrimary(i)) primaries.push_back(i);
  }
  return primaries;
}

RedisReply RedisCluster::CommandOn(const std::string& key, const std::vector<std::string>& argv) {
  const int slot = SlotOf(key);
  RedisReply reply;
  int at = PrimaryOf(slot);
  bool ask = false;
  const auto answered = [&] {
    if (at < 0 || !Lives(at)) {
      at = PrimaryOf(slot);
      return false;
    }
    if (ask) node(at).Command({"ASKING"});
    reply = node(at).Command(argv);
    const std::string moved = PortOfRedirect(reply, "MOVED ");
    const std::string asked = PortOfRedirect(reply, "ASK ");
    ask = !asked.empty();
    if (ask || !moved.empty()) {
      at = WithPort(ask ? asked : moved);
      return false;
    }
    return !reply.is_error() || !(absl::StartsWith(reply.text, "CLUSTERDOWN") ||
                                  absl::StartsWith(reply.text, "TRYAGAIN"));
  };
  if (!WaitUntil(answered, kPatience) && !reply.is_error()) {
    reply.type = RedisReply::Type::kError;
    reply.text = absl::StrCat("client: nobody serves slot ", slot);
  }
  return reply;
}

void RedisCluster::FlushAll() {
  for (int i : Primaries()) node(i).FlushAll();
}

long long RedisCluster::DbSize() {
  long long total = 0;
  for (int i : Primaries()) total += node(i).Command({"DBSIZE"}).integer;
  return total;
}

void RedisCluster::Kill(int i) {
  LetReplicasTakeOver(true);
  node(i).Kill();
}

absl::Status RedisCluster::Restart(int i) {
  nodes_[static_cast<size_t>(i)].stopped = false;
  return node(i).Restart();
}

void RedisCluster::Stop(int i) {
  LetReplicasTakeOver(true);
  nodes_[static_cast<size_t>(i)].stopped = true;
  node(i).Stop();
}

void RedisCluster::Continue(int i) {
  nodes_[static_cast<size_t>(i)].stopped = false;
  node(i).Continue();
}

absl::Status RedisCluster::Failover(int replica) {
  std::string primary;
  for (const NodeLine& line : ParseNodes(node(replica).Cli({"CLUSTER", "NODES"}))) {
    if (line.Has("myself")) primary = line.primary;
  }
  const int old = WithId(primary);
  std::vector<std::string> command = {"CLUSTER", "FAILOVER"};
  if (old < 0 || !Lives(old)) command.emplace_back("FORCE");
  // Often refused or timed out just after a node has joined.
  const bool done = WaitUntil(
      [&] {
        node(replica).Command(command);
        return WaitUntil([&] { return IsPrimary(replica); }, kFailoverTry);
      },
      kPatience);
  if (!done) return absl::DeadlineExceededError(absl::StrCat("node ", replica, " is no primary"));
  return WaitUntilOk();
}

absl::Status RedisCluster::WaitUntilOk(absl::Duration patience) {
  std::string trouble;
  const auto ok = [&] {
    trouble = Trouble();
    return trouble.empty();
  };
  if (WaitUntil(ok, patience)) {
    LetReplicasTakeOver(false);
    return absl::OkStatus();
  }
  return absl::DeadlineExceededError(absl::StrCat("the cluster is not in order: ", trouble));
}

std::string RedisCluster::Trouble() {
  std::string view;
  for (int i = 0; i < size(); ++i) {
    if (!Lives(i)) continue;
    std::string view_here;
    const std::string trouble = TroubleOf(i, &view_here);
    if (!trouble.empty()) return absl::StrCat("node ", i, ": ", trouble);
    if (view.empty()) view = view_here;
    if (view != view_here)
      return absl::StrCat("views differ:\n", view, "\nnode ", i, ":\n", view_here);
  }
  return "";
}

// `view` becomes who serves what since which epoch and who follows whom, the same for nodes that
// agree.
std::string RedisCluster::TroubleOf(int i, std::string* view) {
  if (!absl::StrContains(node(i).Cli({"CLUSTER", "INFO"}), "cluster_state:ok")) return "state";
  std::vector<std::string> seen;
  int living = 0;
  for (const NodeLine& line : ParseNodes(node(i).Cli({"CLUSTER", "NODES"}))) {
    const int named = WithId(line.id);
    const bool lives = named >= 0 && Lives(named);
    if (!lives && !line.slots.empty()) return absl::StrCat(line.id, " has slots but does not live");
    if (!lives) continue;
    ++living;
    if (!line.connected || line.Has("fail") || line.Has("fail?") || line.Has("handshake")) {
      return absl::StrCat(line.id, " is ", absl::StrJoin(line.flags, ","));
    }
    std::string text = absl::StrCat(line.id, " ", line.primary, " ", line.epoch);
    for (const auto& [first, last] : line.slots) absl::StrAppend(&text, " ", first, "-", last);
    seen.push_back(std::move(text));
  }
  for (int other = 0; other < size(); ++other) living -= Lives(other) ? 1 : 0;
  if (living != 0) return "does not know all";
  const RedisReply role = node(i).Command({"ROLE"});
  // Of a replica: "slave", host, port, state, offset.
  if (role.elements.size() == 5 && role.elements[3].text != "connected") return "not in sync";
  std::sort(seen.begin(), seen.end());
  *view = absl::StrJoin(seen, "\n");
  return "";
}

}  // namespace redis_fdw::test
