#include "core/exec/keyspace_walk.h"

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/net/pool.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_cluster.h"
#include "testing/fakes/fake_waiter.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// --- Which shards are read again ----------------------------------------------------------------

// Three shards, 0 to 2, of slots 0-99, 100-199 and 200 to the last.
class ReadAgainTest : public ::testing::Test {
 protected:
  ReadAgainTest() {
    for (int node = 0; node < 3; ++node) {
      Shard shard;
      shard.node = node;
      shard.epoch = static_cast<uint64_t>(node) + 1;
      shard.slots = {{100 * node, node < 2 ? 100 * node + 99 : kSlots - 1}};
      before_.shards.push_back(shard);
    }
    before_.is_cluster = true;
    after_ = before_;
  }
  // The nodes, where all slots that the shards `read` held or were to hold were not seen yet.
  std::vector<int> Again(const std::vector<int>& read = {0, 1, 2}) {
    std::vector<ShardReading> readings;
    for (int node : read) {
      readings.push_back({node, {}});
      for (const Shard& shard : before_.shards) {
        if (shard.node == node) readings.back().unseen = Held(shard);
      }
    }
    return Nodes(ShardsToReadAgain(before_, after_, readings));
  }
  static SlotSet Held(const Shard& shard) {
    SlotSet held;
    for (const auto& range : shard.slots) {
      for (int slot = range.first; slot <= range.second; ++slot)
        held.set(static_cast<size_t>(slot));
    }
    for (int slot : shard.importing) held.set(static_cast<size_t>(slot));
    return held;
  }
  static std::vector<int> Nodes(const std::vector<ShardReading>& readings) {
    std::vector<int> nodes;
    for (const ShardReading& reading : readings) nodes.push_back(reading.node);
    return nodes;
  }
  Shard& Was(size_t node) { return before_.shards[node]; }
  Shard& Is(size_t node) { return after_.shards[node]; }

  Keyspace before_;
  Keyspace after_;
};

TEST_F(ReadAgainTest, NoneWhereNothingMoved) {
  EXPECT_THAT(Again(), IsEmpty());
  EXPECT_THAT(Again({1}), IsEmpty());
}

TEST_F(ReadAgainTest, WhoGainedASlot) {
  Is(0).slots = {{0, 98}};
  Is(1).slots = {{99, 199}};
  EXPECT_THAT(Again(), ElementsAre(1));
  EXPECT_THAT(Again({0}), ElementsAre(1));
  // All that was not seen before is in shards that lost nothing.
  EXPECT_THAT(Again({1}), IsEmpty());
  EXPECT_THAT(Again({2}), IsEmpty());
}

TEST_F(ReadAgainTest, MovesInBothDirections) {
  Is(0).slots = {{0, 98}, {100, 100}};
  Is(1).slots = {{99, 99}, {101, 199}};
  EXPECT_THAT(Again(), ElementsAre(0, 1));
  EXPECT_THAT(Again({0}), ElementsAre(1));
  EXPECT_THAT(Again({1}), ElementsAre(0));
}

// Once the shards that slots come from are done with, however many follow.
TEST_F(ReadAgainTest, ALongMoveCostsOnePassMore) {
  Is(0).slots = {{0, 49}};
  Is(1).slots = {{50, 199}};
  Is(1).epoch = 4;
  EXPECT_THAT(Again(), ElementsAre(1));
  before_ = after_;
  Is(0).slots = {{0, 9}};
  Is(1).slots = {{10, 199}};
  Is(0).migrating = {9};
  Is(1).importing = {9};
  EXPECT_THAT(Again({1}), IsEmpty());
}

// A slot left and came back: its keys may have been away when they would have been read.
TEST_F(ReadAgainTest, ASlotThatCameBack) {
  Is(0).epoch = 5;
  Is(1).epoch = 4;
  EXPECT_THAT(Again(), ElementsAre(0, 1));
  EXPECT_THAT(Again({0, 2}), ElementsAre(0));
  EXPECT_THAT(Again({2}), IsEmpty());
}

TEST_F(ReadAgainTest, SlotsThatAreOpenNow) {
  Is(0).migrating = {7};
  Is(1).importing = {7};
  EXPECT_THAT(Again(), ElementsAre(1));
  EXPECT_THAT(Again({0}), ElementsAre(1));
  EXPECT_THAT(Again({1, 2}), IsEmpty());
}

