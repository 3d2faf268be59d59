// What a running INSERT or DELETE keeps: shared by modify.cc and explain.cc. Plain data in the
// query's context, found in ResultRelInfo.ri_FdwState.

#ifndef REDIS_FDW_PG_GLUE_MODIFY_STATE_H_
#define REDIS_FDW_PG_GLUE_MODIFY_STATE_H_

#include "pg_glue/binding.h"
#include "pg_glue/datum.h"
#include "pg_glue/write_batch.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

struct ModifyState {
  TableBinding* binding;
  WriteBatch* batch;
  ColumnIo* columns;       // one per bound column
  bool session_dependent;  // whether any column's output function heeds settings

  // DELETE: where the subplan delivers what names a row.
  int nidentity;
  AttrNumber* identity_attnos;
  int* identity_ordinals;
  AttrNumber row_number_attno;  // invalid if the table has none
  AttrNumber whole_row_attno;   // invalid if nobody wants the old row
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_MODIFY_STATE_H_
