// Which foreign tables are ours.

#ifndef REDIS_FDW_PG_GLUE_WRAPPER_H_
#define REDIS_FDW_PG_GLUE_WRAPPER_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

// Whether a foreign table's wrapper is served by this library: by what its handler gives, since
// wrappers made by hand have other names. Handlers of other libraries are not called.
bool IsOurTable(Oid relid);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_WRAPPER_H_
