#include "pg_glue/scan_store.h"

#include <cstring>
#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

// Item pointers with offset 0 are invalid, so a block holds one row less than the offset's 16 bits
// could say.
constexpr int64 kRowsPerBlock = 65535;

TupleDesc StoredForm(TupleDesc table) {
  TupleDesc desc = CreateTemplateTupleDesc(table->natts + 1);
  for (int i = 1; i <= table->natts; ++i)
    TupleDescCopyEntry(desc, (AttrNumber)i, table, (AttrNumber)i);
  TupleDescInitEntry(desc, (AttrNumber)(table->natts + 1), "row_number", INT8OID, -1, 0);
  return desc;
}

}  // namespace

void SetRowNumber(ItemPointer tid, int64 row_number) {
  ItemPointerSet(tid, (BlockNumber)(row_number / kRowsPerBlock),
                 (OffsetNumber)(row_number % kRowsPerBlock + 1));
}

int64 GetRowNumber(ItemPointer tid) {
  return (int64)ItemPointerGetBlockNumberNoCheck(tid) * kRowsPerBlock +
         ItemPointerGetOffsetNumberNoCheck(tid) - 1;
}

ScanStore* NewScanStore(TupleDesc table) {
  ScanStore* store = (ScanStore*)palloc0(sizeof(ScanStore));
  store->natts = table->natts;
  store->slot = MakeSingleTupleTableSlot(StoredForm(table), &TTSOpsMinimalTuple);
  store->values = (Datum*)palloc0(sizeof(Datum) * (table->natts + 1));
  store->nulls = (bool*)palloc0(sizeof(bool) * (table->natts + 1));
  store->tuples = tuplestore_begin_heap(false, false, work_mem);
  return store;
}

void PutRow(ScanStore* store, TupleTableSlot* slot) {
  memcpy(store->values, slot->tts_values, sizeof(Datum) * store->natts);
  memcpy(store->nulls, slot->tts_isnull, sizeof(bool) * store->natts);
  store->values[store->natts] = Int64GetDatum(GetRowNumber(&slot->tts_tid));
  store->nulls[store->natts] = false;
  tuplestore_putvalues(store->tuples, store->slot->tts_tupleDescriptor, store->values,
                       store->nulls);
}

bool GetRow(ScanStore* store, TupleTableSlot* slot) {
  ExecClearTuple(slot);
  // A tuple read from disk is allocated in the current context and freed when the slot takes the
  // next one: it must outlive the caller's per-tuple context.
  MemoryContext old = MemoryContextSwitchTo(store->slot->tts_mcxt);
  bool found = tuplestore_gettupleslot(store->tuples, true, false, store->slot);
  MemoryContextSwitchTo(old);
  if (!found) return false;
  slot_getallattrs(store->slot);
  memcpy(slot->tts_values, store->slot->tts_values, sizeof(Datum) * store->natts);
  memcpy(slot->tts_isnull, store->slot->tts_isnull, sizeof(bool) * store->natts);
  SetRowNumber(&slot->tts_tid, DatumGetInt64(store->slot->tts_values[store->natts]));
  ExecStoreVirtualTuple(slot);
  return true;
}

void RewindStore(ScanStore* store) { tuplestore_rescan(store->tuples); }

void DropStore(ScanStore* store) {
  tuplestore_end(store->tuples);
  ExecDropSingleTupleTableSlot(store->slot);
  pfree(store);
}

}  // namespace redis_fdw
