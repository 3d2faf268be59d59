// The table type "zset": a row per member of a sorted set, (member, score), and its rank where a
// column has that role; or with row_per 'key' a row per sorted set, members and scores two arrays
// (tables/common/collection_row.h).
//
// zset_table.cc declares, zset_plan.cc plans, zset_scan.cc, zset_scores.cc, zset_score_lists.cc,
// zset_ranks.cc and zset_lex.cc read, zset_modify.cc writes. Scores are doubles; infinities are
// kept, NaN is refused.

#ifndef REDIS_FDW_TABLES_ZSET_ZSET_TABLE_H_
#define REDIS_FDW_TABLES_ZSET_ZSET_TABLE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tables/common/elements.h"
#include "tables/table.h"

namespace redis_fdw {

class ZsetElements : public Elements {
 public:
  static constexpr int kMember = 0;
  static constexpr int kScore = 1;
  static constexpr int kRank = 2;  // from 0, by ascending score; only read

  explicit ZsetElements(Columns columns) : Elements(std::move(columns)) {}
  static LayoutRules Layout();

  absl::string_view redis_type() const override { return "zset"; }
  // A lookup of members before ranges of ranks, ranges of scores (one for each value of IN) and the
  // order of scores, before a scan, narrowed by patterns of members. What the first of these leaves
  // is local. Where ranks may be shown, IN on scores is local.
  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names,
                                    absl::string_view key) const override;

  // A lookup is ZSCORE (O(1)) for one member; ZMSCORE (6.2, O(n)) for several, up to fetch_size a
  // command, or ZSCOREs in a pipeline. With ranks it is a script of ZSCORE and ZRANK (O(log n)).
  //
  // In the order of scores, or where those are in a range: ZRANGEBYSCORE or ZREVRANGEBYSCORE
  // (O(log n + rows)), one streamed command whose rows are of one moment, since pages by rank lose
  // or repeat rows when the set changes. Redis makes all of its reply at once, or with LIMIT the
  // rows that are wanted; those before an offset it passes over one by one, where scores are in a
  // range, else by rank. By rank it is ZRANGE. Lists of scores, and scores with ranks:
  // zset_scan.h.
  //
  // Counts are ZCOUNT and ZCARD. A scan is ZRANGE or ZSCAN (O(n) both); ZRANGE where ranks are
  // shown. Where members are in a range of bytes it is ZRANGEBYLEX, as long as that has them all:
  // zset_lex.h.
  ElementSourceFactory Open(const ScanPlan& plan, const ScanOptions& options) const override;
  const char* size_command() const override { return "ZCARD"; }
  // ZRANDMEMBER (6.2) of some thousand members each; ranges of ranks from servers that have no such
  // command, and where ranks are shown, which it does not tell.
  std::unique_ptr<StepSource> OpenSample(absl::string_view key, const ElementSample& sample,
                                         RowWriter* rows) const override;

  std::string DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                            absl::string_view key) const override;
  // ZADD of many members; ZADD NX where what is there must stay.
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // A script: ZADD XX does not tell a member that is gone from one whose score is the same.
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // ZREM of many members.
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override;

  std::string DescribeRow(absl::Span<const Cell> parts, int64_t row_number) const override;

 private:
  // Whether rows need their ranks.
  static bool ShowsRank(const OutputShape& output);
  // Whether rows come by descending score.
  static bool Descends(const ScanPlan& plan);
  static std::string DescribeLookup(const ScanPlan& plan,
                                    absl::Span<const std::string> operand_names,
                                    absl::string_view key);
  static std::string DescribeCount(const ScanPlan& plan,
                                   absl::Span<const std::string> operand_names,
                                   absl::string_view key);
  static std::string DescribeRange(const ScanPlan& plan,
                                   absl::Span<const std::string> operand_names,
                                   absl::string_view key);
  absl::Status RequireScore(const WriteOp& op) const;
};

// An end of a range as ZRANGEBYSCORE takes it: "1.5", "(1.5" for an exclusive one, "-inf".
std::string ScoreBound(double value, bool exclusive);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_ZSET_ZSET_TABLE_H_
