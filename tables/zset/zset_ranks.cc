// Reading members together with their ranks.

#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "core/base/status.h"
#include "tables/common/positions.h"
#include "tables/common/script.h"
#include "tables/zset/zset_scan.h"
#include "tables/zset/zset_table.h"

namespace redis_fdw {
namespace {

// KEYS[1] the sorted set. ARGV: the end of what is below the range, its minimum and maximum,
// "down" or "up", how many to pass over, how many to bring (-1: all), and how many are too many.
// Replies with how many members are below and in the range, and those that are wanted unless they
// are too many.
constexpr char kRankedScript[] = R"lua(
local below = redis.pcall('ZCOUNT', KEYS[1], '-inf', ARGV[1])
if type(below) == 'table' then return below end
local within = redis.call('ZCOUNT', KEYS[1], ARGV[2], ARGV[3])
local wanted, most = within - tonumber(ARGV[5]), tonumber(ARGV[6])
if most >= 0 and most < wanted then wanted = most end
if wanted > tonumber(ARGV[7]) then return {below, within} end
if wanted <= 0 then return {below, within, {}} end
local command, first, last = 'ZRANGEBYSCORE', ARGV[2], ARGV[3]
if ARGV[4] == 'down' then command, first, last = 'ZREVRANGEBYSCORE', ARGV[3], ARGV[2] end
local rows = redis.call(command, KEYS[1], first, last, 'WITHSCORES', 'LIMIT', ARGV[5], wanted)
return {below, within, rows}
)lua";

constexpr char kLookupScript[] = R"lua(
local found = {}
for i = 1, #ARGV do
  local score = redis.pcall('ZSCORE', KEYS[1], ARGV[i])
  if type(score) == 'table' then return score end
  found[i] = score and redis.call('ZRANK', KEYS[1], ARGV[i]) .. ':' .. score
end
return found
)lua";

absl::Status WriteFound(absl::string_view member, const ReplyElement& answer, RowWriter* rows) {
  if (answer.type == ReplyType::kNil) return absl::OkStatus();  // no such member
  const size_t colon = answer.bytes.find(':');
  int64_t rank = 0;
  if (answer.type != ReplyType::kBulk || colon == absl::string_view::npos ||
      !absl::SimpleAtoi(answer.bytes.substr(0, colon), &rank)) {
    return UnexpectedReply("ZRANK");
  }
  return WriteMember(member, answer.bytes.substr(colon + 1), rank, rows);
}

class RankedSource : public StepSource {
 public:
  RankedSource(absl::string_view key, const ScoreReading& reading, RowWriter* rows)
      : key_(key), reading_(reading), rows_(rows) {}

  State state() const override { return state_; }
  absl::StatusOr<Step> Next(const ServerInfo& server) override;

 private:
  class MemberSink;
  class ScriptSink;
  class WholeSink;

  Step ScriptStep();
  Step WholeStep();

  absl::string_view key_;
  const ScoreReading reading_;
  RowWriter* rows_;
  State state_ = State::kReady;
  bool asked_ = false;
  RowWindow window_;
};

// Writes members of which the rank of the first is known.
class RankedSource::MemberSink : public StepSink {
 protected:
  explicit MemberSink(RankedSource* source)
      : StepSink(source->rows_), source_(source), reader_(&kMemberAndScore) {}

  absl::Status TakePart(absl::string_view part) {
    if (!reader_.Take(part)) return absl::OkStatus();
    const int64_t rank = rank_;
    rank_ += down() ? -1 : 1;
    if (!Wanted(reader_.second())) return absl::OkStatus();
    return WriteMember(reader_.identity(), reader_.second(), rank, rows());
  }
  bool down() const { return source_->reading_.descending; }
  // Of the member that comes now.
  virtual bool Wanted(absl::string_view /*score*/) { return true; }

  RankedSource* const source_;
  int64_t rank_ = 0;  // of the next member

 private:
  ElementReader reader_;
};

class RankedSource::ScriptSink : public MemberSink {
 public:
  explicit ScriptSink(RankedSource* source) : MemberSink(source) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 2 && element.type == ReplyType::kBulk) return TakePart(element.bytes);
    if (element.depth == 0 && element.type == ReplyType::kArray) {
      complete_ = element.integer == 3;
      return complete_ || element.integer == 2 ? absl::OkStatus() : Unexpected();
    }
    if (element.depth != 1) return Unexpected();
    const bool rows = element.index == 2;
    if (element.type != (rows ? ReplyType::kArray : ReplyType::kInteger)) return Unexpected();
    if (element.index == 0) below_ = element.integer;
    if (element.index == 1) {
      const int64_t skip = source_->window_.skip;
      rank_ = down() ? below_ + element.integer - 1 - skip : below_ + skip;
    }
    return absl::OkStatus();
  }

 protected:
  absl::Status Finish() override {
    source_->state_ = complete_ ? State::kDone : State::kReady;
    return absl::OkStatus();
  }

 private:
  static absl::Status Unexpected() { return UnexpectedReply("ZRANGEBYSCORE"); }

  int64_t below_ = 0;
  bool complete_ = false;
};

class RankedSource::WholeSink : public MemberSink {
 public:
  explicit WholeSink(RankedSource* source) : MemberSink(source), skip_(source->window_.skip) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 1 && element.type == ReplyType::kBulk) return TakePart(element.bytes);
    const bool is_array = element.depth == 0 && element.type == ReplyType::kArray;
    if (!is_array || element.integer % 2 != 0) return UnexpectedReply("ZRANGE");
    if (down()) rank_ = element.integer / 2 - 1;
    return absl::OkStatus();
  }

 protected:
  bool Wanted(absl::string_view score) override {
    double value = 0;
    // What is no number is an error, which writing it gives.
    const bool within = !ParseDouble(score, &value) || Contains(source_->reading_.range, value);
    return within && --skip_ < 0;
  }

 private:
  int64_t skip_;  // members of the range
};

absl::StatusOr<Step> RankedSource::Next(const ServerInfo&) {
  if (asked_) return WholeStep();
  window_ = TakeWindow(rows_);
  asked_ = true;
  const bool all = window_.count < 0 && IsAll(reading_.range);
  return all ? WholeStep() : ScriptStep();
}

Step RankedSource::ScriptStep() {
  const DoubleRange& range = reading_.range;
  Command command = ScriptCommand(kRankedScript, key_);
  command.Arg(ScoreBound(range.min, !range.min_exclusive))
      .Arg(ScoreBound(range.min, range.min_exclusive))
      .Arg(ScoreBound(range.max, range.max_exclusive))
      .Arg(reading_.descending ? "down" : "up")
      .ArgInt(window_.skip)
      .ArgInt(window_.count)
      .ArgInt(kMaxScriptRows)
      .ReadOnly();
  state_ = State::kWaiting;
  return Step{std::move(command), std::make_unique<ScriptSink>(this)};
}

Step RankedSource::WholeStep() {
  Command command(reading_.descending ? "ZREVRANGE" : "ZRANGE");
  command.Key(key_).ArgInt(0).ArgInt(-1).Arg("WITHSCORES").ReadOnly();
  state_ = State::kDone;
  return Step{std::move(command), std::make_unique<WholeSink>(this)};
}

}  // namespace

const LookupCommands kRankedLookup = {"ZSCORE and ZRANK", "ZSCORE and ZRANK", nullptr, &WriteFound,
                                      kLookupScript};

std::unique_ptr<StepSource> NewRankedSource(absl::string_view key, const ScoreReading& reading,
                                            RowWriter* rows) {
  return std::make_unique<RankedSource>(key, reading, rows);
}

}  // namespace redis_fdw
