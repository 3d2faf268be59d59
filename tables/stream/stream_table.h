// The table type "stream": (stream_id, ...), a row per entry of one Redis stream, in the order of
// ids.
//
// Each further column is the entry's field of its name (or of its column option `field`): the first
// value if the field occurs twice, NULL if it does not occur.
//
// stream_table.cc declares and plans, stream_scan.cc reads, stream_modify.cc writes.

#ifndef REDIS_FDW_TABLES_STREAM_STREAM_TABLE_H_
#define REDIS_FDW_TABLES_STREAM_STREAM_TABLE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "tables/common/single_key_table.h"
#include "tables/table.h"

namespace redis_fdw {

class StreamTable : public SingleKeyTable {
 public:
  static constexpr int kId = 0;

  explicit StreamTable(const TableDef& def);

  // Entries cannot be changed.
  absl::Status CanWrite(WriteKind kind) const override;

  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names) const override;

  // A lookup is XRANGE id id (O(log n)), several in a pipeline; only a canonical id can be that of
  // an entry. A scan is XRANGE in pages of fetch_size (O(log n + entries) each), the next page
  // beginning at the least id above the last: entries are never changed or moved, so pages lose and
  // repeat none.
  absl::StatusOr<std::unique_ptr<Scan>> OpenScan(const ScanPlan& plan, const ScanOptions& options,
                                                 Pipeline* pipeline) const override;

  std::string DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                          int64_t row_number) const override;

  // The field that a column shows. REQUIRES: column > kId.
  const std::string& field(size_t column) const { return fields_[column]; }
  // The column that shows a field; -1: none.
  int ColumnOf(absl::string_view field) const {
    auto found = columns_by_field_.find(field);
    return found == columns_by_field_.end() ? -1 : found->second;
  }

 protected:
  // XADD, one an entry; NULL fields are left out.
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // XDEL of many ids.
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override;

 private:
  absl::Status AppendEntry(const WriteOp& op, Command* command) const;

  std::vector<std::string> fields_;  // by column; the first is empty
  absl::flat_hash_map<std::string, int> columns_by_field_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_STREAM_STREAM_TABLE_H_
