// Reading lists from their end.

#include <deque>
#include <string>
#include <utility>

#include "core/base/status.h"
#include "tables/common/positions.h"
#include "tables/common/script.h"
#include "tables/list/list_scan.h"

namespace redis_fdw {
namespace {

// KEYS[1] the list. ARGV: the first and the last index (-1: the end), how many to pass over from
// there, and how many to bring. Replies with the index of the first element that it brings, and
// with them.
constexpr char kReverseScript[] = R"lua(
local length = redis.pcall('LLEN', KEYS[1])
if type(length) == 'table' then return length end
local first, last = tonumber(ARGV[1]), tonumber(ARGV[2])
if last < 0 or last >= length then last = length - 1 end
last = last - tonumber(ARGV[3])
first = math.max(first, last - tonumber(ARGV[4]) + 1)
local reply = {last}
if first <= last then
  local elements = redis.call('LRANGE', KEYS[1], first, last)
  for i = #elements, 1, -1 do reply[#reply + 1] = elements[i] end
end
return reply
)lua";

class ReversedSink : public StepSink {
 public:
  explicit ReversedSink(RowWriter* rows) : StepSink(rows) {}

  absl::Status OnElement(const ReplyElement& element) override {
    const bool first = element.depth == 1 && element.index == 0;
    if (first && element.type == ReplyType::kInteger) {
      index_ = element.integer;
      return absl::OkStatus();
    }
    if (element.depth == 1 && !first && element.type == ReplyType::kBulk) {
      return WriteIndexed(element.bytes, index_--, rows());
    }
    const bool is_array = element.depth == 0 && element.type == ReplyType::kArray;
    return is_array ? absl::OkStatus() : UnexpectedReply("LRANGE");
  }

 private:
  int64_t index_ = 0;
};

// Keeps of the reply to LRANGE the last elements, as many as are needed, and writes them from the
// end.
class ReversingSink : public StepSink {
 public:
  ReversingSink(int64_t first, RowWriter* rows)
      : StepSink(rows), first_(first), needed_(rows->needed()) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 1 && element.type == ReplyType::kBulk) {
      elements_.emplace_back(element.bytes);
      if (needed_ >= 0 && static_cast<int64_t>(elements_.size()) > needed_) {
        elements_.pop_front();
        ++first_;
      }
      return absl::OkStatus();
    }
    const bool is_array = element.depth == 0 && element.type == ReplyType::kArray;
    return is_array ? absl::OkStatus() : UnexpectedReply("LRANGE");
  }

 protected:
  absl::Status Finish() override {
    for (size_t i = elements_.size(); i > 0; --i) {
      const int64_t index = first_ + static_cast<int64_t>(i) - 1;
      RETURN_IF_ERROR(WriteIndexed(elements_[i - 1], index, rows()));
    }
    return absl::OkStatus();
  }

 private:
  int64_t first_;  // the index of the first element that is kept
  const int64_t needed_;
  std::deque<std::string> elements_;
};

Step ReverseStep(absl::string_view key, const IntRange& range, RowWriter* rows) {
  if (rows->left() < 0 || rows->left() > kMaxReversed) {
    const Positions positions = PositionsOf(range, RowWindow());
    Step step{Command("LRANGE"), std::make_unique<ReversingSink>(positions.first, rows)};
    step.command.Key(key).ArgInt(positions.first).ArgInt(positions.last).ReadOnly();
    return step;
  }
  const RowWindow window = TakeWindow(rows);
  const Positions positions = PositionsOf(range, RowWindow());
  Command command = ScriptCommand(kReverseScript, key);
  command.ArgInt(positions.first)
      .ArgInt(positions.last)
      .ArgInt(window.skip)
      .ArgInt(window.count)
      .ReadOnly();
  return Step{std::move(command), std::make_unique<ReversedSink>(rows)};
}

}  // namespace

std::unique_ptr<StepSource> NewReverseSource(absl::string_view key, const IntRange& range,
                                             RowWriter* rows) {
  const size_t steps = MayHold(range) ? 1 : 0;
  return std::make_unique<FixedSource>(
      steps, [key, range, rows](size_t) { return ReverseStep(key, range, rows); });
}

}  // namespace redis_fdw
