#include "pg_glue/option_table.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "pg_glue/pg.h"
#include "pg_glue/server_checks.h"

namespace redis_fdw {
namespace {

enum class ValueKind {
  kText,
  kNonEmptyText,
  kHostPort,
  kInteger,
  kCost,
  kBoolean,
  kWord,
  kTableType
};

// An option in one place. One that may stand on server and table has a row for each.
struct OptionDef {
  const char* name;
  Oid catalog;
  ValueKind kind;
  int min;  // kInteger
  int max;
  const char* words;  // kWord: those allowed, as a hint lists them
  void (*store)(OptionValues* values, const char* text, double number);
};

#define STORE_TEXT(field) [](OptionValues* v, const char* text, double) { v->field = text; }
#define STORE_INT(field) \
  [](OptionValues* v, const char*, double number) { v->field = static_cast<int>(number); }
#define STORE_COST(field) [](OptionValues* v, const char*, double number) { v->field = number; }
#define STORE_BOOL(field) \
  [](OptionValues* v, const char*, double number) { v->field = number != 0; }

void StoreRemoteEstimate(OptionValues* v, const char*, double number) {
  v->fdw.use_remote_estimate = number != 0 ? RemoteEstimate::kAlways : RemoteEstimate::kNever;
}

void StoreScanMode(OptionValues* v, const char* text, double) {
  v->fdw.scan_mode = strcmp(text, "snapshot") == 0 ? ScanMode::kSnapshot
                     : strcmp(text, "cursor") == 0 ? ScanMode::kCursor
                                                   : ScanMode::kAuto;
}

void StoreMode(OptionValues* v, const char* text, double) {
  v->fdw.mode = strcmp(text, "standalone") == 0 ? ServerMode::kStandalone
                : strcmp(text, "cluster") == 0  ? ServerMode::kCluster
                : strcmp(text, "sentinel") == 0 ? ServerMode::kSentinel
                                                : ServerMode::kAuto;
}

void StoreReadFrom(OptionValues* v, const char* text, double) {
  v->fdw.read_from = strcmp(text, "replica") == 0          ? ReadFrom::kReplica
                     : strcmp(text, "prefer_replica") == 0 ? ReadFrom::kPreferReplica
                                                           : ReadFrom::kPrimary;
}

void StoreTlsVerify(OptionValues* v, const char*, double number) {
  v->fdw.tls_verify = number != 0;
  v->fdw.tls_verify_given = true;
}

void StoreRowPer(OptionValues* v, const char* text, double) {
  v->fdw.row_per_key = strcmp(text, "key") == 0;
}

constexpr int kDayMs = 24 * 60 * 60 * 1000;
constexpr int kYearSecs = 365 * 24 * 60 * 60;
constexpr int kMaxRows = 1000000;
constexpr char kModes[] = "auto, standalone, cluster, sentinel";
constexpr char kReadFrom[] = "primary, prefer_replica, replica";
constexpr char kScanModes[] = "auto, snapshot, cursor";
constexpr char kRoles[] =
    "key, field, value, member, score, index, rank, element, stream_id, ttl, expires_at, *";

constexpr OptionDef Text(const char* name, Oid catalog, decltype(OptionDef::store) store) {
  return {name, catalog, ValueKind::kText, 0, 0, nullptr, store};
}
constexpr OptionDef NonEmpty(const char* name, Oid catalog, decltype(OptionDef::store) store) {
  return {name, catalog, ValueKind::kNonEmptyText, 0, 0, nullptr, store};
}
constexpr OptionDef Integer(const char* name, Oid catalog, int min, int max,
                            decltype(OptionDef::store) store) {
  return {name, catalog, ValueKind::kInteger, min, max, nullptr, store};
}
constexpr OptionDef Cost(const char* name, Oid catalog, decltype(OptionDef::store) store) {
  return {name, catalog, ValueKind::kCost, 0, 0, nullptr, store};
}
constexpr OptionDef Boolean(const char* name, Oid catalog, decltype(OptionDef::store) store) {
  return {name, catalog, ValueKind::kBoolean, 0, 1, nullptr, store};
}
constexpr OptionDef Word(const char* name, Oid catalog, const char* words,
                         decltype(OptionDef::store) store) {
  return {name, catalog, ValueKind::kWord, 0, 0, words, store};
}

constexpr Oid kServer = ForeignServerRelationId;
constexpr Oid kMapping = UserMappingRelationId;
constexpr Oid kTable = ForeignTableRelationId;
constexpr Oid kColumn = AttributeRelationId;

const OptionDef kOptions[] = {
    {"host_port", kServer, ValueKind::kHostPort, 0, 0, nullptr, STORE_TEXT(fdw.host_port)},
    Word("mode", kServer, kModes, StoreMode),
    NonEmpty("sentinel_master", kServer, STORE_TEXT(fdw.sentinel_master)),
    Word("read_from", kServer, kReadFrom, StoreReadFrom),
    NonEmpty("username", kServer, STORE_TEXT(fdw.username)),
    Text("password", kServer, STORE_TEXT(fdw.password)),
    NonEmpty("sentinel_username", kServer, STORE_TEXT(fdw.sentinel_username)),
    Text("sentinel_password", kServer, STORE_TEXT(fdw.sentinel_password)),
    NonEmpty("tls_ca_file", kServer, STORE_TEXT(fdw.tls_ca_file)),
    NonEmpty("tls_cert_file", kServer, STORE_TEXT(fdw.tls_cert_file)),
    NonEmpty("tls_key_file", kServer, STORE_TEXT(fdw.tls_key_file)),
    NonEmpty("tls_server_name", kServer, STORE_TEXT(fdw.tls_server_name)),
    Boolean("tls_verify", kServer, StoreTlsVerify),
    Integer("connect_timeout_ms", kServer, 0, kDayMs, STORE_INT(fdw.connect_timeout_ms)),
    Integer("command_timeout_ms", kServer, 0, kDayMs, STORE_INT(fdw.command_timeout_ms)),
    Integer("pool_max_size", kServer, 1, 1000, STORE_INT(fdw.pool_max_size)),
    Integer("pool_connection_timeout_ms", kServer, 0, kDayMs,
            STORE_INT(fdw.pool_connection_timeout_ms)),
    Integer("pool_idle_timeout_secs", kServer, 1, kYearSecs, STORE_INT(fdw.pool_idle_timeout_secs)),
    Integer("pool_max_lifetime_secs", kServer, 1, kYearSecs, STORE_INT(fdw.pool_max_lifetime_secs)),
    Boolean("pool_test_on_check_out", kServer, STORE_BOOL(fdw.pool_test_on_check_out)),
    Integer("fetch_size", kServer, 1, kMaxRows, STORE_INT(fdw.fetch_size)),
    Integer("batch_size", kServer, 1, kMaxRows, STORE_INT(fdw.batch_size)),
    Word("scan_mode", kServer, kScanModes, StoreScanMode),
    Boolean("updatable", kServer, STORE_BOOL(fdw.updatable)),
    Cost("fdw_startup_cost", kServer, STORE_COST(fdw.startup_cost)),
    Cost("fdw_tuple_cost", kServer, STORE_COST(fdw.tuple_cost)),
    Boolean("use_remote_estimate", kServer, StoreRemoteEstimate),

    NonEmpty("username", kMapping, STORE_TEXT(fdw.username)),
    Text("password", kMapping, STORE_TEXT(fdw.password)),
    NonEmpty("sentinel_username", kMapping, STORE_TEXT(fdw.sentinel_username)),
    Text("sentinel_password", kMapping, STORE_TEXT(fdw.sentinel_password)),

    Integer("database", kTable, 0, INT_MAX, STORE_INT(fdw.database)),
    {"table_type", kTable, ValueKind::kTableType, 0, 0, nullptr, STORE_TEXT(fdw.table_type)},
    NonEmpty("table_key_prefix", kTable, STORE_TEXT(fdw.table_key_prefix)),
    NonEmpty("key_template", kTable, STORE_TEXT(fdw.key_template)),
    Word("row_per", kTable, "element, key", StoreRowPer),
    Integer("ttl", kTable, 1, INT_MAX, STORE_INT(fdw.ttl_secs)),
    Boolean("strict_key_prefix", kTable, STORE_BOOL(fdw.strict_key_prefix)),
    Boolean("strict_insert", kTable, STORE_BOOL(fdw.strict_insert)),
    Integer("fetch_size", kTable, 1, kMaxRows, STORE_INT(fdw.fetch_size)),
    Integer("batch_size", kTable, 1, kMaxRows, STORE_INT(fdw.batch_size)),
    Word("scan_mode", kTable, kScanModes, StoreScanMode),
    Boolean("updatable", kTable, STORE_BOOL(fdw.updatable)),
    Cost("fdw_startup_cost", kTable, STORE_COST(fdw.startup_cost)),
    Cost("fdw_tuple_cost", kTable, STORE_COST(fdw.tuple_cost)),
    Boolean("use_remote_estimate", kTable, StoreRemoteEstimate),

    Word("redis", kColumn, kRoles, STORE_TEXT(column.role)),
    NonEmpty("field", kColumn, STORE_TEXT(column.field)),
};

const OptionDef* FindOption(const char* name, Oid catalog) {
  for (const OptionDef& def : kOptions) {
    if (def.catalog == catalog && strcmp(def.name, name) == 0) return &def;
  }
  return nullptr;
}

// How many edits apart two words are, as far as it takes to be no misspelling.
constexpr int kTooFar = 5;
int EditsBetween(const char* a, const char* b) {
  int length = static_cast<int>(strlen(a));
  if (length > 60) return kTooFar;  // the distance refuses long words
  return varstr_levenshtein_less_equal(a, length, b, static_cast<int>(strlen(b)), 1, 1, 1,
                                       kTooFar - 1, true);
}

// The option of the object that is probably meant: one that is misspelled in less than half of its
// letters, else one that `name` is a part of, as "host" of host_port. Null if there is none.
const char* ProbablyMeant(const char* name, Oid catalog) {
  const char* nearest = nullptr;
  const char* longer = nullptr;
  int least = std::min(kTooFar, static_cast<int>(strlen(name)) / 2 + 1);
  for (const OptionDef& def : kOptions) {
    if (def.catalog != catalog) continue;
    int distance = EditsBetween(name, def.name);
    if (distance < least) {
      least = distance;
      nearest = def.name;
    }
    if (longer == nullptr && strlen(name) >= 3 && strstr(def.name, name) != nullptr) {
      longer = def.name;
    }
  }
  return nearest != nullptr ? nearest : longer;
}

// What takes an option of that name, as "servers and user mappings"; null if nothing does.
const char* WhatTakes(const char* name) {
  constexpr struct {
    Oid catalog;
    const char* objects;
  } kObjects[] = {{kServer, "servers"},
                  {kMapping, "user mappings"},
                  {kTable, "foreign tables"},
                  {kColumn, "columns of foreign tables"}};
  StringInfoData taking;
  initStringInfo(&taking);
  for (const auto& object : kObjects) {
    if (FindOption(name, object.catalog) == nullptr) continue;
    appendStringInfo(&taking, "%s%s", taking.len > 0 ? " and " : "", object.objects);
  }
  return taking.len > 0 ? taking.data : nullptr;
}

// The words that an object may have as option names are a hint, and what was probably meant.
[[noreturn]] void RaiseUnknownOption(const char* name, Oid catalog) {
  StringInfoData names;
  initStringInfo(&names);
  for (const OptionDef& def : kOptions) {
    if (def.catalog != catalog) continue;
    appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", def.name);
  }
  const char* elsewhere = WhatTakes(name);
  const char* meant = elsewhere == nullptr ? ProbablyMeant(name, catalog) : nullptr;
  ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME), errmsg("invalid option \"%s\"", name),
                  elsewhere != nullptr ? errdetail("It is an option of %s.", elsewhere) : 0,
                  names.len == 0 ? errhint("There are no valid options in this context.")
                  : meant != nullptr
                      ? errhint("Perhaps you meant the option \"%s\". Valid options here are: %s.",
                                meant, names.data)
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

double ParseCost(const OptionDef& def, const char* text) {
  double value = 0;
  if (!parse_real(text, &value, 0, nullptr) || !std::isfinite(value) || value < 0) {
    ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
                    errmsg("invalid value for option \"%s\": \"%s\"", def.name, text),
                    errhint("It must be a number that is not negative.")));
  }
  return value;
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

// Raises unless `text` is one of the words that def.words lists.
void CheckWord(const OptionDef& def, const char* text) {
  size_t length = strlen(text);
  for (const char* word = def.words; length > 0;) {
    const char* comma = strstr(word, ", ");
    size_t size = comma == nullptr ? strlen(word) : static_cast<size_t>(comma - word);
    if (size == length && strncmp(word, text, size) == 0) return;
    if (comma == nullptr) break;
    word = comma + 2;
  }
  RaiseBadWord(def.name, text, def.words);
}

// Checks one value; returns it as a number where it is one.
double CheckValue(const OptionDef& def, const char* text) {
  switch (def.kind) {
    case ValueKind::kInteger:
      return ParseInteger(def, text);
    case ValueKind::kCost:
      return ParseCost(def, text);
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
    case ValueKind::kWord:
      CheckWord(def, text);
      break;
    case ValueKind::kTableType:
      CheckTableType(text);
      break;
    case ValueKind::kText:
      break;
  }
  return 0;
}

}  // namespace

void ReadOptions(List* options, Oid catalog, OptionValues* into) {
  ListCell* lc;
  foreach (lc, options) {
    DefElem* element = (DefElem*)lfirst(lc);
    const OptionDef* def = FindOption(element->defname, catalog);
    if (def == nullptr) RaiseUnknownOption(element->defname, catalog);
    const char* text = defGetString(element);
    double number = CheckValue(*def, text);
    def->store(into, text, number);
  }
}

void RaiseMissingOption(const char* name, const char* hint) {
  ereport(ERROR, (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
                  errmsg("option \"%s\" is required", name), errhint("%s", hint)));
  pg_unreachable();
}

}  // namespace redis_fdw
