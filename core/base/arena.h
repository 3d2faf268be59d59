// Arena: bytes that live until Reset(), in blocks that never move.

#ifndef REDIS_FDW_CORE_BASE_ARENA_H_
#define REDIS_FDW_CORE_BASE_ARENA_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/base/cell.h"

namespace redis_fdw {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Copies `bytes`; the view returned lives until Reset().
  absl::string_view Store(absl::string_view bytes);

  // Copies the cell and, deeply, whatever it points at.
  Cell StoreCell(const Cell& cell);

  // Uninitialised room for `n` cells, aligned.
  absl::Span<Cell> AllocateCells(size_t n);

  // Bytes handed out since the last Reset().
  size_t used() const { return used_; }

  // Forgets everything; keeps one block of ordinary size for reuse, gives the rest back.
  void Reset();

 private:
  static constexpr size_t kBlockSize = size_t{64} * 1024;
  char* Allocate(size_t n, size_t align);

  struct Block {
    std::unique_ptr<char[]> data;
    size_t size = 0;
  };
  std::vector<Block> blocks_;
  size_t pos_ = 0;  // in the last block
  size_t used_ = 0;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_BASE_ARENA_H_
