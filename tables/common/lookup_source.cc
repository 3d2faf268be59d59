#include "tables/common/lookup_source.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "tables/common/script.h"

namespace redis_fdw {
namespace {

// Bytes of operands in one command, beyond which the next begins.
constexpr size_t kMaxChunkBytes = 1 << 20;

class LookupSink : public StepSink {
 public:
  LookupSink(absl::Span<const absl::string_view> operands, const LookupCommands* commands,
             RowWriter* rows)
      : StepSink(rows), operands_(operands), commands_(commands) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 0) {
      bool is_array = element.type == ReplyType::kArray;
      bool many = operands_.size() > 1 || commands_->script != nullptr;
      if (is_array != many) return UnexpectedReply(commands_->one);
      if (!is_array) return Decode(0, element);
      if (element.integer != static_cast<int64_t>(operands_.size())) {
        return UnexpectedReply(commands_->many);
      }
      return absl::OkStatus();
    }
    if (element.depth != 1 || element.type == ReplyType::kArray) {
      return UnexpectedReply(commands_->many);
    }
    return Decode(static_cast<size_t>(element.index), element);
  }

 private:
  absl::Status Decode(size_t i, const ReplyElement& element) {
    return commands_->decode(operands_[i], element, rows());
  }

  absl::Span<const absl::string_view> operands_;
  const LookupCommands* commands_;
};

}  // namespace

LookupSource::LookupSource(absl::string_view key, std::vector<absl::string_view> operands,
                           size_t chunk, const LookupCommands* commands, RowWriter* rows)
    : key_(key),
      operands_(std::move(operands)),
      chunk_(std::max<size_t>(chunk, 1)),
      commands_(commands),
      rows_(rows) {}

size_t LookupSource::ChunkSize() const {
  size_t count = 0;
  size_t bytes = 0;
  while (next_ + count < operands_.size() && count < chunk_ && bytes < kMaxChunkBytes) {
    bytes += operands_[next_ + count].size();
    ++count;
  }
  return count;
}

absl::StatusOr<Step> LookupSource::Next(const ServerInfo& server) {
  single_ = commands_->has_many != nullptr && !commands_->has_many(server);
  size_t count = single_ ? 1 : ChunkSize();
  auto operands = absl::MakeConstSpan(operands_).subspan(next_, count);
  next_ += count;
  Command command(count == 1 ? commands_->one : commands_->many);
  if (commands_->script != nullptr) {
    command = ScriptCommand(commands_->script, key_);
  } else {
    command.Key(key_);
  }
  command.ReadOnly();
  for (absl::string_view operand : operands) command.Arg(operand);
  return Step{std::move(command), std::make_unique<LookupSink>(operands, commands_, rows_)};
}

}  // namespace redis_fdw
