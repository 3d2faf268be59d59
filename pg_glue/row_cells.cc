#include "pg_glue/row_cells.h"

#include <cstring>

#include "pg_glue/guard.h"
#include "pg_glue/pg.h"
#include "pg_glue/scan_store.h"

namespace redis_fdw {
namespace {

// A value as a cell that owns nothing of the slot: the batch outlives it.
Cell BatchCell(ModifyState* state, int column, Datum value, bool is_null) {
  if (is_null) return Cell::Null();
  ColumnIo* io = &state->columns[column];
  Cell cell = ColumnToCell(io, value);
  bool as_stored =
      io->value.form == ValueIo::Form::kText || io->value.form == ValueIo::Form::kBytea;
  if (cell.kind() != Cell::Kind::kBytes || !as_stored) return cell;
  char* copy = (char*)palloc(cell.bytes().size() + 1);
  memcpy(copy, cell.bytes().data(), cell.bytes().size());
  return Cell::Bytes(absl::string_view(copy, cell.bytes().size()));
}

// The values of all attributes as a cell per bound column.
Cell* CellsOf(ModifyState* state, const Datum* values, const bool* nulls) {
  const TableBinding* binding = state->binding;
  Cell* cells = (Cell*)palloc0(sizeof(Cell) * (binding->ncolumns + 1));
  int nest = state->session_dependent ? BeginStableOutput() : 0;
  for (int i = 0; i < binding->ncolumns; ++i) {
    int att = binding->attnums[i] - 1;
    cells[i] = BatchCell(state, i, values[att], nulls[att]);
  }
  if (state->session_dependent) EndStableOutput(nest);
  return cells;
}

// The old row, which the subplan delivers whole. A view of the Datum.
HeapTupleData OldTuple(Datum whole_row) {
  HeapTupleHeader header = DatumGetHeapTupleHeader(whole_row);
  HeapTupleData tuple;
  tuple.t_len = HeapTupleHeaderGetDatumLength(header);
  ItemPointerSetInvalid(&tuple.t_self);
  tuple.t_tableOid = InvalidOid;
  tuple.t_data = header;
  return tuple;
}

// The slot's values, to be changed and stored again: stored as a tuple of the slot's own.
struct OpenedSlot {
  Datum* values;
  bool* nulls;
};

OpenedSlot OpenSlot(TupleTableSlot* slot) {
  slot_getallattrs(slot);
  int natts = slot->tts_tupleDescriptor->natts;
  OpenedSlot opened;
  opened.values = (Datum*)palloc(sizeof(Datum) * (natts + 1));
  opened.nulls = (bool*)palloc(sizeof(bool) * (natts + 1));
  memcpy(opened.values, slot->tts_values, sizeof(Datum) * natts);
  memcpy(opened.nulls, slot->tts_isnull, sizeof(bool) * natts);
  return opened;
}

void CloseSlot(const OpenedSlot& opened, TupleTableSlot* slot) {
  Oid relation = slot->tts_tableOid;
  MemoryContext old = MemoryContextSwitchTo(slot->tts_mcxt);
  HeapTuple tuple = heap_form_tuple(slot->tts_tupleDescriptor, opened.values, opened.nulls);
  ExecForceStoreHeapTuple(tuple, slot, true);
  MemoryContextSwitchTo(old);
  slot->tts_tableOid = relation;
}

}  // namespace

Cell* RowCells(ModifyState* state, TupleTableSlot* slot) {
  slot_getallattrs(slot);
  return CellsOf(state, slot->tts_values, slot->tts_isnull);
}

bool* ChangedColumns(ModifyState* state, TupleTableSlot* plan_slot, TupleDesc desc,
                     const Cell* cells) {
  bool is_null = true;
  Datum old = AttributeNumberIsValid(state->whole_row_attno)
                  ? ExecGetJunkAttribute(plan_slot, state->whole_row_attno, &is_null)
                  : (Datum)0;
  if (!state->trigger_may_change || is_null) return state->changed;
  HeapTupleData tuple = OldTuple(old);
  Datum* values = (Datum*)palloc(sizeof(Datum) * (desc->natts + 1));
  bool* nulls = (bool*)palloc(sizeof(bool) * (desc->natts + 1));
  heap_deform_tuple(&tuple, desc, values, nulls);
  const Cell* old_cells = CellsOf(state, values, nulls);
  int ncolumns = state->binding->ncolumns;
  bool* changed = (bool*)palloc(sizeof(bool) * (ncolumns + 1));
  for (int i = 0; i < ncolumns; ++i) {
    bool differs = cells[i] != old_cells[i];
    changed[i] = state->changed[i] || differs;
    if (differs && !state->binding->table().columns()[i].writable) RaiseNotWritable(state, i);
  }
  return changed;
}

RowName ReadRowName(ModifyState* state, TupleTableSlot* plan_slot) {
  RowName name;
  name.cells = (Cell*)palloc0(sizeof(Cell) * (state->nidentity + 1));
  name.row_number = -1;
  bool is_null = false;
  int nest = state->session_dependent ? BeginStableOutput() : 0;
  for (int i = 0; i < state->nidentity; ++i) {
    Datum value = ExecGetJunkAttribute(plan_slot, state->identity_attnos[i], &is_null);
    name.cells[i] = BatchCell(state, state->identity_ordinals[i], value, is_null);
  }
  if (state->session_dependent) EndStableOutput(nest);
  if (AttributeNumberIsValid(state->row_number_attno)) {
    Datum value = ExecGetJunkAttribute(plan_slot, state->row_number_attno, &is_null);
    if (!is_null) name.row_number = GetRowNumber((ItemPointer)DatumGetPointer(value));
  }
  return name;
}

void StoreCells(ModifyState* state, TupleTableSlot* slot, const Cell* cells) {
  const TableBinding* binding = state->binding;
  Cell* stored = (Cell*)palloc(sizeof(Cell) * (binding->ncolumns + 1));
  memcpy((void*)stored, cells, sizeof(Cell) * binding->ncolumns);
  CallCpp([&] {
    Arena* arena = &state->batch->runtime->object->stored;
    arena->Reset();
    binding->table().ShowStored(absl::MakeSpan(stored, (size_t)binding->ncolumns), arena);
    return absl::OkStatus();
  });
  OpenedSlot opened = OpenSlot(slot);
  for (int i = 0; i < binding->ncolumns; ++i) {
    int att = binding->attnums[i] - 1;
    opened.values[att] =
        CellToDatum(&state->columns[i], stored[i], binding->key_text, &opened.nulls[att]);
  }
  CloseSlot(opened, slot);
}

void StoreGenerated(ModifyState* state, TupleTableSlot* slot) {
  int column = -1;
  const char* value = GeneratedValue(state->batch, &column);
  if (value == nullptr) return;
  ColumnIo* io = &state->columns[column];
  Cell cell = Cell::Bytes(value);
  if (io->kind == Cell::Kind::kInt64) {
    cell = Cell::Int64(DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(value))));
  }
  OpenedSlot opened = OpenSlot(slot);
  int att = state->binding->attnums[column] - 1;
  opened.values[att] = CellToDatum(io, cell, state->binding->key_text, &opened.nulls[att]);
  CloseSlot(opened, slot);
}

void StoreOldRow(ModifyState* state, TupleTableSlot* slot, TupleTableSlot* plan_slot) {
  if (!AttributeNumberIsValid(state->whole_row_attno)) return;
  bool is_null = false;
  Datum datum = ExecGetJunkAttribute(plan_slot, state->whole_row_attno, &is_null);
  if (is_null) return;
  HeapTupleData tuple = OldTuple(datum);
  // The slot keeps a pointer: give it a tuple of its own.
  MemoryContext old = MemoryContextSwitchTo(slot->tts_mcxt);
  ExecForceStoreHeapTuple(heap_copytuple(&tuple), slot, true);
  MemoryContextSwitchTo(old);
}

}  // namespace redis_fdw
