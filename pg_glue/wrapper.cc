#include "pg_glue/wrapper.h"

#include <cstring>

#include "pg_glue/pg.h"
#include "pg_glue/scan.h"

namespace redis_fdw {
namespace {

// Whether a function is a C function under the name of our handler in its library.
bool NamedLikeOurs(Oid handler) {
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(handler));
  if (!HeapTupleIsValid(tuple)) return false;
  bool named = false;
  if (((Form_pg_proc)GETSTRUCT(tuple))->prolang == ClanguageId) {
    bool is_null = false;
    Datum symbol = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &is_null);
    named = !is_null && strcmp(TextDatumGetCString(symbol), "redis_fdw_handler") == 0;
  }
  ReleaseSysCache(tuple);
  return named;
}

}  // namespace

bool IsOurTable(Oid relid) {
  ForeignServer* server = GetForeignServer(GetForeignServerIdByRelId(relid));
  Oid handler = GetForeignDataWrapper(server->fdwid)->fdwhandler;
  if (!OidIsValid(handler) || !NamedLikeOurs(handler)) return false;
  return GetFdwRoutine(handler)->IterateForeignScan == IterateForeignScan;
}

}  // namespace redis_fdw
