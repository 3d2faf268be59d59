// INSERT and DELETE: the planner and executor callbacks of FdwRoutine that write.
//
// Rows are collected into batches of batch_size and written in one pipeline. A row is written at
// once where its result matters before the next: RETURNING, row triggers, WITH CHECK OPTION, ON
// CONFLICT DO NOTHING.

#ifndef REDIS_FDW_PG_GLUE_MODIFY_H_
#define REDIS_FDW_PG_GLUE_MODIFY_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

int IsForeignRelUpdatable(Relation relation);
void AddForeignUpdateTargets(PlannerInfo* root, Index rtindex, RangeTblEntry* rte,
                             Relation relation);
List* PlanForeignModify(PlannerInfo* root, ModifyTable* plan, Index rtindex, int subplan);
void BeginForeignModify(ModifyTableState* node, ResultRelInfo* rinfo, List* fdw_private,
                        int subplan, int eflags);
void BeginForeignInsert(ModifyTableState* node, ResultRelInfo* rinfo);
TupleTableSlot* ExecForeignInsert(EState* estate, ResultRelInfo* rinfo, TupleTableSlot* slot,
                                  TupleTableSlot* plan_slot);
TupleTableSlot* ExecForeignDelete(EState* estate, ResultRelInfo* rinfo, TupleTableSlot* slot,
                                  TupleTableSlot* plan_slot);
void EndForeignModify(EState* estate, ResultRelInfo* rinfo);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_MODIFY_H_
