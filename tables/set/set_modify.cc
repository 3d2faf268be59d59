// Writing sets.

#include "core/base/status.h"
#include "tables/common/write_builder.h"
#include "tables/set/set_table.h"

namespace redis_fdw {
namespace {

// KEYS: where the members are, where they go (mostly the same). Two arguments an op: old member,
// new member.
constexpr char kRenameScript[] = R"lua(
local done = {}
local from, to = KEYS[1], KEYS[2]
for i = 1, #ARGV, 2 do
  local old, new = ARGV[i], ARGV[i + 1]
  local there = redis.pcall('SISMEMBER', from, old)
  if type(there) == 'table' then
    if from == to then return there end
    there = 0  -- a row of another key is none if that holds another type
  end
  if there == 1 and (old ~= new or from ~= to) then
    local added = redis.pcall('SADD', to, new)
    if type(added) == 'table' then return added end
    if added == 0 then
      done[#done + 1] = -1
      return done
    end
    redis.call('SREM', from, old)
  end
  done[#done + 1] = there
end
return done
)lua";

}  // namespace

std::string SetElements::DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                                       absl::string_view key) const {
  switch (kind) {
    case WriteKind::kInsert:
      return absl::StrCat("SADD ", key, " MEMBER [MEMBER ...]");
    case WriteKind::kUpdate:
      return absl::StrCat("EVAL (SISMEMBER, SADD, SREM) ", key, " OLD NEW ...");
    case WriteKind::kDelete:
      return absl::StrCat("SREM ", key, " MEMBER [MEMBER ...]");
  }
  return "";
}

absl::Status SetElements::BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  if (run.conflict == ConflictPolicy::kIgnore) grouping = CountedGrouping(run);
  if (run.conflict == ConflictPolicy::kError) {
    grouping.max_ops = 1;
    grouping.interpret = &InterpretCountOrExists;
  }
  Command start("SADD");
  start.Key(run.key);
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireValue(op.new_cells, kMember));
    command->Arg(op.new_cells[kMember].bytes());
    return absl::OkStatus();
  };
  return AppendCommands(run, start, grouping, append, out);
}

absl::Status SetElements::BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  grouping.interpret = &InterpretEach;
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireIdentity(op, kMember));
    bool rename = IsChanged(op, kMember);
    if (rename) RETURN_IF_ERROR(RequireValue(op.new_cells, kMember));
    absl::string_view member = op.old.cells[kMember].bytes();
    command->Arg(member).Arg(rename ? op.new_cells[kMember].bytes() : member);
    return absl::OkStatus();
  };
  return AppendCommands(run, MoveScriptCommand(kRenameScript, run.key, run.new_key), grouping,
                        append, out);
}

absl::Status SetElements::BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  Command start("SREM");
  start.Key(run.key);
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireIdentity(op, kMember));
    command->Arg(op.old.cells[kMember].bytes());
    return absl::OkStatus();
  };
  return AppendCommands(run, start, CountedGrouping(run), append, out);
}

}  // namespace redis_fdw
