// Writing sets.

#include "core/base/status.h"
#include "tables/common/write_builder.h"
#include "tables/set/set_table.h"

namespace redis_fdw {
namespace {

// Two arguments an op: old member, new member.
constexpr char kRenameScript[] = R"lua(
local done = {}
for i = 1, #ARGV, 2 do
  local old, new = ARGV[i], ARGV[i + 1]
  local there = redis.pcall('SISMEMBER', KEYS[1], old)
  if type(there) == 'table' then return there end
  if there == 1 and old ~= new then
    if redis.call('SADD', KEYS[1], new) == 0 then
      done[#done + 1] = -1
      return done
    end
    redis.call('SREM', KEYS[1], old)
  end
  done[#done + 1] = there
end
return done
)lua";

}  // namespace

absl::Status SetTable::BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  if (run.conflict == ConflictPolicy::kIgnore) grouping = CountedGrouping(run);
  if (run.conflict == ConflictPolicy::kError) {
    grouping.max_ops = 1;
    grouping.interpret = &InterpretCountOrExists;
  }
  Command start("SADD");
  start.Key(key());
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireValue(op.new_cells, kMember));
    command->Arg(op.new_cells[kMember].bytes());
    return absl::OkStatus();
  };
  return AppendCommands(run, start, grouping, append, out);
}

absl::Status SetTable::BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  grouping.interpret = &InterpretEach;
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireIdentity(op, 0));
    bool rename = IsChanged(op, kMember);
    if (rename) RETURN_IF_ERROR(RequireValue(op.new_cells, kMember));
    absl::string_view member = op.old.cells[0].bytes();
    command->Arg(member).Arg(rename ? op.new_cells[kMember].bytes() : member);
    return absl::OkStatus();
  };
  return AppendCommands(run, ScriptCommand(kRenameScript, key()), grouping, append, out);
}

absl::Status SetTable::BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  Command start("SREM");
  start.Key(key());
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireIdentity(op, 0));
    command->Arg(op.old.cells[0].bytes());
    return absl::OkStatus();
  };
  return AppendCommands(run, start, CountedGrouping(run), append, out);
}

}  // namespace redis_fdw
