// The primary behind sentinels dies, falls silent, or is replaced, while eight sessions work.

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "testing/redis_sentinel.h"
#include "testing/reliability/reliability_fixture.h"

namespace redis_fdw::test {
namespace {

// (Sentinel cuts clients off as it demotes a primary, this one too.)
bool IsReplica(RedisServer& server) {
  const RedisReply role = server.Command({"ROLE"});
  return !role.elements.empty() && role.elements[0].text == "slave";
}

class SentinelFailoverTest : public ReliabilityTest {
 protected:
  void Begin(const std::string& more_options = "", const RedisSentinelOptions& sentinel = {}) {
    redis_ = RedisSentinel::Start(sentinel).value();
    primary_ = redis_->PrimaryIndex();
    replicas_.clear();
    for (int i = 0; i < redis_->nodes(); ++i) {
      if (i != primary_) replicas_.push_back(&redis_->node(i));
    }
    StartLoad(absl::StrCat("host_port '", redis_->host_port(), "', mode 'sentinel', ",
                           "sentinel_master '", redis_->master(), "'", more_options),
              {{"t0", "t1", "t2", "t3", "t4", "t5"}});
  }

  // What was acknowledged from now on may be lost, until CloseWindow().
  void OpenWindow() {
    window_.safe_until = SafePoint(redis_->node(primary_), replicas_);
    window_.until = absl::InfiniteFuture();
    world().SetWindow(0, window_);
  }
  absl::Time CloseWindow() {
    window_.until = absl::Now();
    world().SetWindow(0, window_);
    return window_.until;
  }

  // The replica that has taken over.
  int WaitForReplica(Disaster* disaster) {
    const int taken = WaitForPrimary(replicas_, "t0");
    disaster->served = absl::Now();
    WaitForSessions(0, disaster->served);
    return taken;
  }

  Disaster Kill(const std::string& name, bool quiet) {
    if (quiet) StopWriting();
    OpenWindow();
    Disaster disaster;
    disaster.name = name;
    disaster.at = absl::Now();
    redis_->KillPrimary();
    disaster.over = CloseWindow();
    if (quiet) world().SetWindow(0, LossWindow());  // nothing at all may be missing
    world().writing = true;
    taken_ = WaitForReplica(&disaster);
    return disaster;
  }

  std::vector<RedisServer*> Primary() { return {replicas_[static_cast<size_t>(taken_)]}; }

  std::unique_ptr<RedisSentinel> redis_;
  std::vector<RedisServer*> replicas_;
  int primary_ = -1;
  int taken_ = -1;
  LossWindow window_;
};

TEST_F(SentinelFailoverTest, PrimaryIsKilled) {
  for (int run = 0; run < Runs(); ++run) {
    Begin();
    const Disaster disaster = Kill("sentinel, kill -9", /*quiet=*/false);
    EndLoad(disaster, Primary());
  }
}

TEST_F(SentinelFailoverTest, PrimaryIsKilledWhenAllIsReplicated) {
  for (int run = 0; run < Runs(); ++run) {
    Begin();
    const Disaster disaster = Kill("sentinel, kill -9, replicated", /*quiet=*/true);
    EndLoad(disaster, Primary());
  }
}

TEST_F(SentinelFailoverTest, PrimaryFallsSilent) {
  for (int run = 0; run < Runs(); ++run) {
    Begin(", command_timeout_ms '2000', connect_timeout_ms '2000'");
    world().also_allowed = "57014";
    OpenWindow();
    Disaster disaster;
    disaster.name = "sentinel, SIGSTOP";
    disaster.silence = absl::Seconds(2);
    disaster.at = absl::Now();
    redis_->StopPrimary();
    disaster.over = CloseWindow();
    taken_ = WaitForReplica(&disaster);
    redis_->Continue(primary_);
    EXPECT_TRUE(redis_->WaitUntilReady().ok());
    EndLoad(disaster, Primary());
  }
}

// Sentinel promotes a replica first and tells the primary afterwards: what that takes in between is
// lost, and Redis has no way to hand over in good order here.
TEST_F(SentinelFailoverTest, SentinelReplacesThePrimary) {
  RedisSentinelOptions sentinel;
  // A sentinel that is slow does not give up half way, having promoted a replica or not. (Nobody
  // votes here, and it is only between votes that this is waited for.)
  sentinel.failover_timeout_ms = 30000;
  for (int run = 0; run < Runs(); ++run) {
    Begin("", sentinel);
    OpenWindow();
    Disaster disaster;
    disaster.name = "sentinel, SENTINEL FAILOVER";
    disaster.in_order = false;
    disaster.at = absl::Now();
    // Refused while no replica is good enough: one that a sentinel has not heard of for a second.
    std::string answer;
    EXPECT_TRUE(WaitUntil([&] {
      answer = redis_->sentinel(0).Cli({"SENTINEL", "FAILOVER", redis_->master()});
      return answer == "OK";
    })) << answer;
    taken_ = WaitForPrimary(replicas_, "t0");
    const absl::Time promoted = absl::Now();
    RedisServer& old = redis_->node(primary_);
    EXPECT_TRUE(WaitUntil([&old] { return IsReplica(old); }));
    disaster.served = CloseWindow();  // by one primary
    disaster.over = disaster.served;
    std::cerr << "two primaries for " << disaster.served - promoted << std::endl;
    WaitForSessions(0, disaster.served);
    EndLoad(disaster, Primary());
  }
}

}  // namespace
}  // namespace redis_fdw::test
