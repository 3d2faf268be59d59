// Reading hashes.

#include <utility>

#include "core/base/status.h"
#include "pushdown/operands.h"
#include "tables/common/element_source.h"
#include "tables/common/lookup_source.h"
#include "tables/common/planning.h"
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

ElementSourceFactory HashElements::Open(const ScanPlan& plan, const ScanOptions& options) const {
  if (plan.op != ScanOp::kLookup) {
    return [options](absl::string_view key, absl::Span<const Cell>, RowWriter* rows) {
      Command all("HGETALL");
      all.Key(key);
      return NewCollectionSource({std::move(all), "HSCAN", &kFieldAndValue}, key, options, rows);
    };
  }
  return [options, predicates = PredicatesOf(plan)](
             absl::string_view key, absl::Span<const Cell> params,
             RowWriter* rows) -> std::unique_ptr<StepSource> {
    return std::make_unique<LookupSource>(key, ResolveKeys(predicates, kField, params),
                                          static_cast<size_t>(options.fetch_size), &kLookup, rows);
  };
}

}  // namespace redis_fdw
