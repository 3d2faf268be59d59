// Redirects, nodes that are not ready, failovers.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/status.h"
#include "core/exec/pipeline_fixture.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

using test::Argv;
using test::FakeServer;
using test::Get;
using test::Lines;
using test::RecordingSink;
using test::Set;

// Nodes 0 (a) and 1 (b). What is known of who serves a key is what the test says.
class ClusterLike : public test::TwoNodes {
 public:
  absl::StatusOr<int> Route(const Command& command, bool) override {
    const auto found = moved.find(std::string(command.key()));
    if (found != moved.end()) return found->second;
    return primary >= 0 ? primary : TwoNodes::Route(command, true).value();
  }
  bool stale() const override { return is_stale; }
  absl::Status Refresh(const Discovery&) override {
    ++refreshes;
    ViewChanged();
    RETURN_IF_ERROR(refresh());
    is_stale = false;
    return absl::OkStatus();
  }
  bool Doubt(int node) override {
    doubted.push_back(node);
    is_stale = true;
    return true;
  }
  absl::StatusOr<int> Follow(const Redirect& redirect, int) override {
    if (redirect.host != "node-a" && redirect.host != "node-b") {
      return MakeError(ErrorKind::kRedirect, "unknown node");
    }
    const int node = redirect.host == "node-a" ? 0 : 1;
    ViewChanged();
    if (!redirect.ask) moved[asked_key] = node;
    return node;
  }

  std::map<std::string, int> moved;
  std::string asked_key = "a1";
  int primary = -1;
  bool is_stale = false;
  int refreshes = 0;
  std::vector<int> doubted;
  std::function<absl::Status()> refresh = [] { return absl::OkStatus(); };
};

class ResendTest : public test::PipelineTest {
 protected:
  ResendTest() : router_(std::make_shared<ClusterLike>()) {
    pipeline_ = std::make_unique<Pipeline>(&pool_, router_, limits_);
    network_.Add(test::Spec("node-a").endpoint, &from_);
    network_.Add(test::Spec("node-b").endpoint, &to_);
  }
  absl::Status Run(const Command& command) {
    RETURN_IF_ERROR(pipeline_->Submit(command, &sink_));
    return pipeline_->Drain();
  }

