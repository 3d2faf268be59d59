// ErrorKind to SQLSTATE.

#ifndef REDIS_FDW_PG_GLUE_ERROR_MAP_H_
#define REDIS_FDW_PG_GLUE_ERROR_MAP_H_

#include "core/base/status.h"

namespace redis_fdw {

// The SQLSTATE, in PostgreSQL's packed form, for an error of that kind.
int SqlStateOf(ErrorKind kind);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_ERROR_MAP_H_
