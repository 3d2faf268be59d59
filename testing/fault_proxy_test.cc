#include "testing/fault_proxy.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/process.h"
#include "testing/redis_server.h"

namespace redis_fdw::test {
namespace {

using ::testing::Not;

Fault MakeFault(Fault::Kind kind, int64_t offset, Direction direction = Direction::kToClient) {
  Fault fault;
  fault.kind = kind;
  fault.offset = offset;
  fault.direction = direction;
  return fault;
}

// What comes out for `bytes`, fed in pieces of `piece` bytes.
std::string Through(FaultStream& stream, const std::string& bytes, size_t piece) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += piece) {
    stream.Feed(bytes.substr(i, piece));
    stream.Advance(absl::UnixEpoch(), &out);
  }
  return out;
}

TEST(FaultStreamTest, FaultsHappenAtTheirBytes) {
  for (size_t piece : {1, 3, 100}) {
    FaultCounts counts;
    FaultStream stream(Direction::kToClient, 7, &counts);
    Fault insert = MakeFault(Fault::Kind::kInsert, 2);
    insert.bytes = "<>";
    Fault flip = MakeFault(Fault::Kind::kFlip, 4);
    flip.mask = 0x20;
    Fault elsewhere = MakeFault(Fault::Kind::kCut, 0);
    elsewhere.connection = 6;
    stream.Set({MakeFault(Fault::Kind::kCut, 6), elsewhere, flip, insert,
                MakeFault(Fault::Kind::kCut, 0, Direction::kToServer)},
               {});
    EXPECT_EQ(Through(stream, "abcdefgh", piece), "ab<>cdEf");
    EXPECT_TRUE(stream.cut());
    EXPECT_FALSE(stream.reset());
    EXPECT_EQ(counts.total(), 3);
    EXPECT_EQ(counts.bytes[1], 6);
  }
}

TEST(FaultStreamTest, DelaysAndThrottles) {
  FaultCounts counts;
  FaultStream stream(Direction::kToClient, 0, &counts);
  Fault delay = MakeFault(Fault::Kind::kDelay, 1);
  delay.delay = absl::Seconds(5);
  Fault throttle = MakeFault(Fault::Kind::kThrottle, 2);
  throttle.bytes_per_second = 10;
  stream.Set({delay, throttle}, {});
  absl::Time now = absl::UnixEpoch();
  std::string out;
  stream.Feed("abcd");
  stream.Advance(now, &out);
  EXPECT_EQ(out, "a");
  EXPECT_EQ(stream.wake(), now + absl::Seconds(5));
  now = stream.wake();
  stream.Advance(now, &out);
  EXPECT_EQ(out, "abc");
  EXPECT_EQ(stream.wake(), now + absl::Milliseconds(100));
  stream.Advance(stream.wake(), &out);
  EXPECT_EQ(out, "abcd");
}

TEST(FaultStreamTest, HoldsAndSwallows) {
  FaultCounts counts;
  FaultStream stream(Direction::kToClient, 0, &counts);
  stream.Set({MakeFault(Fault::Kind::kBlackHole, 2)}, {});
  stream.Hold(true);
  EXPECT_EQ(Through(stream, "abc", 1), "");
  stream.Hold(false);
  EXPECT_EQ(Through(stream, "d", 1), "ab");
  stream.Set({}, {});
  EXPECT_EQ(Through(stream, "e", 1), "");
}

TEST(FaultStreamTest, ChanceIsTheSameForTheSameSeed) {
  RandomFaults random;
  random.mean_bytes = 20;
  std::fill(random.weights, random.weights + Fault::kKinds, 0);
  random.weights[static_cast<int>(Fault::Kind::kInsert)] = 1;
  random.weights[static_cast<int>(Fault::Kind::kFlip)] = 1;
  const auto run = [&](int connection, size_t piece) {
    FaultCounts counts;
    FaultStream stream(Direction::kToServer, connection, &counts);
    stream.Set({}, random);
    std::string out = Through(stream, std::string(2000, 'x'), piece);
    EXPECT_GT(counts.total(), 50);
    EXPECT_LT(counts.total(), 200);
    return out;
  };
  const std::string once = run(0, 1);
  EXPECT_EQ(once, run(0, 700));
  EXPECT_NE(once, run(1, 1));
  random.seed = 2;
  EXPECT_NE(once, run(0, 1));
}

// A client by way of a proxy.
class FaultProxyTest : public ::testing::TestWithParam<FaultProxy::Listen> {
 protected:
  void SetUp() override {
    RedisOptions options;
    options.tcp = true;
    redis_ = *RedisServer::Start(options);
    proxy_ = *FaultProxy::Start(redis_->host_port(), GetParam());
  }
  void TearDown() override { Forget(); }

  void Forget() {
    if (client_ != nullptr) redisFree(client_);
    client_ = nullptr;
  }

