// Stale connections, stopping early, spilling, and streams that break anywhere.

#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/exec/pipeline_fixture.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

using test::Faults;
using test::Get;
using test::Lines;
using test::PipelineTest;
using test::RecordingSink;
using test::Set;
using test::Spec;

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

TEST_F(StaleTest, ReadsAreAskedAgainOnceOthersWereAnswered) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Get("a1"), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  a_.Hold();
  ASSERT_TRUE(pipeline->Submit(Get("a2"), &sink_).ok());
  ASSERT_TRUE(pipeline->Flush().ok());
  a_.CloseAll();
  a_.Release();
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(sink_.values, (Lines{"a:a1", "a:a2"}));
  EXPECT_EQ(pipeline->counters().retries, 1);
  EXPECT_EQ(a_.connections_made(), 2);
}

// A server that goes away whenever it is asked so.
TEST_F(StaleTest, ReadsAreNotAskedAgainForEver) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->ServerFor(Get("a")).ok());
  faults_.cut_after_read = 0;
  pool_.Invalidate();
  pipeline = NewPipeline();
  a_.Hold();
  ASSERT_TRUE(pipeline->Submit(Command("SILENT").ToNode(0).ReadOnly(), &sink_).ok());
  EXPECT_FALSE(pipeline->Drain().ok());
  EXPECT_LE(a_.connections_made(), 6);
}

// An answer of which the reader has had nothing is asked for again, wherever it broke off.
TEST_F(StaleTest, ReadsAreAskedAgainInTheMiddleOfAnAnswer) {
  std::unique_ptr<Pipeline> first = NewPipeline();
  ASSERT_TRUE(first->ServerFor(Get("a")).ok());
  const int64_t whole = 10;  // $4 a:a1
  for (int64_t n = 1; n < whole; ++n) {
    pool_.Invalidate();
    faults_ = Faults();
    std::unique_ptr<Pipeline> pipeline = NewPipeline();
    ASSERT_TRUE(pipeline->Submit(Get("a1"), &sink_).ok());
    ASSERT_TRUE(pipeline->Drain().ok());
    ASSERT_EQ(pipeline->counters().bytes_received, whole);
    pipeline.reset();
    Lease lease = pool_.Acquire(Spec("node-a"), limits_).value();
    faults_.cut_after_read = lease->bytes_read() + n;
    lease = Lease();
    const int made = a_.connections_made();
    sink_.values.clear();
    pipeline = NewPipeline();
    ASSERT_TRUE(pipeline->Submit(Get("a1"), &sink_).ok());
    ASSERT_TRUE(pipeline->Drain().ok());
    EXPECT_EQ(sink_.values, Lines{"a:a1"});
    EXPECT_EQ(a_.connections_made(), made + 1);
  }
}

// An answer that the reader has had a part of is not.
TEST_F(StaleTest, NotOnceAnAnswerHasBegun) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  Command list("LIST");
  list.Key("a1").ReadOnly();
  ASSERT_TRUE(pipeline->Submit(list, &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  const int64_t whole = pipeline->counters().bytes_received;
  pipeline.reset();
  Lease lease = pool_.Acquire(Spec("node-a"), limits_).value();
  faults_.cut_after_read = lease->bytes_read() + whole - 1;
  lease = Lease();
  pipeline = NewPipeline();
  const int made = a_.connections_made();
  ASSERT_TRUE(pipeline->Submit(list, &sink_).ok());
  EXPECT_EQ(GetErrorKind(pipeline->Drain()), ErrorKind::kConnectionLost);
  EXPECT_EQ(a_.connections_made(), made);
}

TEST_F(StaleTest, CursorsAreNotCarriedOver) {
  MakeStale();
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Get("a1").CursorOf("fake-run-1"), &sink_).ok());
  EXPECT_EQ(GetErrorKind(pipeline->Drain()), ErrorKind::kConnectionLost);
  EXPECT_TRUE(a_.commands().empty());
}

// Where INFO is forbidden nobody says whether it is another process that answers.
TEST_F(StaleTest, CursorsOfAnUnknownProcessAreNotCarriedOver) {
  a_.options.info_forbidden = true;
  std::unique_ptr<Pipeline> first = NewPipeline();
  const absl::StatusOr<const ServerInfo*> server = first->ServerFor(Get("a0"));
  ASSERT_TRUE(server.ok());
  const std::string run_id = (*server)->run_id;
  ASSERT_TRUE(first->Submit(Get("a1").CursorOf(run_id), &sink_).ok());
  ASSERT_TRUE(first->Drain().ok());
  EXPECT_EQ(sink_.values, Lines{"a:a1"});
  first.reset();
  MakeStale();
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Get("a1").CursorOf(run_id), &sink_).ok());
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

// Two scans on two nodes, each of which wants the other's connection. The one that is waiting for
// its own cannot be made to read on at the same time.
TEST_F(PipelineTest, IsNotSpilledWhileItLeases) {
  limits_.max_size = 1;
  std::unique_ptr<Pipeline> first = NewPipeline();
  std::unique_ptr<Pipeline> second = NewPipeline();
  int spilled = 0;
  first->SetSpill([&] {
    ++spilled;
    return first->Drain();
  });
  RecordingSink further;
  second->SetSpill([&]() -> absl::Status {
    RETURN_IF_ERROR(second->Submit(Get("a2"), &further));
    return second->Drain();
  });
  ASSERT_TRUE(first->Submit(Get("a1"), &sink_).ok());
  ASSERT_TRUE(second->Submit(Get("b1"), &further).ok());
  EXPECT_EQ(GetErrorKind(first->Submit(Get("b2"), &sink_)), ErrorKind::kResourceLimit);
  EXPECT_EQ(spilled, 0);
  ASSERT_TRUE(first->Drain().ok());
  EXPECT_EQ(sink_.values, Lines{"a:a1"});
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
