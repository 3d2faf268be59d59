// Cell: one value on its way between Redis and SQL.
//
// A Cell is null, bytes, a 64-bit integer, a double, or a list of cells. It is a view: it never
// owns what it points at. Whoever hands a Cell out says how long its bytes live (a RowBatch: until
// it is cleared). It is trivially copyable and destructible, so that pg_glue may hold it across
// code that longjmps.

#ifndef REDIS_FDW_CORE_BASE_CELL_H_
#define REDIS_FDW_CORE_BASE_CELL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace redis_fdw {

class Cell {
 public:
  enum class Kind : uint8_t { kNull, kBytes, kInt64, kDouble, kList };

  constexpr Cell() : value_{nullptr}, size_(0), kind_(Kind::kNull) {}
  static Cell Null() { return Cell(); }
  static Cell Bytes(absl::string_view v) {
    Cell c;
    c.kind_ = Kind::kBytes;
    c.value_.bytes = v.data();
    c.size_ = v.size();
    return c;
  }
  static Cell Int64(int64_t v) {
    Cell c;
    c.kind_ = Kind::kInt64;
    c.value_.i = v;
    return c;
  }
  static Cell Double(double v) {
    Cell c;
    c.kind_ = Kind::kDouble;
    c.value_.d = v;
    return c;
  }
  static Cell List(absl::Span<const Cell> v) {
    Cell c;
    c.kind_ = Kind::kList;
    c.value_.list = v.data();
    c.size_ = v.size();
    return c;
  }

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }

  // Each REQUIRES that kind() is its own.
  absl::string_view bytes() const { return absl::string_view(value_.bytes, size_); }
  int64_t int64() const { return value_.i; }
  double dbl() const { return value_.d; }
  absl::Span<const Cell> list() const { return absl::Span<const Cell>(value_.list, size_); }

 private:
  union {
    const char* bytes;
    int64_t i;
    double d;
    const Cell* list;
  } value_;
  size_t size_;
  Kind kind_;
};

static_assert(std::is_trivially_copyable<Cell>::value, "pg_glue copies cells across longjmp");
static_assert(std::is_trivially_destructible<Cell>::value, "pg_glue copies cells across longjmp");

// Equal kind and equal value; doubles by ==, so NaN differs from itself.
bool operator==(const Cell& a, const Cell& b);
inline bool operator!=(const Cell& a, const Cell& b) { return !(a == b); }

// For messages and tests: NULL, "bytes" quoted and escaped, 12, 1.5, [a, b].
std::string DebugString(const Cell& cell);

// The shortest decimal that reads back as the same double; "inf", "-inf", "nan" as Redis writes
// them.
std::string FormatDouble(double value);

// Parses what Redis writes or takes as a double ("1.5", "inf", "-inf", "1e5"); the whole text must
// be used. False on anything else. Does not depend on the locale.
bool ParseDouble(absl::string_view text, double* value);

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_BASE_CELL_H_
