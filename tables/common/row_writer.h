// RowWriter: what a table type decodes becomes rows of the current batch.
//
// A type decodes elements into a cell per bound column; the writer copies those that the plan's
// output wants into the batch and tags the row with the parameter row that it answers. Cells that
// nobody wants are not looked at, so a type need not make them (Uses()).

#ifndef REDIS_FDW_TABLES_COMMON_ROW_WRITER_H_
#define REDIS_FDW_TABLES_COMMON_ROW_WRITER_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/base/cell.h"
#include "core/base/row_batch.h"
#include "pushdown/scan_plan.h"

namespace redis_fdw {

// Where all the rows of a scan go; shared by its writers.
class RowTarget {
 public:
  // `columns`: how many bound columns the table has.
  RowTarget(const OutputShape& output, size_t columns) : columns_(output.columns), used_(columns) {
    for (int column : columns_) used_[static_cast<size_t>(column)] = true;
  }

  // The batch being filled; null between batches, when nothing may be decoded.
  void SetBatch(RowBatch* batch) { batch_ = batch; }
  bool Full() const { return batch_ == nullptr || batch_->Full(); }

  absl::Span<const int> columns() const { return columns_; }
  bool Uses(size_t column) const { return used_[column]; }
  RowBatch* batch() const { return batch_; }

 private:
  std::vector<int> columns_;
  std::vector<bool> used_;
  RowBatch* batch_ = nullptr;
};

// The rows of one parameter row.
class RowWriter {
 public:
  // `target` must outlive the writer. `limit`: rows after which no more are wanted; -1: none.
  RowWriter(RowTarget* target, int param_ordinal, int64_t limit)
      : target_(target), left_(limit), param_ordinal_(param_ordinal) {}

  // Adds a row; `parts` has a cell per bound column, of which the used ones are copied. Rows beyond
  // the limit are dropped.
  void Write(absl::Span<const Cell> parts, int64_t row_number = -1) {
    if (left_ == 0) return;
    if (left_ > 0) --left_;
    ++written_;
    RowBatch* batch = target_->batch();
    absl::Span<Cell> row = batch->AddRow(param_ordinal_, row_number);
    absl::Span<const int> columns = target_->columns();
    for (size_t i = 0; i < columns.size(); ++i) {
      row[i] = batch->StoreCell(parts[static_cast<size_t>(columns[i])]);
    }
  }

  // Whether the output has this bound column.
  bool Uses(size_t column) const { return target_->Uses(column); }
  bool Full() const { return target_->Full(); }
  bool limit_reached() const { return left_ == 0; }
  // Rows still wanted; -1: no limit.
  int64_t left() const { return left_; }
  int64_t written() const { return written_; }

 private:
  RowTarget* target_;
  int64_t left_;
  int64_t written_ = 0;
  int param_ordinal_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_ROW_WRITER_H_