  // What node a says instead of answering, how often.
  std::string says_;
  int times_ = 1;
  FakeServer from_{[this](const Argv& argv) {
    if (times_ > 0 && !says_.empty()) {
      --times_;
      return test::Error(says_);
    }
    return test::Bulk("a:" + argv.back());
  }};
  FakeServer to_{[](const Argv& argv) { return test::Bulk("b:" + argv.back()); }};
  std::shared_ptr<ClusterLike> router_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(ResendTest, FollowsMoved) {
  says_ = "MOVED 7 node-b:6379";
  ASSERT_TRUE(Run(Get("a1")).ok());
  EXPECT_EQ(sink_.values, Lines{"b:a1"});
  EXPECT_EQ(to_.CommandLines(), Lines{"GET a1"});
  EXPECT_EQ(pipeline_->counters().redirects, 1);
  // It is remembered.
  ASSERT_TRUE(Run(Set("a1")).ok());
  EXPECT_EQ(from_.commands().size(), 1u);
}

TEST_F(ResendTest, FollowsAskOnce) {
  says_ = "ASK 7 node-b:6379";
  ASSERT_TRUE(Run(Set("a1")).ok());
  EXPECT_EQ(to_.CommandLines(), (Lines{"ASKING", "SET a1 v"}));
  ASSERT_TRUE(Run(Set("a1")).ok());
  EXPECT_EQ(from_.CommandLines(), (Lines{"SET a1 v", "SET a1 v"}));
}

// As redis_command() sends it, which does not know which arguments are keys.
TEST_F(ResendTest, CommandWithoutKeyGoesWhereItIsSent) {
  router_->primary = 0;
  for (const char* says : {"MOVED 7 node-b:6379", "ASK 7 node-b:6379"}) {
    says_ = says;
    times_ = 1;
    ASSERT_TRUE(Run(Command("LPOP").Arg("jobs").Retry(RetryClass::kNever)).ok()) << says;
  }
  EXPECT_EQ(sink_.values, (Lines{"b:jobs", "b:jobs"}));
  EXPECT_EQ(to_.CommandLines(), (Lines{"LPOP jobs", "ASKING", "LPOP jobs"}));
  EXPECT_EQ(pipeline_->counters().redirects, 2);
  // The next one begins anew.
  ASSERT_TRUE(Run(Command("LPOP").Arg("jobs").Retry(RetryClass::kNever)).ok());
  EXPECT_EQ(sink_.values.back(), "a:jobs");
}

// ASKING writes nothing, and must not make a read that is lost one that may have been applied.
TEST_F(ResendTest, LostReadBeforeAskingIsARead) {
  says_ = "ASK 7 node-b:6379";
  FakeServer cuts([](const Argv& argv) {
    return argv[0] == "LIST" ? "*2\r\n" + test::Bulk("1") : std::string();
  });
  network_.Add(test::Spec("node-b").endpoint, &cuts);
  ASSERT_TRUE(pipeline_->Submit(Command("LIST").Key("b1").ReadOnly(), &sink_).ok());
  ASSERT_TRUE(pipeline_->Submit(Get("a1"), &sink_).ok());
  waiter_.At(absl::Milliseconds(100), [&cuts] { cuts.CloseAll(); });
  EXPECT_EQ(GetErrorKind(pipeline_->Drain()), ErrorKind::kConnectionLost);
  EXPECT_EQ(cuts.CommandLines(), (Lines{"LIST b1", "ASKING", "GET a1"}));
  pipeline_.reset();
}

// Whoever comes next would be served as if it had been redirected here.
TEST_F(ResendTest, AskingIsNotLeftBehind) {
  says_ = "ASK 7 node-b:6379";
  to_.options.run_id = "fake-run-2";
  EXPECT_EQ(GetErrorKind(Run(Get("a1").CursorOf("fake-run-1"))), ErrorKind::kConnectionLost);
  EXPECT_TRUE(to_.commands().empty());
}

TEST_F(ResendTest, CommandsOfAKeyKeepTheirOrderWhenRedirected) {
  says_ = "ASK 7 node-b:6379";
  times_ = 3;
  for (const char* value : {"1", "2", "3"}) {
    ASSERT_TRUE(pipeline_->Submit(Command("SET").Key("a1").Arg(value), &sink_).ok());
  }
  ASSERT_TRUE(pipeline_->Drain().ok());
  EXPECT_EQ(to_.CommandLines(),
            (Lines{"ASKING", "SET a1 1", "ASKING", "SET a1 2", "ASKING", "SET a1 3"}));
}

TEST_F(ResendTest, RedirectsThatGoInCirclesEnd) {
  says_ = "MOVED 7 node-a:6379";
  times_ = 1000000;
  const absl::Time begin = waiter_.Now();
  // Nobody has the key for now: it is for the caller to try again, as after CLUSTERDOWN.
  const absl::Status status = Run(Get("a1"));
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kNotReady);
  EXPECT_TRUE(absl::StrContains(status.message(), "MOVED 7 node-a:6379")) << status;
  EXPECT_GE(waiter_.Now() - begin, limits_.acquire_timeout - absl::Seconds(1));
  EXPECT_LT(from_.commands().size(), 300u);
}

TEST_F(ResendTest, RedirectToNowhereIsAnError) {
  says_ = "MOVED 7 elsewhere:6379";
  EXPECT_EQ(GetErrorKind(Run(Get("a1"))), ErrorKind::kRedirect);
}

TEST_F(ResendTest, WaitsUntilRedisHasLoaded) {
  for (const char* says : {"LOADING Redis is loading the dataset in memory", "CLUSTERDOWN down",
                           "TRYAGAIN later", "MASTERDOWN Link with MASTER is down"}) {
    says_ = says;
    times_ = 5;
    sink_.values.clear();
    ASSERT_TRUE(Run(Set("a2")).ok()) << says;
    EXPECT_EQ(sink_.values, Lines{"a:v"});
  }
  EXPECT_EQ(pipeline_->counters().retries, 20);
}

