#include "pg_glue/import.h"

#include <memory>
#include <string>
#include <utility>

#include "pg_glue/connect.h"
#include "pg_glue/guard.h"
#include "pg_glue/hung.h"
#include "pg_glue/import_options.h"
#include "pg_glue/options.h"
#include "pg_glue/pg.h"
#include "pg_glue/server_checks.h"
#include "pg_glue/stream_id_type.h"
#include "pg_glue/writes_pending.h"
#include "tables/import/schema_import.h"

namespace redis_fdw {
namespace {

// `stream_id`: the name of our own type.
const char* SqlTypeName(ValueType type, const char* stream_id) {
  switch (type) {
    case ValueType::kBoolean:
      return "boolean";
    case ValueType::kBigint:
      return "bigint";
    case ValueType::kNumeric:
      return "numeric";
    case ValueType::kDouble:
      return "double precision";
    case ValueType::kTimestampTz:
      return "timestamp with time zone";
    case ValueType::kTimestamp:
      return "timestamp without time zone";
    case ValueType::kDate:
      return "pg_catalog.date";
    case ValueType::kUuid:
      return "pg_catalog.uuid";
    case ValueType::kJsonb:
      return "pg_catalog.jsonb";
    case ValueType::kJson:
      return "pg_catalog.json";
    case ValueType::kText:
      return "pg_catalog.text";
    case ValueType::kBytea:
      return "pg_catalog.bytea";
    case ValueType::kStreamId:
      return stream_id;
  }
  return "pg_catalog.text";
}

bool IsValidText(const std::string& bytes) {
  return pg_verify_mbstr(GetDatabaseEncoding(), bytes.data(), static_cast<int>(bytes.size()), true);
}

// Whether everything of the table can be said in SQL, which is text in the database's encoding.
bool CanBeSaid(const ImportedTable& table) {
  if (!IsValidText(table.key)) return false;
  for (const ImportColumn& column : table.draft.columns) {
    if (!IsValidText(column.field)) return false;
  }
  return true;
}

void AppendOption(StringInfo sql, const char* name, const char* value, bool first) {
  appendStringInfo(sql, "%s%s %s", first ? "" : ", ", quote_identifier(name),
                   quote_literal_cstr(value));
}

void AppendColumn(StringInfo sql, const ImportColumn& column, const char* stream_id) {
  appendStringInfo(sql, "  %s %s", quote_identifier(column.name.c_str()),
                   SqlTypeName(column.type, stream_id));
  if (column.role.empty() && column.field.empty()) return;
  appendStringInfoString(sql, " OPTIONS (");
  if (!column.role.empty()) AppendOption(sql, "redis", column.role.c_str(), true);
  if (!column.field.empty()) {
    AppendOption(sql, "field", column.field.c_str(), column.role.empty());
  }
  appendStringInfoChar(sql, ')');
}

char* CreateCommand(const ImportedTable& table, const char* server, int database,
                    const char* stream_id) {
  StringInfoData sql;
  initStringInfo(&sql);
  appendStringInfo(&sql, "CREATE FOREIGN TABLE %s (\n", quote_identifier(table.name.c_str()));
  bool first = true;
  for (const ImportColumn& column : table.draft.columns) {
    if (!first) appendStringInfoString(&sql, ",\n");
    first = false;
    AppendColumn(&sql, column, stream_id);
  }
  appendStringInfo(&sql, "\n) SERVER %s OPTIONS (", quote_identifier(server));
  AppendOption(&sql, "table_type", table.type.c_str(), true);
  AppendOption(&sql, "table_key_prefix", table.key.c_str(), false);
  for (const auto& option : table.draft.options) {
    AppendOption(&sql, option.first.c_str(), option.second.c_str(), false);
  }
  if (database != 0) AppendOption(&sql, "database", psprintf("%d", database), false);
  appendStringInfoChar(&sql, ')');
  return sql.data;
}

// Our type for ids of streams; a handler that was made without the extension has none.
const char* NameOfStreamIds(Oid server) {
  const ForeignDataWrapper* wrapper = GetForeignDataWrapper(GetForeignServer(server)->fdwid);
  const char* name = StreamIdTypeName(wrapper->fdwhandler);
  return name != nullptr ? name : "pg_catalog.text";
}

// Those of LIMIT TO that do not exist.
void NoteMissing(const ImportForeignSchemaStmt* stmt, const SchemaImport& import) {
  if (stmt->list_type != FDW_IMPORT_SCHEMA_LIMIT_TO) return;
  ListCell* lc;
  foreach (lc, stmt->table_list) {
    const char* name = ((RangeVar*)lfirst(lc))->relname;
    bool found = false;
    for (const ImportedTable& table : import.tables) found = found || table.name == name;
    if (found) continue;
    ereport(NOTICE, (errmsg("no keys of \"%s\" make a table \"%s\"", stmt->remote_schema, name),
                     errhint("Names of tables come from the constant parts of keys.")));
  }
}

absl::StatusOr<SchemaImport> RunImport(ImportForeignSchemaStmt* stmt,
                                       const ImportOptions& import_options,
                                       const FdwOptions& options) {
  ImportRequest request;
  request.pattern = stmt->remote_schema;
  request.delimiter = import_options.delimiter;
  request.limits.sample_size = import_options.sample_size;
  request.limits.scan_limit = import_options.scan_limit;
  request.max_tables = static_cast<size_t>(import_options.max_tables);
  ASSIGN_OR_RETURN(std::shared_ptr<Router> router, NewRouter(options));
  Pipeline pipeline(BackendPool(), std::move(router), LimitsOf(options));
  // Compares strings, no more.
  auto wanted = [stmt](const std::string& name) {
    return IsImportableForeignTable(name.c_str(), stmt);
  };
  return ImportSchema(request, wanted, &pipeline);
}

}  // namespace

List* ImportForeignSchema(ImportForeignSchemaStmt* stmt, Oid server) {
  const ImportOptions import_options = ReadImportOptions(stmt->options);
  FdwOptions* options = ReadServerOptions(server, GetUserId());
  options->database = import_options.database;
  CheckServerPrivileges(options);
  FlushPendingWrites(nullptr);

  Hung<SchemaImport>* hung = Hang<SchemaImport>(CurrentMemoryContext);
  CallCpp([&] {
    ASSIGN_OR_RETURN(SchemaImport import, RunImport(stmt, import_options, *options));
    hung->object = new SchemaImport(std::move(import));
    return absl::OkStatus();
  });
  const SchemaImport& import = *hung->object;
  for (const ImportNote& note : import.notes) {
    ereport(NOTICE, (errmsg("%s", note.message.c_str()),
                     note.hint.empty() ? 0 : errhint("%s", note.hint.c_str())));
  }
  NoteMissing(stmt, import);
  const char* stream_id = NameOfStreamIds(server);
  List* commands = NIL;
  int unsaid = 0;
  for (const ImportedTable& table : import.tables) {
    if (CanBeSaid(table)) {
      commands = lappend(
          commands, CreateCommand(table, stmt->server_name, import_options.database, stream_id));
    } else {
      ++unsaid;
    }
  }
  if (unsaid > 0) {
    ereport(NOTICE, (errmsg_plural("skipped %d table whose key or fields are no valid %s text",
                                   "skipped %d tables whose keys or fields are no valid %s text",
                                   unsaid, unsaid, GetDatabaseEncodingName())));
  }
  hung->Drop();
  return commands;
}

}  // namespace redis_fdw
