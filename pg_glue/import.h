// IMPORT FOREIGN SCHEMA: the commands that create tables for the keys that are there.
//
// What the tables are is decided in tables/import; here it becomes SQL.

#ifndef REDIS_FDW_PG_GLUE_IMPORT_H_
#define REDIS_FDW_PG_GLUE_IMPORT_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

List* ImportForeignSchema(ImportForeignSchemaStmt* stmt, Oid server);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_IMPORT_H_
