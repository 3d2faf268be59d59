#include "tables/common/write_builder.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/key_ttl.h"

namespace redis_fdw {
namespace {

absl::Status AlreadyThere() {
  return MakeError(ErrorKind::kUniqueViolation, "an element of that name is already there");
}

constexpr char kTypedUnlinkScript[] = R"lua(
return other(KEYS[1], ARGV[1]) or redis.call('UNLINK', KEYS[1])
)lua";

absl::Status NothingLeft() {
  return MakeError(ErrorKind::kNullNotAllowed, "the update would leave no field that is not null",
                   "To remove the row, delete it.", "Redis keeps no key without content.");
}

absl::Status TooManyForTtl(const Command& command) {
  return MakeError(ErrorKind::kUnsupported,
                   absl::StrCat("a row of ", command.size(), " arguments of ", command.name(),
                                " cannot be written and given a TTL in one step"),
                   "Leave option \"ttl\" out, or write fewer fields.",
                   absl::StrCat("A script of Redis can run commands of at most some ",
                                kMostScriptArguments, " arguments."));
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

bool IsChanged(const WriteOp& op, int part) {
  return op.changed.empty() || op.changed[static_cast<size_t>(part)];
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
    if (run.ttl.kind != TtlChange::Kind::kKeep && !grouping.sets_ttl) {
      if (write.command.size() > kMostScriptArguments) {
        return AtRow(TooManyForTtl(write.command), write.first_op);
      }
      bool if_applied = run.conflict != ConflictPolicy::kOverwrite;
      write.command = WithTtl(write.command, run.ttl, if_applied);
    }
    write.explain = grouping.explain;
    out->push_back(std::move(write));
  }
  return absl::OkStatus();
}

absl::Status AppendTypedUnlinks(const WriteRun& run, absl::string_view type,
                                std::vector<PlannedWrite>* out) {
  static const std::string* const script =
      new std::string(absl::StrCat(kTypeLua, kTypedUnlinkScript));
  WriteGrouping grouping;
  grouping.max_ops = 1;
  grouping.interpret = &InterpretCount;
  grouping.sets_ttl = true;
  auto append = [type](const WriteOp&, Command* command) {
    command->Arg(type);
    return absl::OkStatus();
  };
  return AppendCommands(run, ScriptCommand(*script, run.key), grouping, append, out);
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
  if (element.depth == 0 && element.type == ReplyType::kArray) return absl::OkStatus();
  size_t op = element.depth == 0 ? 0 : static_cast<size_t>(element.index);
  if (element.type != ReplyType::kInteger || element.index < 0 || op >= results.size()) {
    return MakeError(ErrorKind::kProtocol, "a script replied with something else than it returns");
  }
  if (element.integer == -2) return AtRow(NothingLeft(), op);
  if (element.integer < 0) return AtRow(Taken(), op);
  results[op].applied = element.integer > 0;
  return absl::OkStatus();
}

}  // namespace redis_fdw
