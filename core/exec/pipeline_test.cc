#include "core/exec/pipeline.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_server.h"
#include "testing/fakes/fake_waiter.h"
#include "testing/fakes/fault_transport.h"
#include "testing/fakes/recording_sink.h"
#include "testing/fakes/resp.h"

namespace redis_fdw {
namespace {

using test::Bulk;
using test::FakeServer;
using test::FakeTransportFactory;
using test::FakeWaiter;
using test::Faults;
using test::FaultTransportFactory;
using test::RecordingSink;
using Argv = std::vector<std::string>;
using Lines = std::vector<std::string>;

ConnectionSpec Spec(absl::string_view host) {
  ConnectionSpec spec;
  spec.endpoint.host = std::string(host);
  return spec;
}

// Keys that begin with "b" live on node 1, others on node 0.
class TwoNodes : public Router {
 public:
  absl::StatusOr<int> Route(const Command& command) const override {
    return absl::StartsWith(command.key(), "b") ? 1 : 0;
  }
  std::vector<int> Primaries() const override { return {0, 1}; }
  const ConnectionSpec& Spec(int node) const override { return node == 0 ? a_ : b_; }

 private:
  ConnectionSpec a_ = redis_fdw::Spec("node-a");
  ConnectionSpec b_ = redis_fdw::Spec("node-b");
};

// Answers with its name and what it was asked.
FakeServer::Handler Named(const std::string& name) {
  return [name](const Argv& argv) {
    if (argv[0] == "SILENT") return std::string();
    if (argv[0] == "FAIL") return test::Error("MOVED 7 node-c:1");
    if (argv[0] == "BIG") return Bulk(std::string(1 << 20, 'x'));
    return Bulk(absl::StrCat(name, ":", argv.size() > 1 ? argv[1] : argv[0]));
  };
}

Command Get(absl::string_view key) {
  Command command("GET");
  command.Key(key).ReadOnly();
  return command;
}

Command Set(absl::string_view key) {
  Command command("SET");
  command.Key(key).Arg("v");
  return command;
}

class PipelineTest : public testing::Test {
 protected:
  PipelineTest() {
    network_.Add(Spec("node-a").endpoint, &a_);
    network_.Add(Spec("node-b").endpoint, &b_);
  }
  std::unique_ptr<Pipeline> NewPipeline() {
    return std::make_unique<Pipeline>(&pool_, std::make_shared<TwoNodes>(), limits_);
  }

  FakeServer a_{Named("a")};
  FakeServer b_{Named("b")};
  FakeTransportFactory network_;
  Faults faults_;
  FaultTransportFactory faulty_{&network_, &faults_};
  FakeWaiter waiter_;
  Pool pool_{&faulty_, &waiter_};
  PoolLimits limits_;
  RecordingSink sink_;
};

TEST_F(PipelineTest, RoutesByKey) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  RecordingSink other;
  ASSERT_TRUE(pipeline->Submit(Get("a1"), &sink_).ok());
  ASSERT_TRUE(pipeline->Submit(Get("b1"), &other).ok());
  ASSERT_TRUE(pipeline->Submit(Get("a2"), &sink_).ok());
  EXPECT_EQ(pipeline->outstanding(), 3u);
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(sink_.values, (Lines{"a:a1", "a:a2"}));
  EXPECT_EQ(other.values, Lines{"b:b1"});
  EXPECT_EQ(pipeline->counters().commands, 3);
  EXPECT_EQ(pipeline->counters().round_trips, 2);
}

// The nodes answer in turns, a slow one first; each one's replies stay in order.
TEST_F(PipelineTest, NodesOutOfStep) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  std::vector<std::string> order;
  RecordingSink from_a;
  RecordingSink from_b;
  from_a.on_end = [&] {
    order.push_back(from_a.values.back());
    return absl::OkStatus();
  };
  from_b.on_end = [&] {
    order.push_back(from_b.values.back());
    return absl::OkStatus();
  };
  ASSERT_TRUE(pipeline->ServerFor(Get("a")).ok());
  ASSERT_TRUE(pipeline->ServerFor(Get("b")).ok());
  a_.Hold();
  a_.options.read_at_most = 3;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pipeline->Submit(Get(absl::StrCat("a", i)), &from_a).ok());
    ASSERT_TRUE(pipeline->Submit(Get(absl::StrCat("b", i)), &from_b).ok());
  }
  waiter_.At(absl::Seconds(1), [this] { a_.Release(); });
  ASSERT_TRUE(pipeline->RunUntil([&] { return from_b.ends == 3; }).ok());
  EXPECT_EQ(from_a.ends, 0);
  b_.Hold();
  ASSERT_TRUE(pipeline->Submit(Get("b3"), &from_b).ok());
  ASSERT_TRUE(pipeline->RunUntil([&] { return from_a.ends == 3; }).ok());
  EXPECT_EQ(from_b.ends, 3);
  b_.Release();
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(order, (Lines{"b:b0", "b:b1", "b:b2", "a:a0", "a:a1", "a:a2", "b:b3"}));
  EXPECT_EQ(pipeline->counters().wait_time, absl::Seconds(1));
}

