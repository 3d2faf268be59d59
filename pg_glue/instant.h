// Instants between PostgreSQL, which counts microseconds from 2000, and Redis, which counts
// milliseconds from 1970.

#ifndef REDIS_FDW_PG_GLUE_INSTANT_H_
#define REDIS_FDW_PG_GLUE_INSTANT_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

// The greatest number of milliseconds stands for infinity. Raises 22008 on what is no timestamptz.
TimestampTz TimestampTzOfMs(int64 ms);

// Parts of a millisecond are cut off, towards the past. 'infinity' is the greatest number;
// '-infinity' raises 22008.
int64 MsOfTimestampTz(TimestampTz instant);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_INSTANT_H_
