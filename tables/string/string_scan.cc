// Reading strings.

#include "core/base/status.h"
#include "tables/common/scan_driver.h"
#include "tables/string/string_table.h"

namespace redis_fdw {
namespace {

class ValueSink : public StepSink {
 public:
  using StepSink::StepSink;

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.type == ReplyType::kNil) return absl::OkStatus();  // no such key
    if (element.depth != 0 || element.type != ReplyType::kBulk) return UnexpectedReply("GET");
    Cell value = Cell::Bytes(element.bytes);
    rows()->Write(absl::MakeConstSpan(&value, 1));
    return absl::OkStatus();
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<Scan>> StringTable::OpenScan(const ScanPlan& plan,
                                                            const ScanOptions&,
                                                            Pipeline* pipeline) const {
  auto get = [this](absl::Span<const Cell>, RowWriter* rows) -> std::unique_ptr<StepSource> {
    return std::make_unique<FixedSource>(1, [this, rows](size_t) {
      Step step{Command("GET"), std::make_unique<ValueSink>(rows)};
      step.command.Key(key()).ReadOnly();
      return step;
    });
  };
  return NewDrivenScan(*this, plan, get, pipeline);
}

}  // namespace redis_fdw
