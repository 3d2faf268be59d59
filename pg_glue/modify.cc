#include "pg_glue/modify.h"

#include "pg_glue/datum.h"
#include "pg_glue/guard.h"
#include "pg_glue/modify_state.h"
#include "pg_glue/pg.h"
#include "pg_glue/scan_store.h"
#include "pg_glue/write_batch.h"

namespace redis_fdw {
namespace {

// Under this name a column of the identity travels from the scan to the delete. It tells the type,
// since tables of one inheritance tree must not share a name for different things.
char* IdentityName(Form_pg_attribute att) {
  return psprintf("redis_fdw_%d_%u_%d_%u", att->attnum, att->atttypid, att->atttypmod,
                  att->attcollation);
}

constexpr char kRowNumberName[] = "redis_fdw_ctid";
constexpr char kWholeRowName[] = "wholerow";

bool HasRowTriggers(ResultRelInfo* rinfo) {
  TriggerDesc* triggers = rinfo->ri_TrigDesc;
  return triggers != nullptr &&
         (triggers->trig_insert_before_row || triggers->trig_insert_after_row ||
          triggers->trig_delete_before_row || triggers->trig_delete_after_row);
}

void CheckWritable(const TableBinding* binding, WriteKind kind) {
  CallCpp([&] { return binding->table().CanWrite(kind); });
}

ConflictPolicy ConflictOf(ModifyTable* plan) {
  if (plan == nullptr || plan->onConflictAction == ONCONFLICT_NONE) {
    return ConflictPolicy::kOverwrite;
  }
  if (plan->onConflictAction == ONCONFLICT_NOTHING) return ConflictPolicy::kIgnore;
  ereport(ERROR,
          (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
           errmsg("ON CONFLICT DO UPDATE is not supported on Redis tables"),
           errhint("INSERT overwrites by itself; ON CONFLICT DO NOTHING keeps what is there.")));
  pg_unreachable();
}

ModifyState* NewModifyState(EState* estate, ResultRelInfo* rinfo, ModifyTable* plan) {
  MemoryContext context = estate->es_query_cxt;
  MemoryContext old = MemoryContextSwitchTo(context);
  Relation relation = rinfo->ri_RelationDesc;
  ModifyState* state = (ModifyState*)palloc0(sizeof(ModifyState));
  TableBinding* binding = BindForeignTable(relation, ModifyUserId(estate, rinfo), context);
  state->binding = binding;
  state->columns = (ColumnIo*)palloc0(sizeof(ColumnIo) * (binding->ncolumns + 1));
  for (int i = 0; i < binding->ncolumns; ++i) {
    Form_pg_attribute att = TupleDescAttr(RelationGetDescr(relation), binding->attnums[i] - 1);
    InitColumnIo(&state->columns[i], binding, i, att, context);
    if (state->columns[i].value.session_dependent) state->session_dependent = true;
  }
  state->batch = NewWriteBatch(binding, estate);
  state->batch->conflict = ConflictOf(plan);
  state->batch->one_by_one = rinfo->ri_projectReturning != nullptr || HasRowTriggers(rinfo) ||
                             rinfo->ri_WithCheckOptions != NIL ||
                             state->batch->conflict == ConflictPolicy::kIgnore ||
                             (plan != nullptr && plan->returningLists != NIL);
  MemoryContextSwitchTo(old);
  rinfo->ri_FdwState = state;
  return state;
}

// Where the subplan delivers what names a row.
void FindIdentity(ModifyState* state, Relation relation, Plan* subplan) {
  const TableBinding* binding = state->binding;
  TupleDesc desc = RelationGetDescr(relation);
  state->identity_attnos = (AttrNumber*)palloc0(sizeof(AttrNumber) * (binding->ncolumns + 1));
  state->identity_ordinals = (int*)palloc0(sizeof(int) * (binding->ncolumns + 1));
  for (int i = 0; i < binding->ncolumns; ++i) {
    if (!binding->table().columns()[i].identity) continue;
    char* name = IdentityName(TupleDescAttr(desc, binding->attnums[i] - 1));
    AttrNumber attno = ExecFindJunkAttributeInTlist(subplan->targetlist, name);
    if (!AttributeNumberIsValid(attno)) elog(ERROR, "could not find junk column \"%s\"", name);
    state->identity_ordinals[state->nidentity] = i;
    state->identity_attnos[state->nidentity++] = attno;
  }
  if (binding->table().has_row_number()) {
    state->row_number_attno = ExecFindJunkAttributeInTlist(subplan->targetlist, kRowNumberName);
  }
  state->whole_row_attno = ExecFindJunkAttributeInTlist(subplan->targetlist, kWholeRowName);
}

// A value as a cell that lives in the batch.
Cell BatchCell(ModifyState* state, int column, Datum value, bool is_null) {
  if (is_null) return Cell::Null();
  ColumnIo* io = &state->columns[column];
  Cell cell = ColumnToCell(io, value);
  bool as_stored =
      io->value.form == ValueIo::Form::kText || io->value.form == ValueIo::Form::kBytea;
  if (cell.kind() != Cell::Kind::kBytes || !as_stored) return cell;
  // The bytes may be the slot's own: the batch outlives it.
  char* copy = (char*)palloc(cell.bytes().size() + 1);
  memcpy(copy, cell.bytes().data(), cell.bytes().size());
  return Cell::Bytes(absl::string_view(copy, cell.bytes().size()));
}

Cell* RowCells(ModifyState* state, TupleTableSlot* slot) {
  slot_getallattrs(slot);
  const TableBinding* binding = state->binding;
  Cell* cells = (Cell*)palloc0(sizeof(Cell) * (binding->ncolumns + 1));
  int nest = state->session_dependent ? BeginStableOutput() : 0;
  for (int i = 0; i < binding->ncolumns; ++i) {
    int att = binding->attnums[i] - 1;
    cells[i] = BatchCell(state, i, slot->tts_values[att], slot->tts_isnull[att]);
  }
  if (state->session_dependent) EndStableOutput(nest);
  return cells;
}

// Shows the id that Redis generated, for RETURNING and triggers.
void StoreGeneratedId(ModifyState* state, TupleTableSlot* slot) {
  const char* id = GeneratedId(state->batch);
  if (id == nullptr) return;
  for (int i = 0; i < state->binding->ncolumns; ++i) {
    if (!state->binding->table().columns()[i].identity) continue;
    int att = state->binding->attnums[i] - 1;
    bool is_null = false;
    Datum value =
        CellToDatum(&state->columns[i], Cell::Bytes(id), state->binding->key_text, &is_null);
    slot_getallattrs(slot);
    int natts = slot->tts_tupleDescriptor->natts;
    Datum* values = (Datum*)palloc(sizeof(Datum) * natts);
    bool* nulls = (bool*)palloc(sizeof(bool) * natts);
    memcpy(values, slot->tts_values, sizeof(Datum) * natts);
    memcpy(nulls, slot->tts_isnull, sizeof(bool) * natts);
    values[att] = value;
    nulls[att] = is_null;
    MemoryContext old = MemoryContextSwitchTo(slot->tts_mcxt);
    HeapTuple tuple = heap_form_tuple(slot->tts_tupleDescriptor, values, nulls);
    ExecForceStoreHeapTuple(tuple, slot, true);
    MemoryContextSwitchTo(old);
    return;
  }
}

// The old row, which the subplan delivers whole where RETURNING wants it.
void StoreOldRow(ModifyState* state, TupleTableSlot* slot, TupleTableSlot* plan_slot) {
  if (!AttributeNumberIsValid(state->whole_row_attno)) return;
  bool is_null = false;
  Datum datum = ExecGetJunkAttribute(plan_slot, state->whole_row_attno, &is_null);
  if (is_null) return;
  HeapTupleHeader header = DatumGetHeapTupleHeader(datum);
  HeapTupleData tuple;
  tuple.t_len = HeapTupleHeaderGetDatumLength(header);
  ItemPointerSetInvalid(&tuple.t_self);
  tuple.t_tableOid = InvalidOid;
  tuple.t_data = header;
  // The slot keeps a pointer: give it a tuple of its own.
  MemoryContext old = MemoryContextSwitchTo(slot->tts_mcxt);
  ExecForceStoreHeapTuple(heap_copytuple(&tuple), slot, true);
  MemoryContextSwitchTo(old);
}

}  // namespace

int IsForeignRelUpdatable(Relation) { return (1 << CMD_INSERT) | (1 << CMD_DELETE); }

void AddForeignUpdateTargets(PlannerInfo* root, Index rtindex, RangeTblEntry* rte,
                             Relation relation) {
  TableBinding* binding = BindForeignTable(relation, GetUserId(), CurrentMemoryContext);
  CheckWritable(binding, WriteKind::kDelete);
  for (int i = 0; i < binding->ncolumns; ++i) {
    if (!binding->table().columns()[i].identity) continue;
    Form_pg_attribute att = TupleDescAttr(RelationGetDescr(relation), binding->attnums[i] - 1);
    Var* var =
        makeVar((int)rtindex, att->attnum, att->atttypid, att->atttypmod, att->attcollation, 0);
    add_row_identity_var(root, var, rtindex, IdentityName(att));
  }
  if (binding->table().has_row_number()) {
    Var* var = makeVar((int)rtindex, SelfItemPointerAttributeNumber, TIDOID, -1, InvalidOid, 0);
    add_row_identity_var(root, var, rtindex, kRowNumberName);
  }
  if (root->parse->returningList != NIL) {
    add_row_identity_var(root, makeWholeRowVar(rte, (int)rtindex, 0, false), rtindex,
                         kWholeRowName);
  }
}

List* PlanForeignModify(PlannerInfo*, ModifyTable* plan, Index, int) {
  (void)ConflictOf(plan);
  return NIL;
}

void BeginForeignModify(ModifyTableState* node, ResultRelInfo* rinfo, List*, int, int eflags) {
  ModifyTable* plan = (ModifyTable*)node->ps.plan;
  ModifyState* state = NewModifyState(node->ps.state, rinfo, plan);
  bool is_insert = node->operation == CMD_INSERT;
  CheckWritable(state->binding, is_insert ? WriteKind::kInsert : WriteKind::kDelete);
  if (!is_insert) {
    MemoryContext old = MemoryContextSwitchTo(node->ps.state->es_query_cxt);
    FindIdentity(state, rinfo->ri_RelationDesc, outerPlan(plan));
    MemoryContextSwitchTo(old);
  }
  (void)eflags;
}

void BeginForeignInsert(ModifyTableState* node, ResultRelInfo* rinfo) {
  // COPY has no plan.
  ModifyState* state = NewModifyState(node->ps.state, rinfo, (ModifyTable*)node->ps.plan);
  CheckWritable(state->binding, WriteKind::kInsert);
}

TupleTableSlot* ExecForeignInsert(EState*, ResultRelInfo* rinfo, TupleTableSlot* slot,
                                  TupleTableSlot*) {
  ModifyState* state = (ModifyState*)rinfo->ri_FdwState;
  MemoryContext old = MemoryContextSwitchTo(state->batch->rows_context);
  const Cell* cells = RowCells(state, slot);
  MemoryContextSwitchTo(old);
  if (!AddInsert(state->batch, cells)) return nullptr;
  if (state->batch->one_by_one) {
    // The batch was flushed: its memory is free until the next row.
    old = MemoryContextSwitchTo(state->batch->rows_context);
    StoreGeneratedId(state, slot);
    MemoryContextSwitchTo(old);
  }
  return slot;
}

TupleTableSlot* ExecForeignDelete(EState*, ResultRelInfo* rinfo, TupleTableSlot* slot,
                                  TupleTableSlot* plan_slot) {
  ModifyState* state = (ModifyState*)rinfo->ri_FdwState;
  MemoryContext old = MemoryContextSwitchTo(state->batch->rows_context);
  Cell* identity = (Cell*)palloc0(sizeof(Cell) * (state->nidentity + 1));
  int nest = state->session_dependent ? BeginStableOutput() : 0;
  for (int i = 0; i < state->nidentity; ++i) {
    bool is_null = false;
    Datum value = ExecGetJunkAttribute(plan_slot, state->identity_attnos[i], &is_null);
    identity[i] = BatchCell(state, state->identity_ordinals[i], value, is_null);
  }
  if (state->session_dependent) EndStableOutput(nest);
  MemoryContextSwitchTo(old);
  int64 row_number = -1;
  if (AttributeNumberIsValid(state->row_number_attno)) {
    bool is_null = false;
    Datum value = ExecGetJunkAttribute(plan_slot, state->row_number_attno, &is_null);
    if (!is_null) row_number = GetRowNumber((ItemPointer)DatumGetPointer(value));
  }
  if (!AddDelete(state->batch, identity, state->nidentity, row_number)) return nullptr;
  if (rinfo->ri_projectReturning != nullptr) {
    old = MemoryContextSwitchTo(state->batch->rows_context);
    StoreOldRow(state, slot, plan_slot);
    MemoryContextSwitchTo(old);
  }
  return slot;
}

void EndForeignModify(EState*, ResultRelInfo* rinfo) {
  ModifyState* state = (ModifyState*)rinfo->ri_FdwState;
  if (state == nullptr) return;
  FlushBatch(state->batch);
  state->batch->runtime->Drop();
}

}  // namespace redis_fdw
