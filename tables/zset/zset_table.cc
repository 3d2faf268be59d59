#include "tables/zset/zset_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/collection_row.h"
#include "tables/common/element_source.h"
#include "tables/common/key_table.h"
#include "tables/common/planning.h"
#include "tables/registry.h"
#include "tables/zset/zset_import.h"

namespace redis_fdw {
namespace {

constexpr char kName[] = "zset";
constexpr CollectionRowType kRow = {kName, "member", "score", "ZRANGE", "ZADD", false, true};

class ZsetTableType : public TableType {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view layout() const override { return ZsetElements::Layout().layout; }
  const TableImporter* importer() const override { return ZsetImporter(); }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    if (def.row_per_key) return BindCollectionRow(def, kRow);
    return BindKeyTable(def, ZsetElements::Layout(), false, [](Columns columns) {
      return std::make_unique<ZsetElements>(std::move(columns));
    });
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
    default:
      return Answer::kLocal;
  }
  return Answer::kLocal;
}

// One end of the range as EXPLAIN shows it.
std::string BoundText(const ScanPlan& plan, CompareOp exclusive, CompareOp inclusive,
                      absl::string_view unbounded, absl::Span<const std::string> operand_names) {
  std::string open = OperandText(plan, ZsetElements::kScore, {exclusive}, operand_names);
  std::string closed =
      OperandText(plan, ZsetElements::kScore, {inclusive, CompareOp::kEq}, operand_names);
  if (open.empty() && closed.empty()) return std::string(unbounded);
  if (open.empty()) return closed;
  return closed.empty() ? absl::StrCat("(", open) : absl::StrCat("(", open, " & ", closed);
}

}  // namespace

LayoutRules ZsetElements::Layout() {
  PartRule member{"member", {}};
  member.bound.identity = true;
  PartRule score{"score", {}};
  score.bound.kind = Cell::Kind::kDouble;
  score.types =
      TypeBit(ColumnType::kFloat) | TypeBit(ColumnType::kNumeric) | TypeBit(ColumnType::kInteger);
  score.types_hint = "double precision, numeric or an integer type";
  PartRule rank{"rank", {}};
  rank.bound.kind = Cell::Kind::kInt64;
  rank.bound.nullable = true;
  rank.bound.writable = false;
  rank.types = TypeBit(ColumnType::kInteger);
  rank.types_hint = "an integer type";
  rank.presence = PartRule::Presence::kByRole;
  return {kName, "(member, score)", {member, score, rank}, false};
}

ScanPlan ZsetElements::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  if (columns().has(kRank)) return plan;
  if (PlanLookup(request, kMember, Semantics::kBytes, &plan)) return plan;
  if (PlanRange(request, kScore, &AnswerScore, &plan)) plan.order.column = kScore;
  return plan;
}

std::vector<std::string> ZsetElements::Describe(const ScanPlan& plan, const ScanOptions& options,
                                                absl::Span<const std::string> operand_names,
                                                absl::string_view key) const {
  if (plan.op == ScanOp::kLookup) {
    return {absl::StrCat(SingleOperand(plan, kMember) ? "ZSCORE " : "ZMSCORE ", key, " ",
                         EqualityText(plan, kMember, operand_names))};
  }
  if (plan.op == ScanOp::kRange) {
    return {absl::StrCat(
        "ZRANGEBYSCORE ", key, " ",
        BoundText(plan, CompareOp::kGt, CompareOp::kGe, "-inf", operand_names), " ",
        BoundText(plan, CompareOp::kLt, CompareOp::kLe, "+inf", operand_names), " WITHSCORES")};
  }
  ScanOptions chosen = options;
  if (columns().has(kRank)) chosen.mode = ScanMode::kSnapshot;
  return {DescribeCollectionScan("ZRANGE", "ZSCAN", key, " 0 -1 WITHSCORES", chosen)};
}

std::string ZsetElements::DescribeRow(absl::Span<const Cell> parts, int64_t) const {
  return parts[kMember].is_null() ? "a member" : NameElement("member", parts[kMember].bytes());
}

}  // namespace redis_fdw
