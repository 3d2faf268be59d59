#include "pushdown/stream_id_range.h"

#include <algorithm>
#include <cassert>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace redis_fdw {
namespace {

bool IsComparison(CompareOp op) {
  return op == CompareOp::kEq || op == CompareOp::kLt || op == CompareOp::kLe ||
         op == CompareOp::kGt || op == CompareOp::kGe;
}

bool ComparesTexts(const Predicate& predicate) {
  return IsComparison(predicate.op) && predicate.op != CompareOp::kEq &&
         (predicate.semantics == Semantics::kBytes || predicate.semantics == Semantics::kText);
}

StreamIdRange RangeOf(CompareOp op, StreamId id) {
  StreamIdRange range;
  switch (op) {
    case CompareOp::kEq:
      return {id, id};
    case CompareOp::kGt:
      if (!id.Increment()) return StreamIdRange::Nothing();
      range.min = id;
      return range;
    case CompareOp::kGe:
      range.min = id;
      return range;
    case CompareOp::kLt:
      if (!id.Decrement()) return StreamIdRange::Nothing();
      range.max = id;
      return range;
    case CompareOp::kLe:
      range.max = id;
      return range;
    case CompareOp::kIn:
    case CompareOp::kLike:
    case CompareOp::kPrefix:
      return range;  // not a bound
  }
  return range;
}

// Takes the digits that `text` begins with off it.
absl::string_view TakeDigits(absl::string_view* text) {
  size_t count = 0;
  while (count < text->size() && absl::ascii_isdigit(static_cast<unsigned char>((*text)[count]))) {
    ++count;
  }
  absl::string_view digits = text->substr(0, count);
  text->remove_prefix(count);
  return digits;
}

// The milliseconds of a text that reads "ms" or "ms-seq", without leading zeros.
bool MsOfText(absl::string_view text, uint64_t* ms) {
  absl::string_view digits = TakeDigits(&text);
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return false;
  if (!absl::SimpleAtoi(digits, ms)) return false;
  if (text.empty()) return true;
  if (text[0] != '-') return false;
  text.remove_prefix(1);
  return !TakeDigits(&text).empty() && text.empty();
}

}  // namespace

StreamIdRange ResolveStreamIdRange(absl::Span<const Predicate> predicates, int column,
                                   absl::Span<const Cell> params) {
  StreamIdRange range;
  for (const Predicate& predicate : predicates) {
    if (predicate.column != column || !IsComparison(predicate.op)) continue;
    const Cell& operand = params[static_cast<size_t>(predicate.operand)];
    if (operand.is_null()) return StreamIdRange::Nothing();
    if (predicate.semantics != Semantics::kStreamId) continue;
    StreamId id;
    const bool is_id = ParseStreamId(operand.bytes(), &id);
    assert(is_id && "operand of a bound is neither an id nor NULL");
    if (is_id) Intersect(RangeOf(predicate.op, id), &range);
  }
  return range;
}

std::vector<StreamTextBound> ResolveStreamTextBounds(absl::Span<const Predicate> predicates,
                                                     int column, absl::Span<const Cell> params) {
  std::vector<StreamTextBound> bounds;
  for (const Predicate& predicate : predicates) {
    if (predicate.column != column || !ComparesTexts(predicate)) continue;
    const Cell& operand = params[static_cast<size_t>(predicate.operand)];
    uint64_t ms = 0;
    if (operand.is_null() || !MsOfText(operand.bytes(), &ms)) continue;
    const bool above = predicate.op == CompareOp::kGt || predicate.op == CompareOp::kGe;
    bounds.push_back({above ? CompareOp::kGe : CompareOp::kLe, ms, DecimalDigits(ms)});
  }
  return bounds;
}

int DecimalDigits(uint64_t value) {
  int digits = 1;
  for (; value >= 10; value /= 10) ++digits;
  return digits;
}

void NarrowByText(absl::Span<const StreamTextBound> bounds, int digits, StreamIdRange* range) {
  for (const StreamTextBound& bound : bounds) {
    if (bound.digits != digits) continue;
    StreamIdRange whole;
    if (bound.op == CompareOp::kGe) whole.min = {bound.ms, 0};
    if (bound.op == CompareOp::kLe) whole.max = {bound.ms, StreamId::kMaxPart};
    Intersect(whole, range);
  }
}

void Intersect(const StreamIdRange& other, StreamIdRange* range) {
  range->min = std::max(range->min, other.min);
  range->max = std::min(range->max, other.max);
}

}  // namespace redis_fdw
