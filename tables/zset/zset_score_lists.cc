// Reading members by lists of scores.

#include <algorithm>
#include <utility>

#include "core/base/status.h"
#include "tables/common/element_source.h"
#include "tables/common/script.h"
#include "tables/zset/zset_scan.h"
#include "tables/zset/zset_table.h"

namespace redis_fdw {
namespace {

// KEYS[1] the sorted set. ARGV: how many rows to bring (-1: all), how many are too many, and the
// minimum and maximum of each range. Replies with the members and their scores, or how many there
// are if they are too many.
constexpr char kListScript[] = R"lua(
local wanted, most = 0, tonumber(ARGV[1])
for i = 3, #ARGV, 2 do
  local within = redis.pcall('ZCOUNT', KEYS[1], ARGV[i], ARGV[i + 1])
  if type(within) == 'table' then return within end
  wanted = wanted + within
end
if most >= 0 and most < wanted then wanted = most end
if wanted > tonumber(ARGV[2]) then return wanted end
local rows = {}
for i = 3, #ARGV, 2 do
  local left = wanted - #rows / 2
  if left == 0 then break end
  local some = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[i], ARGV[i + 1], 'WITHSCORES',
                          'LIMIT', 0, left)
  for j = 1, #some do rows[#rows + 1] = some[j] end
end
return rows
)lua";

// Ranges that a script may ask for: each takes Redis some microseconds.
constexpr size_t kMaxScriptRanges = 1000;

class ScoreListSource : public StepSource {
 public:
  ScoreListSource(absl::string_view key, std::vector<DoubleRange> ranges, RowWriter* rows)
      : key_(key), ranges_(std::move(ranges)), rows_(rows) {
    asked_ = ranges_.size() > kMaxScriptRanges;
  }

  State state() const override { return state_; }
  absl::StatusOr<Step> Next(const ServerInfo&) override {
    return std::exchange(asked_, true) ? BetweenStep() : ScriptStep();
  }

 private:
  class ScriptSink;
  class BetweenSink;

  Step ScriptStep();
  Step BetweenStep();

  const absl::string_view key_;
  const std::vector<DoubleRange> ranges_;
  RowWriter* rows_;
  State state_ = State::kReady;
  bool asked_;  // the script, or it would be asked for too much
};

class ScoreListSource::ScriptSink : public StepSink {
 public:
  explicit ScriptSink(ScoreListSource* source)
      : StepSink(source->rows_), source_(source), reader_(&kMemberAndScore) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 1 && element.type == ReplyType::kBulk) {
      return reader_.Take(element.bytes) ? reader_.Write(rows()) : absl::OkStatus();
    }
    too_many_ = element.depth == 0 && element.type == ReplyType::kInteger;
    const bool is_array = element.depth == 0 && element.type == ReplyType::kArray;
    if (too_many_ || (is_array && element.integer % 2 == 0)) return absl::OkStatus();
    return UnexpectedReply("ZRANGEBYSCORE");
  }

 protected:
  absl::Status Finish() override {
    source_->state_ = too_many_ ? State::kReady : State::kDone;
    return absl::OkStatus();
  }

 private:
  ScoreListSource* source_;
  ElementReader reader_;
  bool too_many_ = false;
};

// Drops the members between the ranges.
class ScoreListSource::BetweenSink : public StepSink {
 public:
  explicit BetweenSink(ScoreListSource* source)
      : StepSink(source->rows_), ranges_(source->ranges_), reader_(&kMemberAndScore) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 1 && element.type == ReplyType::kBulk) {
      if (!reader_.Take(element.bytes) || !Wanted(reader_.second())) return absl::OkStatus();
      return reader_.Write(rows());
    }
    const bool is_array = element.depth == 0 && element.type == ReplyType::kArray;
    return is_array && element.integer % 2 == 0 ? absl::OkStatus()
                                                : UnexpectedReply("ZRANGEBYSCORE");
  }

 private:
  bool Wanted(absl::string_view score) const {
    double value = 0;
    // What is no number is an error, which writing it gives.
    if (!ParseDouble(score, &value)) return true;
    auto above =
        std::upper_bound(ranges_.begin(), ranges_.end(), value,
                         [](double score, const DoubleRange& range) { return score < range.min; });
    return above != ranges_.begin() && Contains(*std::prev(above), value);
  }

  const std::vector<DoubleRange>& ranges_;
  ElementReader reader_;
};

Step ScoreListSource::ScriptStep() {
  Command command = ScriptCommand(kListScript, key_);
  command.ArgInt(rows_->needed()).ArgInt(kMaxScriptRows);
  for (const DoubleRange& range : ranges_) {
    command.Arg(ScoreBound(range.min, range.min_exclusive));
    command.Arg(ScoreBound(range.max, range.max_exclusive));
  }
  command.ReadOnly();
  state_ = State::kWaiting;
  return Step{std::move(command), std::make_unique<ScriptSink>(this)};
}

Step ScoreListSource::BetweenStep() {
  const DoubleRange& low = ranges_.front();
  const DoubleRange& high = ranges_.back();
  Command command("ZRANGEBYSCORE");
  command.Key(key_).Arg(ScoreBound(low.min, low.min_exclusive));
  command.Arg(ScoreBound(high.max, high.max_exclusive)).Arg("WITHSCORES").ReadOnly();
  state_ = State::kDone;
  return Step{std::move(command), std::make_unique<BetweenSink>(this)};
}

}  // namespace

std::unique_ptr<StepSource> NewScoreListSource(absl::string_view key,
                                               std::vector<DoubleRange> ranges, RowWriter* rows) {
  return std::make_unique<ScoreListSource>(key, std::move(ranges), rows);
}

}  // namespace redis_fdw
