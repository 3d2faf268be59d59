// Which foreign tables and servers are ours.

#ifndef REDIS_FDW_PG_GLUE_WRAPPER_H_
#define REDIS_FDW_PG_GLUE_WRAPPER_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

// Whether a foreign table's wrapper is served by this library: by what its handler gives, since
// wrappers made by hand have other names. Handlers of other libraries are not called.
bool IsOurTable(Oid relid);

// The Redis server of that name. Raises if there is none, if the current user may not use it, or if
// it is another wrapper's.
Oid FindUsableServer(const char* name);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_WRAPPER_H_
