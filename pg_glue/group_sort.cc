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
  // The scan may be spilled while another one's turn is on, and what is current while a row is
  // asked for lives no longer than the row.
  ResourceOwner old = CurrentResourceOwner;
  MemoryContext old_context = MemoryContextSwitchTo(sort->context);
  CurrentResourceOwner = sort->owner;
  bool nulls_first = false;  // there are none
  sort->sorted =
      tuplesort_begin_heap(sort->desc, 1, &sort->attnum, &sort->sort_operator, &sort->collation,
                           &nulls_first, work_mem, nullptr, TUPLESORT_NONE);
  CurrentResourceOwner = old;
  MemoryContextSwitchTo(old_context);
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
