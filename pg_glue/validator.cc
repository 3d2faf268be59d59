// redis_fdw_validator: checks options when servers, user mappings, foreign tables and their columns
// are created or altered.
//
// PostgreSQL hands a validator the options of one object, without the object. Whether options and
// columns of a table fit together is checked when the statement is done (ddl_check.h).

#include "pg_glue/ddl_check.h"
#include "pg_glue/options.h"
#include "pg_glue/pg.h"

extern "C" {
PGDLLEXPORT Datum redis_fdw_validator(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(redis_fdw_validator);
}

Datum redis_fdw_validator(PG_FUNCTION_ARGS) {
  List* options = untransformRelOptions(PG_GETARG_DATUM(0));
  Oid catalog = PG_GETARG_OID(1);
  redis_fdw::ValidateOptions(options, catalog);
  if (catalog == ForeignTableRelationId) redis_fdw::NoteTableOptions();
  PG_RETURN_VOID();
}
