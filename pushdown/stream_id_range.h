// Ranges of stream ids that comparisons narrow down to, resolved from parameter values at run time.
//
// Two ways of comparing ids narrow a range. As ids (kStreamId): exactly. As texts (kBytes, kText):
// by the milliseconds alone, and only as long as all ids of the stream write them with equally many
// digits as the operand does; PostgreSQL then decides again. "9-0" is a greater text than "10-0".

#ifndef REDIS_FDW_PUSHDOWN_STREAM_ID_RANGE_H_
#define REDIS_FDW_PUSHDOWN_STREAM_ID_RANGE_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/base/cell.h"
#include "pushdown/predicate.h"
#include "pushdown/stream_id.h"

namespace redis_fdw {

// Ids from `min` to `max`, both inclusive.
struct StreamIdRange {
  StreamId min = StreamId::Least();
  StreamId max = StreamId::Greatest();

  static StreamIdRange Nothing() { return {StreamId::Greatest(), StreamId::Least()}; }
  bool empty() const { return max < min; }
};

// Narrows the range by every kStreamId comparison (=, <, <=, >, >=) on `column`, whose operands are
// ids as Redis writes them. Nothing if the operand of any comparison on it, also as texts, is NULL.
StreamIdRange ResolveStreamIdRange(absl::Span<const Predicate> predicates, int column,
                                   absl::Span<const Cell> params);

// What a comparison with a text says of milliseconds that have `digits` digits: they are `op` `ms`,
// of which op is kLe or kGe.
struct StreamTextBound {
  CompareOp op;
  uint64_t ms;
  int digits;
};

// Those of every comparison <, <=, >, >= on `column` as texts whose operand reads "ms" or "ms-seq";
// other operands say nothing.
std::vector<StreamTextBound> ResolveStreamTextBounds(absl::Span<const Predicate> predicates,
                                                     int column, absl::Span<const Cell> params);

// How many decimal digits a number has.
int DecimalDigits(uint64_t value);

// Narrows the range by the bounds, if all ids that count write their milliseconds with `digits`
// digits.
void NarrowByText(absl::Span<const StreamTextBound> bounds, int digits, StreamIdRange* range);

// Narrows it to the ids that are in `other` too.
void Intersect(const StreamIdRange& other, StreamIdRange* range);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PUSHDOWN_STREAM_ID_RANGE_H_
