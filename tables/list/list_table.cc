#include "tables/list/list_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/planning.h"
#include "tables/registry.h"

namespace redis_fdw {
namespace {

constexpr char kName[] = "list";
constexpr char kLayout[] = "(element) or (index, element)";

std::vector<ColumnRule> Rules(bool has_index) {
  ColumnRule element{"element", {}};
  element.bound.identity = true;
  if (!has_index) return {element};
  ColumnRule index{"index", {}};
  index.bound.kind = Cell::Kind::kInt64;
  index.bound.identity = true;
  index.bound.nullable = true;  // an INSERT that leaves it to the list
  index.types = TypeBit(ColumnType::kInteger);
  index.types_hint = "an integer type";
  return {index, element};
}

class ListTableType : public TableType {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view layout() const override { return kLayout; }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    bool has_index = def.columns.size() == 2;
    RETURN_IF_ERROR(CheckLayout(def, kName, kLayout, Rules(has_index)));
    return std::unique_ptr<const Table>(std::make_unique<ListTable>(def, has_index));
  }
};

REDIS_FDW_REGISTER_TABLE_TYPE(ListTableType);

Answer AnswerIndex(Semantics semantics) {
  return semantics == Semantics::kInteger ? Answer::kExact : Answer::kLocal;
}

}  // namespace

ListTable::ListTable(const TableDef& def, bool has_index)
    : SingleKeyTable(def, BoundColumnsOf(Rules(has_index))), has_index_(has_index) {}

ScanPlan ListTable::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  if (has_index_) {
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

std::vector<std::string> ListTable::Describe(const ScanPlan& plan, const ScanOptions&,
                                             absl::Span<const std::string> operand_names) const {
  const std::string name = QuoteArgument(key());
  switch (plan.op) {
    case ScanOp::kLookup:
      return {absl::StrCat("LINDEX ", name, " ", EqualityText(plan, kIndex, operand_names))};
    case ScanOp::kRange:
      return {absl::StrCat("LRANGE ", name, " START STOP")};
    default:
      return {absl::StrCat("LRANGE ", name, " 0 -1")};
  }
}

std::string ListTable::DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                                   int64_t row_number) const {
  const Cell* index = has_index_ ? FindCell(output, row, kIndex) : nullptr;
  if (index != nullptr) row_number = index->int64();
  return row_number < 0 ? "an element" : absl::StrCat("index ", row_number);
}

}  // namespace redis_fdw
