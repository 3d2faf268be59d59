#include "pg_glue/options.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "pg_glue/connect.h"
#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

enum class ValueKind { kText, kNonEmptyText, kHostPort, kInteger, kBoolean, kScanMode, kTableType };

// Every option: where it may stand, what it holds. One that may stand on server and table has a row
// for each.
struct OptionDef {
  const char* name;
  Oid catalog;
  ValueKind kind;
  int min;
  int max;
  void (*store)(FdwOptions* options, const char* text, int number);
};

void StoreScanMode(FdwOptions* o, const char* text) {
  o->scan_mode = strcmp(text, "snapshot") == 0 ? ScanMode::kSnapshot
                 : strcmp(text, "cursor") == 0 ? ScanMode::kCursor
                                               : ScanMode::kAuto;
}

#define STORE_TEXT(field) [](FdwOptions* o, const char* text, int) { o->field = text; }
#define STORE_INT(field) [](FdwOptions* o, const char*, int number) { o->field = number; }
#define STORE_BOOL(field) [](FdwOptions* o, const char*, int number) { o->field = number != 0; }
#define STORE_MODE [](FdwOptions* o, const char* text, int) { StoreScanMode(o, text); }

constexpr int kDayMs = 24 * 60 * 60 * 1000;
constexpr int kYearSecs = 365 * 24 * 60 * 60;
constexpr int kMaxRows = 1000000;

const OptionDef kOptions[] = {
    {"host_port", ForeignServerRelationId, ValueKind::kHostPort, 0, 0, STORE_TEXT(host_port)},
    {"password", ForeignServerRelationId, ValueKind::kText, 0, 0, STORE_TEXT(password)},
    {"connect_timeout_ms", ForeignServerRelationId, ValueKind::kInteger, 0, kDayMs,
     STORE_INT(connect_timeout_ms)},
    {"command_timeout_ms", ForeignServerRelationId, ValueKind::kInteger, 0, kDayMs,
     STORE_INT(command_timeout_ms)},
    {"pool_max_size", ForeignServerRelationId, ValueKind::kInteger, 1, 1000,
     STORE_INT(pool_max_size)},
    {"pool_idle_timeout_secs", ForeignServerRelationId, ValueKind::kInteger, 1, kYearSecs,
     STORE_INT(pool_idle_timeout_secs)},
    {"pool_max_lifetime_secs", ForeignServerRelationId, ValueKind::kInteger, 1, kYearSecs,
     STORE_INT(pool_max_lifetime_secs)},
    {"pool_test_on_check_out", ForeignServerRelationId, ValueKind::kBoolean, 0, 1,
     STORE_BOOL(pool_test_on_check_out)},
    {"fetch_size", ForeignServerRelationId, ValueKind::kInteger, 1, kMaxRows,
     STORE_INT(fetch_size)},
    {"batch_size", ForeignServerRelationId, ValueKind::kInteger, 1, kMaxRows,
     STORE_INT(batch_size)},
    {"scan_mode", ForeignServerRelationId, ValueKind::kScanMode, 0, 0, STORE_MODE},
    {"username", UserMappingRelationId, ValueKind::kNonEmptyText, 0, 0, STORE_TEXT(username)},
    {"password", UserMappingRelationId, ValueKind::kText, 0, 0, STORE_TEXT(password)},
    {"database", ForeignTableRelationId, ValueKind::kInteger, 0, INT_MAX, STORE_INT(database)},
    {"table_type", ForeignTableRelationId, ValueKind::kTableType, 0, 0, STORE_TEXT(table_type)},
    {"table_key_prefix", ForeignTableRelationId, ValueKind::kNonEmptyText, 0, 0,
     STORE_TEXT(table_key_prefix)},
    {"fetch_size", ForeignTableRelationId, ValueKind::kInteger, 1, kMaxRows, STORE_INT(fetch_size)},
    {"batch_size", ForeignTableRelationId, ValueKind::kInteger, 1, kMaxRows, STORE_INT(batch_size)},
    {"scan_mode", ForeignTableRelationId, ValueKind::kScanMode, 0, 0, STORE_MODE},
};

const OptionDef* FindOption(const char* name, Oid catalog) {
  for (const OptionDef& def : kOptions) {
    if (def.catalog == catalog && strcmp(def.name, name) == 0) return &def;
  }
  return nullptr;
}

// The words that an object may have as option names, for a hint; the nearest to `name` apart if it
// is near enough.
[[noreturn]] void RaiseUnknownOption(const char* name, Oid catalog) {
  constexpr int kNear = 4;  // edits; more is no misspelling
  StringInfoData names;
  initStringInfo(&names);
  const char* nearest = nullptr;
  int least = kNear + 1;
  for (const OptionDef& def : kOptions) {
    if (def.catalog != catalog) continue;
    appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", def.name);
    int length = static_cast<int>(strlen(name));
    if (length > 60) continue;  // the distance refuses long words
    int distance = varstr_levenshtein_less_equal(
        name, length, def.name, static_cast<int>(strlen(def.name)), 1, 1, 1, kNear, true);
    if (distance < least) {
      least = distance;
      nearest = def.name;
    }
  }
  ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME), errmsg("invalid option \"%s\"", name),
                  names.len == 0 ? errhint("There are no valid options in this context.")
                  : nearest != nullptr
                      ? errhint("Perhaps you meant the option \"%s\". Valid options here are: %s.",
                                nearest, names.data)
                      : errhint("Valid options here are: %s.", names.data)));
  pg_unreachable();
}

