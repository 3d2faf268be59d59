// Traffic with Redis, added up per server and user: what the view redis_fdw_stats shows.
//
// If the library is in shared_preload_libraries the sums are in shared memory: those of all
// sessions since PostgreSQL was started, or of redis_fdw_stats_reset(). Otherwise a backend has
// sums of its own. Nothing is written to disk.

#ifndef REDIS_FDW_PG_GLUE_STATS_H_
#define REDIS_FDW_PG_GLUE_STATS_H_

#include "core/net/traffic.h"

namespace redis_fdw {

// Adds up what it hears. Lives as long as the process. Safe while an error is handled.
TrafficListener* TrafficStats();

// Asks for shared memory where that is possible. Once, from _PG_init.
void InitStats();

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_STATS_H_
