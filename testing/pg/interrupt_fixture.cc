#include "testing/pg/interrupt_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

namespace redis_fdw::test {
namespace {

constexpr absl::Duration kStatementTimeout = absl::Milliseconds(200);
// Long enough for a statement to come to where it stalls.
constexpr absl::Duration kUntilStalled = absl::Milliseconds(120);
// What keeps the machine busy may be over by then.
constexpr absl::Duration kUntilCalm = absl::Seconds(1);

absl::Duration Least(const std::vector<absl::Duration>& times) {
  return *std::min_element(times.begin(), times.end());
}

absl::Duration Middle(std::vector<absl::Duration> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

std::string Ms(absl::Duration time) {
  return absl::StrCat(absl::ToInt64Milliseconds(time + absl::Microseconds(500)));
}

}  // namespace

SilentPort::SilentPort() {
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

SilentPort::~SilentPort() {
  for (int fd : fillers_) close(fd);
  close(listener_);
}

void InterruptTest::SetUp() {
  PgRedisTest::SetUp();
  MustExec(
      "CREATE FOREIGN TABLE h (f text, v text) SERVER redis_server "
      "OPTIONS (table_type 'hash', table_key_prefix 'h')");
  redis().Cli({"HSET", "h", "a", "1"});
}

void InterruptTest::TearDown() {
  redis().Continue();
  PgRedisTest::TearDown();
}

void InterruptTest::MakeServer(const std::string& name, const std::string& options) {
  MustExec(absl::StrCat("CREATE SERVER ", name, " FOREIGN DATA WRAPPER redis_fdw OPTIONS (",
                        options, "); CREATE SCHEMA ", name, "; CREATE FOREIGN TABLE ", name,
                        ".h (f text, v text) SERVER ", name,
                        " OPTIONS (table_type 'hash', table_key_prefix 'h')"));
}

void InterruptTest::FillHash(const std::string& key, int fields, int bytes) {
  redis().Cli({"EVAL",
               "local v = string.rep('x', ARGV[2]) for i = 1, ARGV[1], 100 do local a = {} "
               "for j = i, i + 99 do a[#a+1] = 'f' .. j a[#a+1] = v end "
               "redis.call('HSET', KEYS[1], unpack(a)) end",
               "1", key, absl::StrCat(fields), absl::StrCat(bytes)});
}

void InterruptTest::EachInterruptIsPrompt(const Stall& stall) {
  SCOPED_TRACE(stall.name + ": " + stall.sql);
  std::vector<std::string> row = {"", stall.name};
  for (Way way : {Way::kCancel, Way::kTimeout, Way::kTerminate, Way::kShutdown}) {
    const std::vector<absl::Duration> times = Try(way, stall);
    if (HasFatalFailure()) return;
    EXPECT_LT(Least(times), kLimit) << "way " << static_cast<int>(way);
    row.push_back(Ms(Middle(times)));
  }
  std::cout << absl::StrJoin(row, " | ") << " |" << std::endl;
}

std::vector<absl::Duration> InterruptTest::Try(Way way, const Stall& stall) {
  std::vector<absl::Duration> times;
  for (int i = 0; i < kTries || (i < kMostTries && Least(times) >= kLimit); ++i) {
    if (i == kTries) absl::SleepFor(kUntilCalm);
    times.push_back(TryOnce(way, stall));
    if (HasFatalFailure()) return times;
    // Starting a server again takes a second.
    if (way == Way::kShutdown && times.back() < kLimit) return times;
  }
  return times;
}

absl::Duration InterruptTest::TryOnce(Way way, const Stall& stall) {
  PgConnection victim = Connect();
  victim.MustExec("LOAD 'redis_fdw'");
  const int sockets = victim.BackendSockets();
  if (stall.prepare != nullptr) stall.prepare(victim);
  if (way == Way::kTimeout) {
    victim.MustExec(
        absl::StrCat("SET statement_timeout = ", absl::ToInt64Milliseconds(kStatementTimeout)));
  }
  if (stall.begin != nullptr) stall.begin();
  const absl::Duration took = Interrupt(way, stall, &victim);
  if (way == Way::kCancel || way == Way::kTimeout) {
    EXPECT_LE(victim.BackendSockets(), sockets + stall.kept) << "connections that are left";
  }
  if (stall.end != nullptr) stall.end();
  if (way == Way::kCancel || way == Way::kTimeout) {
    victim.Exec("ROLLBACK");
    victim.MustExec("SET statement_timeout = 0");
    victim.MustExec(stall.after);
  }
  if (way == Way::kShutdown) {
    const absl::Status restarted = postgres().Restart();
    EXPECT_TRUE(restarted.ok()) << restarted;
    Reconnect();
  }
  return took;
}

absl::Duration InterruptTest::Interrupt(Way way, const Stall& stall, PgConnection* victim) {
  absl::Time start = absl::Now() + kStatementTimeout;
  victim->Send(stall.sql);
  const bool begun = way == Way::kTimeout || HasBegun(*victim);
  EXPECT_TRUE(begun) << "it did not stall";
  if (way != Way::kTimeout || stall.meanwhile != nullptr) absl::SleepFor(kUntilStalled);
  if (stall.meanwhile != nullptr) stall.meanwhile();
  if (way != Way::kTimeout) {
    if (stall.meanwhile != nullptr) absl::SleepFor(kUntilStalled);
    EXPECT_TRUE(victim->Busy()) << "it did not stall";
    start = absl::Now();
  }
  if (way == Way::kCancel) victim->Cancel();
  if (way == Way::kTerminate) {
    MustExec(absl::StrCat("SELECT pg_terminate_backend(", victim->backend_pid(), ")"));
  }
  if (way == Way::kShutdown) postgres().BeginFastShutdown();
  const PgResult result = victim->Wait(absl::Seconds(20));
  const absl::Duration took = absl::Now() - start;
  const bool of_the_statement = way == Way::kCancel || way == Way::kTimeout;
  EXPECT_EQ(result.error.sqlstate, of_the_statement ? "57014" : "57P01") << result;
  return took;
}

void InterruptTest::IsPrompt(const std::string& name, const std::string& sql,
                             const std::function<void(PgConnection&)>& before) {
  SCOPED_TRACE(name + ": " + sql);
  std::vector<absl::Duration> times;
  for (int i = 0; i < kTries || (i < kMostTries && Least(times) >= kLimit); ++i) {
    if (i == kTries) absl::SleepFor(kUntilCalm);
    PgConnection session = Connect();
    before(session);
    const absl::Time start = absl::Now();
    session.MustExec(sql);
    times.push_back(absl::Now() - start);
    redis().Continue();
  }
  EXPECT_LT(Least(times), kLimit);
  std::cout << " | " << name << " | answers by itself in " << Ms(Middle(times)) << " |"
            << std::endl;
}

}  // namespace redis_fdw::test
