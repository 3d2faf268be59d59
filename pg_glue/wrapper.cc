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

Oid FindUsableServer(const char* name) {
  ForeignServer* server = GetForeignServerByName(name, false);
  AclResult access = CheckServerUsage(server->serverid, GetUserId());
  if (access != ACLCHECK_OK) aclcheck_error(access, OBJECT_FOREIGN_SERVER, name);
  // By what its wrapper's handler gives, since wrappers made by hand have other names.
  if (GetFdwRoutineByServerId(server->serverid)->IterateForeignScan != IterateForeignScan) {
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                    errmsg("server \"%s\" is not a Redis server", name),
                    errdetail("The handler of its foreign-data wrapper \"%s\" is another than "
                              "redis_fdw_handler.",
                              GetForeignDataWrapper(server->fdwid)->fdwname)));
  }
  return server->serverid;
}

}  // namespace redis_fdw
