#include "pg_glue/group_sort.h"

namespace redis_fdw {

GroupSort* NewGroupSort(TupleDesc desc, AttrNumber attnum, Oid sort_operator, Oid collation,
                        ResourceOwner owner) {
  GroupSort* sort = (GroupSort*)palloc0(sizeof(GroupSort));
  sort->desc = desc;
  sort->attnum = attnum;
  sort->sort_operator = sort_operator;
  sort->collation = collation;
  sort->context = CurrentMemoryContext;
  sort->owner = owner;
  sort->values =
      AllocSetContextCreate(CurrentMemoryContext, "redis_fdw group", ALLOCSET_DEFAULT_SIZES);
  sort->row = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
  return sort;
}

void BeginGroup(GroupSort* sort) {
  // What is current while a row is asked for lives no longer than the row.
  MemoryContext old = MemoryContextSwitchTo(sort->context);
  bool nulls_first = false;  // there are none
  sort->sorted =
      tuplesort_begin_heap(sort->desc, 1, &sort->attnum, &sort->sort_operator, &sort->collation,
                           &nulls_first, work_mem, nullptr, TUPLESORT_NONE);
  MemoryContextSwitchTo(old);
}

void PutGroupRow(GroupSort* sort, TupleTableSlot* slot) {
  // A sort makes its file for whoever is current when its memory is full, and the scan may be
  // spilled while it is another one's turn, whose owner may end first.
  ResourceOwner old = CurrentResourceOwner;
  CurrentResourceOwner = sort->owner;
  tuplesort_puttupleslot(sort->sorted, slot);
  CurrentResourceOwner = old;
}

void EndGroup(GroupSort* sort) { tuplesort_performsort(sort->sorted); }

bool NextGroupRow(GroupSort* sort, TupleTableSlot* slot) {
  if (sort->sorted == nullptr) return false;
  ExecClearTuple(slot);
  if (!tuplesort_gettupleslot(sort->sorted, true, false, sort->row, nullptr)) {
    DropGroup(sort);
    return false;
  }
  // The executor may still use this row while the rest of its group is set aside.
  ExecCopySlot(slot, sort->row);
  return true;
}

void DropGroup(GroupSort* sort) {
  if (sort->sorted == nullptr) return;
  ExecClearTuple(sort->row);
  tuplesort_end(sort->sorted);
  sort->sorted = nullptr;
}

}  // namespace redis_fdw
