#include "tables/common/write_builder.h"

#include "core/base/status.h"

namespace redis_fdw {
namespace {

absl::Status AlreadyThere() {
  return MakeError(ErrorKind::kUniqueViolation, "an element of that name is already there");
}

absl::Status Taken() {
  return MakeError(ErrorKind::kUniqueViolation,
                   "an element cannot be renamed: one of the new name is already there");
}

}  // namespace

WriteGrouping CountedGrouping(const WriteRun& run) {
  WriteGrouping grouping;
  if (run.want_results) {
    grouping.max_ops = 1;
    grouping.interpret = &InterpretCount;
  }
  return grouping;
}

bool IsChanged(const WriteOp& op, size_t column) {
  return op.changed.empty() || op.changed[column];
}

absl::Status AppendCommands(const WriteRun& run, const Command& start,
                            const WriteGrouping& grouping, AppendOp append,
                            std::vector<PlannedWrite>* out) {
  for (size_t i = 0; i < run.ops.size();) {
    PlannedWrite write{start, run.first + i, 0, grouping.interpret};
    while (i < run.ops.size() && write.op_count < grouping.max_ops &&
           write.command.payload() < grouping.max_bytes) {
      RETURN_IF_ERROR(AtRow(append(run.ops[i], &write.command), run.first + i));
      ++write.op_count;
      ++i;
    }
    out->push_back(std::move(write));
  }
  return absl::OkStatus();
}

Command ScriptCommand(absl::string_view script, absl::string_view key) {
  Command command("EVAL");
  command.Arg(script).ArgInt(1).Key(key);
  return command;
}

absl::Status InterpretCount(const ReplyElement& element, absl::Span<WriteResult> results) {
  results[0].applied = element.type == ReplyType::kInteger && element.integer > 0;
  return absl::OkStatus();
}

absl::Status InterpretCountOrExists(const ReplyElement& element, absl::Span<WriteResult> results) {
  RETURN_IF_ERROR(InterpretCount(element, results));
  return results[0].applied ? absl::OkStatus() : AlreadyThere();
}

absl::Status InterpretNil(const ReplyElement& element, absl::Span<WriteResult> results) {
  results[0].applied = element.type != ReplyType::kNil;
  return absl::OkStatus();
}

absl::Status InterpretNilOrExists(const ReplyElement& element, absl::Span<WriteResult> results) {
  RETURN_IF_ERROR(InterpretNil(element, results));
  return results[0].applied ? absl::OkStatus() : AlreadyThere();
}

absl::Status InterpretEach(const ReplyElement& element, absl::Span<WriteResult> results) {
  if (element.depth == 0) return absl::OkStatus();
  if (element.type != ReplyType::kInteger || element.index < 0 ||
      static_cast<size_t>(element.index) >= results.size()) {
    return MakeError(ErrorKind::kProtocol, "a script replied with something else than it returns");
  }
  if (element.integer < 0) return Taken();
  results[static_cast<size_t>(element.index)].applied = element.integer > 0;
  return absl::OkStatus();
}

}  // namespace redis_fdw
