#include "tables/common/single_key_table.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/write_error.h"

namespace redis_fdw {
namespace {

absl::Status CheckColumn(const TableDef& def, size_t i, absl::string_view type_name,
                         absl::string_view layout, const ColumnRule& rule) {
  const ColumnDef& column = def.columns[i];
  std::string named =
      absl::StrCat("column \"", column.name, "\" of foreign table \"", def.name, "\"");
  if (rule.types != 0 && (rule.types & TypeBit(column.type)) == 0) {
    return MakeError(ErrorKind::kInvalidTable,
                     absl::StrCat(named, " cannot hold the ", rule.role, " of a ", type_name),
                     absl::StrCat("Declare it as ", rule.types_hint, ". A ", type_name,
                                  " table takes the columns ", layout, "."));
  }
  if (!column.role.empty() && column.role != rule.role) {
    return MakeError(
        ErrorKind::kInvalidTable,
        absl::StrCat(named, " is the ", rule.role, " by its position, not \"", column.role, "\""),
        absl::StrCat("A ", type_name, " table takes the columns ", layout, ", in this order."));
  }
  return absl::OkStatus();
}

bool SameRun(const WriteOp& a, const WriteOp& b) {
  return a.kind == b.kind && a.conflict == b.conflict;
}

}  // namespace

absl::Status CheckLayout(const TableDef& def, absl::string_view type_name, absl::string_view layout,
                         absl::Span<const ColumnRule> rules) {
  if (def.columns.size() != rules.size()) {
    return MakeError(ErrorKind::kInvalidTable,
                     absl::StrCat("foreign table \"", def.name, "\" has ", def.columns.size(),
                                  def.columns.size() == 1 ? " column" : " columns",
                                  ", which does not fit table_type \"", type_name, "\""),
                     absl::StrCat("A ", type_name, " table takes the columns ", layout,
                                  "; their order counts, their names are free."));
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    RETURN_IF_ERROR(CheckColumn(def, i, type_name, layout, rules[i]));
  }
  return absl::OkStatus();
}

std::vector<BoundColumn> BoundColumnsOf(absl::Span<const ColumnRule> rules) {
  std::vector<BoundColumn> columns;
  for (const ColumnRule& rule : rules) columns.push_back(rule.bound);
  return columns;
}

std::string NameElement(absl::string_view role, absl::string_view bytes) {
  constexpr size_t kLongest = 100;
  return absl::StrCat(role, " \"", absl::CHexEscape(bytes.substr(0, kLongest)), "\"",
                      bytes.size() > kLongest ? "..." : "");
}

const Cell* FindCell(const OutputShape& output, absl::Span<const Cell> row, int column) {
  for (size_t i = 0; i < output.columns.size() && i < row.size(); ++i) {
    if (output.columns[i] == column && !row[i].is_null()) return &row[i];
  }
  return nullptr;
}

SingleKeyTable::SingleKeyTable(const TableDef& def, std::vector<BoundColumn> columns)
    : name_(def.name), key_(def.key), columns_(std::move(columns)) {
  for (const ColumnDef& column : def.columns) column_names_.push_back(column.name);
}

absl::Status SingleKeyTable::CanWrite(WriteKind) const { return absl::OkStatus(); }

absl::Status SingleKeyTable::BuildWrites(absl::Span<const WriteOp> ops, const ServerInfo& server,
                                         bool want_results, WriteState* state,
                                         std::vector<PlannedWrite>* out) const {
  for (size_t first = 0; first < ops.size();) {
    size_t end = first + 1;
    while (end < ops.size() && SameRun(ops[first], ops[end])) ++end;
    WriteRun run;
    run.ops = ops.subspan(first, end - first);
    run.first = first;
    run.conflict = ops[first].conflict;
    run.want_results = want_results;
    run.server = &server;
    run.state = state;
    switch (ops[first].kind) {
      case WriteKind::kInsert:
        RETURN_IF_ERROR(BuildInserts(run, out));
        break;
      case WriteKind::kUpdate:
        RETURN_IF_ERROR(BuildUpdates(run, out));
        break;
      case WriteKind::kDelete:
        RETURN_IF_ERROR(BuildDeletes(run, out));
        break;
    }
    first = end;
  }
  return absl::OkStatus();
}

absl::Status SingleKeyTable::Truncate(Pipeline* pipeline) const {
  Command unlink("UNLINK");
  unlink.Key(key_);
  NullSink sink;
  RETURN_IF_ERROR(pipeline->Submit(unlink, &sink));
  return pipeline->Drain();
}

absl::Status SingleKeyTable::RequireValue(absl::Span<const Cell> cells, size_t column) const {
  if (!cells[column].is_null()) return absl::OkStatus();
  return MakeError(ErrorKind::kNullNotAllowed,
                   absl::StrCat("null value in column \"", column_names_[column],
                                "\" of foreign table \"", name_, "\""),
                   "An empty string is a value that Redis can store.", "Redis has no NULL.");
}

absl::Status SingleKeyTable::RequireIdentity(const WriteOp& op, size_t identity_column) const {
  if (identity_column < op.old.cells.size() && !op.old.cells[identity_column].is_null()) {
    return absl::OkStatus();
  }
  return MakeError(ErrorKind::kInternal, absl::StrCat("a row of foreign table \"", name_,
                                                      "\" came without its identity"));
}

}  // namespace redis_fdw
