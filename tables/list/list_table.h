// The table type "list": (element) or (index, element), a row per element of one Redis list, in its
// order. Indexes count from 0.
//
// list_table.cc declares and plans, list_scan.cc reads, list_modify.cc writes, list_positions.h
// follows indexes through a statement's deletes.
//
// A row is named by its index and its element: lists shift under other clients' hands, so every
// write checks that the element is still where it was read, and is refused (kSerialization) if not.
// Equal elements are interchangeable.

#ifndef REDIS_FDW_TABLES_LIST_LIST_TABLE_H_
#define REDIS_FDW_TABLES_LIST_LIST_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pushdown/bounds.h"
#include "tables/common/single_key_table.h"
#include "tables/table.h"

namespace redis_fdw {

class ListTable : public SingleKeyTable {
 public:
  // `has_index`: (index, element).
  ListTable(const TableDef& def, bool has_index);

  bool has_row_number() const override { return !has_index_; }

  // A lookup of indexes before a range of them before a scan; all are exact.
  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names) const override;

  // A lookup is LINDEX, several in a pipeline; a range and a scan are LRANGE: one streamed command,
  // since pages lose or repeat rows when the list changes. Both are O(distance from the nearer
  // end), with a step of a node's worth of elements. A negative index is no row, not one counted
  // from the end.
  absl::StatusOr<std::unique_ptr<Scan>> OpenScan(const ScanPlan& plan, const ScanOptions& options,
                                                 Pipeline* pipeline) const override;

  // Which indexes this statement has deleted.
  std::unique_ptr<WriteState> NewWriteState() const override;

  std::string DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                          int64_t row_number) const override;

 protected:
  // RPUSH of many elements, ON CONFLICT DO NOTHING or not; a script where an index is given, which
  // must be the list's length.
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // Scripts, one for the run: first every element is compared, then all are written, or none is.
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override;

 private:
  static constexpr int kIndex = 0;  // if has_index_
  int element_column() const { return has_index_ ? 1 : 0; }
  // The index at which a row was read. Checks the identity.
  absl::StatusOr<int64_t> OriginalIndex(const WriteOp& op) const;
  absl::string_view ExpectedElement(const WriteOp& op) const;
  bool AnyIndexGiven(const WriteRun& run) const;

  const bool has_index_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_LIST_LIST_TABLE_H_
