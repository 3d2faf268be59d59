#include "core/exec/cluster_router.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/exec/cluster_fixture.h"
#include "core/exec/slot.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

using test::At;
using test::ClusterTest;
using test::Get;
using test::Set;
using Lines = std::vector<std::string>;

Redirect Moved(absl::string_view key, absl::string_view host, int port = 6379) {
  Redirect redirect;
  redirect.slot = KeySlot(key);
  redirect.host = std::string(host);
  redirect.port = port;
  return redirect;
}

std::string MessageOf(const absl::Status& status) { return GetErrorInfo(status).message; }

// --- One address --------------------------------------------------------------------------------

// No command and no connection more than without a cluster in mind.
TEST_F(ClusterTest, OneServerStaysOne) {
  server("a").options.mode = "standalone";
  base_.database = 3;
  auto router = NewRouter({"a"});
  EXPECT_TRUE(router->stale());
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_FALSE(router->stale());
  EXPECT_EQ(server("a").commands().size(), 0u);
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "a");
  EXPECT_EQ(router->Primaries(), std::vector<int>{0});
  EXPECT_FALSE(router->Doubt(0));
  EXPECT_FALSE(router->stale());
  // The connection is there for whoever comes next.
  const auto lease = pool_.Acquire(router->Spec(0), PoolLimits());
  ASSERT_TRUE(lease.ok());
  EXPECT_TRUE((*lease)->ready());
  EXPECT_EQ(server("a").connections_made(), 1);
  const auto keyspace = router->LookAtKeyspace(discovery());
  ASSERT_TRUE(keyspace.ok());
  EXPECT_FALSE(keyspace->is_cluster);
  ASSERT_EQ(keyspace->shards.size(), 1u);
  EXPECT_EQ(server("a").commands().size(), 0u);
}

// Its one server is no replica that is known to be one, so not what was asked for.
TEST_F(ClusterTest, OneServerHasNoReplicas) {
  server("a").options.mode = "standalone";
  const absl::Status status = NewRouter({"a"}, ReadFrom::kReplica)->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidOption);
  EXPECT_TRUE(absl::StrContains(MessageOf(status), "read_from")) << status;
  auto router = NewRouter({"a"}, ReadFrom::kPreferReplica);
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "a");
}

TEST_F(ClusterTest, OneAddressOfACluster) {
  auto router = NewRouter({"a"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Get("bar")), "a");
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "c");
  EXPECT_EQ(HostOf(router.get(), Get("{foo}1")), "c");
  EXPECT_EQ(HostOf(router.get(), Command("PING")), "a");  // it is connected already
  EXPECT_EQ(router->Primaries().size(), 3u);
  EXPECT_EQ(server("a").connections_made(), 1);
  EXPECT_EQ(server("a").CommandLines(), Lines{"CLUSTER SLOTS"});
}

// A replica's address will do.
TEST_F(ClusterTest, OneAddressOfAReplica) {
  auto router = NewRouter({"b2"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "c");
  EXPECT_EQ(router->Primaries().size(), 3u);
}

TEST_F(ClusterTest, OneAddressRefused) {
  Refuse("a");
  auto router = NewRouter({"a"});
  const absl::Status status = router->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed);
  EXPECT_EQ(MessageOf(status), "could not connect to a");
  EXPECT_TRUE(router->stale());
}

