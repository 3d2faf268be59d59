// Reading lists.

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/status.h"
#include "pushdown/bounds.h"
#include "pushdown/operands.h"
#include "tables/common/element_source.h"
#include "tables/common/planning.h"
#include "tables/list/list_table.h"

namespace redis_fdw {
namespace {

absl::Status WriteIndexed(absl::string_view element, absl::string_view, int64_t index,
                          RowWriter* rows) {
  Cell parts[] = {Cell::Int64(index), Cell::Bytes(element)};
  rows->Write(parts, index);
  return absl::OkStatus();
}

constexpr ElementShape kIndexed = {1, &WriteIndexed};

// The answer to LINDEX.
class IndexSink : public StepSink {
 public:
  IndexSink(int64_t index, RowWriter* rows) : StepSink(rows), index_(index) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.type == ReplyType::kNil) return absl::OkStatus();  // no such index
    if (element.depth != 0 || element.type != ReplyType::kBulk) return UnexpectedReply("LINDEX");
    return WriteIndexed(element.bytes, {}, index_, rows());
  }

 private:
  const int64_t index_;
};

// Elements start ... stop, both inclusive; stop -1 is the last.
std::unique_ptr<StepSource> NewSpanSource(absl::string_view key, int64_t start, int64_t stop,
                                          RowWriter* rows) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  int64_t left = rows->left();
  if (left > 0) {
    int64_t last = start > kMax - left ? kMax : start + left - 1;
    stop = stop < 0 ? last : std::min(stop, last);
  }
  Command command("LRANGE");
  command.Key(key).ArgInt(start).ArgInt(stop);
  return NewSnapshotSource(std::move(command), &kIndexed, rows, start);
}

std::unique_ptr<StepSource> NewRangeSource(absl::string_view key, const IntRange& range,
                                           RowWriter* rows) {
  int64_t start = std::max<int64_t>(range.min, 0);
  if (range.max < start) return std::make_unique<FixedSource>(0, nullptr);
  bool to_the_end = range.max == std::numeric_limits<int64_t>::max();
  return NewSpanSource(key, start, to_the_end ? -1 : range.max, rows);
}

std::unique_ptr<StepSource> NewLookupSource(absl::string_view key, absl::Span<const int64_t> wanted,
                                            const IntRange& range, RowWriter* rows) {
  std::vector<int64_t> indexes;
  for (int64_t index : wanted) {
    if (index >= 0 && index >= range.min && index <= range.max) indexes.push_back(index);
  }
  size_t count = indexes.size();
  return std::make_unique<FixedSource>(
      count,
      [key, rows, indexes = std::move(indexes)](size_t i) {
        Step step{Command("LINDEX"), std::make_unique<IndexSink>(indexes[i], rows)};
        step.command.Key(key).ArgInt(indexes[i]).ReadOnly();
        return step;
      },
      kPipelinedLookups);
}

}  // namespace

ElementSourceFactory ListElements::Open(const ScanPlan& plan, const ScanOptions&) const {
  std::vector<Predicate> predicates = PredicatesOf(plan);
  switch (plan.op) {
    case ScanOp::kLookup:
      return [predicates](absl::string_view key, absl::Span<const Cell> params, RowWriter* rows) {
        return NewLookupSource(key, ResolveIntegers(predicates, kIndex, params),
                               ResolveIntRange(predicates, kIndex, params), rows);
      };
    case ScanOp::kRange:
      return [predicates](absl::string_view key, absl::Span<const Cell> params, RowWriter* rows) {
        return NewRangeSource(key, ResolveIntRange(predicates, kIndex, params), rows);
      };
    default:
      return [](absl::string_view key, absl::Span<const Cell>, RowWriter* rows) {
        return NewSpanSource(key, 0, -1, rows);
      };
  }
}

}  // namespace redis_fdw
