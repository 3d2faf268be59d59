// Writing the rows of a modification.

#include <string>

#include "pg_glue/error_map.h"
#include "pg_glue/guard.h"
#include "pg_glue/modify.h"
#include "pg_glue/modify_state.h"
#include "pg_glue/pg.h"
#include "pg_glue/row_cells.h"
#include "pg_glue/write_checks.h"

namespace redis_fdw {
namespace {

ModifyState* StateOf(ResultRelInfo* rinfo) { return (ModifyState*)rinfo->ri_FdwState; }

void AppendCell(const Cell& cell, std::string* bytes) {
  bytes->push_back(static_cast<char>(cell.kind()));
  if (cell.kind() == Cell::Kind::kBytes) {
    absl::StrAppend(bytes, cell.bytes().size(), ":", cell.bytes());
  } else if (cell.kind() == Cell::Kind::kInt64) {
    absl::StrAppend(bytes, cell.int64(), ":");
  } else if (cell.kind() == Cell::Kind::kDouble) {
    absl::StrAppend(bytes, FormatDouble(cell.dbl()), ":");
  }
}

// Whether this statement has written the row already.
bool WrittenBefore(ModifyState* state, const RowName& name) {
  if (state->written == nullptr) return false;
  bool is_new = false;
  CallCpp([&] {
    std::string bytes;
    for (int i = 0; i < state->nidentity; ++i) AppendCell(name.cells[i], &bytes);
    absl::StrAppend(&bytes, name.row_number);
    is_new = state->written->object->Insert(bytes);
    return absl::OkStatus();
  });
  if (!is_new) FlushIfFull(state->batch);
  return !is_new;
}

// What has to be as it shall before a row is written, since nothing takes it back afterwards. Gives
// the slot the values that will be stored, if somebody will look at it.
void CheckNewRow(EState* estate, ResultRelInfo* rinfo, TupleTableSlot* slot, const Cell* cells,
                 bool is_insert) {
  ModifyState* state = StateOf(rinfo);
  if (state->checks_partition) CheckPartition(estate, rinfo, slot, is_insert);
  if (is_insert || state->identity_changes) CheckKey(state->batch, cells);
  if (!state->batch->one_by_one) return;
  StoreCells(state, slot, cells);
  slot->tts_tableOid = state->binding->relid;
  CheckViewOptions(estate, rinfo, slot, state->binding);
}

}  // namespace

TupleTableSlot* ExecForeignInsert(EState* estate, ResultRelInfo* rinfo, TupleTableSlot* slot,
                                  TupleTableSlot*) {
  ModifyState* state = StateOf(rinfo);
  MemoryContext old = MemoryContextSwitchTo(RowContext(state->batch));
  const Cell* cells = RowCells(state, slot);
  for (int i = 0; i < state->binding->ncolumns; ++i) {
    if (!cells[i].is_null() && !state->binding->table().columns()[i].writable) {
      RaiseNotWritable(state, i);
    }
  }
  CheckNewRow(estate, rinfo, slot, cells, true);
  bool applied = AddInsert(state->batch, cells);
  if (applied && state->batch->one_by_one) StoreGenerated(state, slot);
  MemoryContextSwitchTo(old);
  return applied ? slot : nullptr;
}

TupleTableSlot* ExecForeignUpdate(EState* estate, ResultRelInfo* rinfo, TupleTableSlot* slot,
                                  TupleTableSlot* plan_slot) {
  ModifyState* state = StateOf(rinfo);
  MemoryContext old = MemoryContextSwitchTo(RowContext(state->batch));
  RowName name = ReadRowName(state, plan_slot);
  bool applied = false;
  if (!WrittenBefore(state, name)) {
    const Cell* cells = RowCells(state, slot);
    CheckNewRow(estate, rinfo, slot, cells, false);
    const bool* changed =
        ChangedColumns(state, plan_slot, RelationGetDescr(rinfo->ri_RelationDesc), cells);
    applied =
        AddUpdate(state->batch, name.cells, state->nidentity, name.row_number, cells, changed);
    if (applied && state->batch->one_by_one) StoreGenerated(state, slot);
  }
  MemoryContextSwitchTo(old);
  return applied ? slot : nullptr;
}

TupleTableSlot* ExecForeignDelete(EState*, ResultRelInfo* rinfo, TupleTableSlot* slot,
                                  TupleTableSlot* plan_slot) {
  ModifyState* state = StateOf(rinfo);
  MemoryContext old = MemoryContextSwitchTo(RowContext(state->batch));
  RowName name = ReadRowName(state, plan_slot);
  bool applied = !WrittenBefore(state, name) &&
                 AddDelete(state->batch, name.cells, state->nidentity, name.row_number);
  if (applied && rinfo->ri_projectReturning != nullptr) StoreOldRow(state, slot, plan_slot);
  MemoryContextSwitchTo(old);
  return applied ? slot : nullptr;
}

void EndForeignModify(EState*, ResultRelInfo* rinfo) {
  ModifyState* state = StateOf(rinfo);
  if (state == nullptr) return;
  FlushLastBatch(state->batch);
  state->batch->runtime->Drop();
}

}  // namespace redis_fdw