// A scan of one node's keys would not be redirected.
TEST_F(ClusterTest, ClusterThatIsKnownByItsSlots) {
  server("a").options.info_forbidden = true;
  auto router = NewRouter({"a"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(router->Primaries().size(), 3u);
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "c");
  server("b").options.info_forbidden = true;
  server("b").options.mode = "standalone";
  router = NewRouter({"b"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(router->Primaries(), std::vector<int>{0});
}

// INFO and CLUSTER are forbidden: a key is found all the same, but one node's keys are not taken
// for all.
TEST_F(ClusterTest, NobodyMayTellWhetherItIsACluster) {
  server("a").options.info_forbidden = true;
  said_["a"] =
      test::Error("NOPERM this user has no permissions to run the 'cluster|slots' command");
  auto router = NewRouter({"a"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "a");
  const absl::Status status = router->LookAtKeyspace(discovery()).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kPermission);
  EXPECT_TRUE(absl::StrContains(GetErrorInfo(status).hint, "standalone"));
}

// It has joined a cluster since it was looked at.
TEST_F(ClusterTest, ClusterThatIsKnownByMoved) {
  server("a").options.mode = "standalone";
  auto router = NewRouter({"a"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  server("a").options.mode = "cluster";
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "a");
  const auto node = router->Follow(Moved("foo", "c"), 0);
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(router->Spec(*node).endpoint, At("c"));
  EXPECT_TRUE(router->stale());
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(router->Primaries().size(), 3u);
  EXPECT_TRUE(router->Doubt(0));
}

TEST_F(ClusterTest, RedirectionInAnotherDatabase) {
  server("a").options.mode = "standalone";
  base_.database = 3;
  auto router = NewRouter({"a"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(GetErrorKind(router->Follow(Moved("foo", "c"), 0).status()), ErrorKind::kInvalidOption);
}

TEST_F(ClusterTest, Sentinel) {
  server("a").options.mode = "sentinel";
  for (const Lines& hosts : {Lines{"a"}, Lines{"a", "b"}}) {
    server("b").options.mode = "sentinel";
    const absl::Status status = NewRouter(hosts)->Refresh(discovery());
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidOption);
    EXPECT_EQ(MessageOf(status), "Redis at a:6379 is a sentinel");
    EXPECT_TRUE(absl::StrContains(GetErrorInfo(status).hint, "sentinel_master"));
  }
}

// --- Several addresses --------------------------------------------------------------------------

TEST_F(ClusterTest, AnyLivingNodeIsEnough) {
  Refuse("a");
  Refuse("b");
  auto router = NewRouter({"a", "b", "c"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "c");
}

// A black hole costs a quarter of a second, not connect_timeout.
TEST_F(ClusterTest, FirstNodeIsABlackHole) {
  server("a").options.hang_connect = true;
  auto router = NewRouter({"a", "b"});
  const absl::Time begin = waiter_.Now();
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(waiter_.Now() - begin, kAskNextAfter);
}

TEST_F(ClusterTest, NobodyAnswers) {
  Refuse("a");
  Refuse("b");
  const absl::Status status = NewRouter({"a", "b"})->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed);
  EXPECT_EQ(MessageOf(status),
            "no node of the Redis Cluster could be reached: could not connect to b");
  EXPECT_EQ(GetErrorInfo(status).detail, "Tried 2 of 2.");
}

TEST_F(ClusterTest, DeadlineIsKept) {
  server("a").options.hang_connect = true;
  server("b").options.hang_connect = true;
  deadline_ = absl::Seconds(2);
  const absl::Time begin = waiter_.Now();
  const absl::Status status = NewRouter({"a", "b"})->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed);
  EXPECT_EQ(waiter_.Now() - begin, deadline_);
}

TEST_F(ClusterTest, CancelIsHeeded) {
  server("a").options.hang_connect = true;
  waiter_.Interrupt(MakeError(ErrorKind::kHost, "canceled"));
  EXPECT_EQ(GetErrorKind(NewRouter({"a", "b"})->Refresh(discovery())), ErrorKind::kHost);
  EXPECT_EQ(pool_.leased(), 0u);
}

TEST_F(ClusterTest, NoClusterThere) {
  server("a").options.mode = "standalone";
  server("b").options.mode = "standalone";
  absl::Status status = NewRouter({"a", "b"})->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidOption);
  EXPECT_EQ(MessageOf(status),
            "host_port names several addresses, but Redis at a:6379 is no cluster node");
  status = NewRouter({"a"}, ReadFrom::kPrimary, /*must_be_cluster=*/true)->Refresh(discovery());
  EXPECT_EQ(MessageOf(status), "Redis at a:6379 is no cluster node");
}

TEST_F(ClusterTest, AnotherDatabase) {
  base_.database = 2;
  const absl::Status status = NewRouter({"a", "b"})->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidOption);
  EXPECT_EQ(MessageOf(status), "database 2 does not exist in a Redis Cluster");
  EXPECT_EQ(server("a").connections_made(), 0);
}

TEST_F(ClusterTest, ClusterSlotsForbidden) {
  for (const char* host : {"a", "b"}) {
    said_[host] = test::Error("NOPERM this user has no permissions to run 'cluster|slots'");
  }
  const absl::Status status = NewRouter({"a", "b"})->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kPermission);
  EXPECT_TRUE(absl::StrContains(GetErrorInfo(status).hint, "CLUSTER SLOTS"));
}

TEST_F(ClusterTest, LoadingAndEmptyAreNotReady) {
  said_["a"] = test::Error("LOADING Redis is loading the dataset in memory");
  said_["b"] = test::Array({});
  Refuse("c");
  const absl::Status status = NewRouter({"a", "b", "c"})->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kNotReady);
}

