// What a running INSERT, UPDATE or DELETE keeps: shared by the modify_*.cc and explain.cc. Plain
// data in the query's context, found in ResultRelInfo.ri_FdwState.

#ifndef REDIS_FDW_PG_GLUE_MODIFY_STATE_H_
#define REDIS_FDW_PG_GLUE_MODIFY_STATE_H_

#include "pg_glue/binding.h"
#include "pg_glue/datum.h"
#include "pg_glue/hung.h"
#include "pg_glue/write_batch.h"
#include "tables/common/fingerprints.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

struct ModifyState {
  TableBinding* binding;
  WriteBatch* batch;
  ColumnIo* columns;       // one per bound column
  bool session_dependent;  // whether any column's output function heeds settings
  bool checks_partition;   // PostgreSQL does not look whether a row belongs to this partition

  // UPDATE and DELETE: where the subplan delivers what names a row.
  int nidentity;
  AttrNumber* identity_attnos;
  int* identity_ordinals;
  AttrNumber row_number_attno;  // invalid if the table has none
  AttrNumber whole_row_attno;   // invalid if nobody wants the old row
  Hung<Fingerprints>* written;  // the rows written so far; null if no row can come twice

  // UPDATE.
  bool* changed;            // per bound column: whether it is set
  bool identity_changes;    // whether any of those names the row
  bool trigger_may_change;  // a BEFORE trigger may set others
};

// Under this name a column of the identity travels from the scan to the write. It tells the type,
// since tables of one inheritance tree must not share a name for different things.
char* IdentityName(Form_pg_attribute att);
constexpr char kRowNumberName[] = "redis_fdw_ctid";
constexpr char kWholeRowName[] = "wholerow";

// Raises if the table cannot be written that way, by its type or by option "updatable".
void CheckWritable(const TableBinding* binding, WriteKind kind);
// A column that only shows something was given a value.
[[noreturn]] void RaiseNotWritable(const ModifyState* state, int column);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_MODIFY_STATE_H_
