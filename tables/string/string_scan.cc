// Reading strings.

#include "core/base/status.h"
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

ElementSourceFactory StringElements::Open(const ScanPlan&, const ScanOptions&) const {
  return [](absl::string_view key, absl::Span<const Cell>, RowWriter* rows) {
    return std::make_unique<FixedSource>(1, [key, rows](size_t) {
      Step step{Command("GET"), std::make_unique<ValueSink>(rows)};
      step.command.Key(key).ReadOnly();
      return step;
    });
  };
}

}  // namespace redis_fdw
