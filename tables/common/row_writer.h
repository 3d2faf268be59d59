// RowWriter: what a table type decodes becomes rows of the current batch.
//
// A type decodes elements into a cell per part (columns.h); the writer copies those that the plan's
// output wants into the batch, adds what all rows of a key share, and tags the row with the
// parameter row that it answers. Parts that nobody wants are not looked at, so a type need not make
// them (Uses()).

#ifndef REDIS_FDW_TABLES_COMMON_ROW_WRITER_H_
#define REDIS_FDW_TABLES_COMMON_ROW_WRITER_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "core/base/cell.h"
#include "core/base/row_batch.h"
#include "pushdown/scan_plan.h"
#include "tables/common/columns.h"

namespace redis_fdw {

// Where all the rows of a scan go; shared by its writers.
class RowTarget {
 public:
  // `output`: of bound columns. `part_of`: the part of each bound column (Columns::part_of).
  // `parts`: how many the type has.
  RowTarget(const OutputShape& output, absl::Span<const int> part_of, size_t parts)
      : used_(parts), counts_(output.kind == OutputKind::kCount) {
    for (int column : output.columns) {
      int part = part_of[static_cast<size_t>(column)];
      slots_.push_back(part);
      if (part >= 0) used_[static_cast<size_t>(part)] = true;
      uses_ttl_ |= part == kTtlPart;
      uses_expires_ |= part == kExpiresPart;
      uses_any_part_ |= part >= 0;
    }
  }

  // The batch being filled; null between batches, when nothing may be decoded.
  void SetBatch(RowBatch* batch) { batch_ = batch; }
  bool Full() const { return batch_ == nullptr || batch_->Full(); }

  // Of each output column.
  absl::Span<const int> slots() const { return slots_; }
  bool Uses(int part) const { return used_[static_cast<size_t>(part)]; }
  bool uses_any_part() const { return uses_any_part_; }
  bool uses_ttl() const { return uses_ttl_; }
  bool uses_expires() const { return uses_expires_; }
  // Whether rows are counted instead of kept.
  bool counts() const { return counts_; }
  RowBatch* batch() const { return batch_; }

 private:
  std::vector<int> slots_;
  std::vector<bool> used_;  // by part
  bool uses_any_part_ = false;
  bool uses_ttl_ = false;
  bool uses_expires_ = false;
  bool counts_;
  RowBatch* batch_ = nullptr;
};

// The rows of one parameter row, or those of them that one key holds.
class RowWriter {
 public:
  // `target` must outlive the writer. `limit`: rows after which no more are wanted; -1: none.
  // `offset`: rows to be passed over before the first.
  RowWriter(RowTarget* target, int param_ordinal, int64_t limit, int64_t offset = 0)
      : target_(target), left_(limit), to_skip_(offset), param_ordinal_(param_ordinal) {}

  // Adds a row; `parts` has a cell per part, of which the used ones are copied. Rows before the
  // offset and beyond the limit are dropped; where rows are counted, it is.
  void Write(absl::Span<const Cell> parts, int64_t row_number = -1) {
    if (!Count()) return;
    RowBatch* batch = target_->batch();
    absl::Span<Cell> row = batch->AddRow(param_ordinal_, row_number);
    absl::Span<const int> slots = target_->slots();
    for (size_t i = 0; i < slots.size(); ++i) {
      row[i] = batch->StoreCell(slots[i] >= 0 ? parts[static_cast<size_t>(slots[i])]
                                              : shared_[-1 - slots[i]]);
    }
  }
  // Adds `rows` rows of which only the number is known. REQUIRES: rows are counted.
  void WriteMany(int64_t rows) {
    RowWriter* all = whole_ == nullptr ? this : whole_;
    const int64_t skipped = std::min(rows, all->to_skip_);
    all->to_skip_ -= skipped;
    rows -= skipped;
    if (all->left_ >= 0) rows = std::min(rows, all->left_);
    if (all->left_ >= 0) all->left_ -= rows;
    all->counted_ += rows;
  }

  // What all rows of a key share: `cell` is of `part`, and bytes must outlive the writer.
  void Share(SharedPart part, const Cell& cell) { shared_[-1 - part] = cell; }
  // A writer for one key; its rows count for this one's limit. This one must outlive it. `alone`:
  // there is no other, now or later.
  RowWriter ForKey(bool alone = false) {
    RowWriter writer(target_, param_ordinal_, -1);
    writer.whole_ = this;
    writer.alone_ = alone;
    return writer;
  }
  // The rows of this key come again, of which none was written: those that were passed over have
  // to be passed over again.
  void BeginAgain() { whole_->to_skip_ += std::exchange(skipped_, 0); }

  // Whether the output has this part.
  bool Uses(int part) const { return target_->Uses(part); }
  const RowTarget& target() const { return *target_; }
  bool Full() const { return target_->Full(); }
  bool limit_reached() const { return left() == 0; }
  // Rows still wanted; -1: no limit.
  int64_t left() const { return whole_ == nullptr ? left_ : whole_->left(); }
  // Rows still to be passed over before the first of these. Whoever lets Redis pass over them says
  // so by TakeSkip(), which returns how many that are and sets it to 0. Of several keys none can:
  // it may have fewer rows than that. Then this is 0, and to_skip() stays.
  int64_t to_skip() const { return whole_ == nullptr ? to_skip_ : whole_->to_skip(); }
  int64_t TakeSkip() {
    if (whole_ == nullptr) return std::exchange(to_skip_, 0);
    return alone_ ? whole_->TakeSkip() : 0;
  }
  // Rows that must come from Redis for that, those to be passed over too; -1: no limit. As many may
  // be asked of each of several keys: any of them may have all that are wanted. No key has more
  // rows than an int64 can say.
  int64_t needed() const {
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
    return left() < 0 || left() > kMax - to_skip() ? -1 : left() + to_skip();
  }
  int64_t written() const { return written_; }

  // Rows counted; for the scan driver.
  int64_t counted() const { return counted_; }

 private:
  // Counts a row; false if it is not to be kept.
  bool Count() {
    if (whole_ != nullptr) {
      const int64_t to_skip = whole_->to_skip_;
      const bool kept = whole_->Count();
      skipped_ += to_skip - whole_->to_skip_;
      if (!kept) return false;
    }
    if (left_ == 0) return false;
    if (to_skip_ > 0) {
      --to_skip_;
      return false;
    }
    if (left_ > 0) --left_;
    if (target_->counts()) {
      ++counted_;
      return false;
    }
    ++written_;
    return true;
  }

  RowTarget* target_;
  RowWriter* whole_ = nullptr;
  bool alone_ = false;  // all rows of the whole are this one's
  Cell shared_[3];      // by -1 - SharedPart
  int64_t left_;
  int64_t to_skip_;
  int64_t skipped_ = 0;  // of this key's rows, if there is a whole
  int64_t written_ = 0;
  int64_t counted_ = 0;
  int param_ordinal_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_ROW_WRITER_H_