  // The reply, or "(error) ..." if there is none; a new connection if there is none.
  std::string Cli(const char* command, int patience_ms = 60000) {
    const struct timeval patience = {patience_ms / 1000, patience_ms % 1000 * 1000};
    if (client_ == nullptr) {
      const std::string path = proxy_->host_port();
      client_ = proxy_->port() != 0 ? redisConnectWithTimeout("127.0.0.1", proxy_->port(), patience)
                                    : redisConnectUnixWithTimeout(path.substr(7).c_str(), patience);
    }
    redisSetTimeout(client_, patience);
    auto* reply =
        client_->err != 0 ? nullptr : static_cast<redisReply*>(redisCommand(client_, command));
    if (reply == nullptr) {
      std::string error = absl::StrCat("(error) ", client_->errstr);
      Forget();
      return error;
    }
    std::string text(reply->str == nullptr ? "" : reply->str);
    freeReplyObject(reply);
    return text;
  }

  std::unique_ptr<RedisServer> redis_;
  std::unique_ptr<FaultProxy> proxy_;
  redisContext* client_ = nullptr;
};

TEST_P(FaultProxyTest, PassesAndCuts) {
  EXPECT_EQ(Cli("PING"), "PONG");
  EXPECT_EQ(proxy_->open(), 1);
  // In the middle of the reply after the next, of a connection that is there.
  proxy_->SetFaults({MakeFault(Fault::Kind::kCut, 10)});
  EXPECT_EQ(Cli("PING"), "PONG");
  EXPECT_EQ(Cli("PING"), "(error) Server closed the connection");
  EXPECT_TRUE(WaitUntil([this] { return proxy_->open() == 0 && redis_->ClientCount() == 0; }));
  // And of each one that is made later.
  EXPECT_EQ(Cli("PING"), "PONG");
  EXPECT_EQ(Cli("PING"), "(error) Server closed the connection");
  proxy_->Clear();
  EXPECT_EQ(Cli("PING"), "PONG");
  proxy_->CutAll();
  EXPECT_THAT(Cli("PING"), Not("PONG"));
  EXPECT_EQ(proxy_->counts().of(Fault::Kind::kCut), 2);
  EXPECT_EQ(proxy_->counts().connections, 3);
}

TEST_P(FaultProxyTest, InsertsAndFlips) {
  Fault insert = MakeFault(Fault::Kind::kInsert, 1);
  insert.bytes = "x";
  proxy_->SetFaults({insert});
  EXPECT_EQ(Cli("PING"), "xPONG");
  Fault flip = MakeFault(Fault::Kind::kFlip, 0);
  flip.mask = '+' ^ '-';
  proxy_->SetFaults({flip});
  EXPECT_EQ(Cli("PING"), "PONG");  // as an error
  proxy_->SetFaults({MakeFault(Fault::Kind::kReset, 0, Direction::kToServer)});
  EXPECT_THAT(Cli("SET k v"), Not("OK"));
  EXPECT_EQ(redis_->Cli({"DBSIZE"}), "0");
}

TEST_P(FaultProxyTest, HoldsAndRefuses) {
  EXPECT_EQ(Cli("PING"), "PONG");
  proxy_->Hold(Direction::kToClient, true);
  const absl::Time begin = absl::Now();
  std::thread later([this] {
    absl::SleepFor(absl::Milliseconds(100));
    proxy_->Hold(Direction::kToClient, false);
  });
  EXPECT_EQ(Cli("PING"), "PONG");
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(90));
  later.join();
  proxy_->HoldAll(true);
  EXPECT_EQ(Cli("SET k v", 100), "(error) Resource temporarily unavailable");
  EXPECT_EQ(redis_->Cli({"DBSIZE"}), "0");
  // Who has gone is not waited for.
  EXPECT_TRUE(WaitUntil([this] { return proxy_->open() == 0; }));
  proxy_->Refuse(true);
  EXPECT_THAT(Cli("PING"), Not("PONG"));
  proxy_->Clear();
  EXPECT_EQ(Cli("PING"), "PONG");
}

TEST_P(FaultProxyTest, PassesMuchInBothDirections) {
  const std::string value(3'000'000, 'v');
  Cli("PING");
  auto* reply =
      static_cast<redisReply*>(redisCommand(client_, "SET k %b", value.data(), value.size()));
  ASSERT_NE(reply, nullptr);
  freeReplyObject(reply);
  EXPECT_EQ(Cli("GET k"), value);
  Fault throttle = MakeFault(Fault::Kind::kThrottle, 0);
  throttle.bytes_per_second = 30'000'000;
  proxy_->SetFaults({throttle});
  const absl::Time begin = absl::Now();
  EXPECT_EQ(Cli("GET k"), value);
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(90));
}

INSTANTIATE_TEST_SUITE_P(Sockets, FaultProxyTest,
                         ::testing::Values(FaultProxy::Listen::kTcp, FaultProxy::Listen::kUnix));

}  // namespace
}  // namespace redis_fdw::test
