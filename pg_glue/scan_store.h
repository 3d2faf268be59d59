// ScanStore: rows of a scan set aside, in memory up to work_mem and in a temporary file beyond.
//
// A tuplestore whose tuples carry the scan's columns and the row number, which a tuple of the table
// alone would lose.

#ifndef REDIS_FDW_PG_GLUE_SCAN_STORE_H_
#define REDIS_FDW_PG_GLUE_SCAN_STORE_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

struct ScanStore {
  Tuplestorestate* tuples;
  TupleTableSlot* slot;  // of the stored form
  int natts;             // of the table
  Datum* values;         // natts + 1
  bool* nulls;
};

// An empty store for rows of the table, in the current memory context. Released with the current
// resource owner.
ScanStore* NewScanStore(TupleDesc table);

// Adds the row in `slot` (a virtual tuple of the table) with its row number in tts_tid.
void PutRow(ScanStore* store, TupleTableSlot* slot);

// Stores the next row in `slot`, valid until the next call. False at the end.
bool GetRow(ScanStore* store, TupleTableSlot* slot);

// From the first row again.
void RewindStore(ScanStore* store);

void DropStore(ScanStore* store);

// A row number in an item pointer and back: how a list's index travels through the executor as
// ctid.
void SetRowNumber(ItemPointer tid, int64 row_number);
int64 GetRowNumber(ItemPointer tid);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_SCAN_STORE_H_
