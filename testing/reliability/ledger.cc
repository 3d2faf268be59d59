#include "testing/reliability/ledger.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace redis_fdw::test {
namespace {

std::string Shown(const std::optional<std::string>& value) {
  return value.has_value() ? absl::StrCat("'", *value, "'") : "nothing";
}

// The first version that a read may still show: all earlier ones are certainly overwritten.
size_t Floor(const std::vector<Version>& history, const LossWindow& window) {
  size_t floor = 0;
  for (size_t i = 0; i < history.size(); ++i) {
    if (history[i].outcome == Outcome::kAcknowledged && !window.MayLose(history[i])) floor = i;
  }
  return floor;
}

std::string Told(const std::vector<Version>& history, size_t from) {
  std::string text;
  for (size_t i = from; i < history.size(); ++i) {
    const char* outcomes[] = {"acknowledged", "unknown", "refused"};
    absl::StrAppend(&text, text.empty() ? "" : ", ", Shown(history[i].value), " ",
                    outcomes[static_cast<int>(history[i].outcome)], " ",
                    absl::FormatTime("%H:%M:%E3S", history[i].begin, absl::UTCTimeZone()), "-",
                    absl::FormatTime("%H:%M:%E3S", history[i].end, absl::UTCTimeZone()));
  }
  return text;
}

}  // namespace

void Ledger::Add(const std::string& id, int shard, Version version) {
  Cell& cell = cells_[id];
  if (cell.history.empty()) {
    cell.shard = shard;
    cell.history.push_back({std::nullopt, absl::InfinitePast(), absl::InfinitePast()});
  }
  cell.history.push_back(std::move(version));
}

std::string Ledger::Check(const std::string& id, const std::optional<std::string>& seen,
                          const LossWindow& window) const {
  const auto found = cells_.find(id);
  if (found == cells_.end()) {
    return seen.has_value() ? absl::StrCat(id, " is ", *seen, ", which nobody wrote") : "";
  }
  const std::vector<Version>& history = found->second.history;
  const size_t floor = Floor(history, window);
  for (size_t i = floor; i < history.size(); ++i) {
    if (history[i].outcome != Outcome::kRefused && history[i].value == seen) return "";
  }
  return absl::StrCat(id, " is ", Shown(seen), "; its history: ", Told(history, floor));
}

std::string Ledger::CheckAll(const std::string& prefix,
                             const std::map<std::string, std::string>& seen,
                             const std::vector<LossWindow>& windows) const {
  for (const auto& [id, value] : seen) {
    const auto found = cells_.find(id);
    const size_t shard = found == cells_.end() ? 0 : static_cast<size_t>(found->second.shard);
    std::string problem = Check(id, value, windows[shard]);
    if (!problem.empty()) return problem;
  }
  for (auto it = cells_.lower_bound(prefix);
       it != cells_.end() && absl::StartsWith(it->first, prefix); ++it) {
    if (seen.count(it->first) != 0) continue;
    std::string problem =
        Check(it->first, std::nullopt, windows[static_cast<size_t>(it->second.shard)]);
    if (!problem.empty()) return problem;
  }
  return "";
}

bool Ledger::Certain(const std::string& id, bool there, const LossWindow& window) const {
  const auto found = cells_.find(id);
  if (found == cells_.end()) return !there;
  const std::vector<Version>& history = found->second.history;
  for (size_t i = Floor(history, window); i < history.size(); ++i) {
    if (history[i].outcome != Outcome::kRefused && history[i].value.has_value() != there) {
      return false;
    }
  }
  return true;
}

void Judge(const Ledger& ledger, const std::map<std::string, std::string>& truth,
           const std::vector<LossWindow>& windows, Verdict* verdict) {
  verdict->last_survivor.resize(windows.size(), absl::InfinitePast());
  for (const auto& [id, cell] : ledger.cells()) {
    const LossWindow& window = windows[static_cast<size_t>(cell.shard)];
    absl::Time& last = verdict->last_survivor[static_cast<size_t>(cell.shard)];
    const auto found = truth.find(id);
    std::optional<std::string> value;
    if (found != truth.end()) value = found->second;
    int at = -1;  // the version that is there
    const int size = static_cast<int>(cell.history.size());
    for (int i = 0; i < size; ++i) {
      const Version& version = cell.history[static_cast<size_t>(i)];
      if (version.outcome != Outcome::kRefused && version.value == value) at = i;
    }
    if (at < 0) {
      verdict->wrong.push_back(
          absl::StrCat(id, " is ", Shown(value), "; its history: ", Told(cell.history, 0)));
      continue;
    }
    for (int i = 1; i < size; ++i) {
      const Version& version = cell.history[static_cast<size_t>(i)];
      if (version.outcome == Outcome::kUnknown) {
        ++verdict->unknown;
        if (i == at) ++verdict->unknown_applied;
      }
      if (version.outcome != Outcome::kAcknowledged) continue;
      ++verdict->acknowledged;
      if (i > at) verdict->missing.push_back({id, cell.shard, version});
    }
    const Version& there = cell.history[static_cast<size_t>(at)];
    if (there.begin < window.until) last = std::max(last, there.begin);
  }
}

std::vector<MissingWrite> NotRedisOwn(const Verdict& verdict,
                                      const std::vector<LossWindow>& windows, bool in_order) {
  std::vector<MissingWrite> result;
  for (const MissingWrite& write : verdict.missing) {
    const auto shard = static_cast<size_t>(write.shard);
    const bool overtaken = in_order && write.version.end < verdict.last_survivor[shard];
    if (!windows[shard].MayLose(write.version) || overtaken) result.push_back(write);
  }
  return result;
}

}  // namespace redis_fdw::test
