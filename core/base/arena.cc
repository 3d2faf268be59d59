#include "core/base/arena.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

namespace redis_fdw {

char* Arena::Allocate(size_t n, size_t align) {
  if (!blocks_.empty()) {
    Block& last = blocks_.back();
    // new char[] is aligned for every ordinary type, so aligning the offset aligns the address.
    size_t begin = (pos_ + align - 1) & ~(align - 1);
    if (begin <= last.size && n <= last.size - begin) {
      pos_ = begin + n;
      used_ += n;
      return last.data.get() + begin;
    }
  }
  // What is large gets a block of its own, in front of the last one, whose rest stays in use.
  if (n > kBlockSize / 4 && !blocks_.empty()) {
    Block block{std::unique_ptr<char[]>(new char[n]), n};
    char* result = block.data.get();
    blocks_.insert(blocks_.end() - 1, std::move(block));
    used_ += n;
    return result;
  }
  const size_t size = std::max(n, kBlockSize);
  blocks_.push_back(Block{std::unique_ptr<char[]>(new char[size]), size});
  pos_ = n;
  used_ += n;
  return blocks_.back().data.get();
}

absl::string_view Arena::Store(absl::string_view bytes) {
  // Not a null pointer: an empty string is a value.
  if (bytes.empty()) return absl::string_view("", 0);
  char* copy = Allocate(bytes.size(), 1);
  memcpy(copy, bytes.data(), bytes.size());
  return absl::string_view(copy, bytes.size());
}

absl::Span<Cell> Arena::AllocateCells(size_t n) {
  if (n == 0) return {};
  if (n > SIZE_MAX / sizeof(Cell)) throw std::bad_alloc();
  char* room = Allocate(n * sizeof(Cell), alignof(Cell));
  Cell* cells = reinterpret_cast<Cell*>(room);
  std::uninitialized_default_construct_n(cells, n);
  return absl::Span<Cell>(cells, n);
}

Cell Arena::StoreCell(const Cell& cell) {
  switch (cell.kind()) {
    case Cell::Kind::kNull:
    case Cell::Kind::kInt64:
    case Cell::Kind::kDouble:
      return cell;
    case Cell::Kind::kBytes:
      return Cell::Bytes(Store(cell.bytes()));
    case Cell::Kind::kList: {
      absl::Span<const Cell> from = cell.list();
      absl::Span<Cell> to = AllocateCells(from.size());
      for (size_t i = 0; i < from.size(); ++i) to[i] = StoreCell(from[i]);
      return Cell::List(to);
    }
  }
  return Cell::Null();
}

void Arena::Reset() {
  auto ordinary = std::find_if(blocks_.begin(), blocks_.end(),
                               [](const Block& b) { return b.size == kBlockSize; });
  if (ordinary == blocks_.end()) {
    blocks_.clear();
  } else {
    std::swap(*ordinary, blocks_.front());
    blocks_.resize(1);
  }
  pos_ = 0;
  used_ = 0;
}

}  // namespace redis_fdw
