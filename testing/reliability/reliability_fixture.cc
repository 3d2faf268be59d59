#include "testing/reliability/reliability_fixture.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace redis_fdw::test {
namespace {

// How long sessions may take beyond Redis's own failover, the machine's stalls apart.
constexpr absl::Duration kGrace = absl::Seconds(2);

int FromEnvironment(const char* name, int otherwise) {
  const char* text = getenv(name);
  int value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

// A number of INFO replication.
long long ReplicationNumber(RedisServer& server, const std::string& name) {
  const std::string info = server.Cli({"INFO", "replication"});
  const size_t at = info.find(name + ":");
  return at == std::string::npos ? -1 : std::atoll(info.c_str() + at + name.size() + 1);
}

std::string Seconds(absl::Duration duration) {
  return absl::StrFormat("%.2f s", absl::ToDoubleSeconds(duration));
}

}  // namespace

int ReliabilityTest::Runs() { return FromEnvironment("REDIS_FDW_RELIABILITY_RUNS", 1); }

int ReliabilityTest::Keys() { return FromEnvironment("REDIS_FDW_RELIABILITY_KEYS", 8000); }

absl::Duration ReliabilityTest::Span() {
  return absl::Milliseconds(1000 * FromEnvironment("REDIS_FDW_RELIABILITY_SECONDS", 1));
}

void ReliabilityTest::TearDown() {
  if (world_ != nullptr) world_->stop = true;
  sessions_.clear();
  PgRedisTest::TearDown();
}

void ReliabilityTest::StartLoad(const std::string& server_options,
                                std::vector<std::vector<std::string>> tags) {
  const int shards = static_cast<int>(tags.size());
  log_start_ = postgres().log().size();
  sessions_.clear();
  world_ = std::make_unique<World>(shards, std::move(tags));
  world_->pause = absl::Milliseconds(FromEnvironment("REDIS_FDW_RELIABILITY_PAUSE_MS", 4));
  Exec("DROP SERVER IF EXISTS live CASCADE");
  MustExec(absl::StrCat("CREATE SERVER live FOREIGN DATA WRAPPER redis_fdw OPTIONS (",
                        server_options, ")"));
  MakeTables(pg(), "live", *world_);
  for (int i = 0; i < kSessions; ++i) {
    sessions_.push_back(std::make_unique<Session>(i, Connect(), world_.get()));
    sessions_.back()->Prepare();
  }
  for (auto& session : sessions_) session->Start();
  absl::SleepFor(Span());
}

void ReliabilityTest::StopWriting() {
  world_->writing = false;
  // A step that begins from now on does not write: that each session has begun one says that what
  // it wrote before is over.
  for (auto& session : sessions_) {
    const int64_t steps = session->steps();
    EXPECT_TRUE(WaitUntil([&] { return session->steps() > steps; }, absl::Seconds(60)));
  }
}

absl::Time ReliabilityTest::SafePoint(RedisServer& primary,
                                      const std::vector<RedisServer*>& replicas) {
  const absl::Time now = absl::Now();
  const long long offset = ReplicationNumber(primary, "master_repl_offset");
  EXPECT_GE(offset, 0);
  for (RedisServer* replica : replicas) {
    EXPECT_TRUE(
        WaitUntil([&] { return ReplicationNumber(*replica, "slave_repl_offset") >= offset; }));
  }
  return now;
}

int ReliabilityTest::WaitForPrimary(const std::vector<RedisServer*>& servers,
                                    const std::string& tag) {
  int found = -1;
  const auto serves = [&] {
    for (size_t i = 0; i < servers.size(); ++i) {
      if (servers[i]->Command({"SET", absl::StrCat("probe:{", tag, "}"), "x"}).is_error()) continue;
      found = static_cast<int>(i);
      return true;
    }
    return false;
  };
  // Redis votes again, seconds later, where a vote has come to nothing.
  EXPECT_TRUE(WaitUntil(serves, absl::Seconds(60))) << "no failover";
  return found;
}

void ReliabilityTest::WaitForSessions(int shard, absl::Time since) {
  const auto all = [&] {
    return std::all_of(sessions_.begin(), sessions_.end(),
                       [&](const auto& session) { return session->last_success(shard) >= since; });
  };
  EXPECT_TRUE(WaitUntil(all, absl::Seconds(30))) << "sessions do not come back";
}

void ReliabilityTest::EndLoad(const Disaster& disaster,
                              const std::vector<RedisServer*>& primaries) {
  absl::SleepFor(Span());
  world_->stop = true;
  for (auto& session : sessions_) session->Join();
  for (auto& session : sessions_) session->RunEachKind();
  figures_ = absl::StrCat("| ", disaster.name, " | ", Seconds(disaster.served - disaster.at));
  CheckTimes(disaster);
  CheckErrors(disaster);
  CheckRows(disaster, primaries);
  std::cerr << figures_ << " |" << std::endl;
  const std::string log = postgres().log().substr(log_start_);
  for (const char* bad : {"PANIC", "was terminated by signal", "terminating any other active"}) {
    EXPECT_FALSE(absl::StrContains(log, bad)) << bad;
  }
}

// Of each session: its last success before, and its first one after.
void ReliabilityTest::CheckTimes(const Disaster& disaster) {
  absl::Duration longest;
  absl::Duration gap;
  for (const auto& session : sessions_) {
    absl::Time before = absl::InfinitePast();
    absl::Time after = absl::InfiniteFuture();
    for (const Done& done : session->done()) {
      if (!done.sqlstate.empty() || (done.shards >> disaster.shard & 1) == 0) continue;
      if (done.end <= disaster.at) before = done.end;
      if (done.begin >= disaster.over) after = std::min(after, done.end);
    }
    EXPECT_NE(before, absl::InfinitePast()) << "a session never worked";
    longest = std::max(longest, after - disaster.at);
    gap = std::max(gap, after - before);
    EXPECT_TRUE(session->pg().connected());
    EXPECT_EQ(session->pg().Query1("SELECT pg_backend_pid()"),
              absl::StrCat(session->pg().backend_pid()));
  }
  absl::StrAppend(&figures_, " | ", Seconds(longest), " | ", Seconds(gap));
  const absl::Duration allowed = disaster.served - disaster.at + disaster.silence + kGrace +
                                 stalls_.Between(disaster.at, disaster.at + longest);
  EXPECT_LE(longest, allowed) << disaster.name << ": the slowest session";
}

void ReliabilityTest::CheckErrors(const Disaster& disaster) {
  std::map<std::string, int> errors;
  int statements = 0;
  const absl::Time all_well = disaster.served + disaster.silence + kGrace;
  for (const auto& session : sessions_) {
    for (const std::string& problem : session->problems()) ADD_FAILURE() << problem;
    for (const Done& done : session->done()) {
      ++statements;
      if (done.sqlstate.empty()) continue;
      ++errors[absl::StrCat(done.write ? "write " : "read ", done.sqlstate)];
      EXPECT_GE(done.end, disaster.at) << done.what << " failed before anything happened";
      EXPECT_LE(done.begin, all_well + stalls_.Between(disaster.at, done.begin))
          << done.what << " failed afterwards: " << done.sqlstate;
      EXPECT_TRUE(disaster.errors_allowed) << done.what << " failed: " << done.sqlstate;
    }
  }
  absl::StrAppend(&figures_, " | ", statements, " |");
  if (errors.empty()) absl::StrAppend(&figures_, " none");
  for (const auto& [name, n] : errors) absl::StrAppend(&figures_, " ", name, ": ", n, ";");
}

void ReliabilityTest::CheckRows(const Disaster& disaster,
                                const std::vector<RedisServer*>& primaries) {
  const std::map<std::string, std::string> truth = Truth(primaries);
  const std::vector<LossWindow> windows = world_->windows();
  Verdict verdict;
  for (const auto& session : sessions_) Judge(session->ledger(), truth, windows, &verdict);
  for (const std::string& wrong : verdict.wrong) ADD_FAILURE() << wrong;
  for (const MissingWrite& write : NotRedisOwn(verdict, windows, disaster.in_order)) {
    ADD_FAILURE() << "lost: " << write.cell << ", acknowledged "
                  << absl::FormatDuration(disaster.at - write.version.end)
                  << " before the disaster, while a write was kept that began "
                  << absl::FormatDuration(disaster.at -
                                          verdict.last_survivor[static_cast<size_t>(write.shard)])
                  << " before it";
  }
  for (const auto& [id, value] : truth) {
    const bool known = std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& session) {
      return session->ledger().cells().count(id) != 0;
    });
    EXPECT_TRUE(known || absl::StartsWith(id, "string|probe:")) << id << ": nobody wrote it";
  }
  CompareTables(truth);
  absl::StrAppend(&figures_, " | ", verdict.acknowledged, " | ", verdict.missing.size(), " | ",
                  verdict.unknown_applied, " of ", verdict.unknown);
}

