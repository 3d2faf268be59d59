// What the sources of lists share.

#ifndef REDIS_FDW_TABLES_LIST_LIST_SCAN_H_
#define REDIS_FDW_TABLES_LIST_LIST_SCAN_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pushdown/bounds.h"
#include "tables/common/row_writer.h"
#include "tables/common/step_source.h"

namespace redis_fdw {

// Rows that are read from the end by a script: it takes Redis about a millisecond for each
// thousand.
constexpr int64_t kMaxReversed = 10000;

// Writes the row of an element.
absl::Status WriteIndexed(absl::string_view element, int64_t index, RowWriter* rows);

// The elements with an index in the range, the last first. A script, since how long the list is
// must be of the same moment; LRANGE where more than kMaxReversed rows are wanted, which holds them
// in memory until the last has come, and then fills one batch with them. `key` and `rows` must
// outlive the source.
std::unique_ptr<StepSource> NewReverseSource(absl::string_view key, const IntRange& range,
                                             RowWriter* rows);

// The elements that equal one of `elements`, which are distinct, and have an index in the range.
// One LPOS for each (Redis 6.0.6): Redis compares the whole list, and sends indexes. On older
// servers LRANGE, of which the others are dropped. Those of one element are in the order of
// indexes. `key`, `rows` and what `elements` point at must outlive the source.
std::unique_ptr<StepSource> NewElementsSource(absl::string_view key,
                                              std::vector<absl::string_view> elements,
                                              const IntRange& range, RowWriter* rows);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_LIST_LIST_SCAN_H_
