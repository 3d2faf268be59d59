// A toy: the table type "counter", (value), an integer in a Redis string. It shows that a table
// type is one folder and one line in a BUILD file: nothing outside of this folder knows it, and the
// conformance suite finds it in the registry like the others.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/elements.h"
#include "tables/common/key_table.h"
#include "tables/common/planning.h"
#include "tables/common/step_source.h"
#include "tables/common/write_builder.h"
#include "tables/registry.h"

namespace redis_fdw::test {
namespace {

constexpr char kName[] = "counter";
class CounterSink : public StepSink {
 public:
  using StepSink::StepSink;
  absl::Status OnElement(const ReplyElement& element) override {
    if (element.type == ReplyType::kNil) return absl::OkStatus();
    int64_t value = 0;
    if (!absl::SimpleAtoi(element.bytes, &value)) return UnexpectedReply("GET");
    Cell cell = Cell::Int64(value);
    rows()->Write(absl::MakeConstSpan(&cell, 1));
    return absl::OkStatus();
  }
};

class Counter : public Elements {
 public:
  explicit Counter(Columns columns) : Elements(std::move(columns)) {}
  static LayoutRules Layout() {
    PartRule value{"value", {}};
    value.bound.kind = Cell::Kind::kInt64;
    value.types = TypeBit(ColumnType::kInteger);
    value.types_hint = "an integer type";
    return {kName, "(value)", {value}, false};
  }

  absl::string_view redis_type() const override { return "string"; }
  bool row_is_key() const override { return true; }
  absl::Status CanWrite(WriteKind kind) const override {
    if (kind != WriteKind::kUpdate) return absl::OkStatus();
    return MakeError(ErrorKind::kUnsupported, "a counter cannot be updated");
  }
  ScanPlan Plan(const ScanRequest& request) const override { return PlanScan(request); }
  std::vector<std::string> Describe(const ScanPlan&, const ScanOptions&,
                                    absl::Span<const std::string>,
                                    absl::string_view key) const override {
    return {absl::StrCat("GET ", key)};
  }
  ElementSourceFactory Open(const ScanPlan&, const ScanOptions&) const override {
    return [](absl::string_view key, absl::Span<const Cell>, RowWriter* rows) {
      return std::make_unique<FixedSource>(1, [key, rows](size_t) {
        Step step{Command("GET"), std::make_unique<CounterSink>(rows)};
        step.command.Key(key).ReadOnly();
        return step;
      });
    };
  }
  std::string DescribeWrite(WriteKind kind, ConflictPolicy, absl::string_view key) const override {
    return absl::StrCat(kind == WriteKind::kInsert ? "SET " : "EVAL (UNLINK) ", key);
  }
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override {
    WriteGrouping grouping;
    grouping.max_ops = 1;
    Command start("SET");
    start.Key(run.key);
    auto append = [this](const WriteOp& op, Command* command) {
      RETURN_IF_ERROR(RequireValue(op.new_cells, 0));
      command->ArgInt(op.new_cells[0].int64());
      return absl::OkStatus();
    };
    return AppendCommands(run, start, grouping, append, out);
  }
  absl::Status BuildUpdates(const WriteRun&, std::vector<PlannedWrite>*) const override {
    return CanWrite(WriteKind::kUpdate);
  }
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override {
    return AppendTypedUnlinks(run, redis_type(), out);
  }
  std::string DescribeRow(absl::Span<const Cell>, int64_t) const override { return "the counter"; }
};

class CounterTableType : public TableType {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view layout() const override { return Counter::Layout().layout; }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    return BindKeyTable(def, Counter::Layout(), true, [](Columns columns) {
      return std::make_unique<Counter>(std::move(columns));
    });
  }
};

REDIS_FDW_REGISTER_TABLE_TYPE(CounterTableType);

}  // namespace
}  // namespace redis_fdw::test
