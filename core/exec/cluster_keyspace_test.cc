#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/status.h"
#include "core/exec/cluster_fixture.h"
#include "core/exec/cluster_router.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

using test::At;
using test::ClusterTest;
using test::Get;
using Lines = std::vector<std::string>;

// A line of CLUSTER NODES; ids are host names.
std::string Line(absl::string_view host, absl::string_view flags, int epoch,
                 absl::string_view slots = "") {
  return absl::StrCat(host, " ", host, ":6379@16379 ", flags, " - 0 0 ", epoch, " connected ",
                      slots, "\n");
}

class KeyspaceTest : public ClusterTest {
 protected:
  KeyspaceTest() {
    Say({{"a", "0-5460"}, {"b", "5461-10922"}, {"c", "10923-16383"}});
    router_ = NewRouter({"a", "b"});
  }

  // Each of them says that it serves its slots and the others theirs. Markers of migration belong
  // to the node's own line only.
  void Say(const std::vector<std::pair<std::string, std::string>>& served) {
    for (const auto& self : served) {
      std::string text;
      int epoch = 1;
      for (const auto& node : served) {
        const bool own = node.first == self.first;
        absl::StrAppend(&text,
                        Line(node.first, own ? "myself,master" : "master", epoch++,
                             own ? node.second : node.second.substr(0, node.second.find(" ["))));
      }
      lines_[self.first] = text;
    }
  }

  // "host:epoch first-last" of each shard.
  Lines Look() {
    keyspace_ = router_->LookAtKeyspace(discovery());
    if (!keyspace_.ok()) return {GetErrorInfo(keyspace_.status()).message};
    EXPECT_TRUE(keyspace_->is_cluster);
    Lines shards;
    for (const Shard& shard : keyspace_->shards) {
      std::string text = absl::StrCat(router_->Spec(shard.node).endpoint.host, ":", shard.epoch);
      for (const auto& range : shard.slots) {
        absl::StrAppend(&text, " ", range.first, "-", range.second);
      }
      for (const int slot : shard.migrating) absl::StrAppend(&text, " >", slot);
      for (const int slot : shard.importing) absl::StrAppend(&text, " <", slot);
      shards.push_back(text);
    }
    return shards;
  }

  std::unique_ptr<ClusterRouter> router_;
  absl::StatusOr<Keyspace> keyspace_;
};

TEST_F(KeyspaceTest, EachPrimaryAnswersForItself) {
  EXPECT_EQ(Look(), (Lines{"a:1 0-5460", "b:2 5461-10922", "c:3 10923-16383"}));
  for (const char* host : {"a", "b", "c"}) {
    const Lines lines = server(host).CommandLines();
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "CLUSTER NODES"), 1);
  }
  EXPECT_EQ(server("a2").connections_made(), 0);
  EXPECT_EQ(pool_.leased(), 0u);
}

TEST_F(KeyspaceTest, OpenSlots) {
  Say({{"a", "0-5460 [7->-b]"}, {"b", "5461-10922 [7-<-a]"}, {"c", "10923-16383"}});
  EXPECT_EQ(Look(), (Lines{"a:1 0-5460 >7", "b:2 5461-10922 <7", "c:3 10923-16383"}));
}

// The first keys are on their way to a node that serves no slot yet.
TEST_F(KeyspaceTest, FirstSlotOfANewNode) {
  Say({{"a", "0-5460 [7->-d]"}, {"b", "5461-10922"}, {"c", "10923-16383"}, {"d", " [7-<-a]"}});
  EXPECT_EQ(Look(), (Lines{"a:1 0-5460 >7", "b:2 5461-10922", "c:3 10923-16383", "d:4 <7"}));
  // If it cannot be asked, keys would be missing.
  Refuse("d");
  EXPECT_EQ(Look(), Lines{"a primary of the cluster cannot be asked: could not connect to d"});
  EXPECT_EQ(GetErrorKind(keyspace_.status()), ErrorKind::kNotReady);
}

// CLUSTER SLOTS was asked of a node that does not know yet.
TEST_F(KeyspaceTest, PrimaryThatOnlyAnotherKnows) {
  Say({{"a", "0-5460"}, {"b", "5461-10922"}, {"c", "10923-14000"}, {"d", "14001-16383"}});
  EXPECT_EQ(Look(), (Lines{"a:1 0-5460", "b:2 5461-10922", "c:3 10923-14000", "d:4 14001-16383"}));
  EXPECT_EQ(router_->Primaries().size(), 4u);
}

