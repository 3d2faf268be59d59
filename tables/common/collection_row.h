// Rows that are whole collections: with row_per 'key' a list, set or sorted set is one row, its
// elements an array (and the scores of a sorted set a second one, in the same order).
//
// A row is a key: no part names it. Sets are shown in the order of their bytes, since Redis has
// none; lists and sorted sets in their own. A row needs memory for the whole collection.

#ifndef REDIS_FDW_TABLES_COMMON_COLLECTION_ROW_H_
#define REDIS_FDW_TABLES_COMMON_COLLECTION_ROW_H_

#include <memory>

#include "absl/status/statusor.h"
#include "tables/table.h"

namespace redis_fdw {

// What differs between the Redis types. All strings are static.
struct CollectionRowType {
  const char* type;     // as TYPE names it
  const char* element;  // the role of the array
  const char* score;    // the role of the second one; null: none
  const char* read;     // the command that reads all: SMEMBERS, LRANGE, ZRANGE
  const char* add;      // the command that adds: SADD, RPUSH, ZADD
  bool sorted_by_us;    // Redis has no order
  bool unique;          // members, not elements
};

// Binds a table with row_per 'key'. `type` is static.
absl::StatusOr<std::unique_ptr<const Table>> BindCollectionRow(const TableDef& def,
                                                               const CollectionRowType& type);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_COLLECTION_ROW_H_
