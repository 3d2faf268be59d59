#include "testing/fakes/fake_cluster.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "testing/fakes/resp.h"

namespace redis_fdw::test {
namespace {

// FNV-1a, with a last mix: where a key stands in a SCAN, and its slot.
uint64_t HashOf(absl::string_view key) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9;
}

ConnectionSpec SpecOf(int node) {
  ConnectionSpec spec;
  spec.endpoint.host = absl::StrCat("node-", node);
  return spec;
}

}  // namespace

class FakeCluster::ClusterRouter : public Router {
 public:
  explicit ClusterRouter(FakeCluster* cluster) : cluster_(*cluster) {
    for (int i = 0; i < kMostNodes; ++i) specs_.push_back(SpecOf(i));
  }
  absl::StatusOr<int> Route(const Command& command, bool) override {
    return command.has_key() ? cluster_.OwnerOf(SlotOf(command.key())) : Primaries().front();
  }
  std::vector<int> Primaries() const override {
    std::vector<int> primaries;
    for (int i = 0; i < cluster_.nodes(); ++i) {
      if (cluster_.nodes_[Index(i)]->primary) primaries.push_back(i);
    }
    return primaries;
  }
  const ConnectionSpec& Spec(int node) const override { return specs_[Index(node)]; }
  absl::StatusOr<Keyspace> LookAtKeyspace(const Discovery&) override { return cluster_.Look(); }

 private:
  static constexpr int kMostNodes = 20;

  FakeCluster& cluster_;
  std::vector<ConnectionSpec> specs_;
};

FakeCluster::FakeCluster(int nodes) {
  for (int i = 0; i < nodes; ++i) nodes_[Index(AddNode())]->epoch = static_cast<uint64_t>(i) + 1;
  for (int slot = 0; slot < kSlots; ++slot) owners_.push_back(slot * nodes / kSlots);
}

int FakeCluster::AddNode() {
  const int number = nodes();
  nodes_.push_back(std::make_unique<Node>());
  Node& node = *nodes_.back();
  node.server = std::make_unique<FakeServer>(
      [this, number](const Argv& argv) { return Answer(number, argv); });
  node.server->options.run_id = absl::StrCat("run-", number);
  network_.Add(SpecOf(number).endpoint, node.server.get());
  return number;
}

std::shared_ptr<Router> FakeCluster::NewRouter() { return std::make_shared<ClusterRouter>(this); }

int FakeCluster::Asked(absl::string_view name, int node) const {
  int count = 0;
  for (int i = 0; i < nodes(); ++i) {
    if (node >= 0 && i != node) continue;
    for (const Argv& argv : nodes_[Index(i)]->server->commands()) count += argv[0] == name ? 1 : 0;
  }
  return count;
}

int FakeCluster::SlotOf(absl::string_view key) {
  return static_cast<int>((HashOf(key) >> 7) % kSlots);
}

void FakeCluster::Set(const std::string& key, const std::string& value) {
  nodes_[Index(OwnerOf(SlotOf(key)))]->keys[key] = value;
}

bool FakeCluster::Remove(const std::string& key) {
  bool was_there = false;
  for (const auto& node : nodes_) was_there = node->keys.erase(key) > 0 || was_there;
  return was_there;
}

size_t FakeCluster::Size() const {
  size_t sum = 0;
  for (const auto& node : nodes_) sum += node->primary ? node->keys.size() : 0;
  return sum;
}

uint64_t FakeCluster::GreatestEpoch() const {
  uint64_t greatest = 0;
  for (const auto& node : nodes_) greatest = std::max(greatest, node->epoch);
  return greatest;
}

// As CLUSTER SETSLOT NODE does it where the slot arrives.
void FakeCluster::Take(int slot, int to) {
  owners_[Index(slot)] = to;
  open_.erase(slot);
  uint64_t& epoch = nodes_[Index(to)]->epoch;
  const uint64_t greatest = GreatestEpoch();
  if (epoch < greatest) epoch = greatest + 1;
}

void FakeCluster::MoveSlot(int slot, int to) {
  if (OwnerOf(slot) == to) return;
  OpenSlot(slot, to);
  while (MoveKey(slot)) {
  }
  Take(slot, to);
}