TEST_F(PipelineTest, AllPrimaries) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Command("DBSIZE").ToAllPrimaries().ReadOnly(), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  std::sort(sink_.values.begin(), sink_.values.end());
  EXPECT_EQ(sink_.values, (Lines{"a:DBSIZE", "b:DBSIZE"}));
  sink_.values.clear();
  ASSERT_TRUE(pipeline->Submit(Command("PING").ToNode(1), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(sink_.values, Lines{"b:PING"});
}

// A sink's OnEnd() submits to nodes that had no connection yet, while the connections are being
// advanced.
TEST_F(PipelineTest, SinksSubmitFurther) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  int left = 100;
  sink_.on_end = [&]() -> absl::Status {
    if (left == 0) return absl::OkStatus();
    --left;
    return pipeline->Submit(Get(left % 2 == 0 ? "b" : "a"), &sink_);
  };
  ASSERT_TRUE(pipeline->Submit(Get("b"), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(sink_.ends, 101);
}

TEST_F(PipelineTest, SubmittingManyFromASinkThroughSmallBuffers) {
  a_.options.buffer = 64;
  a_.options.write_at_most = 11;
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  RecordingSink many;
  sink_.on_end = [&]() -> absl::Status {
    for (int i = 0; i < 1000; ++i) RETURN_IF_ERROR(pipeline->Submit(Get("a"), &many));
    return absl::OkStatus();
  };
  ASSERT_TRUE(pipeline->Submit(Get("a"), &sink_).ok());
  ASSERT_TRUE(pipeline->Submit(Get("a"), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(many.ends, 2000);
}

TEST_F(PipelineTest, ServerFor) {
  b_.options.version = "6.0.16";
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  absl::StatusOr<const ServerInfo*> info = pipeline->ServerFor(Get("b"));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ((*info)->redis_version, 60016);
  const int waits = waiter_.waits();
  EXPECT_EQ((*pipeline->ServerFor(Get("b")))->redis_version, 60016);
  EXPECT_EQ(waiter_.waits(), waits);
  EXPECT_EQ(a_.connections_made(), 0);
}

TEST_F(PipelineTest, RunUntilNeverWaitsForNothing) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  EXPECT_EQ(GetErrorKind(pipeline->RunUntil([] { return false; })), ErrorKind::kInternal);
  ASSERT_TRUE(pipeline->Submit(Get("a"), &sink_).ok());
  EXPECT_EQ(GetErrorKind(pipeline->RunUntil([] { return false; })), ErrorKind::kInternal);
  sink_.full_at = 0;
  ASSERT_TRUE(pipeline->Submit(Get("a"), &sink_).ok());
  EXPECT_EQ(GetErrorKind(pipeline->Drain()), ErrorKind::kInternal);
  EXPECT_TRUE(pipeline->RunUntil([] { return true; }).ok());
}

// --- Errors -------------------------------------------------------------------------------------

TEST_F(PipelineTest, ErrorReplyOfOneNodeLeavesTheRest) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  Command fail("FAIL");
  fail.Key("a1");
  ASSERT_TRUE(pipeline->Submit(fail, &sink_).ok());
  ASSERT_TRUE(pipeline->Submit(Get("a2"), &sink_).ok());
  ASSERT_TRUE(pipeline->Submit(Get("b1"), &sink_).ok());
  absl::Status status = pipeline->Drain();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kRedirect);
  EXPECT_TRUE(absl::StrContains(status.message(), "MOVED 7 node-c:1")) << status;
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(sink_.values.size(), 2u);
}

TEST_F(PipelineTest, LostNodeLeavesTheRest) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Command("SILENT").ToNode(0).ReadOnly(), &sink_).ok());
  ASSERT_TRUE(pipeline->Submit(Get("b1"), &sink_).ok());
  waiter_.At(absl::Seconds(1), [this] { a_.CloseAll(); });
  EXPECT_EQ(GetErrorKind(pipeline->Drain()), ErrorKind::kConnectionLost);
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(sink_.values, Lines{"b:b1"});
  // The lost node is connected to again.
  ASSERT_TRUE(pipeline->Submit(Get("a1"), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(sink_.values, (Lines{"b:b1", "a:a1"}));
  EXPECT_EQ(a_.connections_made(), 2);
}

TEST_F(PipelineTest, NobodyThere) {
  a_.options.refuse_connect = MakeError(ErrorKind::kConnectFailed, "refused");
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(pipeline->Submit(Get("a"), &sink_).ok());
    EXPECT_EQ(GetErrorKind(pipeline->Drain()), ErrorKind::kConnectFailed);
    EXPECT_EQ(pool_.leased(), 0u);
  }
  EXPECT_EQ(GetErrorKind(pipeline->ServerFor(Get("a")).status()), ErrorKind::kConnectFailed);
}