TEST_F(ClusterTest, GarbageFromOneNode) {
  said_["a"] = test::Array({test::Array({test::Int(0), test::Int(99999)})});
  auto router = NewRouter({"a", "b"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "c");
  said_["b"] = said_["a"];
  EXPECT_EQ(GetErrorKind(NewRouter({"a", "b"})->Refresh(discovery())), ErrorKind::kProtocol);
}

// --- Change -------------------------------------------------------------------------------------

TEST_F(ClusterTest, UncoveredSlots) {
  SetViews({{0, 5460, "a", {}}, {5461, 10922, "b", {}}});
  auto router = NewRouter({"a", "b"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Get("bar")), "a");
  const auto node = router->Route(Get("foo"), false);
  EXPECT_EQ(GetErrorKind(node.status()), ErrorKind::kNotReady);
  EXPECT_EQ(MessageOf(node.status()), "no node of the cluster serves hash slot 12182");
}

// Somebody may serve the slot by now.
TEST_F(ClusterTest, NotReadyAsksAgain) {
  SetViews({{0, 5460, "a", {}}, {5461, 10922, "b", {}}});
  for (const ReadFrom read_from : {ReadFrom::kPrimary, ReadFrom::kReplica}) {
    auto router = NewRouter({"a", "b"}, read_from);
    ASSERT_TRUE(router->Refresh(discovery()).ok());
    const std::string key = read_from == ReadFrom::kPrimary ? "foo" : "bar";
    EXPECT_EQ(GetErrorKind(router->Route(Get(key), false).status()), ErrorKind::kNotReady);
    EXPECT_TRUE(router->stale());
  }
}

TEST_F(ClusterTest, ReplicasAreLookedFor) {
  views_["a"] = {{0, 16383, "a", {}}};
  auto router = NewRouter({"a"}, ReadFrom::kPreferReplica);
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "a");
  EXPECT_FALSE(router->stale());
  views_["a"] = {{0, 16383, "a", {"a2"}}};
  waiter_.Advance(ClusterRouter::kLookForReplicasEvery);
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "a");
  EXPECT_TRUE(router->stale());
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "a2");
}

