// Whether a statement writes what it scans. Such a scan reads everything before the first write,
// and takes no operands from join partners or from a query around it (it would run again between
// writes).

#ifndef REDIS_FDW_PG_GLUE_WRITE_CONFLICT_H_
#define REDIS_FDW_PG_GLUE_WRITE_CONFLICT_H_

#include "pg_glue/binding.h"
#include "pg_glue/pg.h"

namespace redis_fdw {

// Whether two tables may be about the same key of the same server and database.
bool SharesKeys(const TableBinding& a, const TableBinding& b);

// For the executor: whether a target of the running statement is the table's key, by whatever
// foreign table.
bool StatementWrites(EState* estate, const TableBinding* binding);

// For the planner: the same of the query being planned and those around it.
bool QueryWrites(PlannerInfo* root, const TableBinding* binding);

// For the planner: whether an expression without variables of the scanned table may have another
// value when the scan runs again in the same statement.
bool VariesBetweenRuns(PlannerInfo* root, Node* expr);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_WRITE_CONFLICT_H_
