#include "pg_glue/group_sort.h"

#include <cstring>

namespace redis_fdw {

GroupSort* NewGroupSort(TupleDesc desc, AttrNumber attnum, Oid sort_operator, Oid collation,
                        ResourceOwner owner) {
  GroupSort* sort = (GroupSort*)palloc0(sizeof(GroupSort));
  sort->desc = desc;
  sort->attnum = attnum;
  sort->sort_operator = sort_operator;
  sort->collation = collation;
  sort->owner = owner;
  sort->values =
      AllocSetContextCreate(CurrentMemoryContext, "redis_fdw group", ALLOCSET_DEFAULT_SIZES);
  sort->row = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
  return sort;
}

void BeginGroup(GroupSort* sort) {
  // The scan may be spilled while another one's turn is on.
  ResourceOwner old = CurrentResourceOwner;
  CurrentResourceOwner = sort->owner;
  bool nulls_first = false;  // there are none
  sort->sorted =
      tuplesort_begin_heap(sort->desc, 1, &sort->attnum, &sort->sort_operator, &sort->collation,
                           &nulls_first, work_mem, nullptr, TUPLESORT_NONE);
  CurrentResourceOwner = old;
}

void PutGroupRow(GroupSort* sort, TupleTableSlot* slot) {
  tuplesort_puttupleslot(sort->sorted, slot);
}

void EndGroup(GroupSort* sort) { tuplesort_performsort(sort->sorted); }

bool NextGroupRow(GroupSort* sort, TupleTableSlot* slot) {
  if (sort->sorted == nullptr) return false;
  ExecClearTuple(slot);
  if (!tuplesort_gettupleslot(sort->sorted, true, false, sort->row, nullptr)) {
    DropGroup(sort);
    return false;
  }
  slot_getallattrs(sort->row);
  memcpy(slot->tts_values, sort->row->tts_values, sizeof(Datum) * sort->desc->natts);
  memcpy(slot->tts_isnull, sort->row->tts_isnull, sizeof(bool) * sort->desc->natts);
  ExecStoreVirtualTuple(slot);
  return true;
}

void DropGroup(GroupSort* sort) {
  if (sort->sorted == nullptr) return;
  ExecClearTuple(sort->row);
  tuplesort_end(sort->sorted);
  sort->sorted = nullptr;
}

}  // namespace redis_fdw
