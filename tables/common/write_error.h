// Errors of one row of a batch, so that whoever knows the rows' numbers can name it.

#ifndef REDIS_FDW_TABLES_COMMON_WRITE_ERROR_H_
#define REDIS_FDW_TABLES_COMMON_WRITE_ERROR_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/types/optional.h"

namespace redis_fdw {

// The same error, about ops[op] of the batch that was being built, or of the command whose reply is
// being interpreted. An OK status stays OK.
absl::Status AtRow(absl::Status status, size_t op);

// Which op an error is about, if AtRow() has said so.
absl::optional<size_t> RowOf(const absl::Status& status);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_WRITE_ERROR_H_
