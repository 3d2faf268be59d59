// Lexical ranges of sorted sets: members between two byte strings.
//
// Redis keeps members in the order of their bytes only where all scores are equal
// (https://redis.io/commands/zrangebylex/), which no query can prove. A script looks at both ends
// of the set, in O(log n), each time before it takes a page of the range.

#ifndef REDIS_FDW_TABLES_ZSET_ZSET_LEX_H_
#define REDIS_FDW_TABLES_ZSET_ZSET_LEX_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/base/cell.h"
#include "pushdown/bounds.h"
#include "pushdown/predicate.h"
#include "pushdown/scan_plan.h"
#include "tables/common/element_source.h"
#include "tables/common/row_writer.h"
#include "tables/common/step_source.h"
#include "tables/table.h"

namespace redis_fdw {

// Narrows the range to what bounds, prefixes and LIKE (kBytes predicates on `column`) leave: a
// superset. Returns whether a walk of the whole set is worth avoiding: there are two ends, or a
// prefix. REQUIRES: no operand of these is NULL.
bool ResolveMemberRange(absl::Span<const Predicate> predicates, int column,
                        absl::Span<const Cell> params, BytesRange* range);

// The end of a range as ZRANGEBYLEX takes it: "[a", "(a", "-", "+".
std::string LexMin(const BytesRange& range);
std::string LexMax(const BytesRange& range);

// The members in the range, by pages of ZRANGEBYLEX (O(log n + rows)) that go on behind the last
// member, while all scores are equal. From where they are not (at once, or at any page), and for
// users who may not run the script, it is `otherwise`, which passes over what was returned.
//
// Every element that is there throughout and in the range is written exactly once: a page ends with
// the greatest member that was returned, and a fingerprint of each is remembered. No order is
// promised. `key` and `rows` must outlive the source.
std::unique_ptr<StepSource> NewLexSource(const BytesRange& range, CollectionCommands otherwise,
                                         absl::string_view key, const ScanOptions& options,
                                         RowWriter* rows);

// Makes of the cost of `walk`, a scan with MATCH, that of a scan which avoids it where it can.
// `rows` are in the range.
void CostLexRange(const ScanRequest& request, double rows, ScanPlan* walk);

// The source's pages for EXPLAIN; `narrowed` as NarrowingText() has it.
std::string DescribeLexPages(absl::string_view key, const ScanOptions& options,
                             absl::string_view narrowed);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_ZSET_ZSET_LEX_H_
