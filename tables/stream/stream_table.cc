#include "tables/stream/stream_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "pushdown/stream_id.h"
#include "tables/common/key_table.h"
#include "tables/common/planning.h"
#include "tables/registry.h"
#include "tables/stream/stream_import.h"

namespace redis_fdw {
namespace {

constexpr char kName[] = "stream";

class StreamTableType : public TableType {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view layout() const override { return StreamElements::Layout().layout; }
  const TableImporter* importer() const override { return StreamImporter(); }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    RETURN_IF_ERROR(RequireRowPerElement(def, kName));
    return BindKeyTable(def, StreamElements::Layout(), false, [](Columns columns) {
      return std::make_unique<StreamElements>(std::move(columns));
    });
  }
};

REDIS_FDW_REGISTER_TABLE_TYPE(StreamTableType);

}  // namespace

LayoutRules StreamElements::Layout() {
  PartRule id{"stream_id", {}};
  id.bound.identity = true;
  id.bound.nullable = true;  // an INSERT that leaves it to Redis
  id.types =
      TypeBit(ColumnType::kStreamId) | TypeBit(ColumnType::kText) | TypeBit(ColumnType::kBinary);
  id.types_hint = "redis_stream_id or text";
  return {kName, "(stream_id, ...), each further column being the field of its name", {id}, true};
}

StreamElements::StreamElements(Columns columns) : Elements(std::move(columns)) {
  const Columns& map = this->columns();
  for (size_t part = map.first_field; part < map.parts(); ++part) {
    if (static_cast<int>(part) == map.rest_part) continue;
    parts_by_field_[map.fields[part]] = static_cast<int>(part);
  }
}

absl::Status StreamElements::CanWrite(WriteKind kind) const {
  if (kind != WriteKind::kUpdate) return absl::OkStatus();
  return MakeError(ErrorKind::kUnsupported,
                   absl::StrCat("foreign table \"", columns().table,
                                "\" cannot be updated: entries of a Redis stream never change"),
                   "Delete the entry and insert another.");
}

std::string StreamElements::Advice() const {
  if (columns().type_of(kId) != ColumnType::kText) return "";
  return absl::StrCat(NamePart(kId),
                      " sorts ids as text; as redis_stream_id it would sort as Redis does");
}

namespace {

bool IsTextComparison(const Predicate& predicate) {
  return predicate.semantics == Semantics::kBytes || predicate.semantics == Semantics::kText;
}

// What a range is made of.
bool BoundsIds(const Predicate& predicate) {
  return predicate.op == CompareOp::kLt || predicate.op == CompareOp::kLe ||
         predicate.op == CompareOp::kGt || predicate.op == CompareOp::kGe ||
         (predicate.op == CompareOp::kEq && predicate.semantics == Semantics::kStreamId);
}

Answer AnswerId(Semantics semantics) {
  switch (semantics) {
    case Semantics::kStreamId:
      return Answer::kExact;
    case Semantics::kBytes:
    case Semantics::kText:
      return Answer::kSuperset;
    case Semantics::kInteger:
    case Semantics::kDouble:
    case Semantics::kNumeric:
      return Answer::kLocal;
  }
  return Answer::kLocal;
}

// A range of the ids that are asked for; the whole stream if there is no such predicate.
ScanPlan PlanIds(const ScanRequest& request, int column) {
  ScanRequest bounds = request;
  bounds.predicates.clear();
  bounds.stats.clear();
  for (size_t i = 0; i < request.predicates.size(); ++i) {
    if (!BoundsIds(request.predicates[i])) continue;
    bounds.predicates.push_back(request.predicates[i]);
    bounds.stats.push_back(request.StatsOf(i));
  }
  ScanPlan plan = PlanScan(request);
  PlanRange(bounds, column, &AnswerId, &plan);
  return plan;
}

// What it costs more, for a row, to sort within groups.
constexpr double kGroupedCost = 1.1;

}  // namespace

