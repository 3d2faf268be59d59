#include "core/base/row_batch.h"

namespace redis_fdw {

absl::Span<Cell> RowBatch::AddRow(int param_ordinal, int64_t row_number) {
  cells_.resize(cells_.size() + columns_);
  tags_.push_back(Tag{row_number, param_ordinal});
  return absl::Span<Cell>(cells_.data() + cells_.size() - columns_, columns_);
}

void RowBatch::Clear() {
  cells_.clear();
  tags_.clear();
  arena_.Reset();
}

}  // namespace redis_fdw
