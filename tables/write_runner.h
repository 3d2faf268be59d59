// Carries out a batch of WriteOps: commands in one pipeline, replies into results.

#ifndef REDIS_FDW_TABLES_WRITE_RUNNER_H_
#define REDIS_FDW_TABLES_WRITE_RUNNER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/exec/pipeline.h"
#include "tables/table.h"

namespace redis_fdw {

// Writes `ops` in order and waits for all answers (one round trip, more if the batch outgrows the
// sockets). With `want_results`, *results has one for each op. `first_row` is the number of ops[0]
// within the statement, from 1, for messages.
//
// A batch that BuildWrites() refuses sends nothing. When Redis refuses a command, the commands
// after it in the pipeline have been sent already: the error names the first row refused and says
// what may have been written.
absl::Status RunWrites(const Table& table, absl::Span<const WriteOp> ops, bool want_results,
                       int64_t first_row, WriteState* state, Pipeline* pipeline,
                       std::vector<WriteResult>* results);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_WRITE_RUNNER_H_
