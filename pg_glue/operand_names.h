// How EXPLAIN shows the operands of a scan: "'abc'", "$1", "u.name", "'user:' || u.id".

#ifndef REDIS_FDW_PG_GLUE_OPERAND_NAMES_H_
#define REDIS_FDW_PG_GLUE_OPERAND_NAMES_H_

#include "pg_glue/pg.h"
#include "pg_glue/scan_choice.h"

namespace redis_fdw {

// A List of String, one per operand. They are made when the query is planned, since EXPLAIN has no
// way to what the columns of other relations became in the plan.
List* OperandNames(PlannerInfo* root, const ScanChoice* choice);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_OPERAND_NAMES_H_
