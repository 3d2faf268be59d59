#include "tables/stream/stream_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
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
  id.types = TypeBit(ColumnType::kText) | TypeBit(ColumnType::kBinary);
  id.types_hint = "text";
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

ScanPlan StreamElements::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  PlanLookup(request, kId, Semantics::kBytes, &plan);
  return plan;
}

std::vector<std::string> StreamElements::Describe(const ScanPlan& plan, const ScanOptions& options,
                                                  absl::Span<const std::string> operand_names,
                                                  absl::string_view key) const {
  if (plan.op == ScanOp::kLookup) {
    std::string id = EqualityText(plan, kId, operand_names);
    return {absl::StrCat("XRANGE ", key, " ", id, " ", id)};
  }
  return {absl::StrCat("XRANGE ", key, " - + COUNT ", options.fetch_size)};
}

bool StreamElements::MayExist(int part, const Cell& identity) const {
  StreamId id;
  return part != kId || ParseStreamId(identity.bytes(), &id);
}

std::string StreamElements::DescribeRow(absl::Span<const Cell> parts, int64_t) const {
  return parts[kId].is_null() ? "an entry" : absl::StrCat("entry ", parts[kId].bytes());
}

}  // namespace redis_fdw
