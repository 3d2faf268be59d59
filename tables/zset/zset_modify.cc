// Writing sorted sets.

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/write_builder.h"
#include "tables/zset/zset_table.h"

namespace redis_fdw {
namespace {

// Three arguments an op: old member, new member, the score or "" to keep what it is. Scores travel
// as text: Redis writes and reads 17 digits, which is exact.
constexpr char kUpdateScript[] = R"lua(
local done = {}
for i = 1, #ARGV, 3 do
  local old, new, score = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local present = redis.pcall('ZSCORE', KEYS[1], old)
  if type(present) == 'table' then return present end
  if not present then
    done[#done + 1] = 0
  elseif old ~= new and redis.call('ZSCORE', KEYS[1], new) then
    done[#done + 1] = -1
    return done
  else
    if score == '' then score = present end
    redis.call('ZADD', KEYS[1], score, new)
    if old ~= new then redis.call('ZREM', KEYS[1], old) end
    done[#done + 1] = 1
  end
end
return done
)lua";

}  // namespace

absl::Status ZsetTable::RequireScore(const WriteOp& op) const {
  RETURN_IF_ERROR(RequireValue(op.new_cells, kScore));
  if (!std::isnan(op.new_cells[kScore].dbl())) return absl::OkStatus();
  return MakeError(ErrorKind::kInvalidData,
                   absl::StrCat("NaN in column \"", column_name(kScore), "\" of foreign table \"",
                                table_name(), "\" cannot be a score in Redis"));
}

absl::Status ZsetTable::BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  if (run.conflict == ConflictPolicy::kIgnore) grouping = CountedGrouping(run);
  if (run.conflict == ConflictPolicy::kError) {
    grouping.max_ops = 1;
    grouping.interpret = &InterpretCountOrExists;
  }
  Command start("ZADD");
  start.Key(key());
  if (run.conflict != ConflictPolicy::kOverwrite) start.Arg("NX");
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireValue(op.new_cells, kMember));
    RETURN_IF_ERROR(RequireScore(op));
    command->ArgDouble(op.new_cells[kScore].dbl()).Arg(op.new_cells[kMember].bytes());
    return absl::OkStatus();
  };
  return AppendCommands(run, start, grouping, append, out);
}

absl::Status ZsetTable::BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  grouping.interpret = &InterpretEach;
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireIdentity(op, 0));
    bool rename = IsChanged(op, kMember);
    bool set = IsChanged(op, kScore);
    if (rename) RETURN_IF_ERROR(RequireValue(op.new_cells, kMember));
    if (set) RETURN_IF_ERROR(RequireScore(op));
    absl::string_view member = op.old.cells[0].bytes();
    command->Arg(member).Arg(rename ? op.new_cells[kMember].bytes() : member);
    command->Arg(set ? FormatDouble(op.new_cells[kScore].dbl()) : "");
    return absl::OkStatus();
  };
  return AppendCommands(run, ScriptCommand(kUpdateScript, key()), grouping, append, out);
}

absl::Status ZsetTable::BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  Command start("ZREM");
  start.Key(key());
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireIdentity(op, 0));
    command->Arg(op.old.cells[0].bytes());
    return absl::OkStatus();
  };
  return AppendCommands(run, start, CountedGrouping(run), append, out);
}

}  // namespace redis_fdw
