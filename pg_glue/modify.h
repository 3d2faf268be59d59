// INSERT, UPDATE, DELETE and TRUNCATE: the planner and executor callbacks of FdwRoutine that write.
//
// Rows are collected into batches of batch_size and written in one pipeline. A row is written at
// once where its result matters before the next: RETURNING, row triggers, WITH CHECK OPTION, ON
// CONFLICT DO NOTHING.
//
// modify_plan.cc plans, modify_begin.cc begins, modify_exec.cc writes the rows, row_cells.cc
// converts them; direct_modify.h has what needs no rows at all.

#ifndef REDIS_FDW_PG_GLUE_MODIFY_H_
#define REDIS_FDW_PG_GLUE_MODIFY_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

// Planning. What a table type cannot do is refused here, with the type's own words; the bits of
// IsForeignRelUpdatable() are for information_schema, and for COPY and partitions, which have no
// plan.
int IsForeignRelUpdatable(Relation relation);
void AddForeignUpdateTargets(PlannerInfo* root, Index rtindex, RangeTblEntry* rte,
                             Relation relation);
List* PlanForeignModify(PlannerInfo* root, ModifyTable* plan, Index rtindex, int subplan);

void BeginForeignModify(ModifyTableState* node, ResultRelInfo* rinfo, List* fdw_private,
                        int subplan, int eflags);
void BeginForeignInsert(ModifyTableState* node, ResultRelInfo* rinfo);

// Each gives the slot back with the values as Redis has them now (one row at a time only), or null
// if the row was not applied, which is then not counted.
TupleTableSlot* ExecForeignInsert(EState* estate, ResultRelInfo* rinfo, TupleTableSlot* slot,
                                  TupleTableSlot* plan_slot);
TupleTableSlot* ExecForeignUpdate(EState* estate, ResultRelInfo* rinfo, TupleTableSlot* slot,
                                  TupleTableSlot* plan_slot);
TupleTableSlot* ExecForeignDelete(EState* estate, ResultRelInfo* rinfo, TupleTableSlot* slot,
                                  TupleTableSlot* plan_slot);
void EndForeignModify(EState* estate, ResultRelInfo* rinfo);

// CASCADE and RESTART IDENTITY need nothing here: no foreign key refers to a foreign table, and
// PostgreSQL restarts the sequences, which are its own.
void ExecForeignTruncate(List* relations, DropBehavior behavior, bool restart_sequences);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_MODIFY_H_