bool FakeCluster::MoveKey(int slot) {
  auto& from = nodes_[Index(OwnerOf(slot))]->keys;
  for (auto it = from.begin(); it != from.end(); ++it) {
    if (SlotOf(it->first) != slot) continue;
    nodes_[Index(open_.at(slot))]->keys.insert(*it);
    from.erase(it);
    return true;
  }
  return false;
}

void FakeCluster::CloseSlot(int slot) { Take(slot, open_.at(slot)); }

int FakeCluster::Failover(int node) {
  const int number = AddNode();
  Node& from = *nodes_[Index(node)];
  Node& to = *nodes_[Index(number)];
  to.keys = from.keys;
  to.epoch = GreatestEpoch() + 1;
  from.primary = false;
  std::replace(owners_.begin(), owners_.end(), node, number);
  from.server->options.refuse_connect =
      MakeError(ErrorKind::kConnectionLost, "the node is no primary any more");
  from.server->CloseAll();
  return number;
}

Keyspace FakeCluster::Look() {
  ++looks_;
  Keyspace keyspace;
  keyspace.is_cluster = true;
  for (int i = 0; i < nodes(); ++i) {
    const Node& node = *nodes_[Index(i)];
    if (!node.primary) continue;
    Shard shard;
    shard.node = i;
    shard.epoch = node.epoch;
    for (int slot = 0; slot < kSlots; ++slot) {
      if (OwnerOf(slot) != i) continue;
      if (shard.slots.empty() || shard.slots.back().second != slot - 1) {
        shard.slots.emplace_back(slot, slot);
      }
      shard.slots.back().second = slot;
    }
    for (const auto& open : open_) {
      if (open.second == i) shard.importing.push_back(open.first);
      if (OwnerOf(open.first) == i) shard.migrating.push_back(open.first);
    }
    keyspace.shards.push_back(std::move(shard));
  }
  return keyspace;
}

const std::string* FakeCluster::Find(const std::string& key) const {
  for (const auto& node : nodes_) {
    const auto found = node->keys.find(key);
    if (node->primary && found != node->keys.end()) return &found->second;
  }
  return nullptr;
}

// Keys in the order of their hashes; a cursor is the hash that the page begins with. Its pattern
// may end in a star.
std::string FakeCluster::Scan(const Node& node, const Argv& argv) const {
  uint64_t cursor = 0;
  size_t count = 10;
  std::string prefix;
  if (!absl::SimpleAtoi(argv[1], &cursor)) return Error("ERR invalid cursor");
  for (size_t i = 2; i + 1 < argv.size(); i += 2) {
    if (argv[i] == "COUNT" && !absl::SimpleAtoi(argv[i + 1], &count)) return Error("ERR COUNT");
    if (argv[i] == "MATCH") prefix = argv[i + 1].substr(0, argv[i + 1].find('*'));
  }
  std::map<uint64_t, std::string> rest;
  for (const auto& key : node.keys) {
    if (HashOf(key.first) >= cursor) rest.emplace(HashOf(key.first), key.first);
  }
  std::vector<std::string> page;
  uint64_t next = 0;
  for (const auto& key : rest) {
    if (count-- == 0) {
      next = key.first;
      break;
    }
    if (absl::StartsWith(key.second, prefix)) page.push_back(key.second);
  }
  return Array({Bulk(absl::StrCat(next)), Bulks(page)});
}

std::string FakeCluster::Answer(int number, const Argv& argv) {
  if (before_command != nullptr) before_command(number, argv);
  const Node& node = *nodes_[Index(number)];
  if (argv[0] == "SCAN") return Scan(node, argv);
  if (argv[0] == "DBSIZE") return Int(static_cast<int64_t>(node.keys.size()));
  if (argv[0] == "UNLINK") return Int(Remove(argv[1]) ? 1 : 0);
  if (argv[0] != "GET" && argv[0] != "TYPE") {
    return other == nullptr ? Error("ERR unexpected") : other(number, argv);
  }
  const std::string* value = Find(argv[1]);
  if (argv[0] == "TYPE") return Simple(value == nullptr ? "none" : "string");
  return value == nullptr ? Nil() : Bulk(*value);
}

}  // namespace redis_fdw::test
