// TableBinding: a foreign table, its options read and its columns understood by its table type.
//
// Plain data in a memory context, but for the Table, which hangs on that context. Made anew by
// every callback series (planning, scan, modification): it holds what the catalogs say now.

#ifndef REDIS_FDW_PG_GLUE_BINDING_H_
#define REDIS_FDW_PG_GLUE_BINDING_H_

#include "pg_glue/hung.h"
#include "pg_glue/options.h"
#include "pg_glue/pg.h"
#include "tables/table.h"

namespace redis_fdw {

struct TableBinding {
  Oid relid;
  const char* relname;
  const char* key_text;  // the key, for messages
  FdwOptions* options;
  Hung<const Table>* hung;
  // The columns in Bind()'s numbering: attnums[ordinal] is the attribute, ordinals[attnum - 1] the
  // reverse (-1 for dropped ones).
  int ncolumns;
  const char** names;  // of the columns
  AttrNumber* attnums;
  int natts;
  int* ordinals;
  // For the planner, which sets it: how many keys a table of many has; -1: not known.
  double keys;
  // And whether the query being planned, or one around it, writes what it reads of the table.
  bool query_writes;

  const Table& table() const { return *hung->object; }
};

// Binds for `user`. Raises what is wrong with options or columns. Everything lives in `context`.
TableBinding* BindForeignTable(Relation relation, Oid user, MemoryContext context);
TableBinding* BindForeignTable(Oid relid, Oid user, MemoryContext context);

// Raises what is wrong with a table's declaration: its own options and its columns. For DDL; asks
// nothing of the server, whose options may change without the table. `is_new`: the table has just
// been created; then a notice says what its table type advises (Table::Advice).
void CheckDeclaration(Relation relation, bool is_new);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_BINDING_H_
