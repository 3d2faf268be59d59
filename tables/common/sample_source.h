// SampleSource: the rows of a sample of a table.
//
// Of a table of many keys some are found by SCAN, which visits them by their hashes, so that the
// first ones are no others than any: until there are enough, or a number of keys has been looked at
// that grows with the sample only. Where there are several primaries, each gives keys in proportion
// to those that it has. Then each key is asked how large it is, in one pipeline, and gives rows in
// proportion to that: small samples of large keys, and small keys whole.

#ifndef REDIS_FDW_TABLES_COMMON_SAMPLE_SOURCE_H_
#define REDIS_FDW_TABLES_COMMON_SAMPLE_SOURCE_H_

#include <cstdint>
#include <memory>

#include "tables/common/keys_source.h"
#include "tables/common/step_source.h"

namespace redis_fdw {

struct SampleReading {
  // keys.open reads a key whole; keys.access is kOne, or kLookup where there are many.
  KeysReading keys;
  int64_t rows;  // wanted
  uint64_t seed;
  // What comes of it besides rows: how many there are in the table; -1: as many as came.
  double total_rows = -1;
};

// `reading` outlives the source, and `rows` too, whose limit is reading->rows.
std::unique_ptr<StepSource> NewSampleSource(SampleReading* reading, RowWriter* rows);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_SAMPLE_SOURCE_H_
