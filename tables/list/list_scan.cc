// Reading lists.

#include "tables/list/list_scan.h"

#include <utility>

#include "core/base/status.h"
#include "pushdown/operands.h"
#include "tables/common/element_source.h"
#include "tables/common/planning.h"
#include "tables/common/positions.h"
#include "tables/common/sample.h"
#include "tables/list/list_table.h"

namespace redis_fdw {
namespace {

absl::Status WriteElement(absl::string_view element, absl::string_view, int64_t index,
                          RowWriter* rows) {
  return WriteIndexed(element, index, rows);
}

constexpr ElementShape kIndexed = {1, &WriteElement};
constexpr PositionCommands kByIndex = {"LRANGE", nullptr, "LLEN", &kIndexed};

// The answer to LINDEX.
class IndexSink : public StepSink {
 public:
  IndexSink(int64_t index, RowWriter* rows) : StepSink(rows), index_(index) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.type == ReplyType::kNil) return absl::OkStatus();  // no such index
    if (element.depth != 0 || element.type != ReplyType::kBulk) return UnexpectedReply("LINDEX");
    return WriteIndexed(element.bytes, index_, rows());
  }

 private:
  const int64_t index_;
};

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

absl::Status WriteIndexed(absl::string_view element, int64_t index, RowWriter* rows) {
  Cell parts[] = {Cell::Int64(index), Cell::Bytes(element)};
  rows->Write(parts, index);
  return absl::OkStatus();
}

ElementSourceFactory ListElements::Open(const ScanPlan& plan, const ScanOptions&) const {
  const std::vector<Predicate> predicates = PredicatesOf(plan);
  if (plan.op == ScanOp::kLookup && UsesColumn(plan, kElement)) {
    return [predicates](absl::string_view key, absl::Span<const Cell> params, RowWriter* rows) {
      return NewElementsSource(key, ResolveKeys(predicates, kElement, params),
                               ResolveIntRange(predicates, kIndex, params), rows);
    };
  }
  if (plan.op == ScanOp::kLookup) {
    return [predicates](absl::string_view key, absl::Span<const Cell> params, RowWriter* rows) {
      return NewLookupSource(key, ResolveIntegers(predicates, kIndex, params),
                             ResolveIntRange(predicates, kIndex, params), rows);
    };
  }
  return [predicates, op = plan.op, backwards = Descends(plan)](
             absl::string_view key, absl::Span<const Cell> params, RowWriter* rows) {
    const IntRange range = ResolveIntRange(predicates, kIndex, params);
    if (op == ScanOp::kCount) return NewPositionsCount(&kByIndex, key, range, rows);
    if (backwards) return NewReverseSource(key, range, rows);
    return NewPositionsSource(&kByIndex, key, range, rows);
  };
}

std::unique_ptr<StepSource> ListElements::OpenSample(absl::string_view key,
                                                     const ElementSample& sample,
                                                     RowWriter* rows) const {
  auto indexes = [key](const SampleBlock& block) {
    Command command("LRANGE");
    command.Key(key).ArgInt(block.start).ArgInt(block.start + block.count - 1);
    return command;
  };
  return NewBlockSource(sample, indexes, &kIndexed, rows);
}

}  // namespace redis_fdw
