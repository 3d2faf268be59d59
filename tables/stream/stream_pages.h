// Ranges of a stream, in pages and in order.

#ifndef REDIS_FDW_TABLES_STREAM_STREAM_PAGES_H_
#define REDIS_FDW_TABLES_STREAM_STREAM_PAGES_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "pushdown/stream_id_range.h"
#include "tables/common/step_source.h"
#include "tables/stream/stream_table.h"

namespace redis_fdw {

struct EntriesWanted {
  StreamIdRange range;
  std::vector<StreamTextBound> text_bounds;
  bool descending = false;
  // Rows are tagged with groups in which the order of ids and that of their texts agree:
  // milliseconds, if all have equally many digits; else the whole stream is one group.
  bool grouped = false;
  int64_t page = 1000;        // entries
  int64_t first_page = 1000;  // the same of the first; they double up to `page`
};

// XRANGE or XREVRANGE in pages, each O(log n + its entries), the next beginning beyond the last id:
// entries are never changed or moved, so pages lose and repeat none. Pages are no larger than what
// the limit still needs.
//
// Upwards the scan ends at the entry that was the last when its second page was asked for, which is
// found out in the same round trip: a scan whose own rows make the stream grow, by a trigger say,
// would otherwise never end.
//
// Text bounds and groups depend on how many digits the milliseconds of the ids have. So the first
// and the last id are asked for beforehand, in a round trip of its own: what is there throughout is
// between them, and what comes later is not read.
//
// `table` and `key` outlive the source.
std::unique_ptr<StepSource> NewPagesSource(const StreamElements* table, absl::string_view key,
                                           EntriesWanted wanted, RowWriter* rows);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_STREAM_STREAM_PAGES_H_