TEST_F(ReadAgainTest, SlotsThatStayOpen) {
  Was(0).migrating = Is(0).migrating = {7};
  Was(1).importing = Is(1).importing = {7};
  EXPECT_THAT(Again(), ElementsAre(1));
  // What was not seen in shard 1 has been seen there now, for nothing leaves it.
  EXPECT_THAT(Again({1}), IsEmpty());
}

// Open slots in both directions: of each only the keys that arrived are sought.
TEST_F(ReadAgainTest, SlotsThatStayOpenInBothDirections) {
  Was(0).migrating = Is(0).migrating = {7};
  Was(1).importing = Is(1).importing = {7};
  Was(1).migrating = Is(1).migrating = {107};
  Was(0).importing = Is(0).importing = {107};
  std::vector<ShardReading> readings = {{0, ~SlotSet()}, {1, ~SlotSet()}, {2, ~SlotSet()}};
  readings = ShardsToReadAgain(before_, after_, readings);
  ASSERT_THAT(Nodes(readings), ElementsAre(0, 1));
  EXPECT_EQ(readings[0].unseen, SlotSet().set(107));
  EXPECT_EQ(readings[1].unseen, SlotSet().set(7));
  EXPECT_THAT(ShardsToReadAgain(before_, after_, readings), IsEmpty());
}

TEST_F(ReadAgainTest, SlotsThatWereOpen) {
  Was(0).migrating = {7};
  Was(1).importing = {7};
  // The move was taken back.
  EXPECT_THAT(Again(), ElementsAre(0, 1));
  EXPECT_THAT(Again({0}), ElementsAre(1));
  EXPECT_THAT(Again({1}), ElementsAre(0));
  // It was done.
  Is(0).slots = {{0, 6}, {8, 99}};
  Is(1).slots = {{7, 7}, {100, 199}};
  EXPECT_THAT(Again(), ElementsAre(1));
  EXPECT_THAT(Again({1}), IsEmpty());
}

// Keys that had come to a shard by a slot still open went on with it.
TEST_F(ReadAgainTest, SlotsThatWereOpenAndMovedOn) {
  Was(0).migrating = {7};
  Was(1).importing = {7};
  Is(0).slots = {{0, 6}, {8, 99}};
  Is(2).slots = {{7, 7}, {200, kSlots - 1}};
  EXPECT_THAT(Again({1}), ElementsAre(2));
}

// The shards do not answer at the same moment.
TEST_F(ReadAgainTest, SlotsThatNobodyClaims) {
  Is(0).slots = {{0, 98}};
  EXPECT_THAT(Again(), ElementsAre(0, 1, 2));
  EXPECT_THAT(Again({1}), IsEmpty());
  // Afterwards somebody does; or nobody serves it, which does not keep anyone waiting.
  before_ = after_;
  const std::vector<ShardReading> all = {{0, SlotSet().set(99)}, {1, SlotSet().set(99)}};
  EXPECT_THAT(ShardsToReadAgain(before_, after_, all), IsEmpty());
  Is(2).slots = {{99, 99}, {200, kSlots - 1}};
  EXPECT_THAT(Nodes(ShardsToReadAgain(before_, after_, all)), ElementsAre(2));
}

TEST_F(ReadAgainTest, SlotsThatTwoClaim) {
  Is(1).slots = {{99, 199}};
  EXPECT_THAT(Again(), ElementsAre(1));
  before_ = after_;
  Is(0).slots = {{0, 98}};
  EXPECT_THAT(Again({1}), IsEmpty());
  Is(0).slots = {{0, 99}};
  Is(1).slots = {{100, 199}};
  EXPECT_THAT(Again({0, 1}), IsEmpty());
}

TEST_F(ReadAgainTest, AMoveOfWhichOnlyTheSourceTold) {
  Is(0).migrating = {7};
  EXPECT_THAT(Again({0}), ElementsAre(0, 1, 2));
  EXPECT_THAT(Again({1}), IsEmpty());
  before_ = after_;
  EXPECT_THAT(Again(), IsEmpty());
  Is(2).importing = {7};
  EXPECT_THAT(Again({0}), ElementsAre(2));
  EXPECT_THAT(Again({1}), IsEmpty());
}

TEST_F(ReadAgainTest, AFailover) {
  Is(1).node = 5;
  Is(1).epoch = 9;
  EXPECT_THAT(Again(), ElementsAre(5));
  EXPECT_THAT(Again({1}), ElementsAre(5));
  EXPECT_THAT(Again({0}), IsEmpty());
  // Not yet over.
  after_.shards.erase(after_.shards.begin() + 1);
  EXPECT_THAT(Again(), ElementsAre(0, 2));
  EXPECT_THAT(Again({0}), IsEmpty());
}

