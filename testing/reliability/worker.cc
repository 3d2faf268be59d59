#include "testing/reliability/worker.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace redis_fdw::test {
namespace {

// No statement may hang for longer, whatever happens to Redis.
constexpr absl::Duration kPatience = absl::Seconds(40);
constexpr size_t kProblemsTold = 20;

}  // namespace

void Worker::Start() {
  thread_ = std::thread([this] {
    while (!world_->stop) {
      ++steps_;
      Step();
      absl::SleepFor(world_->pause * Random(1000) / 1000);
    }
  });
}

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::Problem(const char* what, const std::string& sql, const std::string& text) {
  if (problems_.size() >= kProblemsTold) return;
  problems_.push_back(absl::StrCat(absl::FormatTime("%H:%M:%E3S", absl::Now(), absl::UTCTimeZone()),
                                   " session ", number_, ", ", what, ": ", text, "\n  ",
                                   sql.substr(0, 300)));
}

PgResult Worker::Run(const char* what, const std::string& sql, uint32_t shards, bool write) {
  Done done{what, absl::Now(), {}, shards, write, ""};
  PgResult result = pg_.Exec(sql, kPatience);
  done.end = absl::Now();
  done.sqlstate = result.error.sqlstate;
  if (result.ok()) {
    for (int shard = 0; shard < world_->shards(); ++shard) {
      if ((shards >> shard & 1) != 0) last_success_[shard] = absl::ToUnixNanos(done.begin);
    }
  } else if (must_succeed_ ||
             (!IsClearError(done.sqlstate) && done.sqlstate != world_->also_allowed)) {
    Problem(what, sql, result.error.ToString());
  }
  if (!result.ok()) first_errors_.emplace(done.sqlstate, result.error.ToString());
  done_.push_back(std::move(done));
  return result;
}

void Worker::Write(const char* what, const std::string& sql, const std::vector<Change>& changes,
                   const std::string& tag) {
  uint32_t shards = 0;
  for (const Change& change : changes) shards |= 1U << change.shard;
  const PgResult result = Run(what, sql, shards, /*write=*/true);
  // Afterwards: it may have been opened meanwhile.
  const bool may_be_lost = std::any_of(
      changes.begin(), changes.end(), [this](const Change& c) { return WindowOf(c.shard).open(); });
  Outcome outcome = Outcome::kAcknowledged;
  if (!result.ok()) {
    const bool refused = changes.size() == 1 && SaysNothingDone(result.error.sqlstate);
    outcome = refused ? Outcome::kRefused : Outcome::kUnknown;
  } else if (!tag.empty() && result.tag != tag && !may_be_lost) {
    Problem(what, sql, absl::StrCat(result.tag, ", not ", tag));
  }
  const Done& done = done_.back();
  for (const Change& change : changes) {
    ledger_.Add(change.cell, change.shard, {change.value, done.begin, done.end, outcome});
  }
}

void Worker::Read(const char* what, const std::string& sql, const std::string& prefix,
                  uint32_t shards) {
  const PgResult result = Run(what, sql, shards, /*write=*/false);
  if (!result.ok()) return;
  const std::string type = prefix.substr(0, prefix.find('|'));
  std::map<std::string, std::string> seen;
  for (const auto& row : result.rows) {
    std::string id = type;
    for (size_t c = 0; c + 1 < row.size(); ++c) absl::StrAppend(&id, "|", row[c].value_or("NULL"));
    if (!seen.emplace(id, row.back().value_or("NULL")).second) {
      Problem(what, sql, absl::StrCat(id, " comes twice"));
    }
  }
  const std::string problem = ledger_.CheckAll(prefix, seen, world_->windows());
  if (!problem.empty()) Problem(what, sql, problem);
}

}  // namespace redis_fdw::test