TEST_F(KeyspaceTest, FailoverThatIsNotKnownYet) {
  Say({{"a", "0-5460"}, {"b", "5461-10922"}, {"c2", "10923-16383"}});
  lines_["c"] = Line("a", "master", 1, "0-5460") + Line("c", "myself,slave", 3);
  const uint64_t view = router_->view();
  EXPECT_EQ(Look(), (Lines{"a:1 0-5460", "b:2 5461-10922", "c2:3 10923-16383"}));
  EXPECT_NE(router_->view(), view);
  EXPECT_EQ(HostOf(router_.get(), Get("foo")), "c2");
  EXPECT_TRUE(router_->stale());
}

// The old primary is gone, and another has all it had.
TEST_F(KeyspaceTest, DeadPrimaryThatWasReplaced) {
  Say({{"a", "0-5460"}, {"b", "5461-10922"}, {"c2", "10923-16383"}});
  Refuse("c");
  EXPECT_EQ(Look(), (Lines{"a:1 0-5460", "b:2 5461-10922", "c2:3 10923-16383"}));
}

// Nobody but the dead one has answered yet: that is not all there is to know.
TEST_F(KeyspaceTest, DeadPrimaryIsTheFirstToAnswer) {
  Say({{"a2", "0-5460"}, {"b", "5461-10922"}, {"c", "10923-16383"}});
  Refuse("a");
  EXPECT_EQ(Look(), (Lines{"b:2 5461-10922", "c:3 10923-16383", "a2:1 0-5460"}));
  for (const char* host : {"a2", "b", "c"}) Refuse(host);
  Look();
  EXPECT_EQ(GetErrorKind(keyspace_.status()), ErrorKind::kNotReady);
}

// A machine that is gone without a word is not waited for where another has taken over, and not for
// long where none has.
TEST_F(KeyspaceTest, SilentPrimary) {
  ASSERT_EQ(Look().size(), 3u);
  server("c").Hold();
  absl::Time begin = waiter_.Now();
  EXPECT_EQ(Look(), Lines{"a primary of the cluster cannot be asked: Redis at c:6379 could not be "
                          "asked: no answer in time"});
  EXPECT_EQ(GetErrorKind(keyspace_.status()), ErrorKind::kNotReady);
  EXPECT_EQ(waiter_.Now() - begin, ClusterRouter::kLookFor);
  Say({{"a", "0-5460"}, {"b", "5461-10922"}, {"c2", "10923-16383"}});
  begin = waiter_.Now();
  EXPECT_EQ(Look(), (Lines{"a:1 0-5460", "b:2 5461-10922", "c2:3 10923-16383"}));
  EXPECT_LE(waiter_.Now() - begin, kAskNextAfter);
}

// It was restarted; meanwhile another has taken over, or not.
TEST_F(KeyspaceTest, PrimaryThatIsLoading) {
  ASSERT_EQ(Look().size(), 3u);
  lines_["c"] = test::Error("LOADING Redis is loading the dataset in memory");
  Look();
  EXPECT_EQ(GetErrorKind(keyspace_.status()), ErrorKind::kNotReady);
  EXPECT_TRUE(router_->stale());
  Say({{"a", "0-5460"}, {"b", "5461-10922"}, {"c2", "10923-16383"}});
  EXPECT_EQ(Look(), (Lines{"a:1 0-5460", "b:2 5461-10922", "c2:3 10923-16383"}));
}

TEST_F(KeyspaceTest, DeadPrimary) {
  Refuse("c");
  EXPECT_EQ(Look(), Lines{"a primary of the cluster cannot be asked: could not connect to c"});
  EXPECT_EQ(GetErrorKind(keyspace_.status()), ErrorKind::kNotReady);
  EXPECT_TRUE(router_->stale());
  // Even if all agree that it has failed.
  for (const char* host : {"a", "b"}) {
    lines_[host] = Line("a", host[0] == 'a' ? "myself,master" : "master", 1, "0-5460") +
                   Line("b", host[0] == 'b' ? "myself,master" : "master", 2, "5461-10922") +
                   Line("c", "master,fail", 3, "10923-16383");
  }
  SetViews({{0, 5460, "a", {}}, {5461, 10922, "b", {}}});
  waiter_.Advance(absl::Seconds(1));
  Look();
  EXPECT_EQ(GetErrorKind(keyspace_.status()), ErrorKind::kNotReady);
}

// Before anybody has answered, nothing is known to be missing; that is not all there is.
TEST_F(KeyspaceTest, TheFirstToBeAskedIsDead) {
  ASSERT_EQ(Look().size(), 3u);
  Refuse("a");
  EXPECT_EQ(Look(), Lines{"a primary of the cluster cannot be asked: could not connect to a"});
  EXPECT_EQ(GetErrorKind(keyspace_.status()), ErrorKind::kNotReady);
  for (const char* host : {"b", "c"}) Refuse(host);
  Look();
  EXPECT_FALSE(keyspace_.ok());
}

