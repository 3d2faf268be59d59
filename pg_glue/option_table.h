// The table of options: which there are, where they may stand, what they may hold. What is made of
// them is options.h's.

#ifndef REDIS_FDW_PG_GLUE_OPTION_TABLE_H_
#define REDIS_FDW_PG_GLUE_OPTION_TABLE_H_

#include "pg_glue/options.h"
#include "pg_glue/pg.h"

namespace redis_fdw {

// Everything that options can come to, whatever object they stand on.
struct OptionValues {
  FdwOptions fdw;
  ColumnOptions column;
};

// Checks a list of options of an object of `catalog`, and stores their values. Raises on the first
// that is unknown or malformed.
void ReadOptions(List* options, Oid catalog, OptionValues* into);

// Raises that an option is required; `hint` says what it is about.
[[noreturn]] void RaiseMissingOption(const char* name, const char* hint);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_OPTION_TABLE_H_
