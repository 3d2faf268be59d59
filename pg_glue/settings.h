// Settings (GUCs) of the extension.

#ifndef REDIS_FDW_PG_GLUE_SETTINGS_H_
#define REDIS_FDW_PG_GLUE_SETTINGS_H_

namespace redis_fdw {

// redis_fdw.enable_pushdown: off evaluates every predicate in PostgreSQL. For tests that compare
// both.
extern bool enable_pushdown;

// Defines them. Once, from _PG_init.
void DefineSettings();

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_SETTINGS_H_
