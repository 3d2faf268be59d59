// How EXPLAIN shows the operands of a scan: "'abc'", "$1", "u.name", "'user:' || u.id".
//
// They are printed when EXPLAIN asks, but for those with columns of other relations: what became of
// these in the finished plan it cannot see, so they are named when the query is planned.

#ifndef REDIS_FDW_PG_GLUE_OPERAND_NAMES_H_
#define REDIS_FDW_PG_GLUE_OPERAND_NAMES_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

// A List of String, one per operand (a List of Expr); empty where OperandNames() needs none.
List* NamesInPlan(PlannerInfo* root, List* operands);

// For EXPLAIN, of a scan with the fdw_private of plan_data.h: a List of char*, one per operand.
List* OperandNames(const ForeignScan* scan);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_OPERAND_NAMES_H_
