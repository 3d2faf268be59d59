// UPDATE and DELETE without a scan: where the predicates themselves name the rows, and the new
// values need none of the old ones, the writes go out as they are.
//
// PostgreSQL rules row triggers, stored generated columns and WITH CHECK OPTION out. Here, too: any
// predicate that Redis does not decide alone, RETURNING, joins, SET expressions that read columns
// or are volatile, and updates of partitions (a row must not leave its own).

#ifndef REDIS_FDW_PG_GLUE_DIRECT_MODIFY_H_
#define REDIS_FDW_PG_GLUE_DIRECT_MODIFY_H_

#include <vector>

#include "pg_glue/datum.h"
#include "pg_glue/hung.h"
#include "pg_glue/scan_state.h"
#include "pg_glue/write_batch.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

// Planner: turns the subplan of a target into the modification itself, and says whether it could.
bool PlanDirectModify(PlannerInfo* root, ModifyTable* plan, Index target, int subplan);

// Executor.
void BeginDirectModify(ForeignScanState* node, int eflags);
TupleTableSlot* IterateDirectModify(ForeignScanState* node);
void EndDirectModify(ForeignScanState* node);

// What a running one keeps, in ForeignScanState.fdw_state. Plain data in the query's context.
struct DirectModify {
  RedisScan* scan;    // its plan and operands; it is never run
  WriteBatch* batch;  // null while only explained
  bool is_update;
  bool counts;  // in the command tag
  bool done;

  // UPDATE: the columns that are set, and to what.
  int nset;
  int* ordinals;
  ColumnIo* columns;
  ExprState** values;
  bool* changed;          // per bound column
  bool identity_changes;  // whether any of those names the row

  Hung<std::vector<std::vector<Cell>>>* rows;  // the identities, while they are written
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_DIRECT_MODIFY_H_
