#include "tables/string/string_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/key_table.h"
#include "tables/common/planning.h"
#include "tables/registry.h"
#include "tables/string/string_import.h"

namespace redis_fdw {
namespace {

constexpr char kName[] = "string";

// A row is a key whatever option row_per says.
class StringTableType : public TableType {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view layout() const override { return StringElements::Layout().layout; }
  const TableImporter* importer() const override { return StringImporter(); }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    return BindKeyTable(def, StringElements::Layout(), true, [](Columns columns) {
      return std::make_unique<StringElements>(std::move(columns));
    });
  }
};

REDIS_FDW_REGISTER_TABLE_TYPE(StringTableType);

}  // namespace

LayoutRules StringElements::Layout() {
  PartRule value{"value", {}};
  return {kName, "(value)", {value}, false};
}

ScanPlan StringElements::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  plan.cost.rows = 1;  // whatever the estimate says
  return plan;
}

std::vector<std::string> StringElements::Describe(const ScanPlan&, const ScanOptions&,
                                                  absl::Span<const std::string>,
                                                  absl::string_view key) const {
  return {absl::StrCat("GET ", key)};
}

std::string StringElements::DescribeRow(absl::Span<const Cell>, int64_t) const {
  return "the value";
}

}  // namespace redis_fdw
