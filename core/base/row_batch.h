// RowBatch: the rows that a scan hands over at a time.
//
// Rows have a fixed number of columns (ScanPlan::output.columns, in that order) and each is tagged
// with the ordinal of the parameter row that it answers. Cells are views into the batch's own arena
// and live until Clear().
//
// A batch bounds memory: Full() turns true at max_rows rows or max_bytes bytes, upon which the
// producer stops reading. It may overshoot by what one decoded chunk of input holds.

#ifndef REDIS_FDW_CORE_BASE_ROW_BATCH_H_
#define REDIS_FDW_CORE_BASE_ROW_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/base/arena.h"
#include "core/base/cell.h"

namespace redis_fdw {

class RowBatch {
 public:
  RowBatch(size_t columns, size_t max_rows, size_t max_bytes)
      : columns_(columns), max_rows_(max_rows), max_bytes_(max_bytes) {}

  // Adds a row of NULLs and returns its cells, to be filled before the next AddRow(). Bytes put
  // there must come from Store() or outlive the batch. `row_number` is what names the row beside
  // its cells, where the table type has such a thing (a list index), or the group of an order by
  // groups (Ordering::grouped).
  absl::Span<Cell> AddRow(int param_ordinal, int64_t row_number = -1);

  absl::string_view Store(absl::string_view bytes) { return arena_.Store(bytes); }
  Cell StoreCell(const Cell& cell) { return arena_.StoreCell(cell); }
  absl::Span<Cell> AllocateCells(size_t n) { return arena_.AllocateCells(n); }

  bool Full() const { return rows() >= max_rows_ || arena_.used() >= max_bytes_; }
  size_t rows() const { return tags_.size(); }
  size_t columns() const { return columns_; }
  absl::Span<const Cell> row(size_t i) const {
    return absl::Span<const Cell>(cells_.data() + i * columns_, columns_);
  }
  int param_ordinal(size_t i) const { return tags_[i].param_ordinal; }
  int64_t row_number(size_t i) const { return tags_[i].row_number; }

  // Forgets the rows, ends the life of their cells.
  void Clear();

 private:
  const size_t columns_;
  const size_t max_rows_;
  const size_t max_bytes_;
  std::vector<Cell> cells_;  // rows() * columns_
  struct Tag {
    int64_t row_number;
    int param_ordinal;
  };
  std::vector<Tag> tags_;  // one a row
  Arena arena_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_BASE_ROW_BATCH_H_
