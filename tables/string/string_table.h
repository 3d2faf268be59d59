// The table type "string": (value), the one row of a Redis string, or none.
//
// string_table.cc declares and plans, string_scan.cc reads, string_modify.cc writes. The row's
// identity is the key: no column names it.

#ifndef REDIS_FDW_TABLES_STRING_STRING_TABLE_H_
#define REDIS_FDW_TABLES_STRING_STRING_TABLE_H_

#include <memory>
#include <string>
#include <vector>

#include "tables/common/single_key_table.h"
#include "tables/table.h"

namespace redis_fdw {

class StringTable : public SingleKeyTable {
 public:
  static constexpr int kValue = 0;

  explicit StringTable(const TableDef& def);

  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names) const override;
  // GET (O(1)).
  absl::StatusOr<std::unique_ptr<Scan>> OpenScan(const ScanPlan& plan, const ScanOptions& options,
                                                 Pipeline* pipeline) const override;
  std::string DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                          int64_t row_number) const override;

 protected:
  // SET, which replaces whatever the key holds; SET NX where what is there must stay.
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // SET XX KEEPTTL (6.0): nothing is created, and the TTL stays.
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // UNLINK: as DEL, and a large value is freed in the background.
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_STRING_STRING_TABLE_H_
