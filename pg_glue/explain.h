// EXPLAIN: what a scan or modification will do, and with ANALYZE what it did.

#ifndef REDIS_FDW_PG_GLUE_EXPLAIN_H_
#define REDIS_FDW_PG_GLUE_EXPLAIN_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

void ExplainForeignScan(ForeignScanState* node, ExplainState* es);
void ExplainForeignModify(ModifyTableState* node, ResultRelInfo* rinfo, List* fdw_private,
                          int subplan, ExplainState* es);
void ExplainDirectModify(ForeignScanState* node, ExplainState* es);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_EXPLAIN_H_