int ParseInteger(const OptionDef& def, const char* text) {
  char* end = nullptr;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || value < def.min || value > def.max) {
    ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
                    errmsg("invalid value for option \"%s\": \"%s\"", def.name, text),
                    errhint("It must be an integer from %d to %d.", def.min, def.max)));
  }
  return static_cast<int>(value);
}

[[noreturn]] void RaiseBadWord(const char* option, const char* text, const char* allowed) {
  ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
                  errmsg("invalid value for option \"%s\": \"%s\"", option, text),
                  errhint("Allowed values are: %s.", allowed)));
  pg_unreachable();
}

int ParseBoolean(const OptionDef& def, const char* text) {
  bool value = false;
  if (!parse_bool(text, &value)) RaiseBadWord(def.name, text, "true, false");
  return value ? 1 : 0;
}

// Checks one value; returns it as a number where it is one.
int CheckValue(const OptionDef& def, const char* text) {
  switch (def.kind) {
    case ValueKind::kInteger:
      return ParseInteger(def, text);
    case ValueKind::kBoolean:
      return ParseBoolean(def, text);
    case ValueKind::kNonEmptyText:
      if (text[0] == '\0') {
        ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
                        errmsg("option \"%s\" must not be empty", def.name)));
      }
      break;
    case ValueKind::kHostPort:
      CheckHostPort(text);
      break;
    case ValueKind::kScanMode:
      if (strcmp(text, "auto") != 0 && strcmp(text, "snapshot") != 0 &&
          strcmp(text, "cursor") != 0) {
        RaiseBadWord(def.name, text, "auto, snapshot, cursor");
      }
      break;
    case ValueKind::kTableType:
      CheckTableType(text);
      break;
    case ValueKind::kText:
      break;
  }
  return 0;
}

[[noreturn]] void RaiseMissing(const char* name, const char* hint) {
  ereport(ERROR, (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
                  errmsg("option \"%s\" is required", name), errhint("%s", hint)));
  pg_unreachable();
}

void CheckServerComplete(const FdwOptions* options) {
  if (options->host_port == nullptr) {
    RaiseMissing("host_port", "Add it to the server: OPTIONS (host_port '127.0.0.1:6379').");
  }
}

void CheckTableComplete(const FdwOptions* options) {
  if (options->table_type == nullptr) {
    ereport(ERROR, (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
                    errmsg("option \"table_type\" is required"),
                    errhint("Allowed values are: %s.", TableTypeList())));
  }
  if (options->table_key_prefix == nullptr) {
    RaiseMissing("table_key_prefix", "It names the Redis key that the table shows.");
  }
}

void ReadFrom(List* options, Oid catalog, FdwOptions* into) {
  ListCell* lc;
  foreach (lc, options) {
    DefElem* element = (DefElem*)lfirst(lc);
    const OptionDef* def = FindOption(element->defname, catalog);
    if (def == nullptr) RaiseUnknownOption(element->defname, catalog);
    const char* text = defGetString(element);
    int number = CheckValue(*def, text);
    def->store(into, text, number);
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

}  // namespace

FdwOptions* NewFdwOptions() {
  FdwOptions* o = (FdwOptions*)palloc0(sizeof(FdwOptions));
  o->connect_timeout_ms = 10000;
  o->command_timeout_ms = 30000;
  o->pool_max_size = 10;
  o->pool_idle_timeout_secs = 600;
  o->pool_max_lifetime_secs = 1800;
  o->pool_test_on_check_out = true;
  o->fetch_size = 1000;
  o->batch_size = 1000;
  o->scan_mode = ScanMode::kAuto;
  return o;
}

void ReadOptionList(List* options, FdwOptions* into) {
  ReadFrom(options, ForeignTableRelationId, into);
}

void ValidateOptions(List* options, Oid catalog) {
  FdwOptions* o = NewFdwOptions();
  ReadFrom(options, catalog, o);
  if (catalog == ForeignServerRelationId) {
    CheckServerComplete(o);
    CheckMayName(o->host_port);
    if (o->password != nullptr) {
      ereport(WARNING, (errmsg("a password in server options can be read by every user"),
                        errhint("Put it into a user mapping: CREATE USER MAPPING FOR ... SERVER "
                                "... OPTIONS (password ...).")));
    }
  } else if (catalog == ForeignTableRelationId) {
    CheckTableComplete(o);
  }
}

FdwOptions* ReadServerOptions(Oid serverid, Oid user) {
  ForeignServer* server = GetForeignServer(serverid);
  FdwOptions* o = NewFdwOptions();
  o->server_name = server->servername;
  o->server_owner = server->owner;
  // Later ones win: the mapping over the server.
  ReadFrom(server->options, ForeignServerRelationId, o);
  CheckServerComplete(o);
  ReadFrom(UserMappingOptions(user, server->serverid), UserMappingRelationId, o);
  return o;
}

FdwOptions* ReadTableOptions(Oid relid, Oid user) {
  ForeignTable* table = GetForeignTable(relid);
  // The table wins over server and mapping.
  FdwOptions* o = ReadServerOptions(table->serverid, user);
  ReadFrom(table->options, ForeignTableRelationId, o);
  CheckTableComplete(o);
  return o;
}

}  // namespace redis_fdw
