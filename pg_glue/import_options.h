// The options of IMPORT FOREIGN SCHEMA.

#ifndef REDIS_FDW_PG_GLUE_IMPORT_OPTIONS_H_
#define REDIS_FDW_PG_GLUE_IMPORT_OPTIONS_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

// Plain data.
struct ImportOptions {
  const char* delimiter;  // between the parts of a key
  int sample_size;        // keys to sample
  int scan_limit;         // keys that SCAN may look at
  int max_tables;
  int database;
};

// Reads them, with defaults for those that are not given; raises on one that is unknown or
// malformed.
ImportOptions ReadImportOptions(List* options);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_IMPORT_OPTIONS_H_
