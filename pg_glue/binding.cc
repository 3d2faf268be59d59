#include "pg_glue/binding.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pg_glue/guard.h"
#include "pg_glue/pg.h"
#include "pg_glue/server_checks.h"
#include "pg_glue/stream_id_type.h"
#include "tables/registry.h"

namespace redis_fdw {
namespace {

// A column as the catalogs give it, in plain data.
struct RawColumn {
  const char* name;
  ColumnType type;
  ColumnOptions options;
};

ColumnType ClassifyType(Oid type) {
  type = getBaseType(type);
  switch (type) {
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case NAMEOID:
      return ColumnType::kText;
    case BYTEAOID:
      return ColumnType::kBinary;
    case INT2OID:
    case INT4OID:
    case INT8OID:
      return ColumnType::kInteger;
    case FLOAT4OID:
    case FLOAT8OID:
      return ColumnType::kFloat;
    case NUMERICOID:
      return ColumnType::kNumeric;
    case TIMESTAMPTZOID:
      return ColumnType::kTimestamp;
    case JSONBOID:
      return ColumnType::kJson;
    case INT2VECTOROID:
    case OIDVECTOROID:
      // Of the catalogs: their lower bound is 0.
      return ColumnType::kOther;
    default:
      if (IsStreamIdType(type)) return ColumnType::kStreamId;
      return OidIsValid(get_element_type(type)) ? ColumnType::kArray : ColumnType::kOther;
  }
}

RawColumn* ReadColumns(Relation relation, TableBinding* binding) {
  TupleDesc desc = RelationGetDescr(relation);
  binding->natts = desc->natts;
  binding->attnums = (AttrNumber*)palloc0(sizeof(AttrNumber) * (desc->natts + 1));
  binding->ordinals = (int*)palloc0(sizeof(int) * (desc->natts + 1));
  binding->names = (const char**)palloc0(sizeof(char*) * (desc->natts + 1));
  RawColumn* columns = (RawColumn*)palloc0(sizeof(RawColumn) * (desc->natts + 1));
  for (int i = 0; i < desc->natts; ++i) {
    Form_pg_attribute att = TupleDescAttr(desc, i);
    binding->ordinals[i] = -1;
    if (att->attisdropped) continue;
    binding->ordinals[i] = binding->ncolumns;
    binding->attnums[binding->ncolumns] = att->attnum;
    columns[binding->ncolumns].name = pstrdup(NameStr(att->attname));
    binding->names[binding->ncolumns] = columns[binding->ncolumns].name;
    columns[binding->ncolumns].type = ClassifyType(att->atttypid);
    columns[binding->ncolumns].options = ReadColumnOptions(binding->relid, att->attnum);
    ++binding->ncolumns;
  }
  return columns;
}

absl::StatusOr<std::unique_ptr<const Table>> MakeTable(const TableBinding& binding,
                                                       const RawColumn* columns) {
  const TableType* type = FindTableType(binding.options->table_type);
  if (type == nullptr) {
    return MakeError(ErrorKind::kInternal,
                     absl::StrCat("no table type \"", binding.options->table_type, "\""));
  }
  TableDef def;
  def.name = binding.relname;
  const FdwOptions& options = *binding.options;
  if (options.table_key_prefix != nullptr) def.key = options.table_key_prefix;
  if (options.key_template != nullptr) def.key_template = options.key_template;
  def.row_per_key = options.row_per_key;
  def.ttl_seconds = options.ttl_secs;
  for (int i = 0; i < binding.ncolumns; ++i) {
    ColumnDef column;
    column.name = columns[i].name;
    column.type = columns[i].type;
    if (columns[i].options.role != nullptr) column.role = columns[i].options.role;
    if (columns[i].options.field != nullptr) column.field = columns[i].options.field;
    def.columns.push_back(std::move(column));
  }
  return type->Bind(def);
}

TableBinding* NewBinding(Relation relation, FdwOptions* options, MemoryContext context) {
  TableBinding* binding = (TableBinding*)palloc0(sizeof(TableBinding));
  binding->relid = RelationGetRelid(relation);
  binding->relname = pstrdup(RelationGetRelationName(relation));
  binding->options = options;
  binding->keys = -1;
  binding->hung = Hang<const Table>(context);
  RawColumn* columns = ReadColumns(relation, binding);
  CallCpp([&] {
    ASSIGN_OR_RETURN(std::unique_ptr<const Table> table, MakeTable(*binding, columns));
    binding->hung->object = table.release();
    return absl::OkStatus();
  });
  absl::string_view key = binding->table().key();
  constexpr int kLongestShown = 200;
  binding->key_text =
      pnstrdup(key.data(), (Size)pg_mbcliplen(key.data(), (int)key.size(), kLongestShown));
  return binding;
}

}  // namespace

TableBinding* BindForeignTable(Relation relation, Oid user, MemoryContext context) {
  MemoryContext old = MemoryContextSwitchTo(context);
  FdwOptions* options = ReadTableOptions(RelationGetRelid(relation), user);
  CheckServerPrivileges(options);
  TableBinding* binding = NewBinding(relation, options, context);
  MemoryContextSwitchTo(old);
  return binding;
}

TableBinding* BindForeignTable(Oid relid, Oid user, MemoryContext context) {
  // The planner and executor hold a lock on it already.
  Relation relation = table_open(relid, NoLock);
  TableBinding* binding = BindForeignTable(relation, user, context);
  table_close(relation, NoLock);
  return binding;
}

void CheckDeclaration(Relation relation, bool is_new) {
  FdwOptions* options = ReadDeclaredOptions(RelationGetRelid(relation));
  TableBinding* binding = NewBinding(relation, options, CurrentMemoryContext);
  const char* advice = "";
  if (is_new) {
    CallCpp([&] {
      const std::string text = binding->table().Advice();
      return CallPg([&] { advice = pstrdup(text.c_str()); });
    });
  }
  binding->hung->Drop();
  if (advice[0] != '\0') ereport(NOTICE, (errmsg("%s", advice)));
}

}  // namespace redis_fdw
