// SingleKeyTable: what the tables of one Redis key share.
//
// Columns map by position: a type gives the role of each, and column names are free. Writes come in
// runs of ops of one kind and conflict policy; a type says how a run becomes commands.

#ifndef REDIS_FDW_TABLES_COMMON_SINGLE_KEY_TABLE_H_
#define REDIS_FDW_TABLES_COMMON_SINGLE_KEY_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tables/table.h"

namespace redis_fdw {

// What a type says of a column of its layout.
struct ColumnRule {
  const char* role;  // "field": as the column option `redis` names it, and messages do
  BoundColumn bound;
  // The SQL types that it can have, as bits of TypeBit(); 0: any.
  unsigned types = 0;
  const char* types_hint = "";  // what to declare it as
};

constexpr unsigned TypeBit(ColumnType type) { return 1u << static_cast<unsigned>(type); }

// Consecutive ops of a batch that become commands together.
struct WriteRun {
  absl::Span<const WriteOp> ops;  // of the run
  size_t first = 0;               // where they begin in the batch
  ConflictPolicy conflict = ConflictPolicy::kOverwrite;
  bool want_results = false;
  const ServerInfo* server = nullptr;
  WriteState* state = nullptr;
};

class SingleKeyTable : public Table {
 public:
  absl::Span<const BoundColumn> columns() const override { return columns_; }
  absl::string_view key() const override { return key_; }
  absl::Status CanWrite(WriteKind kind) const override;

  // Checks what all types check, and hands runs to the three below.
  absl::Status BuildWrites(absl::Span<const WriteOp> ops, const ServerInfo& server,
                           bool want_results, WriteState* state,
                           std::vector<PlannedWrite>* out) const override;
  absl::Status Truncate(Pipeline* pipeline) const override;

 protected:
  SingleKeyTable(const TableDef& def, std::vector<BoundColumn> columns);

  virtual absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const = 0;
  virtual absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const = 0;
  virtual absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const = 0;

  const std::string& table_name() const { return name_; }
  const std::string& column_name(size_t column) const { return column_names_[column]; }

  // The cell of `column`. kNullNotAllowed if it is NULL.
  absl::Status RequireValue(absl::Span<const Cell> cells, size_t column) const;
  // The cell of an identity column of a row that was scanned. kInternal if it is not there.
  absl::Status RequireIdentity(const WriteOp& op, size_t identity_column) const;

 private:
  std::string name_;
  std::string key_;
  std::vector<std::string> column_names_;
  std::vector<BoundColumn> columns_;
};

// Whether the declaration has these columns. kInvalidTable otherwise, with `layout` as the hint.
absl::Status CheckLayout(const TableDef& def, absl::string_view type_name, absl::string_view layout,
                         absl::Span<const ColumnRule> rules);

// The bound columns of rules.
std::vector<BoundColumn> BoundColumnsOf(absl::Span<const ColumnRule> rules);

// "field \"email\"": a role and the bytes of an identity, escaped and cut for messages.
std::string NameElement(absl::string_view role, absl::string_view bytes);

// The cell of bound column `column` in a row of that output; null if the output lacks it.
const Cell* FindCell(const OutputShape& output, absl::Span<const Cell> row, int column);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_SINGLE_KEY_TABLE_H_
