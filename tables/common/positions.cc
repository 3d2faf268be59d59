#include "tables/common/positions.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "tables/common/planning.h"

namespace redis_fdw {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

int64_t AddUpToMax(int64_t a, int64_t b) { return a > kMax - b ? kMax : a + b; }

// The answer to the command that tells the length.
class LengthSink : public StepSink {
 public:
  LengthSink(const char* command, const IntRange& range, RowWriter* rows)
      : StepSink(rows), command_(command), range_(range) {}

  absl::Status OnElement(const ReplyElement& element) override {
    const bool length = element.depth == 0 && element.type == ReplyType::kInteger;
    if (!length || element.integer < 0) return UnexpectedReply(command_);
    rows()->WriteMany(CountIn(range_, element.integer));
    return absl::OkStatus();
  }

 private:
  const char* command_;
  const IntRange range_;
};

}  // namespace

RowWindow TakeWindow(RowWriter* rows) {
  RowWindow window;
  window.skip = rows->TakeSkip();
  window.count = rows->needed();
  return window;
}

Positions PositionsOf(const IntRange& range, const RowWindow& window) {
  Positions positions;
  positions.first = AddUpToMax(std::max<int64_t>(range.min, 0), window.skip);
  int64_t last = range.max;
  if (window.count > 0) last = std::min(last, AddUpToMax(positions.first, window.count - 1));
  if (last < kMax) positions.last = last;
  return positions;
}

bool MayHold(const IntRange& range) { return range.max >= std::max<int64_t>(range.min, 0); }

int64_t CountIn(const IntRange& range, int64_t length) {
  const int64_t first = std::max<int64_t>(range.min, 0);
  const int64_t last = std::min(range.max, length - 1);
  return last < first ? 0 : last - first + 1;
}

std::unique_ptr<StepSource> NewPositionsSource(const PositionCommands* commands,
                                               absl::string_view key, const IntRange& range,
                                               RowWriter* rows) {
  if (!MayHold(range)) return std::make_unique<FixedSource>(0, nullptr);
  return std::make_unique<FixedSource>(1, [commands, key, range, rows](size_t) {
    const Positions positions = PositionsOf(range, TakeWindow(rows));
    Command command(commands->range);
    command.Key(key).ArgInt(positions.first).ArgInt(positions.last);
    if (commands->option != nullptr) command.Arg(commands->option);
    return SnapshotStep(std::move(command), commands->shape, rows, positions.first);
  });
}

std::unique_ptr<StepSource> NewPositionsCount(const PositionCommands* commands,
                                              absl::string_view key, const IntRange& range,
                                              RowWriter* rows) {
  if (!MayHold(range)) return std::make_unique<FixedSource>(0, nullptr);
  return std::make_unique<FixedSource>(1, [commands, key, range, rows](size_t) {
    Step step{Command(commands->length),
              std::make_unique<LengthSink>(commands->length, range, rows)};
    step.command.Key(key).ReadOnly();
    return step;
  });
}

std::string PositionsText(const ScanPlan& plan, int column, absl::string_view name,
                          absl::Span<const std::string> operand_names) {
  std::vector<std::string> conditions;
  for (const PlannedPredicate& planned : plan.predicates) {
    const Predicate& predicate = planned.predicate;
    if (predicate.column != column) continue;
    conditions.push_back(absl::StrCat(OpName(predicate.op), " ",
                                      operand_names[static_cast<size_t>(predicate.operand)]));
  }
  std::vector<std::string> texts;
  if (!conditions.empty()) {
    texts.push_back(absl::StrCat(name, " ", absl::StrJoin(conditions, " AND ")));
  }
  if (plan.offset_operand >= 0) {
    texts.push_back(absl::StrCat("offset ", OffsetText(plan, operand_names)));
  }
  const bool limited = plan.limit >= 0 || plan.limit_operand >= 0;
  if (limited) texts.push_back(absl::StrCat("limit ", LimitText(plan, operand_names)));
  return absl::StrJoin(texts, ", ");
}

std::string DescribePositions(absl::string_view range, absl::string_view option,
                              const ScanPlan& plan, int column, absl::string_view name,
                              absl::Span<const std::string> operand_names, absl::string_view key) {
  if (!UsesColumn(plan, column) && plan.limit_operand < 0 && plan.offset_operand < 0) {
    const int64_t last = plan.limit > 0 ? plan.limit - 1 : -1;
    return absl::StrCat(range, " ", key, " 0 ", last, option);
  }
  return absl::StrCat(range, " ", key, " START STOP", option, " (",
                      PositionsText(plan, column, name, operand_names), ")");
}

}  // namespace redis_fdw
