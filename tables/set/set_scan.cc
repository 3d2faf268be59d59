// Reading sets.

#include <utility>

#include "core/base/status.h"
#include "pushdown/glob.h"
#include "pushdown/operands.h"
#include "tables/common/element_source.h"
#include "tables/common/lookup_source.h"
#include "tables/common/planning.h"
#include "tables/common/sample.h"
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

ElementSourceFactory SetElements::Open(const ScanPlan& plan, const ScanOptions& options) const {
  if (plan.op == ScanOp::kCount) {
    return [](absl::string_view key, absl::Span<const Cell>, RowWriter* rows) {
      Command count("SCARD");
      count.Key(key);
      return NewCountSource(std::move(count), rows);
    };
  }
  const bool lookup = plan.op == ScanOp::kLookup;
  return [lookup, options, expected = plan.expected_rows, predicates = PredicatesOf(plan)](
             absl::string_view key, absl::Span<const Cell> params,
             RowWriter* rows) -> std::unique_ptr<StepSource> {
    if (lookup) {
      return std::make_unique<LookupSource>(key, ResolveKeys(predicates, kMember, params),
                                            static_cast<size_t>(options.fetch_size), &kLookup,
                                            rows);
    }
    CollectionCommands commands = {Command("SMEMBERS"), "SSCAN", &kMemberOnly};
    commands.snapshot.Key(key);
    commands.expected_rows = expected;
    if (!MatchPattern(predicates, kMember, params, &commands.match)) {
      return std::make_unique<FixedSource>(0, nullptr);
    }
    return NewCollectionSource(std::move(commands), key, options, rows);
  };
}

std::unique_ptr<StepSource> SetElements::OpenSample(absl::string_view key,
                                                    const ElementSample& sample,
                                                    RowWriter* rows) const {
  return NewRandomSource("SRANDMEMBER", key, nullptr, sample, &kMemberOnly, rows);
}

}  // namespace redis_fdw
