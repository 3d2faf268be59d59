// The table type "zset": a row per member of a sorted set, (member, score), and its rank where a
// column has that role; or with row_per 'key' a row per sorted set, members and scores two arrays
// (tables/common/collection_row.h).
//
// zset_table.cc declares and plans, zset_scan.cc reads, zset_modify.cc writes. Scores are doubles;
// infinities are kept, NaN is refused.

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
  // A lookup of members before a range of scores before a scan. A lookup leaves conditions on the
  // score to PostgreSQL, and IN on scores is always local.
  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names,
                                    absl::string_view key) const override;

  // A lookup is ZSCORE (O(1)) for one member; ZMSCORE (6.2, O(n)) for several, up to fetch_size a
  // command, or ZSCOREs in a pipeline. A range is ZRANGEBYSCORE (O(log n + rows)), in the order of
  // scores: one streamed command, since pages by rank lose or repeat rows when the set changes. A
  // scan is ZRANGE or ZSCAN (O(n) both). Where ranks are shown, everything is one ZRANGE: a rank is
  // known of all members at one moment.
  ElementSourceFactory Open(const ScanPlan& plan, const ScanOptions& options) const override;

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
  absl::Status RequireScore(const WriteOp& op) const;
};

// An end of a range as ZRANGEBYSCORE takes it: "1.5", "(1.5" for an exclusive one, "-inf".
std::string ScoreBound(double value, bool exclusive);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_ZSET_ZSET_TABLE_H_
