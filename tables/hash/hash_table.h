// The table type "hash": (field, value), a row per field of one Redis hash.
//
// hash_table.cc declares and plans, hash_scan.cc reads, hash_modify.cc writes.

#ifndef REDIS_FDW_TABLES_HASH_HASH_TABLE_H_
#define REDIS_FDW_TABLES_HASH_HASH_TABLE_H_

#include <memory>
#include <string>
#include <vector>

#include "tables/common/element_source.h"
#include "tables/common/single_key_table.h"
#include "tables/table.h"

namespace redis_fdw {

class HashTable : public SingleKeyTable {
 public:
  static constexpr int kField = 0;
  static constexpr int kValue = 1;

  explicit HashTable(const TableDef& def);

  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names) const override;

  // A lookup of fields is HGET (O(1)) for one and HMGET (O(n)) for several, up to fetch_size a
  // command; a scan is HGETALL or HSCAN (O(n) both).
  absl::StatusOr<std::unique_ptr<Scan>> OpenScan(const ScanPlan& plan, const ScanOptions& options,
                                                 Pipeline* pipeline) const override;

  std::string DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                          int64_t row_number) const override;

 protected:
  // HSET of many fields (variadic since 4.0); HSETNX, one each, where what is there must stay.
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // A script: HSET would create a field that is gone.
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // HDEL of many fields.
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override;

 private:
  CollectionCommands ScanCommands() const;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_HASH_HASH_TABLE_H_