TEST_F(PipelineTest, InterruptedWait) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Command("SILENT").ToNode(0).ReadOnly(), &sink_).ok());
  waiter_.Interrupt(MakeError(ErrorKind::kHost, "cancelled"));
  EXPECT_EQ(GetErrorKind(pipeline->Drain()), ErrorKind::kHost);
  pipeline->Abandon();
  EXPECT_EQ(pool_.leased(), 0u);
  EXPECT_EQ(pool_.idle(), 0u);
}

// While data keeps coming there is nothing to wait for; interrupts get their chance all the same.
TEST_F(PipelineTest, InterruptsWhileDataFlows) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  int asked = 0;
  sink_.on_end = [&] {
    waiter_.Advance(absl::Milliseconds(1));
    if (++asked == 50) waiter_.Interrupt(MakeError(ErrorKind::kHost, "cancelled"));
    return pipeline->Submit(Get("a"), &sink_);
  };
  ASSERT_TRUE(pipeline->Submit(Get("a"), &sink_).ok());
  EXPECT_EQ(GetErrorKind(pipeline->Drain()), ErrorKind::kHost);
  EXPECT_LT(asked, 200);
}

TEST_F(PipelineTest, TransactionsStayOnOneNode) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Set("a1").AtomicGroup(1), &sink_).ok());
  EXPECT_EQ(GetErrorKind(pipeline->Submit(Set("b1").AtomicGroup(1), &sink_)),
            ErrorKind::kUnsupported);
}

TEST_F(PipelineTest, ReplyOfOneNodeIsAwaitedWhileAnothersReaderIsFull) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  RecordingSink full;
  full.full_at = 0;
  ASSERT_TRUE(pipeline->Submit(Get("a"), &full).ok());
  ASSERT_TRUE(pipeline->Submit(Get("b"), &sink_).ok());
  ASSERT_TRUE(pipeline->RunUntil([&] { return sink_.ends == 1; }).ok());
  EXPECT_TRUE(full.values.empty());
  full.full_at = 1000;
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(full.values.size(), 1u);
}

// --- Stale connections --------------------------------------------------------------------------

class StaleTest : public PipelineTest {
 protected:
  // Leaves an idle connection in the pool, which then breaks in a way that check-out does not see.
  void MakeStale() {
    limits_.test_on_check_out = false;
    std::unique_ptr<Pipeline> pipeline = NewPipeline();
    ASSERT_TRUE(pipeline->Submit(Get("a0"), &sink_).ok());
    ASSERT_TRUE(pipeline->Drain().ok());
    pipeline.reset();
    ASSERT_EQ(pool_.idle(), 1u);
    a_.Restart("fake-run-2");
    a_.ClearCommands();
    sink_.values.clear();
  }
};

