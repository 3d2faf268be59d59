#include "pg_glue/settings.h"
#include "pg_glue/pg.h"

namespace redis_fdw {

bool enable_pushdown = true;

void DefineSettings() {
  DefineCustomBoolVariable("redis_fdw.enable_pushdown",
                           "Lets Redis evaluate the predicates it can be trusted with.", nullptr,
                           &enable_pushdown, true, PGC_USERSET, GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE,
                           nullptr, nullptr, nullptr);
  ReserveSettingPrefix("redis_fdw");
}

}  // namespace redis_fdw
