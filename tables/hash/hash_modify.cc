// Writing hashes.

#include "core/base/status.h"
#include "tables/common/write_builder.h"
#include "tables/hash/hash_table.h"

namespace redis_fdw {
namespace {

// KEYS: where the fields are, where they go (mostly the same). Four arguments an op: old field, new
// field, "1" if there is a value to set, the value. Without one the value stays as it is in Redis.
constexpr char kUpdateScript[] = R"lua(
local done = {}
local from, to = KEYS[1], KEYS[2]
for i = 1, #ARGV, 4 do
  local old, new = ARGV[i], ARGV[i + 1]
  local value = redis.pcall('HGET', from, old)
  if type(value) == 'table' then return value end
  if not value then
    done[#done + 1] = 0
  elseif (old ~= new or from ~= to) and redis.call('HEXISTS', to, new) == 1 then
    done[#done + 1] = -1
    return done
  else
    if ARGV[i + 2] == '1' then value = ARGV[i + 3] end
    redis.call('HSET', to, new, value)
    if old ~= new or from ~= to then redis.call('HDEL', from, old) end
    done[#done + 1] = 1
  end
end
return done
)lua";

}  // namespace

absl::Status HashElements::BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  Command start("HSET");
  if (run.conflict != ConflictPolicy::kOverwrite) {
    start = Command("HSETNX");
    grouping.max_ops = 1;
    grouping.interpret =
        run.conflict == ConflictPolicy::kIgnore ? &InterpretCount : &InterpretCountOrExists;
  }
  start.Key(run.key);
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireValue(op.new_cells, kField));
    RETURN_IF_ERROR(RequireValue(op.new_cells, kValue));
    command->Arg(op.new_cells[kField].bytes()).Arg(op.new_cells[kValue].bytes());
    return absl::OkStatus();
  };
  return AppendCommands(run, start, grouping, append, out);
}

absl::Status HashElements::BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  grouping.interpret = &InterpretEach;
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireIdentity(op, kField));
    bool rename = IsChanged(op, kField);
    bool set = IsChanged(op, kValue);
    if (rename) RETURN_IF_ERROR(RequireValue(op.new_cells, kField));
    if (set) RETURN_IF_ERROR(RequireValue(op.new_cells, kValue));
    absl::string_view field = op.old.cells[kField].bytes();
    command->Arg(field).Arg(rename ? op.new_cells[kField].bytes() : field);
    command->Arg(set ? "1" : "0").Arg(set ? op.new_cells[kValue].bytes() : "");
    return absl::OkStatus();
  };
  return AppendCommands(run, MoveScriptCommand(kUpdateScript, run.key, run.new_key), grouping,
                        append, out);
}

absl::Status HashElements::BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  Command start("HDEL");
  start.Key(run.key);
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireIdentity(op, kField));
    command->Arg(op.old.cells[kField].bytes());
    return absl::OkStatus();
  };
  return AppendCommands(run, start, CountedGrouping(run), append, out);
}

}  // namespace redis_fdw