TEST_F(StaleTest, ReadsAreAskedAgain) {
  MakeStale();
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Get("a1"), &sink_).ok());
  ASSERT_TRUE(pipeline->Submit(Get("a2"), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(sink_.values, (Lines{"a:a1", "a:a2"}));
  EXPECT_EQ(a_.connections_made(), 2);
}

TEST_F(StaleTest, UnsentWritesAreSentOnce) {
  MakeStale();
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Set("a1"), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(a_.CommandLines(), Lines{"SET a1 v"});
}

TEST_F(StaleTest, SentWritesAreNotSentAgain) {
  std::unique_ptr<Pipeline> first = NewPipeline();
  ASSERT_TRUE(first->Submit(Get("a0"), &sink_).ok());
  ASSERT_TRUE(first->Drain().ok());
  first.reset();
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  a_.Hold();
  ASSERT_TRUE(pipeline->Submit(Set("a1"), &sink_).ok());
  ASSERT_TRUE(pipeline->Flush().ok());
  a_.CloseAll();
  a_.Release();
  absl::Status status = pipeline->Drain();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kMaybeApplied);
  EXPECT_EQ(a_.CommandLines(), (Lines{"GET a0", "SET a1 v"}));
}

TEST_F(StaleTest, NotOnceSomethingWasAnswered) {
  std::unique_ptr<Pipeline> first = NewPipeline();
  ASSERT_TRUE(first->ServerFor(Get("a")).ok());
  first.reset();
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Get("a1"), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  ASSERT_TRUE(pipeline->Submit(Command("SILENT").ToNode(0).ReadOnly(), &sink_).ok());
  ASSERT_TRUE(pipeline->Flush().ok());
  a_.CloseAll();
  EXPECT_EQ(GetErrorKind(pipeline->Drain()), ErrorKind::kConnectionLost);
  EXPECT_EQ(sink_.ends, 1);
}

TEST_F(StaleTest, CursorsAreNotCarriedOver) {
  MakeStale();
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Get("a1").CursorOf("fake-run-1"), &sink_).ok());
  EXPECT_EQ(GetErrorKind(pipeline->Drain()), ErrorKind::kConnectionLost);
  EXPECT_TRUE(a_.commands().empty());
}

TEST_F(StaleTest, IsLookedForOnceTheServerIsGone) {
  MakeStale();
  a_.options.refuse_connect = MakeError(ErrorKind::kConnectFailed, "refused");
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Get("a1"), &sink_).ok());
  EXPECT_EQ(GetErrorKind(pipeline->Drain()), ErrorKind::kConnectFailed);
  EXPECT_EQ(pool_.leased(), 0u);
}

TEST_F(StaleTest, KeptConnectionIsLookedAtBeforeItsNextUse) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Set("a1"), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  a_.Restart("fake-run-2");
  ASSERT_TRUE(pipeline->Submit(Set("a2"), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(a_.CommandLines(), (Lines{"SET a1 v", "SET a2 v"}));
}

// --- Ending -------------------------------------------------------------------------------------

TEST_F(PipelineTest, AbandonKeepsAConnectionWithLittleLeft) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  auto sink = std::make_unique<RecordingSink>();
  sink->full_at = 0;
  ASSERT_TRUE(pipeline->ServerFor(Get("a")).ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(pipeline->Submit(Get("a"), sink.get()).ok());
  ASSERT_TRUE(pipeline->Flush().ok());
  sink.reset();
  pipeline->Abandon();
  EXPECT_EQ(pipeline->outstanding(), 0u);
  EXPECT_EQ(pool_.idle(), 1u);
  EXPECT_EQ(pool_.leased(), 0u);
}

TEST_F(PipelineTest, AbandonClosesAConnectionWithMuchLeft) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->ServerFor(Get("a")).ok());
  ASSERT_TRUE(pipeline->Submit(Command("BIG").ToNode(0).ReadOnly(), &sink_).ok());
  ASSERT_TRUE(pipeline->Submit(Command("BIG").ToNode(0).ReadOnly(), &sink_).ok());
  ASSERT_TRUE(pipeline->Flush().ok());
  pipeline->Abandon();
  EXPECT_EQ(pool_.idle(), 0u);
  EXPECT_EQ(pool_.leased(), 0u);
}

TEST_F(PipelineTest, AbandonDoesNotWaitLong) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->ServerFor(Get("a")).ok());
  ASSERT_TRUE(pipeline->Submit(Command("SILENT").ToNode(0).ReadOnly(), &sink_).ok());
  ASSERT_TRUE(pipeline->Flush().ok());
  const absl::Time begin = waiter_.Now();
  pipeline->Abandon();
  EXPECT_EQ(waiter_.Now() - begin, Pipeline::kAbandonWait);
  EXPECT_EQ(pool_.idle(), 0u);
}

