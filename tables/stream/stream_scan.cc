// Reading streams.

#include <algorithm>
#include <utility>

#include "core/base/status.h"
#include "pushdown/operands.h"
#include "pushdown/stream_id.h"
#include "pushdown/stream_id_range.h"
#include "tables/common/element_source.h"
#include "tables/common/planning.h"
#include "tables/common/step_source.h"
#include "tables/stream/entry_sink.h"
#include "tables/stream/stream_pages.h"
#include "tables/stream/stream_table.h"

namespace redis_fdw {
namespace {

// Entries of the first page where few will be taken, beyond those: a smaller page costs no less,
// and the end of a group is known by the entry that follows it.
constexpr int64_t kSpareEntries = 10;

std::unique_ptr<StepSource> NewLookupSource(const StreamElements* table, absl::string_view key,
                                            absl::Span<const absl::string_view> wanted,
                                            RowWriter* rows) {
  std::vector<absl::string_view> ids;
  for (absl::string_view text : wanted) {
    StreamId id;
    if (ParseStreamId(text, &id)) ids.push_back(text);
  }
  size_t count = ids.size();
  return std::make_unique<FixedSource>(
      count,
      [table, key, rows, ids = std::move(ids)](size_t i) {
        Step step{Command("XRANGE"), std::make_unique<EntrySink>(table, rows)};
        step.command.Key(key).Arg(ids[i]).Arg(ids[i]).ReadOnly();
        return step;
      },
      kPipelinedLookups);
}

}  // namespace

ElementSourceFactory StreamElements::Open(const ScanPlan& plan, const ScanOptions& options) const {
  if (plan.op == ScanOp::kLookup) {
    return [this, predicates = PredicatesOf(plan)](absl::string_view key,
                                                   absl::Span<const Cell> params, RowWriter* rows) {
      return NewLookupSource(this, key, ResolveKeys(predicates, kId, params), rows);
    };
  }
  if (plan.op == ScanOp::kCount) {
    return [](absl::string_view key, absl::Span<const Cell>, RowWriter* rows) {
      Command count("XLEN");
      count.Key(key);
      return NewCountSource(std::move(count), rows);
    };
  }
  EntriesWanted all;
  all.descending = plan.order.column == kId && plan.order.descending;
  all.grouped = plan.order.column == kId && plan.order.grouped;
  all.page = options.fetch_size;
  all.first_page =
      plan.expected_rows < 0 ? all.page : std::min(all.page, plan.expected_rows + kSpareEntries);
  return [this, all, predicates = PredicatesOf(plan)](
             absl::string_view key, absl::Span<const Cell> params, RowWriter* rows) {
    EntriesWanted wanted = all;
    wanted.range = ResolveStreamIdRange(predicates, kId, params);
    wanted.text_bounds = ResolveStreamTextBounds(predicates, kId, params);
    return NewPagesSource(this, key, std::move(wanted), rows);
  };
}

}  // namespace redis_fdw
