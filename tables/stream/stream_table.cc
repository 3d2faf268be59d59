#include "tables/stream/stream_table.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/planning.h"
#include "tables/registry.h"

namespace redis_fdw {
namespace {

constexpr char kName[] = "stream";
constexpr char kLayout[] = "(stream_id, ...), each further column being the field of its name";

const std::string& FieldOf(const ColumnDef& column) {
  return column.field.empty() ? column.name : column.field;
}

std::vector<ColumnRule> Rules(size_t columns) {
  ColumnRule id{"stream_id", {}};
  id.bound.identity = true;
  id.bound.nullable = true;  // an INSERT that leaves it to Redis
  id.types = TypeBit(ColumnType::kText) | TypeBit(ColumnType::kBinary);
  id.types_hint = "text";
  ColumnRule field{"field", {}};
  field.bound.nullable = true;
  std::vector<ColumnRule> rules(columns, field);
  if (columns > 0) rules[0] = id;
  return rules;
}

absl::Status CheckFields(const TableDef& def) {
  absl::flat_hash_set<std::string> seen;
  for (size_t i = 1; i < def.columns.size(); ++i) {
    if (seen.insert(FieldOf(def.columns[i])).second) continue;
    return MakeError(ErrorKind::kInvalidTable,
                     absl::StrCat("foreign table \"", def.name, "\" shows stream field \"",
                                  FieldOf(def.columns[i]), "\" in two columns"));
  }
  return absl::OkStatus();
}

class StreamTableType : public TableType {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view layout() const override { return kLayout; }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    // Without any column it lacks at least the first.
    size_t columns = def.columns.empty() ? 1 : def.columns.size();
    RETURN_IF_ERROR(CheckLayout(def, kName, kLayout, Rules(columns)));
    RETURN_IF_ERROR(CheckFields(def));
    return std::unique_ptr<const Table>(std::make_unique<StreamTable>(def));
  }
};

REDIS_FDW_REGISTER_TABLE_TYPE(StreamTableType);

}  // namespace

StreamTable::StreamTable(const TableDef& def)
    : SingleKeyTable(def, BoundColumnsOf(Rules(def.columns.size()))), fields_(def.columns.size()) {
  for (size_t i = 1; i < def.columns.size(); ++i) {
    fields_[i] = FieldOf(def.columns[i]);
    columns_by_field_[fields_[i]] = static_cast<int>(i);
  }
}

absl::Status StreamTable::CanWrite(WriteKind kind) const {
  if (kind != WriteKind::kUpdate) return absl::OkStatus();
  return MakeError(ErrorKind::kUnsupported,
                   absl::StrCat("foreign table \"", table_name(),
                                "\" cannot be updated: entries of a Redis stream never change"),
                   "Delete the entry and insert another.");
}

ScanPlan StreamTable::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  PlanLookup(request, kId, Semantics::kBytes, &plan);
  return plan;
}

std::vector<std::string> StreamTable::Describe(const ScanPlan& plan, const ScanOptions& options,
                                               absl::Span<const std::string> operand_names) const {
  const std::string name = QuoteArgument(key());
  if (plan.op == ScanOp::kLookup) {
    std::string id = EqualityText(plan, kId, operand_names);
    return {absl::StrCat("XRANGE ", name, " ", id, " ", id)};
  }
  return {absl::StrCat("XRANGE ", name, " - + COUNT ", options.fetch_size)};
}

std::string StreamTable::DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                                     int64_t) const {
  const Cell* id = FindCell(output, row, kId);
  return id == nullptr ? "an entry" : absl::StrCat("entry ", id->bytes());
}

}  // namespace redis_fdw
