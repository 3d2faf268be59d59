// Reading sorted sets.

#include "tables/zset/zset_scan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "pushdown/glob.h"
#include "pushdown/operands.h"
#include "tables/common/element_source.h"
#include "tables/common/planning.h"
#include "tables/common/positions.h"
#include "tables/common/sample.h"
#include "tables/zset/zset_lex.h"
#include "tables/zset/zset_table.h"

namespace redis_fdw {
namespace {

absl::Status WriteAnswer(absl::string_view member, const ReplyElement& answer, RowWriter* rows) {
  if (answer.type == ReplyType::kNil) return absl::OkStatus();  // no such member
  if (answer.type != ReplyType::kBulk) return UnexpectedReply("ZSCORE");
  return WriteMember(member, answer.bytes, 0, rows);
}

bool HasZmscore(const ServerInfo& server) { return server.AtLeast(6, 2); }

constexpr LookupCommands kLookup = {"ZSCORE", "ZMSCORE", &HasZmscore, &WriteAnswer};
constexpr PositionCommands kByRank = {"ZRANGE", "WITHSCORES", "ZCARD", &kMemberAndScore};

bool AsksOf(absl::Span<const Predicate> predicates, int column) {
  return std::any_of(predicates.begin(), predicates.end(),
                     [column](const Predicate& predicate) { return predicate.column == column; });
}

std::unique_ptr<StepSource> NoRows() { return std::make_unique<FixedSource>(0, nullptr); }

Step RangeStep(absl::string_view key, const ScoreReading& reading, const RowWindow& window,
               RowWriter* rows) {
  if (window.skip > 0 && IsAll(reading.range)) {
    // By rank Redis passes over them in O(log n), by score one after the other.
    const Positions positions = PositionsOf(IntRange(), window);
    Command command(reading.descending ? "ZREVRANGE" : "ZRANGE");
    command.Key(key).ArgInt(positions.first).ArgInt(positions.last).Arg("WITHSCORES");
    return SnapshotStep(std::move(command), &kMemberAndScore, rows);
  }
  const std::string min = ScoreBound(reading.range.min, reading.range.min_exclusive);
  const std::string max = ScoreBound(reading.range.max, reading.range.max_exclusive);
  Command command(reading.descending ? "ZREVRANGEBYSCORE" : "ZRANGEBYSCORE");
  command.Key(key);
  command.Arg(reading.descending ? max : min).Arg(reading.descending ? min : max);
  command.Arg("WITHSCORES");
  if (window.skip > 0 || window.count >= 0) {
    command.Arg("LIMIT").ArgInt(window.skip).ArgInt(window.count);
  }
  return SnapshotStep(std::move(command), &kMemberAndScore, rows);
}

std::unique_ptr<StepSource> NewRangeSource(absl::string_view key, const ScoreReading& reading,
                                           RowWriter* rows) {
  return std::make_unique<FixedSource>(
      1, [key, reading, rows](size_t) { return RangeStep(key, reading, TakeWindow(rows), rows); });
}

std::unique_ptr<StepSource> NewScoresCount(absl::string_view key,
                                           const std::vector<DoubleRange>& ranges,
                                           RowWriter* rows) {
  if (ranges.empty()) return NoRows();
  Command command("ZCOUNT");
  command.Key(key);
  command.Arg(ScoreBound(ranges[0].min, ranges[0].min_exclusive));
  command.Arg(ScoreBound(ranges[0].max, ranges[0].max_exclusive));
  return NewCountSource(std::move(command), rows);
}

ElementSourceFactory OpenCount(const std::vector<Predicate>& predicates) {
  return [predicates](absl::string_view key, absl::Span<const Cell> params, RowWriter* rows) {
    if (AsksOf(predicates, ZsetElements::kScore)) {
      return NewScoresCount(key, ResolveScores(predicates, ZsetElements::kScore, params), rows);
    }
    return NewPositionsCount(&kByRank, key,
                             ResolveIntRange(predicates, ZsetElements::kRank, params), rows);
  };
}

ElementSourceFactory OpenRange(const std::vector<Predicate>& predicates, bool ranked,
                               bool descending) {
  const bool by_score = AsksOf(predicates, ZsetElements::kScore);
  const bool by_rank = AsksOf(predicates, ZsetElements::kRank);
  if (by_rank || (ranked && !by_score && !descending)) {
    return [predicates](absl::string_view key, absl::Span<const Cell> params, RowWriter* rows) {
      const IntRange range = ResolveIntRange(predicates, ZsetElements::kRank, params);
      return NewPositionsSource(&kByRank, key, range, rows);
    };
  }
  return [predicates, ranked, descending](absl::string_view key, absl::Span<const Cell> params,
                                          RowWriter* rows) {
    std::vector<DoubleRange> ranges = ResolveScores(predicates, ZsetElements::kScore, params);
    if (ranges.empty()) return NoRows();
    if (ranges.size() > 1) return NewScoreListSource(key, std::move(ranges), rows);
    const ScoreReading reading = {ranges[0], descending};
    return ranked ? NewRankedSource(key, reading, rows) : NewRangeSource(key, reading, rows);
  };
}

}  // namespace

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

std::string ScoreBound(double value, bool exclusive) {
  return absl::StrCat(exclusive ? "(" : "", FormatDouble(value));
}

ElementSourceFactory ZsetElements::Open(const ScanPlan& plan, const ScanOptions& options) const {
  std::vector<Predicate> predicates = PredicatesOf(plan);
  const bool ranked = ShowsRank(plan.output);
  switch (plan.op) {
    case ScanOp::kLookup:
      return [options, predicates, ranked](absl::string_view key, absl::Span<const Cell> params,
                                           RowWriter* rows) {
        return std::make_unique<LookupSource>(key, ResolveKeys(predicates, kMember, params),
                                              static_cast<size_t>(options.fetch_size),
                                              ranked ? &kRankedLookup : &kLookup, rows);
      };
    case ScanOp::kCount:
      return OpenCount(predicates);
    case ScanOp::kRange:
      return OpenRange(predicates, ranked, Descends(plan));
    default:
      break;
  }
  if (ranked) return OpenRange({}, ranked, false);
  return [options, predicates, expected = plan.expected_rows](
             absl::string_view key, absl::Span<const Cell> params,
             RowWriter* rows) -> std::unique_ptr<StepSource> {
    CollectionCommands commands = {Command("ZRANGE"), "ZSCAN", &kMemberAndScore};
    if (!MatchPattern(predicates, kMember, params, &commands.match)) return NoRows();
    commands.snapshot.Key(key).ArgInt(0).ArgInt(-1).Arg("WITHSCORES");
    commands.expected_rows = expected;
    BytesRange members;
    const bool bounded = options.mode != ScanMode::kSnapshot &&
                         ResolveMemberRange(predicates, kMember, params, &members);
    if (bounded && members.empty()) return NoRows();
    if (bounded) return NewLexSource(members, std::move(commands), key, options, rows);
    return NewCollectionSource(std::move(commands), key, options, rows);
  };
}

std::unique_ptr<StepSource> ZsetElements::OpenSample(absl::string_view key,
                                                     const ElementSample& sample,
                                                     RowWriter* rows) const {
  if (!columns().has(kRank) && sample.server->AtLeast(6, 2)) {
    return NewRandomSource("ZRANDMEMBER", key, "WITHSCORES", sample, &kMemberAndScore, rows);
  }
  auto ranks = [key](const SampleBlock& block) {
    Command command("ZRANGE");
    command.Key(key).ArgInt(block.start).ArgInt(block.start + block.count - 1).Arg("WITHSCORES");
    return command;
  };
  return NewBlockSource(sample, ranks, &kMemberAndScore, rows);
}

}  // namespace redis_fdw
