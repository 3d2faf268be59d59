// Writing strings.

#include "core/base/status.h"
#include "tables/common/write_builder.h"
#include "tables/string/string_table.h"

namespace redis_fdw {
namespace {

constexpr size_t kOneEach = 1;

}  // namespace

absl::Status StringTable::BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  grouping.max_ops = kOneEach;
  if (run.conflict == ConflictPolicy::kIgnore) grouping.interpret = &InterpretNil;
  if (run.conflict == ConflictPolicy::kError) grouping.interpret = &InterpretNilOrExists;
  Command start("SET");
  start.Key(key());
  auto append = [this, &run](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireValue(op.new_cells, kValue));
    command->Arg(op.new_cells[kValue].bytes());
    if (run.conflict != ConflictPolicy::kOverwrite) command->Arg("NX");
    return absl::OkStatus();
  };
  return AppendCommands(run, start, grouping, append, out);
}

absl::Status StringTable::BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  grouping.max_ops = kOneEach;
  grouping.interpret = &InterpretNil;
  Command start("SET");
  start.Key(key());
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireValue(op.new_cells, kValue));
    command->Arg(op.new_cells[kValue].bytes()).Arg("XX").Arg("KEEPTTL");
    return absl::OkStatus();
  };
  return AppendCommands(run, start, grouping, append, out);
}

absl::Status StringTable::BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  grouping.max_ops = kOneEach;
  grouping.interpret = &InterpretCount;
  Command start("UNLINK");
  start.Key(key());
  auto nothing_more = [](const WriteOp&, Command*) { return absl::OkStatus(); };
  return AppendCommands(run, start, grouping, nothing_more, out);
}

}  // namespace redis_fdw
