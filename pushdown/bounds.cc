#include "pushdown/bounds.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace redis_fdw {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// 2^63: the first double that is no int64.
constexpr double kTooLarge = 9223372036854775808.0;

// The greatest double that is at most `v`.
double DoubleAtMost(int64_t v) {
  double d = static_cast<double>(v);  // the nearest, which may be above
  bool above = d >= kTooLarge || static_cast<int64_t>(d) > v;
  return above ? std::nextafter(d, -kInfinity) : d;
}

// The least double that is at least `v`.
double DoubleAtLeast(int64_t v) {
  double d = static_cast<double>(v);
  bool below = d < kTooLarge && static_cast<int64_t>(d) < v;
  return below ? std::nextafter(d, kInfinity) : d;
}

void RaiseMin(DoubleRange* range, double value, bool exclusive) {
  if (value > range->min) {
    range->min = value;
    range->min_exclusive = exclusive;
  } else if (value == range->min) {
    range->min_exclusive = range->min_exclusive || exclusive;
  }
}

void LowerMax(DoubleRange* range, double value, bool exclusive) {
  if (value < range->max) {
    range->max = value;
    range->max_exclusive = exclusive;
  } else if (value == range->max) {
    range->max_exclusive = range->max_exclusive || exclusive;
  }
}

// NaN is above every stored value: less than it is everything, at least it is nothing.
void NarrowByNan(DoubleRange* range, CompareOp op) {
  if (op != CompareOp::kLt && op != CompareOp::kLe) range->empty = true;
}

// `low` and `high` enclose the operand; they differ where no double is known to equal it, and an
// exclusive end would lose what lies between.
void Narrow(DoubleRange* range, CompareOp op, double low, double high) {
  bool exact = low == high;
  switch (op) {
    case CompareOp::kEq:
      RaiseMin(range, low, false);
      LowerMax(range, high, false);
      return;
    case CompareOp::kGt:
    case CompareOp::kGe:
      RaiseMin(range, low, op == CompareOp::kGt && exact);
      return;
    case CompareOp::kLt:
    case CompareOp::kLe:
      LowerMax(range, high, op == CompareOp::kLt && exact);
      return;
    case CompareOp::kIn:
    case CompareOp::kLike:
    case CompareOp::kPrefix:
      return;  // not a bound
  }
}

void NarrowByDouble(DoubleRange* range, const Predicate& predicate, double operand) {
  if (std::isnan(operand)) {
    NarrowByNan(range, predicate.op);
  } else if (predicate.semantics == Semantics::kNumeric) {
    // The operand is what this double is nearest to.
    Narrow(range, predicate.op, std::nextafter(operand, -kInfinity),
           std::nextafter(operand, kInfinity));
  } else {
    Narrow(range, predicate.op, operand, operand);
  }
}

void NarrowByCell(DoubleRange* range, const Predicate& predicate, const Cell& operand) {
  const CompareOp op = predicate.op;
  switch (operand.kind()) {
    case Cell::Kind::kDouble:
      NarrowByDouble(range, predicate, operand.dbl());
      return;
    case Cell::Kind::kInt64:
      Narrow(range, op, DoubleAtMost(operand.int64()), DoubleAtLeast(operand.int64()));
      return;
    case Cell::Kind::kNull:
      range->empty = true;  // a comparison with NULL is true of no row
      return;
    case Cell::Kind::kBytes:
    case Cell::Kind::kList:
      assert(false && "operand of a bound is neither number nor NULL");
      return;
  }
}

void NarrowByInt(IntRange* range, CompareOp op, int64_t v) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  bool nothing = (op == CompareOp::kGt && v == kMax) || (op == CompareOp::kLt && v == kMin);
  if (nothing) {
    range->min = kMax;
    range->max = kMin;
    return;
  }
  if (op == CompareOp::kGt) range->min = std::max(range->min, v + 1);
  if (op == CompareOp::kLt) range->max = std::min(range->max, v - 1);
  if (op == CompareOp::kEq || op == CompareOp::kGe) range->min = std::max(range->min, v);
  if (op == CompareOp::kEq || op == CompareOp::kLe) range->max = std::min(range->max, v);
}

}  // namespace

void BytesRange::RaiseMin(absl::string_view end, bool exclusive) {
  const int order = min.has_value() ? end.compare(*min) : 1;
  if (order < 0) return;
  min_exclusive = exclusive || (order == 0 && min_exclusive);
  min = std::string(end);
}

void BytesRange::LowerMax(absl::string_view end, bool exclusive) {
  const int order = max.has_value() ? end.compare(*max) : -1;
  if (order > 0) return;
  max_exclusive = exclusive || (order == 0 && max_exclusive);
  max = std::string(end);
}

bool BytesRange::empty() const {
  if (!bounded()) return false;
  const int order = absl::string_view(*min).compare(*max);
  return order > 0 || (order == 0 && (min_exclusive || max_exclusive));
}

DoubleRange ResolveDoubleRange(absl::Span<const Predicate> predicates, int column,
                               absl::Span<const Cell> params) {
  DoubleRange range;
  for (const Predicate& predicate : predicates) {
    if (predicate.column != column || predicate.op == CompareOp::kIn) continue;
    NarrowByCell(&range, predicate, params[predicate.operand]);
  }
  bool point_excluded = range.min == range.max && (range.min_exclusive || range.max_exclusive);
  if (range.min > range.max || point_excluded) range.empty = true;
  return range;
}

IntRange ResolveIntRange(absl::Span<const Predicate> predicates, int column,
                         absl::Span<const Cell> params) {
  IntRange range;
  for (const Predicate& predicate : predicates) {
    if (predicate.column != column || predicate.op == CompareOp::kIn) continue;
    const Cell& operand = params[predicate.operand];
    if (operand.kind() == Cell::Kind::kInt64) {
      NarrowByInt(&range, predicate.op, operand.int64());
    } else {
      assert(operand.is_null() && "operand of an integer bound is neither integer nor NULL");
      range.min = std::numeric_limits<int64_t>::max();
      range.max = std::numeric_limits<int64_t>::min();
    }
  }
  return range;
}

}  // namespace redis_fdw