// A node that has come back without its memory knows only itself: rows would be missing.
TEST_F(KeyspaceTest, ANodeThatHasForgottenTheCluster) {
  ASSERT_EQ(Look().size(), 3u);
  lines_["a"] = Line("a", "myself,master", 0);
  for (const char* host : {"b", "c"}) server(host).Hold();
  Look();
  EXPECT_EQ(GetErrorKind(keyspace_.status()), ErrorKind::kNotReady);
}

// Somebody says that a node has a slot, and it says no.
TEST_F(KeyspaceTest, Disagreement) {
  lines_["c"] = Line("c", "myself,master", 3, "10924-16383");
  EXPECT_EQ(Look(), Lines{"the nodes of the cluster do not agree yet who serves hash slot 10923"});
  EXPECT_EQ(GetErrorKind(keyspace_.status()), ErrorKind::kNotReady);
}

// Slots that nobody claims have no keys.
TEST_F(KeyspaceTest, SlotsThatNobodyServes) {
  Say({{"a", "0-5460"}, {"b", "5461-10922"}});
  SetViews({{0, 5460, "a", {}}, {5461, 10922, "b", {}}});
  EXPECT_EQ(Look(), (Lines{"a:1 0-5460", "b:2 5461-10922"}));
}

// The old primary has not heard that it was replaced: what it says of itself is not enough.
TEST_F(KeyspaceTest, PrimaryThatIsCutOff) {
  Say({{"a", "0-5460"}, {"b", "5461-10922"}, {"c", "10923-16383"}, {"d", "10923-16383"}});
  lines_["c"] = Line("a", "master", 1, "0-5460") + Line("c", "myself,master", 3, "10923-16383");
  Refuse("d");
  EXPECT_EQ(Look(), Lines{"a primary of the cluster cannot be asked: could not connect to d"});
  EXPECT_EQ(GetErrorKind(keyspace_.status()), ErrorKind::kNotReady);
}

// Its keys are those that its slots had when another took over: they are not shown.
TEST_F(KeyspaceTest, PrimaryThatIsCutOffIsNoShard) {
  ASSERT_EQ(Look().size(), 3u);
  const std::string alone = lines_["c"];
  Say({{"a", "0-5460"}, {"b", "5461-10922"}, {"c2", "10923-16383"}});
  lines_["c"] = alone;
  for (const char* host : {"a", "b", "c2"}) {
    absl::StrReplaceAll({{" 3 connected", " 9 connected"}}, &lines_[host]);
    absl::StrAppend(&lines_[host], Line("c", "master,fail", 3));
  }
  EXPECT_EQ(Look(), (Lines{"a:1 0-5460", "b:2 5461-10922", "c2:9 10923-16383"}));
  EXPECT_EQ(router_->Primaries().size(), 3u);
}

TEST_F(KeyspaceTest, GreaterEpochIsRouted) {
  Say({{"a", "0-5460"}, {"b", "5461-10922"}, {"c", "10923-16383"}, {"d", "10923-16383"}});
  EXPECT_EQ(Look().size(), 4u);
  EXPECT_EQ(HostOf(router_.get(), Get("foo")), "d");
}

// A server by two addresses is one shard.
TEST_F(KeyspaceTest, SameNodeTwice) {
  network_.Add(At("alias"), servers_["c"].get());
  SetViews({{0, 5460, "a", {}},
            {5461, 10922, "b", {}},
            {10923, 16000, "c", {}},
            {16001, 16383, "alias", {}}});
  EXPECT_EQ(Look(), (Lines{"a:1 0-5460", "b:2 5461-10922", "c:3 10923-16383"}));
}

TEST_F(KeyspaceTest, Errors) {
  lines_["b"] = "nonsense";
  EXPECT_FALSE(router_->LookAtKeyspace(discovery()).ok());
  EXPECT_EQ(GetErrorKind(router_->LookAtKeyspace(discovery()).status()), ErrorKind::kProtocol);
  server("b").Hold();
  waiter_.Interrupt(MakeError(ErrorKind::kHost, "canceled"));
  EXPECT_EQ(GetErrorKind(router_->LookAtKeyspace(discovery()).status()), ErrorKind::kHost);
  waiter_.Interrupt(absl::OkStatus());
  deadline_ = absl::Seconds(1);
  const absl::Time begin = waiter_.Now();
  EXPECT_EQ(GetErrorKind(router_->LookAtKeyspace(discovery()).status()), ErrorKind::kNotReady);
  EXPECT_EQ(waiter_.Now() - begin, absl::Seconds(1));
}

}  // namespace
}  // namespace redis_fdw
