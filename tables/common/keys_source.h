// KeysSource: the rows of many keys, found by SCAN or named, read in one pipeline.
//
// Each key has a source of its own (Elements::Open); their commands share the connection, some
// hundred in flight, so that a round trip is paid once for many keys. While keys are read the next
// page of SCAN is asked for. Rows of different keys may come interleaved, those of one key in their
// order.
//
// Every key that is there throughout is read exactly once: SCAN may repeat a key, so the source
// remembers a fingerprint of each. On a cluster all primaries are scanned side by side, and slots
// may move meanwhile (core/exec/keyspace_walk.h). A key that vanishes meanwhile, or turns into
// another type, gives no rows (or no more), and that is no error.

#ifndef REDIS_FDW_TABLES_COMMON_KEYS_SOURCE_H_
#define REDIS_FDW_TABLES_COMMON_KEYS_SOURCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tables/common/elements.h"
#include "tables/common/key_table.h"
#include "tables/common/step_source.h"

namespace redis_fdw {

// What to read. Outlives the source.
struct KeysReading {
  const KeyNaming* naming;
  const Elements* elements;
  ElementSourceFactory open;
  KeyAccess access;
  int64_t page;        // COUNT of SCAN
  Pipeline* pipeline;  // which the steps go into: it knows the nodes
};

// `glob`: for kScan, what to scan for; keys have to match the table's pattern besides. `keys`: for
// the others, which keys to read. Of tables with one key this serves those that show its TTL.
std::unique_ptr<StepSource> NewKeysSource(const KeysReading* reading, std::string glob,
                                          std::vector<std::string> keys,
                                          absl::Span<const Cell> params, RowWriter* rows);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_KEYS_SOURCE_H_
