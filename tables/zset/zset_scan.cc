// Reading sorted sets.

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "pushdown/bounds.h"
#include "pushdown/operands.h"
#include "tables/common/lookup_source.h"
#include "tables/common/planning.h"
#include "tables/common/scan_driver.h"
#include "tables/zset/zset_table.h"

namespace redis_fdw {
namespace {

absl::Status WriteMember(absl::string_view member, absl::string_view score, int64_t,
                         RowWriter* rows) {
  double value = 0;
  if (rows->Uses(ZsetTable::kScore) && !ParseDouble(score, &value)) {
    return MakeError(ErrorKind::kProtocol, "Redis sent a score that is not a number");
  }
  Cell parts[] = {Cell::Bytes(member), Cell::Double(value)};
  rows->Write(parts);
  return absl::OkStatus();
}

absl::Status WriteAnswer(absl::string_view member, const ReplyElement& answer, RowWriter* rows) {
  if (answer.type == ReplyType::kNil) return absl::OkStatus();  // no such member
  if (answer.type != ReplyType::kBulk) return UnexpectedReply("ZSCORE");
  return WriteMember(member, answer.bytes, 0, rows);
}

bool HasZmscore(const ServerInfo& server) { return server.AtLeast(6, 2); }

constexpr ElementShape kMemberAndScore = {2, &WriteMember};
constexpr LookupCommands kLookup = {"ZSCORE", "ZMSCORE", &HasZmscore, &WriteAnswer};

std::unique_ptr<StepSource> NewRangeSource(absl::string_view key, const DoubleRange& range,
                                           RowWriter* rows) {
  if (range.empty) return std::make_unique<FixedSource>(0, nullptr);
  Command command("ZRANGEBYSCORE");
  command.Key(key);
  command.Arg(ScoreBound(range.min, range.min_exclusive));
  command.Arg(ScoreBound(range.max, range.max_exclusive));
  command.Arg("WITHSCORES");
  if (rows->left() >= 0) command.Arg("LIMIT").ArgInt(0).ArgInt(rows->left());
  return NewSnapshotSource(std::move(command), &kMemberAndScore, rows);
}

}  // namespace

std::string ScoreBound(double value, bool exclusive) {
  return absl::StrCat(exclusive ? "(" : "", FormatDouble(value));
}

CollectionCommands ZsetTable::ScanCommands() const {
  Command all("ZRANGE");
  all.Key(key()).ArgInt(0).ArgInt(-1).Arg("WITHSCORES");
  return {std::move(all), "ZSCAN", &kMemberAndScore};
}

absl::StatusOr<std::unique_ptr<Scan>> ZsetTable::OpenScan(const ScanPlan& plan,
                                                          const ScanOptions& options,
                                                          Pipeline* pipeline) const {
  std::vector<Predicate> predicates = PredicatesOf(plan);
  SourceFactory factory;
  switch (plan.op) {
    case ScanOp::kLookup:
      factory = [this, options, predicates](absl::Span<const Cell> params, RowWriter* rows) {
        return std::make_unique<LookupSource>(key(), ResolveKeys(predicates, kMember, params),
                                              static_cast<size_t>(options.fetch_size), &kLookup,
                                              rows);
      };
      break;
    case ScanOp::kRange:
      factory = [this, predicates](absl::Span<const Cell> params, RowWriter* rows) {
        return NewRangeSource(key(), ResolveDoubleRange(predicates, kScore, params), rows);
      };
      break;
    default:
      factory = [this, options](absl::Span<const Cell>, RowWriter* rows) {
        return NewCollectionSource(ScanCommands(), key(), options, rows);
      };
  }
  return NewDrivenScan(*this, plan, std::move(factory), pipeline);
}

}  // namespace redis_fdw
