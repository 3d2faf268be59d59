// Mixed load over a network that fails at random: docs/faults.md says what is held.
//
//   tools/fuzz faults --count 10000 --seed 7 [--tls]

#include <stdlib.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "testing/fault_proxy.h"
#include "testing/faults/mix.h"
#include "testing/faults/rounds.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

constexpr int kSessions = 3;
constexpr int kWarmUpRounds = 60;
// Memory that a session may seem to gain between the second and the last quarter of a run: what the
// allocator happens to keep, not what is lost with each of thousands of failures.
constexpr int64_t kSlackKib = 1024;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  uint64_t value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

class FaultsTest : public PgRedisTest {
 protected:
  void Start(bool tls);
  void Run(bool tls, uint64_t count);

  std::vector<int> Descriptors();
  // Private memory of the processes, and what is used of PostgreSQL's memory contexts, in KiB.
  std::vector<int64_t> Memory();

  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<FaultProxy> proxy_;
  std::vector<Session> sessions_;
  uint64_t seed_ = 1;
};

void FaultsTest::Start(bool tls) {
  seed_ = FromEnvironment("REDIS_FDW_FAULTS_SEED", 1);
  RedisOptions options;
  options.tcp = true;
  options.tls = tls;
  // Small collections are then kept as large ones are, whose scans take several pages.
  options.config = {"hash-max-listpack-entries 4", "zset-max-listpack-entries 4"};
  server_ = *RedisServer::Start(options);
  proxy_ = *FaultProxy::Start(tls ? server_->tls_host_port() : server_->host_port());
  MustExec(absl::StrCat("CREATE SERVER through FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port '",
                        proxy_->host_port(), "', mode 'standalone', ", "connect_timeout_ms '",
                        absl::ToInt64Milliseconds(kTimeout), "', command_timeout_ms '",
                        absl::ToInt64Milliseconds(kTimeout), "'",
                        tls ? ", tls_ca_file '" + server_->authority().ca_file() + "'" : "", ")"));
  Load::FillShared(*server_);
  MustExec(Load::SharedDeclarations());
  for (int i = 0; i < kSessions; ++i) {
    sessions_.push_back(
        Session{Connect(), Load(i, seed_ * 100 + static_cast<uint64_t>(i)), {}, 0, {}, {}, false});
    MustExec(sessions_.back().load.Declarations());
  }
}

std::vector<int> FaultsTest::Descriptors() {
  std::vector<int> numbers;
  for (Session& session : sessions_) numbers.push_back(session.pg.BackendDescriptors());
  return numbers;
}

std::vector<int64_t> FaultsTest::Memory() {
  std::vector<int64_t> numbers;
  for (Session& session : sessions_) {
    numbers.push_back(session.pg.BackendPrivateKib());
    numbers.push_back(std::stoll(session.pg.Query1(
        "SELECT (sum(used_bytes) / 1024)::bigint FROM pg_backend_memory_contexts")));
  }
  return numbers;
}

void FaultsTest::Run(bool tls, uint64_t count) {
  count = FromEnvironment("REDIS_FDW_FAULTS_COUNT", count);
  Start(tls);
  const absl::Time start = absl::Now();
  const size_t log_start = postgres().log().size();
  Rounds rounds(server_.get(), proxy_.get(), &sessions_, tls, seed_);
  for (int i = 0; i < kWarmUpRounds && !HasFailure(); ++i) rounds.Run(/*faults=*/false);
  rounds.Settle();
  const std::vector<int> descriptors = Descriptors();
  std::vector<std::vector<int64_t>> memory = {Memory()};
  std::vector<pid_t> pids;
  for (Session& session : sessions_) pids.push_back(session.pg.backend_pid());

  const auto faults = [&] {
    return static_cast<uint64_t>(rounds.tally().Faults(proxy_->counts()));
  };
  for (size_t quarter = 1; quarter <= 4 && !HasFailure(); ++quarter) {
    while (faults() < count * quarter / 4 && !HasFailure()) rounds.Run(/*faults=*/true);
    rounds.Settle();
    memory.push_back(Memory());
  }
  std::cout << (tls ? "TLS" : "TCP") << ", seed " << seed_ << ": "
            << rounds.tally().ToString(proxy_->counts()) << "  descriptors of each session: before "
            << absl::StrJoin(descriptors, " ") << ", after " << absl::StrJoin(Descriptors(), " ")
            << "\n  KiB of each session, private and in contexts, by quarter:";
  for (const auto& sample : memory) std::cout << " [" << absl::StrJoin(sample, " ") << "]";
  std::cout << "\n  " << absl::FormatDuration(absl::Now() - start) << std::endl;
  ASSERT_FALSE(HasFailure()) << "seed " << seed_;

  EXPECT_EQ(Descriptors(), descriptors);
  for (size_t i = 0; i < memory[4].size(); ++i) {
    EXPECT_LT(memory[4][i], memory[2][i] + kSlackKib) << "session " << i / 2 << " loses memory";
  }
  for (size_t i = 0; i < sessions_.size(); ++i) {
    EXPECT_EQ(sessions_[i].pg.Query1("SELECT pg_backend_pid()"), absl::StrCat(pids[i]));
  }
  const std::string log = postgres().log().substr(log_start);
  for (const char* sign : {"PANIC", "FATAL", "WARNING", "terminated"}) {
    EXPECT_FALSE(absl::StrContains(log, sign)) << sign << " in PostgreSQL's log";
  }
}

TEST_F(FaultsTest, OverTcp) { Run(/*tls=*/false, 400); }

TEST_F(FaultsTest, OverTls) { Run(/*tls=*/true, 200); }

}  // namespace
}  // namespace redis_fdw::test
