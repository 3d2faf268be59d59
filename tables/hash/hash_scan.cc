// Reading hashes.

#include <utility>

#include "core/base/status.h"
#include "pushdown/operands.h"
#include "tables/common/lookup_source.h"
#include "tables/common/planning.h"
#include "tables/common/scan_driver.h"
#include "tables/hash/hash_table.h"

namespace redis_fdw {
namespace {

absl::Status WriteField(absl::string_view field, absl::string_view value, int64_t,
                        RowWriter* rows) {
  Cell parts[] = {Cell::Bytes(field), Cell::Bytes(value)};
  rows->Write(parts);
  return absl::OkStatus();
}

absl::Status WriteAnswer(absl::string_view field, const ReplyElement& answer, RowWriter* rows) {
  if (answer.type == ReplyType::kNil) return absl::OkStatus();  // no such field
  if (answer.type != ReplyType::kBulk) return UnexpectedReply("HMGET");
  return WriteField(field, answer.bytes, 0, rows);
}

constexpr ElementShape kFieldAndValue = {2, &WriteField};
constexpr LookupCommands kLookup = {"HGET", "HMGET", nullptr, &WriteAnswer};

}  // namespace

CollectionCommands HashTable::ScanCommands() const {
  Command all("HGETALL");
  all.Key(key());
  return {std::move(all), "HSCAN", &kFieldAndValue};
}

absl::StatusOr<std::unique_ptr<Scan>> HashTable::OpenScan(const ScanPlan& plan,
                                                          const ScanOptions& options,
                                                          Pipeline* pipeline) const {
  if (plan.op != ScanOp::kLookup) {
    auto scan = [this, options](absl::Span<const Cell>, RowWriter* rows) {
      return NewCollectionSource(ScanCommands(), key(), options, rows);
    };
    return NewDrivenScan(*this, plan, scan, pipeline);
  }
  auto lookup = [this, options, predicates = PredicatesOf(plan)](
                    absl::Span<const Cell> params, RowWriter* rows) -> std::unique_ptr<StepSource> {
    return std::make_unique<LookupSource>(key(), ResolveKeys(predicates, kField, params),
                                          static_cast<size_t>(options.fetch_size), &kLookup, rows);
  };
  return NewDrivenScan(*this, plan, std::move(lookup), pipeline);
}

}  // namespace redis_fdw
