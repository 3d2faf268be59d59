#include "core/exec/traffic_report.h"

#include <memory>
#include <vector>

#include "core/exec/pipeline.h"
#include "core/exec/pipeline_fixture.h"
#include "core/net/traffic.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

using test::Get;
using test::PipelineTest;

class Listener : public TrafficListener {
 public:
  void OnTraffic(uint32_t server_id, uint32_t user_id, const Counters& delta) noexcept override {
    EXPECT_EQ(server_id, 7u);
    EXPECT_EQ(user_id, 9u);
    deltas.push_back(delta);
  }
  void OnPoolWait(uint32_t server_id, uint32_t user_id) noexcept override {
    EXPECT_EQ(server_id, 7u);
    EXPECT_EQ(user_id, 9u);
    ++pool_waits;
  }

  std::vector<Counters> deltas;
  int pool_waits = 0;
};

class TrafficReportTest : public PipelineTest {
 protected:
  TrafficReportTest() { pool_.SetTrafficListener(&listener_); }
  ~TrafficReportTest() override { pool_.SetTrafficListener(nullptr); }

  std::unique_ptr<Pipeline> NewPipeline() {
    ConnectionSpec spec = test::Spec("node-a");
    spec.server_id = 7;
    spec.user_id = 9;
    return std::make_unique<Pipeline>(&pool_, std::make_shared<StandaloneRouter>(spec), limits_);
  }

  Listener listener_;
};

TEST_F(TrafficReportTest, EachReportIsWhatCameSinceTheLast) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Get("a1"), &sink_).ok());
  ASSERT_TRUE(pipeline->Submit(Get("a2"), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_TRUE(listener_.deltas.empty());
  pipeline->ReleaseIdle();
  ASSERT_EQ(listener_.deltas.size(), 1u);
  EXPECT_EQ(listener_.deltas[0], pipeline->counters());
  EXPECT_EQ(listener_.deltas[0].commands, 2);

  pipeline->ReleaseIdle();
  EXPECT_EQ(listener_.deltas.size(), 1u);  // nothing new

  ASSERT_TRUE(pipeline->Submit(Get("a3"), &sink_).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  pipeline->Abandon();
  ASSERT_EQ(listener_.deltas.size(), 2u);
  EXPECT_EQ(listener_.deltas[1].commands, 1);
  EXPECT_EQ(listener_.deltas[1].round_trips, 1);
  EXPECT_GT(listener_.deltas[1].bytes_sent, 0);
  EXPECT_LT(listener_.deltas[1].bytes_sent, pipeline->counters().bytes_sent);
}

TEST_F(TrafficReportTest, TheEndReportsTheRest) {
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  ASSERT_TRUE(pipeline->Submit(Get("a1"), &sink_).ok());
  pipeline->mutable_counters()->errors = 2;
  pipeline->mutable_counters()->retries = 3;
  pipeline->mutable_counters()->redirects = 4;
  pipeline.reset();
  ASSERT_EQ(listener_.deltas.size(), 1u);
  EXPECT_EQ(listener_.deltas[0].commands, 1);
  EXPECT_EQ(listener_.deltas[0].errors, 2);
  EXPECT_EQ(listener_.deltas[0].retries, 3);
  EXPECT_EQ(listener_.deltas[0].redirects, 4);
}

TEST_F(TrafficReportTest, NothingDoneIsNothingReported) {
  NewPipeline()->Abandon();
  EXPECT_TRUE(listener_.deltas.empty());
}

TEST_F(TrafficReportTest, ThePoolReportsThatItHadNoConnection) {
  limits_.max_size = 1;
  std::unique_ptr<Pipeline> first = NewPipeline();
  first->SetSpill([&first] { return first->Drain(); });
  ASSERT_TRUE(first->Submit(Get("a1"), &sink_).ok());
  EXPECT_EQ(listener_.pool_waits, 0);
  std::unique_ptr<Pipeline> second = NewPipeline();
  ASSERT_TRUE(second->Submit(Get("a2"), &sink_).ok());
  EXPECT_EQ(listener_.pool_waits, 1);
  std::unique_ptr<Pipeline> third = NewPipeline();
  EXPECT_FALSE(third->Submit(Get("a3"), &sink_).ok());
  EXPECT_EQ(listener_.pool_waits, 2);
}

}  // namespace
}  // namespace redis_fdw
