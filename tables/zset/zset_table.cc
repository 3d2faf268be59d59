#include "tables/zset/zset_table.h"

#include "core/base/status.h"
#include "tables/common/collection_row.h"
#include "tables/common/key_table.h"
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

std::string ZsetElements::DescribeRow(absl::Span<const Cell> parts, int64_t) const {
  return parts[kMember].is_null() ? "a member" : NameElement("member", parts[kMember].bytes());
}

}  // namespace redis_fdw
