// Reading sets.

#include <utility>

#include "core/base/status.h"
#include "pushdown/operands.h"
#include "tables/common/lookup_source.h"
#include "tables/common/planning.h"
#include "tables/common/scan_driver.h"
#include "tables/set/set_table.h"

namespace redis_fdw {
namespace {

absl::Status WriteMember(absl::string_view member, absl::string_view, int64_t, RowWriter* rows) {
  Cell cell = Cell::Bytes(member);
  rows->Write(absl::MakeConstSpan(&cell, 1));
  return absl::OkStatus();
}

absl::Status WriteAnswer(absl::string_view member, const ReplyElement& answer, RowWriter* rows) {
  if (answer.type != ReplyType::kInteger) return UnexpectedReply("SISMEMBER");
  return answer.integer == 0 ? absl::OkStatus() : WriteMember(member, {}, 0, rows);
}

bool HasSmismember(const ServerInfo& server) { return server.AtLeast(6, 2); }

constexpr ElementShape kMemberOnly = {1, &WriteMember};
constexpr LookupCommands kLookup = {"SISMEMBER", "SMISMEMBER", &HasSmismember, &WriteAnswer};

}  // namespace

CollectionCommands SetTable::ScanCommands() const {
  Command all("SMEMBERS");
  all.Key(key());
  return {std::move(all), "SSCAN", &kMemberOnly};
}

absl::StatusOr<std::unique_ptr<Scan>> SetTable::OpenScan(const ScanPlan& plan,
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
    return std::make_unique<LookupSource>(key(), ResolveKeys(predicates, kMember, params),
                                          static_cast<size_t>(options.fetch_size), &kLookup, rows);
  };
  return NewDrivenScan(*this, plan, std::move(lookup), pipeline);
}

}  // namespace redis_fdw
