// Bounds: ranges that predicates on one ordered column narrow down to, resolved from parameter
// values at run time.
//
// NULL makes a comparison true of no row, so any NULL operand gives an empty range. A list operand
// (kIn) is not a bound; see ResolveKeys in operands.h.

#ifndef REDIS_FDW_PUSHDOWN_BOUNDS_H_
#define REDIS_FDW_PUSHDOWN_BOUNDS_H_

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "core/base/cell.h"
#include "pushdown/predicate.h"

namespace redis_fdw {

// Doubles from `min` to `max`, each end inclusive unless said otherwise.
struct DoubleRange {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool min_exclusive = false;
  bool max_exclusive = false;
  bool empty = false;
};

// Integers from `min` to `max`, both inclusive; empty if min > max.
struct IntRange {
  int64_t min = std::numeric_limits<int64_t>::min();
  int64_t max = std::numeric_limits<int64_t>::max();
  bool empty() const { return min > max; }
};

// Byte strings from `min` to `max` in the order of memcmp(), each end inclusive unless said
// otherwise; without a value: unbounded.
struct BytesRange {
  absl::optional<std::string> min;
  absl::optional<std::string> max;
  bool min_exclusive = false;
  bool max_exclusive = false;

  // The narrower of the end there is and this one.
  void RaiseMin(absl::string_view end, bool exclusive);
  void LowerMax(absl::string_view end, bool exclusive);
  bool bounded() const { return min.has_value() && max.has_value(); }
  bool empty() const;
};

// Narrows the range by every predicate on `column` that is a comparison (=, <, <=, >, >=). Operands
// may be double (kDouble, PostgreSQL's order: NaN above everything, and never stored in Redis) or
// int64 (kInteger). An int64 that no double equals, and a double that stands for a numeric
// (kNumeric), widen outward: the range then holds everything that the predicate does, and perhaps
// more.
DoubleRange ResolveDoubleRange(absl::Span<const Predicate> predicates, int column,
                               absl::Span<const Cell> params);

// The same for integers; operands are int64.
IntRange ResolveIntRange(absl::Span<const Predicate> predicates, int column,
                         absl::Span<const Cell> params);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PUSHDOWN_BOUNDS_H_
