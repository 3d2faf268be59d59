#include "tables/list/list_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/collection_row.h"
#include "tables/common/key_table.h"
#include "tables/common/planning.h"
#include "tables/list/list_import.h"
#include "tables/registry.h"

namespace redis_fdw {
namespace {

constexpr char kName[] = "list";
constexpr CollectionRowType kRow = {kName, "element", nullptr, "LRANGE", "RPUSH", false, false};

class ListTableType : public TableType {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view layout() const override { return ListElements::Layout().layout; }
  const TableImporter* importer() const override { return ListImporter(); }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    if (def.row_per_key) return BindCollectionRow(def, kRow);
    return BindKeyTable(def, ListElements::Layout(), false, [](Columns columns) {
      return std::make_unique<ListElements>(std::move(columns));
    });
  }
};

REDIS_FDW_REGISTER_TABLE_TYPE(ListTableType);

Answer AnswerIndex(Semantics semantics) {
  return semantics == Semantics::kInteger ? Answer::kExact : Answer::kLocal;
}

}  // namespace

LayoutRules ListElements::Layout() {
  PartRule index{"index", {}};
  index.bound.kind = Cell::Kind::kInt64;
  index.bound.identity = true;
  index.bound.nullable = true;  // an INSERT that leaves it to the list
  index.types = TypeBit(ColumnType::kInteger);
  index.types_hint = "an integer type";
  index.presence = PartRule::Presence::kLeading;
  PartRule element{"element", {}};
  element.bound.identity = true;
  return {kName, "(element) or (index, element)", {index, element}, false};
}

ScanPlan ListElements::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  if (has_index()) {
    ScanPlan range;
    bool has_range = PlanRange(request, kIndex, &AnswerIndex, &range);
    if (PlanLookup(request, kIndex, Semantics::kInteger, &plan)) {
      // Other comparisons take indexes away before anything is asked. PlanRange() has listed the
      // equalities among them a second time.
      for (const PlannedPredicate& planned : range.predicates) {
        if (planned.predicate.op != CompareOp::kEq) plan.predicates.push_back(planned);
      }
      return plan;
    }
    if (has_range) plan = range;
    plan.order.column = kIndex;
  }
  return plan;
}

std::vector<std::string> ListElements::Describe(const ScanPlan& plan, const ScanOptions&,
                                                absl::Span<const std::string> operand_names,
                                                absl::string_view key) const {
  switch (plan.op) {
    case ScanOp::kLookup:
      return {absl::StrCat("LINDEX ", key, " ", EqualityText(plan, kIndex, operand_names))};
    case ScanOp::kRange:
      return {absl::StrCat("LRANGE ", key, " START STOP")};
    default:
      return {absl::StrCat("LRANGE ", key, " 0 -1")};
  }
}

std::string ListElements::DescribeRow(absl::Span<const Cell> parts, int64_t row_number) const {
  if (!parts[kIndex].is_null()) row_number = parts[kIndex].int64();
  return row_number < 0 ? "an element" : absl::StrCat("index ", row_number);
}

}  // namespace redis_fdw
