// Operands of equalities, resolved from parameter values at run time.

#ifndef REDIS_FDW_PUSHDOWN_OPERANDS_H_
#define REDIS_FDW_PUSHDOWN_OPERANDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "core/base/cell.h"
#include "pushdown/predicate.h"

namespace redis_fdw {

// The byte strings that satisfy every kEq and kIn predicate on `column` (kBytes semantics): the
// intersection of their operands, without NULLs and duplicates, in the order of the first. Views
// into `params`. REQUIRES: at least one such predicate.
std::vector<absl::string_view> ResolveKeys(absl::Span<const Predicate> predicates, int column,
                                           absl::Span<const Cell> params);

// The same for int64 operands (kInteger).
std::vector<int64_t> ResolveIntegers(absl::Span<const Predicate> predicates, int column,
                                     absl::Span<const Cell> params);

// Whether any predicate on `column` is kEq or kIn.
bool HasEquality(absl::Span<const Predicate> predicates, int column);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PUSHDOWN_OPERANDS_H_
