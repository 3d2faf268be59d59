#include "tables/hash/hash_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/planning.h"
#include "tables/registry.h"

namespace redis_fdw {
namespace {

constexpr char kName[] = "hash";
constexpr char kLayout[] = "(field, value)";

std::vector<ColumnRule> Rules() {
  ColumnRule field{"field", {}};
  field.bound.identity = true;
  ColumnRule value{"value", {}};
  return {field, value};
}

class HashTableType : public TableType {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view layout() const override { return kLayout; }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    RETURN_IF_ERROR(CheckLayout(def, kName, kLayout, Rules()));
    return std::unique_ptr<const Table>(std::make_unique<HashTable>(def));
  }
};

REDIS_FDW_REGISTER_TABLE_TYPE(HashTableType);

}  // namespace

HashTable::HashTable(const TableDef& def) : SingleKeyTable(def, BoundColumnsOf(Rules())) {}

ScanPlan HashTable::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  PlanLookup(request, kField, Semantics::kBytes, &plan);
  return plan;
}

std::vector<std::string> HashTable::Describe(const ScanPlan& plan, const ScanOptions& options,
                                             absl::Span<const std::string> operand_names) const {
  if (plan.op != ScanOp::kLookup) {
    return {DescribeCollectionScan(ScanCommands(), key(), options)};
  }
  return {absl::StrCat(SingleOperand(plan, kField) ? "HGET " : "HMGET ", QuoteArgument(key()), " ",
                       EqualityText(plan, kField, operand_names))};
}

std::string HashTable::DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                                   int64_t) const {
  const Cell* field = FindCell(output, row, kField);
  return field == nullptr ? "a field" : NameElement("field", field->bytes());
}

}  // namespace redis_fdw
