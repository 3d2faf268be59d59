#include "core/exec/pipeline.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/exec/pipeline_fixture.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

using test::Get;
using test::Lines;
using test::PipelineTest;
using test::RecordingSink;
using test::Set;

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
  EXPECT_EQ(pipeline->counters().nodes, 2);
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
  ASSERT_TRUE(pipeline->Submit(Command("SILENT").ToNode(0), &sink_).ok());
  ASSERT_TRUE(pipeline->Submit(Get("b1"), &sink_).ok());
  waiter_.At(absl::Seconds(1), [this] { a_.CloseAll(); });
  EXPECT_EQ(GetErrorKind(pipeline->Drain()), ErrorKind::kMaybeApplied);
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

}  // namespace
}  // namespace redis_fdw
