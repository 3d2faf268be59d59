// Reading sorted sets.

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "pushdown/bounds.h"
#include "pushdown/operands.h"
#include "tables/common/element_source.h"
#include "tables/common/lookup_source.h"
#include "tables/common/planning.h"
#include "tables/zset/zset_table.h"

namespace redis_fdw {
namespace {

absl::Status WriteMember(absl::string_view member, absl::string_view score, int64_t rank,
                         RowWriter* rows) {
  double value = 0;
  if (rows->Uses(ZsetElements::kScore) && !ParseDouble(score, &value)) {
    return MakeError(ErrorKind::kProtocol, "Redis sent a score that is not a number");
  }
  Cell parts[] = {Cell::Bytes(member), Cell::Double(value), Cell::Int64(rank)};
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

ElementSourceFactory ZsetElements::Open(const ScanPlan& plan, const ScanOptions& options) const {
  std::vector<Predicate> predicates = PredicatesOf(plan);
  switch (plan.op) {
    case ScanOp::kLookup:
      return [options, predicates](absl::string_view key, absl::Span<const Cell> params,
                                   RowWriter* rows) {
        return std::make_unique<LookupSource>(key, ResolveKeys(predicates, kMember, params),
                                              static_cast<size_t>(options.fetch_size), &kLookup,
                                              rows);
      };
    case ScanOp::kRange:
      return [predicates](absl::string_view key, absl::Span<const Cell> params, RowWriter* rows) {
        return NewRangeSource(key, ResolveDoubleRange(predicates, kScore, params), rows);
      };
    default:
      break;
  }
  ScanOptions chosen = options;
  if (columns().has(kRank)) chosen.mode = ScanMode::kSnapshot;
  return [chosen](absl::string_view key, absl::Span<const Cell>, RowWriter* rows) {
    Command all("ZRANGE");
    all.Key(key).ArgInt(0).ArgInt(-1).Arg("WITHSCORES");
    return NewCollectionSource({std::move(all), "ZSCAN", &kMemberAndScore}, key, chosen, rows);
  };
}

}  // namespace redis_fdw
