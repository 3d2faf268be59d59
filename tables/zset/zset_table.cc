#include "tables/zset/zset_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/planning.h"
#include "tables/registry.h"

namespace redis_fdw {
namespace {

constexpr char kName[] = "zset";
constexpr char kLayout[] = "(member, score)";

std::vector<ColumnRule> Rules() {
  ColumnRule member{"member", {}};
  member.bound.identity = true;
  ColumnRule score{"score", {}};
  score.bound.kind = Cell::Kind::kDouble;
  score.types =
      TypeBit(ColumnType::kFloat) | TypeBit(ColumnType::kNumeric) | TypeBit(ColumnType::kInteger);
  score.types_hint = "double precision, numeric or an integer type";
  return {member, score};
}

class ZsetTableType : public TableType {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view layout() const override { return kLayout; }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    RETURN_IF_ERROR(CheckLayout(def, kName, kLayout, Rules()));
    return std::unique_ptr<const Table>(std::make_unique<ZsetTable>(def));
  }
};

REDIS_FDW_REGISTER_TABLE_TYPE(ZsetTableType);

// Doubles compare in Redis as in PostgreSQL. Where the column shows integers, a score between two
// of them is in the range, and it is PostgreSQL's to say what becomes of it.
Answer AnswerScore(Semantics semantics) {
  switch (semantics) {
    case Semantics::kDouble:
      return Answer::kExact;
    case Semantics::kInteger:
      return Answer::kSuperset;
    case Semantics::kBytes:
      return Answer::kLocal;
  }
  return Answer::kLocal;
}

// One end of the range as EXPLAIN shows it.
std::string BoundText(const ScanPlan& plan, CompareOp exclusive, CompareOp inclusive,
                      absl::string_view unbounded, absl::Span<const std::string> operand_names) {
  std::string open = OperandText(plan, ZsetTable::kScore, {exclusive}, operand_names);
  std::string closed =
      OperandText(plan, ZsetTable::kScore, {inclusive, CompareOp::kEq}, operand_names);
  if (open.empty() && closed.empty()) return std::string(unbounded);
  if (open.empty()) return closed;
  return closed.empty() ? absl::StrCat("(", open) : absl::StrCat("(", open, " & ", closed);
}

}  // namespace

ZsetTable::ZsetTable(const TableDef& def) : SingleKeyTable(def, BoundColumnsOf(Rules())) {}

ScanPlan ZsetTable::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  if (PlanLookup(request, kMember, Semantics::kBytes, &plan)) return plan;
  if (PlanRange(request, kScore, &AnswerScore, &plan)) plan.order.column = kScore;
  return plan;
}

std::vector<std::string> ZsetTable::Describe(const ScanPlan& plan, const ScanOptions& options,
                                             absl::Span<const std::string> operand_names) const {
  const std::string name = QuoteArgument(key());
  if (plan.op == ScanOp::kLookup) {
    return {absl::StrCat(SingleOperand(plan, kMember) ? "ZSCORE " : "ZMSCORE ", name, " ",
                         EqualityText(plan, kMember, operand_names))};
  }
  if (plan.op == ScanOp::kRange) {
    return {absl::StrCat(
        "ZRANGEBYSCORE ", name, " ",
        BoundText(plan, CompareOp::kGt, CompareOp::kGe, "-inf", operand_names), " ",
        BoundText(plan, CompareOp::kLt, CompareOp::kLe, "+inf", operand_names), " WITHSCORES")};
  }
  return {DescribeCollectionScan(ScanCommands(), key(), options)};
}

std::string ZsetTable::DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                                   int64_t) const {
  const Cell* member = FindCell(output, row, kMember);
  return member == nullptr ? "a member" : NameElement("member", member->bytes());
}

}  // namespace redis_fdw
