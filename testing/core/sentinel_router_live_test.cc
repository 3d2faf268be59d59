// SentinelRouter against real sentinels.

#include <iostream>
#include <memory>
#include <string>

#include "core/base/status.h"
#include "core/exec/cluster_router.h"
#include "core/exec/sentinel_router.h"
#include "gtest/gtest.h"
#include "testing/core/router_live_fixture.h"
#include "testing/redis_sentinel.h"

namespace redis_fdw {
namespace {

using test::Get;
using test::RedisSentinel;
using test::RedisSentinelOptions;
using test::Set;

class SentinelLiveTest : public test::RouterLiveTest {
 protected:
  void Start(RedisSentinelOptions options = {}) {
    absl::StatusOr<std::unique_ptr<RedisSentinel>> redis = RedisSentinel::Start(options);
    ASSERT_TRUE(redis.ok()) << redis.status();
    redis_ = std::move(redis).value();
    options_.master = redis_->master();
  }
  std::unique_ptr<SentinelRouter> NewRouter(ReadFrom read_from = ReadFrom::kPrimary) {
    options_.read_from = read_from;
    return std::make_unique<SentinelRouter>(base_, *ParseHostPort(redis_->host_port()), options_);
  }
  int PortOf(const Router& router, int node) { return router.Spec(node).endpoint.port; }

  std::unique_ptr<RedisSentinel> redis_;
  SentinelOptions options_;
};

TEST_F(SentinelLiveTest, PrimaryAndReplicas) {
  Start();
  base_.database = 2;
  auto router = NewRouter(ReadFrom::kReplica);
  ASSERT_TRUE(TryOnce(router.get(), Set("k")).ok());
  EXPECT_EQ(PortOf(*router, router->Primaries()[0]), redis_->PrimaryPort());
  const int replica = *router->Route(Get("k"), false);
  EXPECT_NE(PortOf(*router, replica), redis_->PrimaryPort());
  redis_->primary().Cli({"WAIT", "2", "20000"});
  const auto reply = TryOnce(router.get(), Get("k"));
  ASSERT_TRUE(reply.ok()) << reply.status();
}

TEST_F(SentinelLiveTest, PrimaryThatDies) {
  Start();
  auto router = NewRouter();
  ASSERT_TRUE(TryOnce(router.get(), Set("k")).ok());
  const int old_port = redis_->PrimaryPort();
  redis_->KillSentinel(0);
  redis_->KillPrimary();
  const absl::Duration took = TimeUntilItWorks(router.get(), Set("k"));
  std::cerr << "a write worked again after " << took << "; meanwhile: " << last_error_ << "\n";
  EXPECT_LT(took, kFailover);
  EXPECT_NE(PortOf(*router, router->Primaries()[0]), old_port);
}

TEST_F(SentinelLiveTest, PrimaryThatStandsStill) {
  Start();
  auto router = NewRouter();
  ASSERT_TRUE(TryOnce(router.get(), Set("k")).ok());
  const int stopped = redis_->StopPrimary();
  const absl::Duration took = TimeUntilItWorks(router.get(), Set("k"));
  std::cerr << "a write worked again after " << took << "; meanwhile: " << last_error_ << "\n";
  EXPECT_LT(took, kFailover);
  redis_->Continue(stopped);
}

TEST_F(SentinelLiveTest, FailoverThatIsOrdered) {
  Start();
  auto router = NewRouter();
  ASSERT_TRUE(TryOnce(router.get(), Set("k")).ok());
  const int old_port = redis_->PrimaryPort();
  ASSERT_TRUE(redis_->Failover().ok());
  // The old primary lives on, as a replica that refuses the write.
  EXPECT_LT(TimeUntilItWorks(router.get(), Set("k")), kFailover);
  EXPECT_NE(PortOf(*router, router->Primaries()[0]), old_port);
}

TEST_F(SentinelLiveTest, WrongOptions) {
  RedisSentinelOptions sentinel;
  sentinel.sentinel.password = "theirs";
  Start(sentinel);
  EXPECT_EQ(GetErrorKind(NewRouter()->Refresh(discovery())), ErrorKind::kAuthentication);
  options_.password = "theirs";
  EXPECT_TRUE(NewRouter()->Refresh(discovery()).ok());
  options_.master = "another";
  EXPECT_EQ(GetErrorKind(NewRouter()->Refresh(discovery())), ErrorKind::kInvalidOption);
  // Mode auto.
  base_.password = "theirs";
  ClusterRouter router(base_, {ParseHostPort(redis_->host_port())->front()}, ClusterOptions());
  const absl::Status status = router.Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidOption);
  EXPECT_NE(GetErrorInfo(status).message.find("is a sentinel"), std::string::npos) << status;
}

}  // namespace
}  // namespace redis_fdw
