// The rows of a modification: from slots to cells, and back from the cells that were written.

#ifndef REDIS_FDW_PG_GLUE_ROW_CELLS_H_
#define REDIS_FDW_PG_GLUE_ROW_CELLS_H_

#include "pg_glue/modify_state.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

// What names a row that the subplan delivered.
struct RowName {
  Cell* cells;  // state->nidentity
  int64 row_number;
};

// Both are made of copies in the current memory context.
Cell* RowCells(ModifyState* state, TupleTableSlot* slot);
RowName ReadRowName(ModifyState* state, TupleTableSlot* plan_slot);

// Which bound columns an update of the row to `cells` sets: those of the SET list, and where a
// trigger may have set others, those that differ from the old row too. `desc` is the table's. In
// the current memory context. Raises where a column that cannot be written differs.
bool* ChangedColumns(ModifyState* state, TupleTableSlot* plan_slot, TupleDesc desc,
                     const Cell* cells);

// Puts into the slot what will be read back where `cells` are written.
void StoreCells(ModifyState* state, TupleTableSlot* slot, const Cell* cells);

// Puts into the slot what Redis chose for the row just written, if it did.
void StoreGenerated(ModifyState* state, TupleTableSlot* slot);

// Puts the old row into the slot, which the subplan delivers whole where RETURNING wants it.
void StoreOldRow(ModifyState* state, TupleTableSlot* slot, TupleTableSlot* plan_slot);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_ROW_CELLS_H_
