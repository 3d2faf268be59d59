// The table type "zset": (member, score), a row per member of one Redis sorted set.
//
// zset_table.cc declares and plans, zset_scan.cc reads, zset_modify.cc writes. Scores are doubles;
// infinities are kept, NaN is refused.

#ifndef REDIS_FDW_TABLES_ZSET_ZSET_TABLE_H_
#define REDIS_FDW_TABLES_ZSET_ZSET_TABLE_H_

#include <memory>
#include <string>
#include <vector>

#include "pushdown/bounds.h"
#include "tables/common/element_source.h"
#include "tables/common/single_key_table.h"
#include "tables/table.h"

namespace redis_fdw {

class ZsetTable : public SingleKeyTable {
 public:
  static constexpr int kMember = 0;
  static constexpr int kScore = 1;

  explicit ZsetTable(const TableDef& def);

  // A lookup of members before a range of scores before a scan. A lookup leaves conditions on the
  // score to PostgreSQL, and IN on scores is always local.
  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names) const override;

  // A lookup is ZSCORE (O(1)) for one member; ZMSCORE (6.2, O(n)) for several, up to fetch_size a
  // command, or ZSCOREs in a pipeline. A range is ZRANGEBYSCORE (O(log n + rows)), in the order of
  // scores: one streamed command, since pages by rank lose or repeat rows when the set changes. A
  // scan is ZRANGE or ZSCAN (O(n) both).
  absl::StatusOr<std::unique_ptr<Scan>> OpenScan(const ScanPlan& plan, const ScanOptions& options,
                                                 Pipeline* pipeline) const override;

  std::string DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                          int64_t row_number) const override;

 protected:
  // ZADD of many members; ZADD NX where what is there must stay.
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // A script: ZADD XX does not tell a member that is gone from one whose score is the same.
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // ZREM of many members.
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override;

 private:
  CollectionCommands ScanCommands() const;
  absl::Status RequireScore(const WriteOp& op) const;
};

// An end of a range as ZRANGEBYSCORE takes it: "1.5", "(1.5" for an exclusive one, "-inf".
std::string ScoreBound(double value, bool exclusive);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_ZSET_ZSET_TABLE_H_
