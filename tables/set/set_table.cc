#include "tables/set/set_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/collection_row.h"
#include "tables/common/element_source.h"
#include "tables/common/key_table.h"
#include "tables/common/planning.h"
#include "tables/registry.h"
#include "tables/set/set_import.h"

namespace redis_fdw {
namespace {

constexpr char kName[] = "set";
constexpr CollectionRowType kRow = {kName, "member", nullptr, "SMEMBERS", "SADD", true, true};

class SetTableType : public TableType {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view layout() const override { return SetElements::Layout().layout; }
  const TableImporter* importer() const override { return SetImporter(); }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    if (def.row_per_key) return BindCollectionRow(def, kRow);
    return BindKeyTable(def, SetElements::Layout(), false, [](Columns columns) {
      return std::make_unique<SetElements>(std::move(columns));
    });
  }
};

REDIS_FDW_REGISTER_TABLE_TYPE(SetTableType);

}  // namespace

LayoutRules SetElements::Layout() {
  PartRule member{"member", {}};
  member.bound.identity = true;
  return {kName, "(member)", {member}, false};
}

ScanPlan SetElements::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  if (PlanCount(request, &plan)) return plan;
  if (PlanLookup(request, kMember, Semantics::kBytes, &plan)) return plan;
  PlanMatch(request, kMember, &plan);
  return plan;
}

std::vector<std::string> SetElements::Describe(const ScanPlan& plan, const ScanOptions& options,
                                               absl::Span<const std::string> operand_names,
                                               absl::string_view key) const {
  if (plan.op == ScanOp::kCount) return {absl::StrCat("SCARD ", key)};
  if (plan.op != ScanOp::kLookup) {
    return {DescribeCollectionScan("SMEMBERS", "SSCAN", key, "", options,
                                   NarrowingText(plan, kMember, "member", operand_names))};
  }
  return {absl::StrCat(SingleOperand(plan, kMember) ? "SISMEMBER " : "SMISMEMBER ", key, " ",
                       EqualityText(plan, kMember, operand_names))};
}

std::string SetElements::DescribeRow(absl::Span<const Cell> parts, int64_t) const {
  return parts[kMember].is_null() ? "a member" : NameElement("member", parts[kMember].bytes());
}

}  // namespace redis_fdw