// A node that is cut off from its cluster, or that loads its data after it was down, may have lost
// its slots to another, which it does not know.
TEST_F(ResendTest, OthersAreLookedForWhileANodeIsNotReady) {
  router_->refresh = [&] {
    router_->primary = 1;
    return absl::OkStatus();
  };
  for (const char* says :
       {"LOADING Redis is loading the dataset in memory", "CLUSTERDOWN The cluster is down"}) {
    router_->primary = 0;
    says_ = says;
    times_ = 1000000;
    sink_.values.clear();
    ASSERT_TRUE(Run(Set("a1")).ok()) << says;
    EXPECT_EQ(sink_.values, Lines{"b:v"});
  }
  EXPECT_EQ(from_.CommandLines(), (Lines{"SET a1 v", "SET a1 v"}));
  EXPECT_EQ(router_->doubted, (std::vector<int>{0, 0}));
}

TEST_F(ResendTest, WaitsNoLongerThanIsAllowed) {
  says_ = "LOADING Redis is loading the dataset in memory";
  times_ = 1000000;
  const absl::Time begin = waiter_.Now();
  absl::Status status = Run(Get("a1"));
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kNotReady);
  EXPECT_TRUE(absl::StrContains(GetErrorInfo(status).hint, "pool_connection_timeout_ms"));
  EXPECT_LE(waiter_.Now() - begin, limits_.acquire_timeout + absl::Seconds(1));
  // The pipeline is usable.
  times_ = 0;
  ASSERT_TRUE(Run(Get("a1")).ok());
}

TEST_F(ResendTest, CanBeCancelledWhileItWaits) {
  says_ = "LOADING Redis is loading the dataset in memory";
  times_ = 1000000;
  waiter_.At(absl::Seconds(2),
             [this] { waiter_.Interrupt(MakeError(ErrorKind::kHost, "cancelled")); });
  EXPECT_EQ(GetErrorKind(Run(Get("a1"))), ErrorKind::kHost);
  pipeline_->Abandon();
  EXPECT_EQ(pool_.leased(), 0u);
}

// The first of two writes of a key is refused, the second is not: the first must not come after it.
TEST_F(ResendTest, OvertakenWritesFail) {
  says_ = "LOADING Redis is loading the dataset in memory";
  RecordingSink first;
  ASSERT_TRUE(pipeline_->Submit(Command("SET").Key("a1").Arg("1"), &first).ok());
  ASSERT_TRUE(pipeline_->Submit(Command("SET").Key("a1").Arg("2"), &sink_).ok());
  EXPECT_EQ(GetErrorKind(pipeline_->Drain()), ErrorKind::kNotReady);
  EXPECT_EQ(sink_.values, Lines{"a:2"});
  EXPECT_EQ(from_.CommandLines(), (Lines{"SET a1 1", "SET a1 2"}));
}

TEST_F(ResendTest, LaterCommandsWaitBehindRefusedOnes) {
  says_ = "LOADING Redis is loading the dataset in memory";
  ASSERT_TRUE(pipeline_->Submit(Command("SET").Key("a1").Arg("1"), &sink_).ok());
  // (Connects, sends, reads the refusal.)
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(pipeline_->Advance().ok());
  ASSERT_EQ(from_.commands().size(), 1u);
  ASSERT_TRUE(pipeline_->Submit(Command("SET").Key("a1").Arg("2"), &sink_).ok());
  ASSERT_TRUE(pipeline_->Drain().ok());
  EXPECT_EQ(from_.CommandLines(), (Lines{"SET a1 1", "SET a1 1", "SET a1 2"}));
}

