// Reading lists.

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/status.h"
#include "pushdown/bounds.h"
#include "pushdown/operands.h"
#include "tables/common/element_source.h"
#include "tables/common/planning.h"
#include "tables/common/scan_driver.h"
#include "tables/list/list_table.h"

namespace redis_fdw {
namespace {

absl::Status WriteElement(absl::string_view element, absl::string_view, int64_t index,
                          RowWriter* rows) {
  Cell cell = Cell::Bytes(element);
  rows->Write(absl::MakeConstSpan(&cell, 1), index);
  return absl::OkStatus();
}

absl::Status WriteIndexed(absl::string_view element, absl::string_view, int64_t index,
                          RowWriter* rows) {
  Cell parts[] = {Cell::Int64(index), Cell::Bytes(element)};
  rows->Write(parts, index);
  return absl::OkStatus();
}

constexpr ElementShape kElementOnly = {1, &WriteElement};
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
                                          const ElementShape* shape, RowWriter* rows) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  int64_t left = rows->left();
  if (left > 0) {
    int64_t last = start > kMax - left ? kMax : start + left - 1;
    stop = stop < 0 ? last : std::min(stop, last);
  }
  Command command("LRANGE");
  command.Key(key).ArgInt(start).ArgInt(stop);
  return NewSnapshotSource(std::move(command), shape, rows, start);
}

std::unique_ptr<StepSource> NewRangeSource(absl::string_view key, const IntRange& range,
                                           RowWriter* rows) {
  int64_t start = std::max<int64_t>(range.min, 0);
  if (range.max < start) return std::make_unique<FixedSource>(0, nullptr);
  bool to_the_end = range.max == std::numeric_limits<int64_t>::max();
  return NewSpanSource(key, start, to_the_end ? -1 : range.max, &kIndexed, rows);
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

absl::StatusOr<std::unique_ptr<Scan>> ListTable::OpenScan(const ScanPlan& plan, const ScanOptions&,
                                                          Pipeline* pipeline) const {
  std::vector<Predicate> predicates = PredicatesOf(plan);
  SourceFactory factory;
  switch (plan.op) {
    case ScanOp::kLookup:
      factory = [this, predicates](absl::Span<const Cell> params, RowWriter* rows) {
        return NewLookupSource(key(), ResolveIntegers(predicates, kIndex, params),
                               ResolveIntRange(predicates, kIndex, params), rows);
      };
      break;
    case ScanOp::kRange:
      factory = [this, predicates](absl::Span<const Cell> params, RowWriter* rows) {
        return NewRangeSource(key(), ResolveIntRange(predicates, kIndex, params), rows);
      };
      break;
    default:
      factory = [this](absl::Span<const Cell>, RowWriter* rows) {
        return NewSpanSource(key(), 0, -1, has_index_ ? &kIndexed : &kElementOnly, rows);
      };
  }
  return NewDrivenScan(*this, plan, std::move(factory), pipeline);
}

}  // namespace redis_fdw
