// The table type "list": a row per element of a list, (element) or (index, element), in its order;
// or with row_per 'key' a row per list, its elements an array (tables/common/collection_row.h).
// Indexes count from 0.
//
// list_table.cc declares, list_plan.cc plans, list_scan.cc, list_search.cc and list_reverse.cc
// read, list_modify.cc writes, list_positions.h follows indexes through a statement's deletes.
//
// A row is named by its index and its element: lists shift under other clients' hands, so every
// write checks that the element is still where it was read, and is refused (kSerialization) if not.
// Equal elements are interchangeable.

#ifndef REDIS_FDW_TABLES_LIST_LIST_TABLE_H_
#define REDIS_FDW_TABLES_LIST_LIST_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tables/common/elements.h"
#include "tables/table.h"

namespace redis_fdw {

class ListElements : public Elements {
 public:
  static constexpr int kIndex = 0;  // a table may do without; then rows have numbers
  static constexpr int kElement = 1;

  explicit ListElements(Columns columns) : Elements(std::move(columns)) {}
  static LayoutRules Layout();

  absl::string_view redis_type() const override { return "list"; }
  bool has_row_number() const override { return !has_index(); }
  // An INSERT leaves the index to the list.
  int generated_part() const override { return kIndex; }

  // A lookup of indexes; else one of elements, if that is cheaper than a range of indexes or a
  // scan. All are exact. The order of indexes is delivered, the descending one only where few rows
  // are wanted of it.
  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names,
                                    absl::string_view key) const override;

  // A lookup is LINDEX, several in a pipeline; a range and a scan are LRANGE: one streamed command,
  // since pages lose or repeat rows when the list changes, of the rows that are wanted. Both are
  // O(distance from the nearer end), with a step of a node's worth of elements. A negative index is
  // no row, not one counted from the end. Elements are looked for by LPOS, and a list is read from
  // its end by a script: list_scan.h. A count is LLEN.
  ElementSourceFactory Open(const ScanPlan& plan, const ScanOptions& options) const override;
  const char* size_command() const override { return "LLEN"; }
  // LRANGEs, each of up to a hundred elements (O(n) to get there, but a node of the list at a
  // step).
  std::unique_ptr<StepSource> OpenSample(absl::string_view key, const ElementSample& sample,
                                         RowWriter* rows) const override;

  std::string DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                            absl::string_view key) const override;
  // Which indexes this statement has deleted.
  std::unique_ptr<WriteState> NewWriteState() const override;

  // RPUSH of many elements, ON CONFLICT DO NOTHING or not; a script where an index is given, which
  // must be the list's length.
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // Scripts, one for the run: first every element is compared, then all are written, or none is.
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override;

  std::string DescribeRow(absl::Span<const Cell> parts, int64_t row_number) const override;

 private:
  bool has_index() const { return columns().has(kIndex); }
  // Whether the plan may be read from its end.
  static bool MayReverse(const ScanRequest& request, const ScanPlan& plan);
  // Whether it is.
  static bool Descends(const ScanPlan& plan);
  // The index at which a row was read. Checks the identity.
  absl::StatusOr<int64_t> OriginalIndex(const WriteOp& op) const;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_LIST_LIST_TABLE_H_