// Both are on their way when the first is refused; the second is answered only after the time at
// which the first would be sent again.
TEST_F(ResendTest, RefusedCommandWaitsForALaterOneOnItsKey) {
  FakeServer slow([this](const Argv& argv) {
    if (argv.back() == "2") return std::string();  // Its answer comes below.
    if (std::exchange(times_, 0) > 0) return test::Error("LOADING Redis is loading");
    return test::Bulk("a:" + argv.back());
  });
  network_.Add(test::Spec("node-a").endpoint, &slow);
  waiter_.At(absl::Milliseconds(100), [&slow] { slow.Send(test::Bulk("a:2")); });
  RecordingSink first;
  ASSERT_TRUE(pipeline_->Submit(Command("SET").Key("a1").Arg("1"), &first).ok());
  ASSERT_TRUE(pipeline_->Submit(Command("SET").Key("a1").Arg("2"), &sink_).ok());
  // (The second is taken for done by the time that its answer comes.)
  EXPECT_EQ(GetErrorKind(pipeline_->Drain()), ErrorKind::kNotReady);
  EXPECT_EQ(sink_.values, Lines{"a:2"});
  EXPECT_EQ(slow.CommandLines(), (Lines{"SET a1 1", "SET a1 2"}));
  EXPECT_LT(waiter_.waits(), 500);
  pipeline_.reset();
}

// --- Failover -----------------------------------------------------------------------------------

TEST_F(ResendTest, UnreachableNodeIsReplacedByAnother) {
  from_.options.refuse_connect = MakeError(ErrorKind::kConnectFailed, "refused");
  int asked = 0;
  router_->refresh = [&]() -> absl::Status {
    if (++asked < 4) return MakeError(ErrorKind::kNotReady, "no primary yet");
    router_->primary = 1;
    return absl::OkStatus();
  };
  ASSERT_TRUE(Run(Set("a1")).ok());
  EXPECT_EQ(to_.CommandLines(), Lines{"SET a1 v"});
  EXPECT_EQ(router_->doubted, std::vector<int>{0});
  EXPECT_EQ(router_->refreshes, 4);
}

TEST_F(ResendTest, FindingOutWhoServesIsWaiting) {
  from_.options.refuse_connect = MakeError(ErrorKind::kConnectFailed, "refused");
  router_->refresh = [&]() -> absl::Status {
    RETURN_IF_ERROR(waiter_.Wait({}, waiter_.Now() + absl::Seconds(1)));
    if (router_->refreshes < 3) return MakeError(ErrorKind::kNotReady, "no primary yet");
    router_->primary = 1;
    return absl::OkStatus();
  };
  const absl::Time begin = waiter_.Now();
  ASSERT_TRUE(Run(Set("a1")).ok());
  EXPECT_GE(waiter_.Now() - begin, absl::Seconds(3));
  EXPECT_EQ(pipeline_->counters().wait_time, waiter_.Now() - begin);
}

TEST_F(ResendTest, SoItIsForServerFor) {
  from_.options.refuse_connect = MakeError(ErrorKind::kConnectFailed, "refused");
  router_->refresh = [&] {
    if (router_->refreshes == 3) router_->primary = 1;
    return absl::OkStatus();
  };
  ASSERT_TRUE(pipeline_->ServerFor(Get("a1")).ok());
  EXPECT_EQ(router_->refreshes, 3);
}

TEST_F(ResendTest, UnreachableForTooLong) {
  from_.options.refuse_connect = MakeError(ErrorKind::kConnectFailed, "refused");
  const absl::Time begin = waiter_.Now();
  EXPECT_EQ(GetErrorKind(Run(Set("a1"))), ErrorKind::kConnectFailed);
  EXPECT_EQ(GetErrorKind(pipeline_->ServerFor(Get("a1")).status()), ErrorKind::kConnectFailed);
  EXPECT_LE(waiter_.Now() - begin, 2 * limits_.acquire_timeout + absl::Seconds(2));
  EXPECT_LT(from_.connections_made(), 400);
}

TEST_F(ResendTest, FinalErrorsOfDiscoveryEndIt) {
  from_.options.refuse_connect = MakeError(ErrorKind::kConnectFailed, "refused");
  router_->refresh = [] { return MakeError(ErrorKind::kPermission, "CLUSTER is not allowed"); };
  EXPECT_EQ(GetErrorKind(Run(Set("a1"))), ErrorKind::kPermission);
  EXPECT_EQ(pipeline_->outstanding(), 0u);
}