TEST_F(PipelineTest, AbandonSendsNothingMore) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->ServerFor(Get("a")).ok());
  ASSERT_TRUE(pipeline->Submit(Set("a1"), &sink_).ok());
  pipeline->Abandon();
  EXPECT_TRUE(a_.commands().empty());
  EXPECT_EQ(pool_.idle(), 1u);
  // Nor when the connection was still being made.
  ASSERT_TRUE(pipeline->Submit(Set("b1"), &sink_).ok());
  pipeline->Abandon();
  EXPECT_TRUE(b_.commands().empty());
}

TEST_F(PipelineTest, DestructionGivesCleanConnectionsBack) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Get("a"), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  ASSERT_TRUE(pipeline->Submit(Get("b"), &sink_).ok());
  pipeline.reset();
  EXPECT_EQ(pool_.idle(), 1u);
  EXPECT_EQ(pool_.leased(), 0u);
}

TEST_F(PipelineTest, ReleaseIdle) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Get("a"), &sink_).ok());
  ASSERT_TRUE(pipeline->Submit(Command("SILENT").ToNode(1).ReadOnly(), &sink_).ok());
  ASSERT_TRUE(pipeline->RunUntil([&] { return sink_.ends == 1; }).ok());
  pipeline->ReleaseIdle();
  EXPECT_EQ(pool_.idle(), 1u);
  EXPECT_EQ(pool_.leased(), 1u);
  EXPECT_EQ(pipeline->outstanding(), 1u);
}

TEST_F(PipelineTest, SpillsForAnother) {
  limits_.max_size = 1;
  std::unique_ptr<Pipeline> scan = NewPipeline();
  scan->SetSpill([&] {
    sink_.full_at = SIZE_MAX;  // it would go to a file now
    return scan->Drain();
  });
  sink_.full_at = 0;
  ASSERT_TRUE(scan->Submit(Get("a1"), &sink_).ok());
  ASSERT_TRUE(scan->Flush().ok());
  std::unique_ptr<Pipeline> lookup = NewPipeline();
  RecordingSink found;
  ASSERT_TRUE(lookup->Submit(Get("a2"), &found).ok());
  ASSERT_TRUE(lookup->Drain().ok());
  EXPECT_EQ(sink_.values, Lines{"a:a1"});
  EXPECT_EQ(found.values, Lines{"a:a2"});
  EXPECT_EQ(a_.connections_made(), 1);
  // One that cannot spill is not taken from.
  EXPECT_EQ(GetErrorKind(scan->Submit(Get("a3"), &sink_)), ErrorKind::kResourceLimit);
}

// Wherever a stream breaks, there is a Status, no hang, and whatever follows works.
TEST_F(PipelineTest, CutAtEveryByte) {
  const auto converse = [this](Pipeline* pipeline) -> absl::Status {
    RETURN_IF_ERROR(pipeline->Submit(Get("a1"), &sink_));
    RETURN_IF_ERROR(pipeline->Submit(Get("b1"), &sink_));
    RETURN_IF_ERROR(pipeline->Submit(Set("a2"), &sink_));
    return pipeline->Drain();
  };
  int failed = 0;
  for (int kind = 0; kind < 3; ++kind) {
    for (bool reading : {true, false}) {
      for (uint64_t n = 0; n < 200; ++n) {
        faults_ = Faults();
        faults_.cut_is_reset = kind == 1;
        faults_.cut_is_silent = kind == 2;
        (reading ? faults_.cut_after_read : faults_.cut_after_written) = n;
        std::unique_ptr<Pipeline> pipeline = NewPipeline();
        absl::Status status = converse(pipeline.get());
        if (!status.ok()) {
          ++failed;
          EXPECT_NE(GetErrorKind(status), ErrorKind::kInternal) << status;
          EXPECT_NE(GetErrorKind(status), ErrorKind::kProtocol) << status;
        }
        pipeline->Abandon();
        EXPECT_EQ(pool_.leased(), 0u);
        pool_.Invalidate();
        faults_ = Faults();
        sink_ = RecordingSink();
        EXPECT_TRUE(converse(pipeline.get()).ok());
        pipeline.reset();
        pool_.Invalidate();
      }
    }
  }
  EXPECT_GT(failed, 600);
}

}  // namespace
}  // namespace redis_fdw
