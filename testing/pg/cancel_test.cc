// Cancel, terminate and statement_timeout while Redis is silent, while connecting, and in the
// middle of a scan. The limit is what the contract says, 100 ms, measured as the least of several
// tries: a busy machine may be late once, not always.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

constexpr absl::Duration kLimit = absl::Milliseconds(100);
constexpr int kTries = 3;

// A TCP port that accepts into a full backlog: connecting to it stays unanswered.
class SilentPort {
 public:
  SilentPort() {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    listen(listener_, 0);
    socklen_t length = sizeof(address);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 8; ++i) {
      int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
      fillers_.push_back(fd);
    }
  }
  ~SilentPort() {
    for (int fd : fillers_) close(fd);
    close(listener_);
  }
  int port() const { return port_; }

 private:
  int listener_;
  int port_ = 0;
  std::vector<int> fillers_;
};

class CancelTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    MustExec(
        "CREATE FOREIGN TABLE h (f text, v text) SERVER redis_server "
        "OPTIONS (table_type 'hash', table_key_prefix 'h')");
    redis().Cli({"HSET", "h", "a", "1"});
  }
  void TearDown() override {
    redis().Continue();
    PgRedisTest::TearDown();
  }

  // Runs `sql`, which must hang, cancels it, and expects a prompt answer in the best of some tries.
  void CancelIsPrompt(const std::string& sql) {
    absl::Duration best = absl::InfiniteDuration();
    for (int i = 0; i < kTries; ++i) {
      pg().Send(sql);
      absl::SleepFor(absl::Milliseconds(150));
      ASSERT_TRUE(pg().Busy()) << sql;
      absl::Time start = absl::Now();
      pg().Cancel();
      PgResult result = pg().Wait();
      best = std::min(best, absl::Now() - start);
      EXPECT_EQ(result.error.sqlstate, "57014") << result.error.ToString();
      EXPECT_TRUE(absl::StrContains(result.error.message, "user request"));
      EXPECT_EQ(Query1("SELECT 1"), "1");
    }
    EXPECT_LT(best, kLimit) << sql;
  }

  void TimeoutIsPrompt(const std::string& sql) {
    absl::Duration best = absl::InfiniteDuration();
    MustExec("SET statement_timeout = 200");
    for (int i = 0; i < kTries; ++i) {
      absl::Time start = absl::Now();
      PgResult result = Exec(sql);
      best = std::min(best, absl::Now() - start - absl::Milliseconds(200));
      EXPECT_EQ(result.error.sqlstate, "57014") << result.error.ToString();
    }
    MustExec("RESET statement_timeout");
    EXPECT_LT(best, kLimit) << sql;
  }
};

TEST_F(CancelTest, WhileRedisIsStopped) {
  EXPECT_EQ(Query("SELECT * FROM h"), "a|1");
  redis().Stop();
  for (const char* sql : {"SELECT * FROM h", "SELECT * FROM h WHERE f = 'a'",
                          "INSERT INTO h VALUES ('x', 'y')", "DELETE FROM h"}) {
    CancelIsPrompt(sql);
    TimeoutIsPrompt(sql);
  }
  redis().Continue();
  EXPECT_EQ(Query("SELECT v FROM h WHERE f = 'a'"), "1");
}

TEST_F(CancelTest, WhileConnecting) {
  SilentPort silent;
  MustExec(absl::StrCat("CREATE SERVER silent FOREIGN DATA WRAPPER redis_fdw ",
                        "OPTIONS (host_port '127.0.0.1:", silent.port(), "')"));
  MustExec(
      "CREATE FOREIGN TABLE t (f text, v text) SERVER silent "
      "OPTIONS (table_type 'hash', table_key_prefix 'h')");
  CancelIsPrompt("SELECT * FROM t");
  TimeoutIsPrompt("SELECT * FROM t");
  MustExec("ALTER SERVER silent OPTIONS (ADD connect_timeout_ms '300')");
  PgResult result = Exec("SELECT * FROM t");
  EXPECT_EQ(result.error.sqlstate, "08001") << result.error.ToString();
  EXPECT_TRUE(absl::StrContains(result.error.ToString(), "connect_timeout_ms"));
}

TEST_F(CancelTest, CommandTimeout) {
  MustExec("ALTER SERVER redis_server OPTIONS (ADD command_timeout_ms '300')");
  EXPECT_EQ(Query("SELECT * FROM h"), "a|1");
  redis().Stop();
  PgResult result = Exec("SELECT * FROM h");
  EXPECT_EQ(result.error.sqlstate, "57014") << result.error.ToString();
  EXPECT_TRUE(absl::StrContains(result.error.ToString(), "command_timeout_ms"));
  redis().Continue();
  EXPECT_EQ(Query("SELECT * FROM h"), "a|1");
}

TEST_F(CancelTest, InTheMiddleOfAScanOfAMillion) {
  redis().Cli(
      {"EVAL",
       "for i = 1, 1000000, 100 do local a = {} for j = i, i + 99 do a[#a+1] = 'field' .. j "
       "a[#a+1] = 'value' .. j end redis.call('HSET', 'big', unpack(a)) end",
       "0"});
  for (const char* mode : {"snapshot", "cursor"}) {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE big_", mode,
                          " (f text, v text) SERVER redis_server OPTIONS (table_type 'hash', "
                          "table_key_prefix 'big', scan_mode '",
                          mode, "')"));
    // Long enough on any machine: each row meets each other row of the same scan.
    CancelIsPrompt(
        absl::StrCat("SELECT count(*) FROM big_", mode, " a, generate_series(1, 1000) s"));
    TimeoutIsPrompt(
        absl::StrCat("SELECT count(*) FROM big_", mode, " a, generate_series(1, 1000) s"));
    MustExec("SET statement_timeout = 0");
    EXPECT_EQ(Query(absl::StrCat("SELECT v FROM big_", mode, " WHERE f = 'field77'")), "value77");
  }
  EXPECT_LE(redis().ClientCount(), 3);
}

TEST_F(CancelTest, TerminateWhileRedisIsStopped) {
  PgConnection victim = Connect();
  victim.MustExec("SELECT * FROM h");
  redis().Stop();
  victim.Send("SELECT * FROM h");
  absl::SleepFor(absl::Milliseconds(150));
  absl::Time start = absl::Now();
  MustExec(absl::StrCat("SELECT pg_terminate_backend(", victim.backend_pid(), ")"));
  PgResult result = victim.Wait();
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
  EXPECT_FALSE(result.ok());
  redis().Continue();
  EXPECT_EQ(Query("SELECT * FROM h"), "a|1");
}

}  // namespace
}  // namespace redis_fdw::test
