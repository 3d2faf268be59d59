#include "tables/hash/hash_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/key_table.h"
#include "tables/common/planning.h"
#include "tables/hash/hash_import.h"
#include "tables/hash/hash_row.h"
#include "tables/registry.h"

namespace redis_fdw {
namespace {

constexpr char kName[] = "hash";

class HashTableType : public TableType {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view layout() const override { return HashElements::Layout().layout; }
  const TableImporter* importer() const override { return HashImporter(); }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    if (def.row_per_key) {
      return BindKeyTable(def, HashRow::Layout(), true, [](Columns columns) {
        return std::make_unique<HashRow>(std::move(columns));
      });
    }
    return BindKeyTable(def, HashElements::Layout(), false, [](Columns columns) {
      return std::make_unique<HashElements>(std::move(columns));
    });
  }
};

REDIS_FDW_REGISTER_TABLE_TYPE(HashTableType);

}  // namespace

LayoutRules HashElements::Layout() {
  PartRule field{"field", {}};
  field.bound.identity = true;
  PartRule value{"value", {}};
  LayoutRules rules{kName, "(field, value)", {field, value}, false, true};
  rules.if_more = "With row_per 'key' a hash is one row, and each column a field.";
  return rules;
}

ScanPlan HashElements::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  if (PlanCount(request, &plan)) return plan;
  if (PlanLookup(request, kField, Semantics::kBytes, &plan)) return plan;
  PlanMatch(request, kField, &plan);
  return plan;
}

std::vector<std::string> HashElements::Describe(const ScanPlan& plan, const ScanOptions& options,
                                                absl::Span<const std::string> operand_names,
                                                absl::string_view key) const {
  if (plan.op == ScanOp::kCount) return {absl::StrCat("HLEN ", key)};
  if (plan.op != ScanOp::kLookup) {
    return {DescribeCollectionScan("HGETALL", "HSCAN", key, "", options,
                                   NarrowingText(plan, kField, "field", operand_names))};
  }
  return {absl::StrCat(SingleOperand(plan, kField) ? "HGET " : "HMGET ", key, " ",
                       EqualityText(plan, kField, operand_names))};
}

std::string HashElements::DescribeRow(absl::Span<const Cell> parts, int64_t) const {
  return parts[kField].is_null() ? "a field" : NameElement("field", parts[kField].bytes());
}

}  // namespace redis_fdw
