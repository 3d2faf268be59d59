#include "pg_glue/options.h"

#include <cstring>

#include "pg_glue/connect.h"
#include "pg_glue/option_table.h"
#include "pg_glue/pg.h"
#include "pg_glue/server_checks.h"

namespace redis_fdw {
namespace {

OptionValues* NewOptionValues() {
  OptionValues* values = (OptionValues*)palloc0(sizeof(OptionValues));
  FdwOptions* o = &values->fdw;
  o->connect_timeout_ms = 10000;
  o->command_timeout_ms = 30000;
  o->tls_verify = true;
  o->pool_max_size = 10;
  o->pool_connection_timeout_ms = 30000;
  o->pool_idle_timeout_secs = 600;
  o->pool_max_lifetime_secs = 1800;
  o->pool_test_on_check_out = true;
  o->fetch_size = 1000;
  o->batch_size = 1000;
  o->scan_mode = ScanMode::kAuto;
  o->use_remote_estimate = RemoteEstimate::kForJoins;
  o->startup_cost = ScanRequest().round_trip_cost;
  o->tuple_cost = ScanRequest().element_cost;
  o->updatable = true;
  o->strict_key_prefix = true;
  return values;
}

void CheckTableComplete(const FdwOptions* options) {
  if (options->table_type == nullptr) {
    ereport(ERROR, (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
                    errmsg("option \"table_type\" is required"),
                    errhint("Allowed values are: %s.", TableTypeList())));
  }
  if (options->table_key_prefix == nullptr && options->key_template == nullptr) {
    RaiseMissingOption("table_key_prefix",
                       "It names the Redis key that the table shows, or a pattern of keys. Option "
                       "\"key_template\" can take its place.");
  }
  if (options->table_key_prefix != nullptr && options->key_template != nullptr) {
    ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
                    errmsg("options \"table_key_prefix\" and \"key_template\" exclude each other"),
                    errhint("Both say which keys the table shows; drop one of them.")));
  }
}

// The options of the mapping of `user`, or of PUBLIC, or none: unlike GetUserMapping() a missing
// one is no error.
List* UserMappingOptions(Oid user, Oid server) {
  HeapTuple tuple =
      SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(user), ObjectIdGetDatum(server));
  if (!HeapTupleIsValid(tuple)) {
    tuple = SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(InvalidOid),
                            ObjectIdGetDatum(server));
  }
  if (!HeapTupleIsValid(tuple)) return NIL;
  bool is_null = false;
  Datum options =
      SysCacheGetAttr(USERMAPPINGUSERSERVER, tuple, Anum_pg_user_mapping_umoptions, &is_null);
  List* list = is_null ? NIL : untransformRelOptions(options);
  ReleaseSysCache(tuple);
  return list;
}

// Where options stand that are read for use, for errors: a statement may use many tables.
struct OptionPlace {
  const char* table;
  const char* column;  // null: the table's own
};

void OptionContext(void* arg) {
  const OptionPlace* place = static_cast<const OptionPlace*>(arg);
  if (place->column != nullptr) {
    errcontext("options of column \"%s\" of foreign table \"%s\"", place->column, place->table);
  } else {
    errcontext("options of foreign table \"%s\"", place->table);
  }
}

// The options of a table as its DDL must have given them.
void ReadOwnOptions(Oid relid, List* options, OptionValues* values) {
  OptionPlace place = {get_rel_name(relid), nullptr};
  ErrorContextCallback context = {error_context_stack, OptionContext, &place};
  error_context_stack = &context;
  ReadOptions(options, ForeignTableRelationId, values);
  CheckTableComplete(&values->fdw);
  error_context_stack = context.previous;
}

void CheckServer(const FdwOptions* options) {
  CheckServerOptions(options);
  CheckMayName(options);
  const char* secret = options->password != nullptr            ? "password"
                       : options->sentinel_password != nullptr ? "sentinel_password"
                                                               : nullptr;
  if (secret != nullptr) {
    ereport(WARNING, (errmsg("a password in server options can be read by every user"),
                      errhint("Put it into a user mapping: CREATE USER MAPPING FOR ... SERVER "
                              "... OPTIONS (%s ...).",
                              secret)));
  }
}

// A mapping that has one of the pair is for another user than the server's options: that one's
// password is not to be tried with this one's name.
void ForgetPair(const List* mapping, const char* name, const char* password,
                const char** name_value, const char** password_value) {
  ListCell* lc;
  foreach (lc, mapping) {
    const char* given = ((const DefElem*)lfirst(lc))->defname;
    if (strcmp(given, name) != 0 && strcmp(given, password) != 0) continue;
    *name_value = nullptr;
    *password_value = nullptr;
    return;
  }
}

// Later ones win: the mapping over the server.
void ReadServerInto(Oid serverid, Oid user, OptionValues* values) {
  FdwOptions* o = &values->fdw;
  o->generation = OptionsGeneration();
  ForeignServer* server = GetForeignServer(serverid);
  o->server_id = serverid;
  o->user_id = user;
  o->server_name = server->servername;
  o->server_owner = server->owner;
  o->client_name = ClientName();
  ReadOptions(server->options, ForeignServerRelationId, values);
  CheckServerOptions(o);
  List* mapping = UserMappingOptions(user, server->serverid);
  ForgetPair(mapping, "username", "password", &o->username, &o->password);
  ForgetPair(mapping, "sentinel_username", "sentinel_password", &o->sentinel_username,
             &o->sentinel_password);
  ReadOptions(mapping, UserMappingRelationId, values);
}

}  // namespace

void ValidateOptions(List* options, Oid catalog) {
  OptionValues* values = NewOptionValues();
  ReadOptions(options, catalog, values);
  if (catalog == ForeignServerRelationId) CheckServer(&values->fdw);
  if (catalog == ForeignTableRelationId) CheckTableComplete(&values->fdw);
}

FdwOptions* ReadServerOptions(Oid serverid, Oid user) {
  OptionValues* values = NewOptionValues();
  ReadServerInto(serverid, user, values);
  return &values->fdw;
}

FdwOptions* ReadTableOptions(Oid relid, Oid user) {
  ForeignTable* table = GetForeignTable(relid);
  OptionValues* values = NewOptionValues();
  // The table wins over server and mapping.
  ReadServerInto(table->serverid, user, values);
  ReadOwnOptions(relid, table->options, values);
  return &values->fdw;
}

FdwOptions* ReadDeclaredOptions(Oid relid) {
  OptionValues* values = NewOptionValues();
  ReadOwnOptions(relid, GetForeignTable(relid)->options, values);
  return &values->fdw;
}

ColumnOptions ReadColumnOptions(Oid relid, AttrNumber attnum) {
  List* options = GetForeignColumnOptions(relid, attnum);
  if (options == NIL) return ColumnOptions{nullptr, nullptr};
  OptionValues* values = NewOptionValues();
  OptionPlace place = {get_rel_name(relid), get_attname(relid, attnum, false)};
  ErrorContextCallback context = {error_context_stack, OptionContext, &place};
  error_context_stack = &context;
  ReadOptions(options, AttributeRelationId, values);
  error_context_stack = context.previous;
  return values->column;
}

}  // namespace redis_fdw
