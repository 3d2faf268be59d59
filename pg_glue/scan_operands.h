// The operands of a scan: from expressions to Cells, and the columns' conversions.

#ifndef REDIS_FDW_PG_GLUE_SCAN_OPERANDS_H_
#define REDIS_FDW_PG_GLUE_SCAN_OPERANDS_H_

#include "pg_glue/scan_state.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

// Prepares the operand expressions of the plan.
void InitOperands(RedisScan* scan, ForeignScan* plan, PlanState* parent, MemoryContext context);

// Evaluates them into scan->operand_cells, which live until the next call.
void EvaluateOperands(RedisScan* scan, ExprContext* econtext);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_SCAN_OPERANDS_H_