TEST_F(ReadAgainTest, AShardThatIsNew) {
  Shard shard;
  shard.node = 3;
  shard.epoch = 4;
  after_.shards.push_back(shard);
  EXPECT_THAT(Again(), IsEmpty());
  Is(0).slots = {{0, 49}};
  Is(3).slots = {{50, 99}};
  EXPECT_THAT(Again(), ElementsAre(3));
  EXPECT_THAT(Again({1, 2}), IsEmpty());
}

TEST_F(ReadAgainTest, WithoutAClusterWhoeverIsNew) {
  Keyspace one;
  one.shards.resize(1);
  EXPECT_THAT(ShardsToReadAgain(one, one, {}), IsEmpty());
  Keyspace other = one;
  other.shards[0].node = 1;
  EXPECT_THAT(Nodes(ShardsToReadAgain(one, other, {})), ElementsAre(1));
}

// --- The walk -----------------------------------------------------------------------------------

// Takes the keys of a page.
class PageSink : public ReplySink {
 public:
  PageSink(KeyspaceWalk* walk, KeyspaceWalk::Page page, std::multiset<std::string>* keys)
      : walk_(walk), page_(std::move(page)), keys_(keys) {}
  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 2) keys_->emplace(element.bytes);
    if (element.depth == 1 && element.type == ReplyType::kBulk) {
      walk_->OnCursor(page_, element.bytes);
    }
    return absl::OkStatus();
  }
  absl::Status OnEnd() override {
    walk_->OnEnd(page_);
    return absl::OkStatus();
  }

 private:
  KeyspaceWalk* walk_;
  const KeyspaceWalk::Page page_;
  std::multiset<std::string>* keys_;
};

class KeyspaceWalkTest : public ::testing::Test {
 protected:
  // A new cluster of three nodes, with the keys k0, k1 ...
  void Fill(int keys) {
    pipeline_.reset();
    pool_.reset();
    cluster_ = std::make_unique<FakeCluster>(3);
    pool_ = std::make_unique<Pool>(cluster_->network(), &waiter_);
    losses_ = 0;
    for (int i = 0; i < keys; ++i) cluster_->Set(absl::StrCat("k", i), "v");
  }
  // Walks; calls `between` before each page, and goes on after lost connections.
  absl::Status Walk(const std::function<void(int page)>& between = nullptr) {
    pipeline_ = std::make_unique<Pipeline>(pool_.get(), cluster_->NewRouter(), PoolLimits());
    KeyspaceWalk walk(pipeline_.get());
    seen_.clear();
    pages_ = 0;
    std::vector<std::unique_ptr<PageSink>> sinks;
    while (walk.state() != KeyspaceWalk::State::kDone) {
      absl::Status status = Round(&walk, between, &sinks);
      if (status.ok()) continue;
      pipeline_->Abandon();
      const ErrorKind kind = GetErrorKind(status);
      const bool lost = kind == ErrorKind::kConnectionLost || kind == ErrorKind::kConnectFailed;
      if (!lost || ++losses_ > 10) return status;
      walk.OnAllLost();
    }
    return absl::OkStatus();
  }
  absl::Status Round(KeyspaceWalk* walk, const std::function<void(int page)>& between,
                     std::vector<std::unique_ptr<PageSink>>* sinks) {
    while (walk->state() == KeyspaceWalk::State::kReady) {
      ASSIGN_OR_RETURN(absl::optional<KeyspaceWalk::Page> page, walk->Next());
      if (!page.has_value()) continue;
      if (between != nullptr) between(pages_);
      ++pages_;
      page->command.Arg("COUNT").ArgInt(10).ReadOnly();
      sinks->push_back(std::make_unique<PageSink>(walk, *page, &seen_));
      RETURN_IF_ERROR(pipeline_->Submit(page->command, sinks->back().get()));
    }
    return pipeline_->Drain();
  }
  // Of k0, k1 ..., how many were never seen.
  int Missed(int keys) {
    int missed = 0;
    for (int i = 0; i < keys; ++i) missed += seen_.count(absl::StrCat("k", i)) == 0 ? 1 : 0;
    return missed;
  }

  FakeWaiter waiter_;
  std::unique_ptr<FakeCluster> cluster_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Pipeline> pipeline_;
  std::multiset<std::string> seen_;
  int pages_ = 0;
  int losses_ = 0;
};