// What SQL shows is what there is.
void ReliabilityTest::CompareTables(const std::map<std::string, std::string>& truth) {
  std::map<std::string, std::string> seen;
  const auto read = [&](const std::string& type, const std::string& columns,
                        const std::string& end) {
    const std::string table = type == "hash" ? "hashes" : type + "s";
    for (const auto& row : MustExec(absl::StrCat("SELECT ", columns, " FROM ", table, end)).rows) {
      std::string id = type;
      for (size_t c = 0; c + 1 < row.size(); ++c) absl::StrAppend(&id, "|", *row[c]);
      EXPECT_TRUE(seen.emplace(id, *row.back()).second) << id << " comes twice";
    }
  };
  read("string", "key, value", "");
  read("hash", "key, field, value", "");
  read("set", "key, member, 1", "");
  read("zset", "key, member, score", "");
  read("list", "key, element, count(*)", " GROUP BY 1, 2");
  read("stream", "key, payload, count(*)", " GROUP BY 1, 2");
  size_t expected = 0;
  for (const auto& [id, value] : truth) {
    if (absl::StartsWith(id, "string|probe:")) continue;
    ++expected;
    const auto found = seen.find(id);
    EXPECT_TRUE(found != seen.end() && found->second == value) << id;
  }
  EXPECT_EQ(seen.size(), expected);
}

}  // namespace redis_fdw::test
