// Fields with TTLs of their own (Redis 7.4, Valkey 9.0): reading them beside the values.
//
// HSCAN and HMGET do not tell them, so scripts do, in one step with the values. Each value comes
// with two numbers before it, "TTL,INSTANT:value", both in milliseconds and negative if the field
// lives on.

#ifndef REDIS_FDW_TABLES_HASH_HASH_FIELD_TTL_H_
#define REDIS_FDW_TABLES_HASH_HASH_FIELD_TTL_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tables/common/row_writer.h"

namespace redis_fdw {

// Takes what HSCAN takes behind the key and replies what it replies.
extern const char kScanTtlScript[];
// Takes what HMGET takes behind the key and replies what it replies.
extern const char kLookupTtlScript[];

// Shares the TTL in `value` with the row that is written next, and takes it off. kProtocol.
absl::Status TakeTtl(absl::string_view* value, RowWriter* rows);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_HASH_HASH_FIELD_TTL_H_
