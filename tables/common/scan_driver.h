// The scan driver: a Scan over the steps of a StepSource.
//
// It copies the parameters, runs one parameter row after the other, keeps a bounded number of
// commands in flight, lets their sinks fill the batch, stops when the batch is full, and asks ahead
// before it returns, so that Redis works while the caller consumes. Nothing is connected to for a
// parameter row that no element can answer. Once the rows that a plan expects to be taken are there
// it hands them over, and asks for more only if the caller comes back.
//
// A connection that is lost takes no row with it where that can be helped: a parameter row that has
// given none yet begins again, and sources that know where they are go on from there (cursors by
// their fingerprints, streams by the last id). Otherwise, or if it happens again and again, the
// error is returned.
//
// Round trips: one per NextBatch() at most, none where the look-ahead has the rows already.

#ifndef REDIS_FDW_TABLES_COMMON_SCAN_DRIVER_H_
#define REDIS_FDW_TABLES_COMMON_SCAN_DRIVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/exec/pipeline.h"
#include "tables/common/columns.h"
#include "tables/common/step_source.h"
#include "tables/table.h"

namespace redis_fdw {

// Makes the source of one parameter row. `params` and `rows` outlive it.
using SourceFactory =
    std::function<std::unique_ptr<StepSource>(absl::Span<const Cell> params, RowWriter* rows)>;

// A scan of `plan` whose output columns are the parts that `columns` says. `key` names the node
// that the first command goes to. Limit and offset hold for each parameter row; a count is a row
// for each, also where no command is needed for it.
absl::StatusOr<std::unique_ptr<Scan>> NewDrivenScan(const Columns& columns, absl::string_view key,
                                                    const ScanPlan& plan, SourceFactory factory,
                                                    Pipeline* pipeline);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_SCAN_DRIVER_H_
