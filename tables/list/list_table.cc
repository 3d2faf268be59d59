#include "tables/list/list_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/collection_row.h"
#include "tables/common/key_table.h"
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

std::string ListElements::DescribeRow(absl::Span<const Cell> parts, int64_t row_number) const {
  if (!parts[kIndex].is_null()) row_number = parts[kIndex].int64();
  return row_number < 0 ? "an element" : absl::StrCat("index ", row_number);
}

}  // namespace redis_fdw
