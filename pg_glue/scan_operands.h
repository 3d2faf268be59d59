// A scan's plan as the executor needs it: its operands, from expressions to Cells, and the columns'
// conversions.

#ifndef REDIS_FDW_PG_GLUE_SCAN_OPERANDS_H_
#define REDIS_FDW_PG_GLUE_SCAN_OPERANDS_H_

#include "pg_glue/scan_state.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

// The node's table bound, plan decoded and operands prepared, in the query's context. Nothing is
// opened yet.
RedisScan* NewRedisScan(ForeignScanState* node);

// Evaluates them into scan->operand_cells, which live until the next call.
void EvaluateOperands(RedisScan* scan, ExprContext* econtext);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_SCAN_OPERANDS_H_
