// GroupSort: PostgreSQL's order within a group of rows that Redis delivers together.
//
// Ids of a stream, as text, are ordered by Redis up to the millisecond; within one the column's
// collation decides. So the rows of a scan come in groups (Ordering::grouped), each complete before
// the next, and a group of more than one row is sorted here. A sort spills to disk beyond work_mem.

#ifndef REDIS_FDW_PG_GLUE_GROUP_SORT_H_
#define REDIS_FDW_PG_GLUE_GROUP_SORT_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

// Plain data in the query's memory context.
struct GroupSort {
  TupleDesc desc;
  AttrNumber attnum;
  Oid sort_operator;
  Oid collation;
  MemoryContext context;   // the query's, that the sort lives in
  ResourceOwner owner;     // keeps the files
  Tuplesortstate* sorted;  // a group being returned; else null
  TupleTableSlot* row;     // of it
  MemoryContext values;    // of a row that is put into a group
};

GroupSort* NewGroupSort(TupleDesc desc, AttrNumber attnum, Oid sort_operator, Oid collation,
                        ResourceOwner owner);

// Begins a group; PutGroupRow() for each of its rows, then EndGroup().
void BeginGroup(GroupSort* sort);
void PutGroupRow(GroupSort* sort, TupleTableSlot* slot);
void EndGroup(GroupSort* sort);

// The next row of the group into the slot, which owns it; false if there is none (any more).
bool NextGroupRow(GroupSort* sort, TupleTableSlot* slot);

// Forgets the group.
void DropGroup(GroupSort* sort);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_GROUP_SORT_H_
