#include "tables/string/string_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/planning.h"
#include "tables/registry.h"

namespace redis_fdw {
namespace {

constexpr char kName[] = "string";
constexpr char kLayout[] = "(value)";

std::vector<ColumnRule> Rules() { return {ColumnRule{"value", {}}}; }

class StringTableType : public TableType {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view layout() const override { return kLayout; }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    RETURN_IF_ERROR(CheckLayout(def, kName, kLayout, Rules()));
    return std::unique_ptr<const Table>(std::make_unique<StringTable>(def));
  }
};

REDIS_FDW_REGISTER_TABLE_TYPE(StringTableType);

}  // namespace

StringTable::StringTable(const TableDef& def) : SingleKeyTable(def, BoundColumnsOf(Rules())) {}

ScanPlan StringTable::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  plan.cost.rows = 1;  // whatever the estimate says
  return plan;
}

std::vector<std::string> StringTable::Describe(const ScanPlan&, const ScanOptions&,
                                               absl::Span<const std::string>) const {
  return {absl::StrCat("GET ", QuoteArgument(key()))};
}

std::string StringTable::DescribeRow(const OutputShape&, absl::Span<const Cell>, int64_t) const {
  return "the value";
}

}  // namespace redis_fdw
