// redis_fdw_validator: checks options when servers, user mappings and foreign tables are created or
// altered.
//
// PostgreSQL hands a validator the options of one object, without the object. For CREATE FOREIGN
// TABLE the columns matter too, and the table is there already, without its options: it is the one
// foreign table that has no row in pg_foreign_table yet (commands/tablecmds.c and foreigncmds.c:
// DefineRelation(), then CreateForeignTable()).

#include "pg_glue/binding.h"
#include "pg_glue/options.h"
#include "pg_glue/pg.h"

extern "C" {
PGDLLEXPORT Datum redis_fdw_validator(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(redis_fdw_validator);
}

namespace redis_fdw {
namespace {

bool HasForeignTableRow(Oid relid) {
  return SearchSysCacheExists1(FOREIGNTABLEREL, ObjectIdGetDatum(relid));
}

// The foreign table being created in this command; invalid if none is.
Oid TableUnderCreation() {
  Oid found = InvalidOid;
  Relation pg_class = table_open(RelationRelationId, AccessShareLock);
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_class_relkind, BTEqualStrategyNumber, F_CHAREQ,
              CharGetDatum(RELKIND_FOREIGN_TABLE));
  SysScanDesc scan = systable_beginscan(pg_class, InvalidOid, false, nullptr, 1, &key);
  HeapTuple tuple;
  while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
    Oid relid = ((Form_pg_class)GETSTRUCT(tuple))->oid;
    if (!HasForeignTableRow(relid)) {
      found = relid;
      break;
    }
  }
  systable_endscan(scan);
  table_close(pg_class, AccessShareLock);
  return found;
}

void CheckColumns(List* options) {
  Oid relid = TableUnderCreation();
  if (!OidIsValid(relid)) return;  // ALTER: checked at the next use
  FdwOptions* read = NewFdwOptions();
  ReadOptionList(options, read);
  Relation relation = table_open(relid, NoLock);  // DefineRelation() holds it exclusively
  CheckDeclaration(relation, read);
  table_close(relation, NoLock);
}

}  // namespace
}  // namespace redis_fdw

Datum redis_fdw_validator(PG_FUNCTION_ARGS) {
  List* options = untransformRelOptions(PG_GETARG_DATUM(0));
  Oid catalog = PG_GETARG_OID(1);
  redis_fdw::ValidateOptions(options, catalog);
  if (catalog == ForeignTableRelationId) redis_fdw::CheckColumns(options);
  PG_RETURN_VOID();
}