// A view with all slots is preferred to one without.
TEST_F(ClusterTest, BetterViewIsWaitedFor) {
  views_["a"] = {{0, 5460, "a", {}}};
  auto router = NewRouter({"a", "b"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "c");
}

TEST_F(ClusterTest, Failover) {
  auto router = NewRouter({"a", "b", "c"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  const int c = *router->Route(Get("foo"), true);
  Refuse("c");
  // At first nobody has noticed.
  EXPECT_TRUE(router->Doubt(c));
  EXPECT_TRUE(router->stale());
  waiter_.Advance(absl::Seconds(1));
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_FALSE(router->stale());
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "c");
  // Then one knows, and not the one that is asked first.
  views_["b2"] = {{0, 5460, "a", {"a2"}}, {5461, 10922, "b", {"b2"}}, {10923, 16383, "c2", {}}};
  EXPECT_TRUE(router->Doubt(c));
  waiter_.Advance(absl::Seconds(1));
  const uint64_t view = router->view();
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_NE(router->view(), view);
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "c2");
  EXPECT_EQ(router->Spec(*router->Route(Get("foo"), true)).role, NodeRole::kPrimary);
  // Numbers stay.
  EXPECT_EQ(router->Spec(c).endpoint, At("c"));
}

// All were in doubt, for the cluster was down; the view that is doubtful in the fewest slots wins.
TEST_F(ClusterTest, LeastDoubtfulView) {
  auto router = NewRouter({"a", "b", "c"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  for (const int node : router->Primaries()) router->Doubt(node);
  Refuse("c");
  views_["b"] = {{0, 5460, "a", {"a2"}}, {5461, 10922, "b", {"b2"}}, {10923, 16383, "c2", {}}};
  waiter_.Advance(absl::Seconds(1));
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "c2");
}

TEST_F(ClusterTest, NotTooOften) {
  auto router = NewRouter({"a", "b"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  const size_t asked = server("a").commands().size();
  EXPECT_TRUE(router->Doubt(*router->Route(Get("foo"), true)));
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_FALSE(router->stale());
  EXPECT_EQ(server("a").commands().size(), asked);
}

TEST_F(ClusterTest, MovedIsRememberedAtOnce) {
  auto router = NewRouter({"a", "b"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  const int c = *router->Route(Get("foo"), true);
  const uint64_t view = router->view();
  const auto a = router->Follow(Moved("foo", "a"), c);
  ASSERT_TRUE(a.ok());
  EXPECT_NE(router->view(), view);
  EXPECT_EQ(router->Spec(*a).endpoint, At("a"));
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "a");
  EXPECT_EQ(HostOf(router.get(), Get("{foo}2")), "a");
  EXPECT_FALSE(router->stale());  // one slot is no reason to ask
  // A view that does not know of it yet does not overrule it.
  waiter_.Advance(absl::Seconds(1));
  EXPECT_TRUE(router->Doubt(c));
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "a");
}

TEST_F(ClusterTest, ManyMovesMakeItStale) {
  auto router = NewRouter({"a", "b"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  const int c = *router->Route(Get("foo"), true);
  for (const char* key : {"foo", "foo1", "foo2", "foo3", "foo4"}) {
    ASSERT_TRUE(router->Follow(Moved(key, "a"), c).ok());
  }
  EXPECT_TRUE(router->stale());
}

TEST_F(ClusterTest, MovedToAnUnknownNode) {
  auto router = NewRouter({"a", "b"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  const auto d = router->Follow(Moved("foo", "d"), *router->Route(Get("foo"), true));
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "d");
  EXPECT_EQ(router->Primaries().size(), 4u);
  EXPECT_TRUE(router->stale());
}

// A host that is not named is that of the node which answers.
TEST_F(ClusterTest, MovedWithoutAHost) {
  auto router = NewRouter({"a", "b"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  const auto node = router->Follow(Moved("foo", "", 7001), *router->Route(Get("bar"), true));
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(router->Spec(*node).endpoint, At("a", 7001));
}

TEST_F(ClusterTest, AskIsNotRemembered) {
  auto router = NewRouter({"a", "b"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  Redirect redirect = Moved("foo", "d");
  redirect.ask = true;
  const uint64_t view = router->view();
  const auto d = router->Follow(redirect, *router->Route(Get("foo"), true));
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(router->view(), view);
  EXPECT_EQ(router->Spec(*d).endpoint, At("d"));
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "c");
  EXPECT_EQ(router->Primaries().size(), 3u);
  EXPECT_FALSE(router->stale());
}

// The server had been restarted, and the pool does not know.
TEST_F(ClusterTest, ClosedConnectionOfThePool) {
  auto router = NewRouter({"a"});
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  Refuse("b");
  Refuse("c");
  server("a").CloseAll();
  waiter_.Advance(absl::Seconds(1));
  EXPECT_TRUE(router->Doubt(*router->Route(Get("foo"), true)));
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(server("a").connections_made(), 2);
}

// --- Replicas -----------------------------------------------------------------------------------

TEST_F(ClusterTest, ReadsFromReplicas) {
  auto router = NewRouter({"a"}, ReadFrom::kReplica);
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  const auto node = router->Route(Get("foo"), false);
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(router->Spec(*node).endpoint, At("c2"));
  EXPECT_EQ(router->Spec(*node).role, NodeRole::kReplica);
  EXPECT_TRUE(router->Spec(*node).readonly);
  EXPECT_EQ(HostOf(router.get(), Get("foo"), /*primary_only=*/true), "c");
  EXPECT_EQ(HostOf(router.get(), Set("foo")), "c");
  EXPECT_FALSE(router->Spec(*router->Route(Set("foo"), false)).readonly);
}

TEST_F(ClusterTest, ReplicaInDoubt) {
  for (const ReadFrom read_from : {ReadFrom::kReplica, ReadFrom::kPreferReplica}) {
    auto router = NewRouter({"a"}, read_from);
    ASSERT_TRUE(router->Refresh(discovery()).ok());
    const int c2 = *router->Route(Get("foo"), false);
    EXPECT_TRUE(router->Doubt(c2));
    ASSERT_TRUE(router->Refresh(discovery()).ok());
    if (read_from == ReadFrom::kReplica) {
      EXPECT_EQ(GetErrorKind(router->Route(Get("foo"), false).status()), ErrorKind::kNotReady);
    } else {
      EXPECT_EQ(HostOf(router.get(), Get("foo")), "c");
    }
    EXPECT_EQ(HostOf(router.get(), Get("bar")), "a2");  // others are well
    waiter_.Advance(ClusterRouter::kDoubtFor);
    EXPECT_EQ(*router->Route(Get("foo"), false), c2);
  }
}

TEST_F(ClusterTest, AnotherReplicaTakesOver) {
  SetViews({{0, 16383, "a", {"a2", "b2"}}});
  auto router = NewRouter({"a"}, ReadFrom::kReplica);
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  const int first = *router->Route(Get("foo"), false);
  EXPECT_EQ(*router->Route(Get("bar"), false), first);
  router->Doubt(first);
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_NE(*router->Route(Get("foo"), false), first);
}

// A replica that serves another primary now redirects to the one we know: it must not be asked
// again.
TEST_F(ClusterTest, MovedFromAReplica) {
  auto router = NewRouter({"a"}, ReadFrom::kPreferReplica);
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  const int c2 = *router->Route(Get("foo"), false);
  const auto c = router->Follow(Moved("foo", "c"), c2);
  ASSERT_TRUE(c.ok());
  EXPECT_EQ(*c, *router->Route(Get("foo"), true));
  EXPECT_TRUE(router->stale());
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Get("foo")), "c");
}

}  // namespace
}  // namespace redis_fdw
