// Positions: elements of a list, or of a sorted set in the order of its scores, by number.
//
// LRANGE and ZRANGE take a first and a last position, counted from 0, and -1 for the end.

#ifndef REDIS_FDW_TABLES_COMMON_POSITIONS_H_
#define REDIS_FDW_TABLES_COMMON_POSITIONS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "pushdown/bounds.h"
#include "pushdown/scan_plan.h"
#include "tables/common/element_source.h"
#include "tables/common/step_source.h"

namespace redis_fdw {

// Of the rows that a command could bring: pass over `skip` and bring `count`; -1: all.
struct RowWindow {
  int64_t skip = 0;
  int64_t count = -1;
};

// The rows that are still wanted, all of one command. To be called when that is made, not before:
// what is to be passed over is Redis's to do from then on, unless the rows of other keys follow.
RowWindow TakeWindow(RowWriter* rows);

// Positions `first` ... `last`, both inclusive; last -1: to the end.
struct Positions {
  int64_t first = 0;
  int64_t last = -1;
};

// What the window leaves of the range. What is below 0 is nobody's position. REQUIRES: the range
// has a position that is not.
Positions PositionsOf(const IntRange& range, const RowWindow& window);

// Whether any element may be in the range.
bool MayHold(const IntRange& range);

// How many of the positions 0 ... length - 1 are in the range.
int64_t CountIn(const IntRange& range, int64_t length);

// How a type's elements are read by position.
struct PositionCommands {
  const char* range;          // takes a key, first and last
  const char* option;         // which it takes then; null: none
  const char* length;         // takes a key
  const ElementShape* shape;  // of what `range` replies
};

// The elements of the range, in order: one streamed command, since pages by position lose or repeat
// elements when some are added or removed. `commands` is static; `key` and `rows` must outlive the
// source.
std::unique_ptr<StepSource> NewPositionsSource(const PositionCommands* commands,
                                               absl::string_view key, const IntRange& range,
                                               RowWriter* rows);

// How many elements the range has, by the length of the whole.
std::unique_ptr<StepSource> NewPositionsCount(const PositionCommands* commands,
                                              absl::string_view key, const IntRange& range,
                                              RowWriter* rows);

// The command of NewPositionsSource(), for EXPLAIN: "LRANGE k 0 9". Where operands decide which
// positions, "LRANGE k START STOP (index >= $1, offset $2)". `option` begins with a blank, or is
// empty; `name` is what `column`, the position, is.
std::string DescribePositions(absl::string_view range, absl::string_view option,
                              const ScanPlan& plan, int column, absl::string_view name,
                              absl::Span<const std::string> operand_names, absl::string_view key);

// The conditions and the window behind that: "index >= $1, offset $2"; empty: none.
std::string PositionsText(const ScanPlan& plan, int column, absl::string_view name,
                          absl::Span<const std::string> operand_names);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_POSITIONS_H_
