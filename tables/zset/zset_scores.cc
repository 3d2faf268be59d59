// Ranges of scores.

#include <algorithm>
#include <limits>

#include "tables/zset/zset_scan.h"

namespace redis_fdw {
namespace {

// The scores that equal an operand of the list, or may do so: of an integer that no double equals
// and of a numeric they are several.
DoubleRange PointOf(const Predicate& list, const Cell& operand) {
  Predicate equal;
  equal.semantics = list.semantics;
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

bool Contains(const DoubleRange& range, double score) {
  const bool above = range.min_exclusive ? score > range.min : score >= range.min;
  const bool below = range.max_exclusive ? score < range.max : score <= range.max;
  return above && below;
}

bool IsAll(const DoubleRange& range) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return range.min == -kInfinity && range.max == kInfinity && !range.min_exclusive &&
         !range.max_exclusive;
}

std::vector<DoubleRange> ResolveScores(absl::Span<const Predicate> predicates, int column,
                                       absl::Span<const Cell> params) {
  std::vector<DoubleRange> ranges = {ResolveDoubleRange(predicates, column, params)};
  const auto list = std::find_if(
      predicates.begin(), predicates.end(),
      [column](const Predicate& p) { return p.column == column && p.op == CompareOp::kIn; });
  if (list != predicates.end()) {
    std::vector<DoubleRange> points;
    const Cell& operand = params[static_cast<size_t>(list->operand)];
    const bool many = operand.kind() == Cell::Kind::kList;
    for (const Cell& cell : many ? operand.list() : absl::MakeConstSpan(&operand, 1)) {
      const DoubleRange point = PointOf(*list, cell);
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