TEST_F(ResendTest, DemotedPrimaryIsLeft) {
  says_ = "READONLY You can't write against a read only replica.";
  times_ = 1000000;
  router_->refresh = [&] {
    router_->primary = 1;
    return absl::OkStatus();
  };
  ASSERT_TRUE(Run(Set("a1")).ok());
  EXPECT_EQ(to_.CommandLines(), Lines{"SET a1 v"});
}

TEST_F(ResendTest, LostReadsGoToTheNewPrimaryAndSentWritesDoNot) {
  ASSERT_TRUE(Run(Get("a0")).ok());
  router_->refresh = [&] {
    router_->primary = 1;
    return absl::OkStatus();
  };
  from_.Hold();
  ASSERT_TRUE(pipeline_->Submit(Get("a1"), &sink_).ok());
  ASSERT_TRUE(pipeline_->Flush().ok());
  from_.CloseAll();
  sink_.values.clear();
  ASSERT_TRUE(pipeline_->Drain().ok());
  EXPECT_EQ(sink_.values, Lines{"b:a1"});

  router_->primary = -1;
  from_.Release();
  ASSERT_TRUE(Run(Get("a0")).ok());
  from_.Hold();
  to_.ClearCommands();
  ASSERT_TRUE(pipeline_->Submit(Set("a1"), &sink_).ok());
  ASSERT_TRUE(pipeline_->Flush().ok());
  from_.CloseAll();
  EXPECT_EQ(GetErrorKind(pipeline_->Drain()), ErrorKind::kMaybeApplied);
  EXPECT_TRUE(to_.commands().empty());
}

// Of two writes of a key one is refused, the other sent to another node: the second must not come
// there first.
TEST_F(ResendTest, CommandsOnAKeyAreOnOneNodeAtATime) {
  int asked = 0;
  FakeServer moving([&asked](const Argv&) {
    return ++asked == 1 ? test::Error("TRYAGAIN later") : test::Error("ASK 7 node-b:6379");
  });
  network_.Add(test::Spec("node-a").endpoint, &moving);
  ASSERT_TRUE(pipeline_->Submit(Command("SET").Key("a1").Arg("1"), &sink_).ok());
  ASSERT_TRUE(pipeline_->Submit(Command("SET").Key("a1").Arg("2"), &sink_).ok());
  ASSERT_TRUE(pipeline_->Drain().ok());
  EXPECT_EQ(to_.CommandLines(), (Lines{"ASKING", "SET a1 1", "ASKING", "SET a1 2"}));
  pipeline_.reset();
}

// Nor where the second is submitted when it is known that another node serves the key by now.
TEST_F(ResendTest, CommandsFollowThoseThatAreUnderWayElsewhere) {
  says_ = "MOVED 7 node-b:6379";
  times_ = 2;
  from_.Hold();
  RecordingSink other;
  ASSERT_TRUE(pipeline_->Submit(Command("SET").Key("a1").Arg("1"), &sink_).ok());
  ASSERT_TRUE(pipeline_->Flush().ok());
  router_->is_stale = true;
  router_->refresh = [&] {
    router_->primary = 1;
    return absl::OkStatus();
  };
  ASSERT_TRUE(pipeline_->Submit(Command("SET").Key("a1").Arg("2"), &sink_).ok());
  ASSERT_TRUE(pipeline_->Submit(Get("b2"), &other).ok());
  waiter_.At(absl::Milliseconds(100), [this] { from_.Release(); });
  ASSERT_TRUE(pipeline_->Drain().ok());
  EXPECT_EQ(sink_.values, (Lines{"b:1", "b:2"}));
  EXPECT_EQ(to_.CommandLines(), (Lines{"GET b2", "SET a1 1", "SET a1 2"}));
}