TEST_F(KeyspaceWalkTest, EveryKeyOnceWhereNothingMoves) {
  Fill(500);
  ASSERT_TRUE(Walk().ok());
  EXPECT_EQ(seen_.size(), 500u);
  EXPECT_EQ(Missed(500), 0);
  EXPECT_EQ(cluster_->looks(), 2);
  // Shards are asked side by side.
  EXPECT_LE(waiter_.waits(), 500 / 10 / 3 + 10);
}

TEST_F(KeyspaceWalkTest, NoKeys) {
  Fill(0);
  ASSERT_TRUE(Walk().ok());
  EXPECT_EQ(pages_, 3);
}

TEST_F(KeyspaceWalkTest, SlotsThatMoveOneWayCostAPassMore) {
  Fill(600);
  int slot = 0;
  ASSERT_TRUE(Walk([&](int) {
                for (int i = 0; i < 100 && slot < kSlots / 3; ++i) cluster_->MoveSlot(slot++, 2);
              }).ok());
  EXPECT_EQ(Missed(600), 0);
  EXPECT_EQ(cluster_->looks(), 3);
}

TEST_F(KeyspaceWalkTest, SlotsThatMoveToAndFro) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    Fill(300);
    std::mt19937 random(seed);
    int moves = 200;
    std::map<int, int> home;
    absl::Status status = Walk([&](int) {
      for (int i = 0; i < 40 && --moves > 0; ++i) {
        const int slot = FakeCluster::SlotOf(absl::StrCat("k", random() % 300));
        const int owner = cluster_->OwnerOf(slot);
        const auto left = home.find(slot);
        cluster_->MoveSlot(slot, left != home.end() && random() % 2 == 0
                                     ? left->second
                                     : static_cast<int>(random() % 3));
        home.emplace(slot, owner);
      }
    });
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(Missed(300), 0) << seed;
  }
}

// Slots stay open over many pages while their keys go one by one.
TEST_F(KeyspaceWalkTest, SlotsThatMoveKeyByKey) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    Fill(300);
    std::mt19937 random(seed);
    std::vector<int> open;
    for (int i = 0; i < 20; ++i) {
      const int slot = FakeCluster::SlotOf(absl::StrCat("k", i));
      cluster_->OpenSlot(slot, (cluster_->OwnerOf(slot) + 1 + static_cast<int>(seed % 2)) % 3);
      open.push_back(slot);
    }
    ASSERT_TRUE(Walk([&](int) {
                  if (open.empty()) return;
                  const size_t i = random() % open.size();
                  if (cluster_->MoveKey(open[i])) return;
                  if (random() % 3 == 0) cluster_->CloseSlot(open[i]);
                  open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
                }).ok());
    EXPECT_EQ(Missed(300), 0) << seed;
  }
}

TEST_F(KeyspaceWalkTest, SlotsThatNeverRestAreAnError) {
  Fill(300);
  absl::Status status = Walk([&](int page) { cluster_->MoveSlot(0, page % 3); });
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kSerialization) << status;
  EXPECT_FALSE(GetErrorInfo(status).hint.empty());
}

// Whenever a primary dies, another has its keys.
TEST_F(KeyspaceWalkTest, FailoversInTheMiddle) {
  for (int node = 0; node < 3; ++node) {
    for (int at = 0; at < 40; ++at) {
      Fill(300);
      absl::Status status = Walk([&](int page) {
        if (page == at) cluster_->Failover(node);
      });
      ASSERT_TRUE(status.ok()) << node << " " << at << status;
      EXPECT_EQ(Missed(300), 0) << node << " " << at;
    }
  }
}

// A shard goes on from where it was if the same process answers, else from its beginning.
TEST_F(KeyspaceWalkTest, LostConnections) {
  for (bool restart : {false, true}) {
    for (int at = 0; at < 30; ++at) {
      Fill(300);
      bool done = false;
      cluster_->before_command = [&](int node, const FakeCluster::Argv&) {
        if (done || node != 1 || cluster_->Asked("SCAN", 1) != at) return;
        done = true;
        waiter_.At(absl::ZeroDuration(), [&] {
          if (restart) cluster_->server(1).Restart("other");
          if (!restart) cluster_->server(1).CloseAll();
        });
      };
      ASSERT_TRUE(Walk().ok());
      EXPECT_EQ(Missed(300), 0) << at;
      EXPECT_GE(seen_.size(), 300u);
      EXPECT_LE(seen_.size(), restart ? 410u : 310u);
      cluster_->before_command = nullptr;
    }
  }
}

}  // namespace
}  // namespace redis_fdw::test
