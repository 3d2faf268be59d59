// Ranges of scores.

#include <algorithm>

#include "tables/zset/zset_scan.h"

namespace redis_fdw {
namespace {

// The nearest double of a numeric is not the numeric: what is beyond the one may be at the other.
Predicate Widened(Predicate predicate) {
  if (predicate.semantics != Semantics::kNumeric) return predicate;
  if (predicate.op == CompareOp::kGt) predicate.op = CompareOp::kGe;
  if (predicate.op == CompareOp::kLt) predicate.op = CompareOp::kLe;
  return predicate;
}

// The scores that equal an operand, or may do so; an integer that no double equals has two
// neighbors.
DoubleRange PointOf(const Cell& operand) {
  const Predicate equal;
  return ResolveDoubleRange(absl::MakeConstSpan(&equal, 1), equal.column,
                            absl::MakeConstSpan(&operand, 1));
}

// Makes closed ranges disjoint and ascending.
void Merge(std::vector<DoubleRange>* points) {
  std::sort(points->begin(), points->end(),
            [](const DoubleRange& a, const DoubleRange& b) { return a.min < b.min; });
  size_t kept = 0;
  for (const DoubleRange& point : *points) {
    if (kept > 0 && point.min <= (*points)[kept - 1].max) {
      (*points)[kept - 1].max = std::max((*points)[kept - 1].max, point.max);
    } else {
      (*points)[kept++] = point;
    }
  }
  points->resize(kept);
}

// What of a closed range is in `bounds`.
DoubleRange Within(const DoubleRange& bounds, const DoubleRange& point) {
  DoubleRange range = bounds;
  if (point.min > range.min) {
    range.min = point.min;
    range.min_exclusive = false;
  }
  if (point.max < range.max) {
    range.max = point.max;
    range.max_exclusive = false;
  }
  const bool excluded = range.min == range.max && (range.min_exclusive || range.max_exclusive);
  range.empty = range.empty || range.min > range.max || excluded;
  return range;
}

}  // namespace

std::vector<DoubleRange> ResolveScores(absl::Span<const Predicate> predicates, int column,
                                       absl::Span<const Cell> params) {
  std::vector<Predicate> bounds;
  const Cell* list = nullptr;
  for (const Predicate& predicate : predicates) {
    if (predicate.column != column) continue;
    if (predicate.op == CompareOp::kIn) list = &params[static_cast<size_t>(predicate.operand)];
    bounds.push_back(Widened(predicate));
  }
  std::vector<DoubleRange> ranges = {ResolveDoubleRange(bounds, column, params)};
  if (list != nullptr) {
    std::vector<DoubleRange> points;
    const bool many = list->kind() == Cell::Kind::kList;
    for (const Cell& cell : many ? list->list() : absl::MakeConstSpan(list, 1)) {
      const DoubleRange point = PointOf(cell);
      if (!point.empty) points.push_back(point);
    }
    Merge(&points);
    for (DoubleRange& point : points) point = Within(ranges[0], point);
    ranges = std::move(points);
  }
  ranges.erase(std::remove_if(ranges.begin(), ranges.end(),
                              [](const DoubleRange& range) { return range.empty; }),
               ranges.end());
  return ranges;
}

}  // namespace redis_fdw