bool StreamElements::AsksForDigits(const ScanPlan& plan) {
  if (plan.order.column == kId && plan.order.grouped) return true;
  for (const PlannedPredicate& planned : plan.predicates) {
    if (planned.predicate.column == kId && IsTextComparison(planned.predicate)) return true;
  }
  return false;
}

ScanPlan StreamElements::Plan(const ScanRequest& request) const {
  ScanPlan plan;
  if (PlanCount(request, &plan)) return plan;
  if (PlanLookup(request, kId, Semantics::kBytes, &plan)) {
    if (request.order.column == kId && SingleOperand(plan, kId)) plan.order = request.order;
    return plan;
  }
  plan = PlanIds(request, kId);
  if (request.order.column == kId) {
    plan.order = request.order;
    plan.order.grouped = IdsAreText();
    if (plan.order.grouped) plan.cost.per_row *= kGroupedCost;
  }
  if (AsksForDigits(plan)) plan.cost.startup += request.round_trip_cost;
  // Then no more pages than that are asked for.
  const bool limited =
      request.rows_wanted >= 0 && DecidesAll(request, plan) && plan.order == request.order;
  if (limited) plan.cost.rows = std::min(plan.cost.rows, request.rows_wanted);
  return plan;
}

namespace {

// An end of a range, as Redis would take it, with ms() for the whole millisecond of a text's.
std::string EndText(const ScanPlan& plan, int column, CompareOp exclusive, CompareOp inclusive,
                    absl::string_view open, absl::Span<const std::string> operand_names) {
  std::vector<std::string> ends;
  for (const PlannedPredicate& planned : plan.predicates) {
    const Predicate& predicate = planned.predicate;
    if (predicate.column != column) continue;
    const std::string& name = operand_names[static_cast<size_t>(predicate.operand)];
    if (predicate.op != exclusive && predicate.op != inclusive && predicate.op != CompareOp::kEq) {
      continue;
    }
    if (IsTextComparison(predicate)) {
      ends.push_back(absl::StrCat("ms(", name, ")"));
    } else {
      ends.push_back(absl::StrCat(predicate.op == exclusive ? "(" : "", name));
    }
  }
  return ends.empty() ? std::string(open) : absl::StrJoin(ends, " & ");
}

}  // namespace

std::vector<std::string> StreamElements::Describe(const ScanPlan& plan, const ScanOptions& options,
                                                  absl::Span<const std::string> operand_names,
                                                  absl::string_view key) const {
  if (plan.op == ScanOp::kLookup) {
    std::string id = EqualityText(plan, kId, operand_names);
    return {absl::StrCat("XRANGE ", key, " ", id, " ", id)};
  }
  if (plan.op == ScanOp::kCount) return {absl::StrCat("XLEN ", key)};
  const std::string low = EndText(plan, kId, CompareOp::kGt, CompareOp::kGe, "-", operand_names);
  const std::string high = EndText(plan, kId, CompareOp::kLt, CompareOp::kLe, "+", operand_names);
  int64_t count = options.fetch_size;
  if (plan.limit >= 0 && plan.offset_operand < 0) count = std::min(count, plan.limit);
  std::vector<std::string> lines;
  if (AsksForDigits(plan)) {
    lines.push_back(absl::StrCat("XRANGE ", key, " - + COUNT 1"));
    lines.push_back(absl::StrCat("XREVRANGE ", key, " + - COUNT 1"));
  }
  lines.push_back(plan.order.descending
                      ? absl::StrCat("XREVRANGE ", key, " ", high, " ", low, " COUNT ", count)
                      : absl::StrCat("XRANGE ", key, " ", low, " ", high, " COUNT ", count));
  return lines;
}

bool StreamElements::MayExist(int part, const Cell& identity) const {
  StreamId id;
  return part != kId || ParseStreamId(identity.bytes(), &id);
}

std::string StreamElements::DescribeRow(absl::Span<const Cell> parts, int64_t) const {
  return parts[kId].is_null() ? "an entry" : absl::StrCat("entry ", parts[kId].bytes());
}

}  // namespace redis_fdw
