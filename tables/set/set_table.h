// The table type "set": (member), a row per member of one Redis set.
//
// set_table.cc declares and plans, set_scan.cc reads, set_modify.cc writes.

#ifndef REDIS_FDW_TABLES_SET_SET_TABLE_H_
#define REDIS_FDW_TABLES_SET_SET_TABLE_H_

#include <memory>
#include <string>
#include <vector>

#include "tables/common/element_source.h"
#include "tables/common/single_key_table.h"
#include "tables/table.h"

namespace redis_fdw {

class SetTable : public SingleKeyTable {
 public:
  static constexpr int kMember = 0;

  explicit SetTable(const TableDef& def);

  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names) const override;

  // A lookup is SISMEMBER (O(1)) for one member; SMISMEMBER (6.2, O(n)) for several, up to
  // fetch_size a command, or SISMEMBERs in a pipeline. A scan is SMEMBERS or SSCAN (O(n) both).
  absl::StatusOr<std::unique_ptr<Scan>> OpenScan(const ScanPlan& plan, const ScanOptions& options,
                                                 Pipeline* pipeline) const override;

  std::string DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                          int64_t row_number) const override;

 protected:
  // SADD of many members. It overwrites nothing, so ON CONFLICT DO NOTHING is the same command,
  // with its reply heeded.
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // An update of the one column is a rename, by a script.
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // SREM of many members.
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override;

 private:
  CollectionCommands ScanCommands() const;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_SET_SET_TABLE_H_