// Nor where another statement of the session has found that out.
TEST_F(ResendTest, CommandsFollowThoseThatAreUnderWayWhereAnotherPipelineSaysSo) {
  says_ = "MOVED 7 node-b:6379";
  times_ = 2;
  Pipeline other(&pool_, router_, limits_);
  RecordingSink read;
  ASSERT_TRUE(pipeline_->Submit(Command("SET").Key("a1").Arg("1"), &sink_).ok());
  ASSERT_TRUE(other.Submit(Get("a1"), &read).ok());
  ASSERT_TRUE(other.Drain().ok());
  EXPECT_EQ(read.values, Lines{"b:a1"});
  ASSERT_TRUE(pipeline_->Submit(Command("SET").Key("a1").Arg("2"), &sink_).ok());
  ASSERT_TRUE(pipeline_->Drain().ok());
  EXPECT_EQ(to_.CommandLines(), (Lines{"GET a1", "SET a1 1", "SET a1 2"}));
}

// An error of what is on its way to another node is not that of the node that is asked about.
TEST_F(ResendTest, ServerForHandsOnWhatOtherCommandsEndIn) {
  ASSERT_TRUE(Run(Get("a0")).ok());
  from_.Hold();
  ASSERT_TRUE(pipeline_->Submit(Set("a1"), &sink_).ok());
  ASSERT_TRUE(pipeline_->Flush().ok());
  from_.CloseAll();
  EXPECT_EQ(GetErrorKind(pipeline_->ServerFor(Get("b1")).status()), ErrorKind::kMaybeApplied);
  EXPECT_EQ(pipeline_->outstanding(), 0u);
}

TEST_F(ResendTest, ServerForHandsOnThatAnotherWasTriedForTooLong) {
  ASSERT_TRUE(Run(Get("a0")).ok());
  says_ = "CLUSTERDOWN The cluster is down";
  times_ = 1000000;
  ASSERT_TRUE(pipeline_->Submit(Set("a1"), &sink_).ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(pipeline_->Advance().ok());
  waiter_.Advance(limits_.acquire_timeout);
  EXPECT_EQ(GetErrorKind(pipeline_->ServerFor(Get("b1")).status()), ErrorKind::kNotReady);
  EXPECT_EQ(pipeline_->outstanding(), 0u);
}

// What is queued for a node that turns out to be gone goes elsewhere, and so does the question.
TEST_F(ResendTest, ServerForOfANodeThatIsGoneWithCommandsForIt) {
  router_->primary = 0;
  router_->refresh = [&] {
    router_->primary = 1;
    return absl::OkStatus();
  };
  from_.options.refuse_connect = MakeError(ErrorKind::kConnectFailed, "refused");
  to_.options.run_id = "run of b";
  ASSERT_TRUE(pipeline_->Submit(Set("a1"), &sink_).ok());
  const absl::StatusOr<const ServerInfo*> server = pipeline_->ServerFor(Set("a2"));
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ((*server)->run_id, "run of b");
  ASSERT_TRUE(pipeline_->Drain().ok());
  EXPECT_EQ(to_.CommandLines(), Lines{"SET a1 v"});
}

// Its reader looks for others, whatever the reason: gone, a replica by now, or not ready.
TEST_F(ResendTest, NodeAskedForItselfThatIsGone) {
  for (const ErrorKind kind :
       {ErrorKind::kConnectFailed, ErrorKind::kReadOnly, ErrorKind::kNotReady}) {
    const Command scan = Command("SCAN").Arg("0").ToNode(0).ReadOnly();
    from_.options.refuse_connect = MakeError(kind, "refused");
    router_->is_stale = false;
    EXPECT_EQ(GetErrorKind(Run(scan)), ErrorKind::kConnectionLost);
    router_->is_stale = false;
    EXPECT_EQ(GetErrorKind(pipeline_->ServerFor(scan).status()), ErrorKind::kConnectionLost);
    EXPECT_TRUE(to_.commands().empty());
  }
}

TEST_F(ResendTest, StaleRouterIsRefreshedFirst) {
  router_->is_stale = true;
  router_->refresh = [&] {
    router_->primary = 1;
    return absl::OkStatus();
  };
  ASSERT_TRUE(Run(Get("a1")).ok());
  EXPECT_EQ(sink_.values, Lines{"b:a1"});
  EXPECT_EQ(router_->refreshes, 1);
}

}  // namespace
}  // namespace redis_fdw
