// Single faults at chosen bytes, where what follows matters: replies that come too late, and what
// EXPLAIN says of what was sent again.

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "testing/fault_proxy.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class LateTest : public PgRedisTest {
 protected:
  // Statements that are to succeed have it too, however busy the machine is.
  static constexpr absl::Duration kTimeout = absl::Seconds(3);

  void SetUp() override {
    PgRedisTest::SetUp();
    proxy_ = *FaultProxy::Start(absl::StrCat("127.0.0.1:", redis().port()));
    MustExec(absl::StrCat("CREATE SERVER through FOREIGN DATA WRAPPER redis_fdw OPTIONS (",
                          "host_port '", proxy_->host_port(), "', mode 'standalone', ",
                          "command_timeout_ms '", absl::ToInt64Milliseconds(kTimeout), "')"));
    MustExec(
        "CREATE FOREIGN TABLE h (id text, v text) SERVER through "
        "OPTIONS (table_type 'hash', table_key_prefix 'h', scan_mode 'snapshot');"
        "CREATE FOREIGN TABLE l (v text) SERVER through "
        "OPTIONS (table_type 'list', table_key_prefix 'l', batch_size '10')");
    MustExec("INSERT INTO h SELECT 'f' || n, n FROM generate_series(1, 1000) n");
  }

  void SetFault(Fault::Kind kind, Direction direction, int64_t offset) {
    Fault fault;
    fault.kind = kind;
    fault.direction = direction;
    fault.offset = offset;
    fault.connection = proxy_->open_numbers().at(0);
    fault.delay = absl::Hours(1);  // ends with the next change of faults
    proxy_->SetFaults({fault});
  }

  std::unique_ptr<FaultProxy> proxy_;
};

TEST_F(LateTest, AReplyThatComesTooLateIsNobodys) {
  SetFault(Fault::Kind::kDelay, Direction::kToClient, 0);
  EXPECT_EQ(Exec("SELECT v FROM h WHERE id = 'f1'").error.sqlstate, "57014");
  for (int i = 2; i < 60; ++i) {
    if (i == 30) proxy_->Clear();  // now it comes
    EXPECT_EQ(Query1(absl::StrCat("SELECT v FROM h WHERE id = 'f", i, "'")), absl::StrCat(i));
    absl::SleepFor(absl::Milliseconds(5));
  }
}

TEST_F(LateTest, AWriteThatComesTooLateIsDoneOnce) {
  SetFault(Fault::Kind::kDelay, Direction::kToServer, 0);
  const PgResult result = Exec("INSERT INTO l VALUES ('a')");
  EXPECT_EQ(result.error.sqlstate, "57014");
  EXPECT_TRUE(absl::StrContains(result.error.ToString(), "may have been applied")) << result;
  EXPECT_EQ(redis().Cli({"LLEN", "l"}), "0");
  proxy_->Clear();  // now it comes
  EXPECT_TRUE(WaitUntil([this] { return redis().Cli({"LLEN", "l"}) == "1"; }));
  MustExec("INSERT INTO l VALUES ('b')");
  EXPECT_EQ(redis().Cli({"LRANGE", "l", "0", "-1"}), "a\nb");
}

TEST_F(LateTest, BatchesAfterABrokenOneAreNotSent) {
  SetFault(Fault::Kind::kCut, Direction::kToClient, 6);  // the first one's answer is ":10\r\n"
  const PgResult result = Exec("INSERT INTO l SELECT 'v' || n FROM generate_series(1, 100) n");
  EXPECT_EQ(result.error.sqlstate, "08007") << result;
  // Redis has read what was sent.
  EXPECT_TRUE(WaitUntil([this] { return redis().ClientCount() == 0; }));
  const int length = std::stoi(redis().Cli({"LLEN", "l"}));
  EXPECT_GE(length, 10);
  EXPECT_LE(length, 30);
  EXPECT_EQ(redis().Cli({"LINDEX", "l", "-1"}), absl::StrCat("v", length));
}

TEST_F(LateTest, ExplainSaysWhatWasSentAgain) {
  SetFault(Fault::Kind::kCut, Direction::kToServer, 5);
  const std::string plan =
      Explain("SELECT * FROM h", "ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF");
  EXPECT_TRUE(absl::StrContains(plan, "actual rows=1000")) << plan;
  EXPECT_TRUE(absl::StrContains(plan, "Redis Rows Decoded: 1000")) << plan;
  EXPECT_TRUE(absl::StrContains(plan, "Redis Commands Sent: 2")) << plan;
  EXPECT_TRUE(absl::StrContains(plan, "Redis Retries: 1")) << plan;
}

}  // namespace
}  // namespace redis_fdw::test
