#include "pg_glue/write_checks.h"

#include "pg_glue/error_map.h"
#include "pg_glue/guard.h"
#include "pg_glue/pg.h"

namespace redis_fdw {

void CheckKey(const WriteBatch* batch, const Cell* cells) {
  const TableBinding* binding = batch->binding;
  Raised raised;
  bool fits = RunCpp(
      [&] {
        return binding->table().CheckKey(absl::MakeConstSpan(cells, (size_t)binding->ncolumns));
      },
      &raised);
  if (fits) return;
  int64 row = NextRowNumber(batch);
  if (row > 1) {
    raised.detail = psprintf("%s%sThis was row " INT64_FORMAT " of the statement.", raised.detail,
                             raised.detail[0] != '\0' ? " " : "", row);
  }
  if (binding->options->strict_key_prefix || raised.kind != ErrorKind::kCheckViolation) {
    Raise(raised);
  }
  // Without the hint, which says how to make it a warning.
  ereport(WARNING, (errcode(SqlStateOf(raised.kind)), errmsg_internal("%s", raised.message),
                    raised.detail[0] != '\0' ? errdetail_internal("%s", raised.detail) : 0));
}

void CheckPartition(EState* estate, ResultRelInfo* rinfo, TupleTableSlot* slot, bool is_insert) {
  if (ExecPartitionCheck(rinfo, slot, estate, false)) return;
  ereport(ERROR,
          (errcode(ERRCODE_CHECK_VIOLATION),
           errmsg("new row does not belong to foreign table \"%s\" as a partition",
                  RelationGetRelationName(rinfo->ri_RelationDesc)),
           is_insert ? 0 : errdetail("UPDATE does not move rows out of foreign partitions."),
           is_insert ? errhint("Insert it into the partitioned table.")
                     : errhint("Delete the row and insert it again into the partitioned table."),
           errtable(rinfo->ri_RelationDesc)));
}

void CheckViewOptions(EState* estate, ResultRelInfo* rinfo, TupleTableSlot* slot,
                      const TableBinding* binding) {
  if (rinfo->ri_WithCheckOptions == NIL) return;
  for (int i = 0; i < binding->ncolumns; ++i) {
    if (binding->table().columns()[i].identity && slot_attisnull(slot, binding->attnums[i])) return;
  }
  ExecWithCheckOptions(WCO_VIEW_CHECK, rinfo, slot, estate);
}

}  // namespace redis_fdw
