// What the sources of sorted sets share.

#ifndef REDIS_FDW_TABLES_ZSET_ZSET_SCAN_H_
#define REDIS_FDW_TABLES_ZSET_ZSET_SCAN_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/base/cell.h"
#include "pushdown/bounds.h"
#include "pushdown/predicate.h"
#include "tables/common/element_source.h"
#include "tables/common/lookup_source.h"
#include "tables/common/row_writer.h"
#include "tables/common/step_source.h"

namespace redis_fdw {

// Writes the row of a member. `score` is as Redis sends it; kProtocol if that is no number.
absl::Status WriteMember(absl::string_view member, absl::string_view score, int64_t rank,
                         RowWriter* rows);

// Of replies WITHSCORES.
inline constexpr ElementShape kMemberAndScore = {2, &WriteMember};

// How members are read that have scores in a range, in the order of scores.
struct ScoreReading {
  DoubleRange range;
  bool descending = false;
};

// Their rows with ranks: the members and how many are below them must be of one moment. One script
// where few rows come of it (O(log n + rows)), else the whole set in one more command, of which the
// others are dropped: a script holds all that it replies in Redis's memory. `key` and `rows` must
// outlive the source.
std::unique_ptr<StepSource> NewRankedSource(absl::string_view key, const ScoreReading& reading,
                                            RowWriter* rows);

// The members whose scores are in any of the ranges, in the order of scores. `ranges` are disjoint
// and ascending, two at least. They are of one moment: of a command for each range a member would
// come twice or not at all whose score changes in between. So a script asks for all; where these
// are too many for it, one ZRANGEBYSCORE brings what lies between the first and the last range, of
// which the others are dropped. `key` and `rows` must outlive the source.
std::unique_ptr<StepSource> NewScoreListSource(absl::string_view key,
                                               std::vector<DoubleRange> ranges, RowWriter* rows);

// Rows that a script may reply with: it takes Redis about a millisecond for each thousand.
constexpr int64_t kMaxScriptRows = 10000;

// ZSCORE and ZRANK of members, in one script.
extern const LookupCommands kRankedLookup;

// Whether the score is in the range.
bool Contains(const DoubleRange& range, double score);

// Whether every score is in the range.
bool IsAll(const DoubleRange& range);

// The ranges that the predicates on scores leave, disjoint and ascending; none if they contradict
// each other. Of a list (kIn) one for each value, of which there may be one.
std::vector<DoubleRange> ResolveScores(absl::Span<const Predicate> predicates, int column,
                                       absl::Span<const Cell> params);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_ZSET_ZSET_SCAN_H_
