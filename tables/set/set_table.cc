#include "tables/set/set_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/planning.h"
#include "tables/registry.h"

namespace redis_fdw {
namespace {

constexpr char kName[] = "set";
constexpr char kLayout[] = "(member)";

std::vector<ColumnRule> Rules() {
  ColumnRule member{"member", {}};
  member.bound.identity = true;
  return {member};
}

class SetTableType : public TableType {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view layout() const override { return kLayout; }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    RETURN_IF_ERROR(CheckLayout(def, kName, kLayout, Rules()));
    return std::unique_ptr<const Table>(std::make_unique<SetTable>(def));
  }
};

REDIS_FDW_REGISTER_TABLE_TYPE(SetTableType);

}  // namespace

SetTable::SetTable(const TableDef& def) : SingleKeyTable(def, BoundColumnsOf(Rules())) {}

ScanPlan SetTable::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  PlanLookup(request, kMember, Semantics::kBytes, &plan);
  return plan;
}

std::vector<std::string> SetTable::Describe(const ScanPlan& plan, const ScanOptions& options,
                                            absl::Span<const std::string> operand_names) const {
  if (plan.op != ScanOp::kLookup) {
    return {DescribeCollectionScan(ScanCommands(), key(), options)};
  }
  return {absl::StrCat(SingleOperand(plan, kMember) ? "SISMEMBER " : "SMISMEMBER ",
                       QuoteArgument(key()), " ", EqualityText(plan, kMember, operand_names))};
}

std::string SetTable::DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                                  int64_t) const {
  const Cell* member = FindCell(output, row, kMember);
  return member == nullptr ? "a member" : NameElement("member", member->bytes());
}

}  // namespace redis_fdw
