// Writing sorted sets.

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/write_builder.h"
#include "tables/zset/zset_table.h"

namespace redis_fdw {
namespace {

// KEYS: where the members are, where they go (mostly the same). Three arguments an op: old member,
// new member, the score or "" to keep what it is. Scores travel as text: Redis writes and reads 17
// digits, which is exact.
constexpr char kUpdateScript[] = R"lua(
local done = {}
local from, to = KEYS[1], KEYS[2]
for i = 1, #ARGV, 3 do
  local old, new, score = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local present = redis.pcall('ZSCORE', from, old)
  if type(present) == 'table' then
    if from == to then return present end
    present = false  -- a row of another key is none if that holds another type
  end
  local taken = false
  if present and (old ~= new or from ~= to) then taken = redis.pcall('ZSCORE', to, new) end
  if type(taken) == 'table' then return taken end
  if not present then
    done[#done + 1] = 0
  elseif taken then
    done[#done + 1] = -1
    return done
  else
    if score == '' then score = present end
    redis.call('ZADD', to, score, new)
    if old ~= new or from ~= to then redis.call('ZREM', from, old) end
    done[#done + 1] = 1
  end
end
return done
)lua";

}  // namespace

absl::Status ZsetElements::RequireScore(const WriteOp& op) const {
  RETURN_IF_ERROR(RequireValue(op.new_cells, kScore));
  if (!std::isnan(op.new_cells[kScore].dbl())) return absl::OkStatus();
  return MakeError(ErrorKind::kInvalidData,
                   absl::StrCat("NaN in ", NamePart(kScore), " cannot be a score in Redis"));
}

std::string ZsetElements::DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                                        absl::string_view key) const {
  switch (kind) {
    case WriteKind::kInsert:
      return conflict == ConflictPolicy::kOverwrite
                 ? absl::StrCat("ZADD ", key, " SCORE MEMBER [SCORE MEMBER ...]")
                 : absl::StrCat("ZADD ", key, " NX SCORE MEMBER [SCORE MEMBER ...]");
    case WriteKind::kUpdate:
      return absl::StrCat("EVAL (ZSCORE, ZADD; renames: ZREM) ", key, " MEMBER ...");
    case WriteKind::kDelete:
      return absl::StrCat("ZREM ", key, " MEMBER [MEMBER ...]");
  }
  return "";
}

absl::Status ZsetElements::BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  if (run.conflict == ConflictPolicy::kIgnore) grouping = CountedGrouping(run);
  if (run.conflict == ConflictPolicy::kError) {
    grouping.max_ops = 1;
    grouping.interpret = &InterpretCountOrExists;
  }
  Command start("ZADD");
  start.Key(run.key);
  if (run.conflict != ConflictPolicy::kOverwrite) start.Arg("NX");
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireValue(op.new_cells, kMember));
    RETURN_IF_ERROR(RequireScore(op));
    command->ArgDouble(op.new_cells[kScore].dbl()).Arg(op.new_cells[kMember].bytes());
    return absl::OkStatus();
  };
  return AppendCommands(run, start, grouping, append, out);
}

absl::Status ZsetElements::BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  grouping.interpret = &InterpretEach;
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireIdentity(op, kMember));
    bool rename = IsChanged(op, kMember);
    bool set = IsChanged(op, kScore);
    if (rename) RETURN_IF_ERROR(RequireValue(op.new_cells, kMember));
    if (set) RETURN_IF_ERROR(RequireScore(op));
    absl::string_view member = op.old.cells[kMember].bytes();
    command->Arg(member).Arg(rename ? op.new_cells[kMember].bytes() : member);
    command->Arg(set ? FormatDouble(op.new_cells[kScore].dbl()) : "");
    return absl::OkStatus();
  };
  return AppendCommands(run, MoveScriptCommand(kUpdateScript, run.key, run.new_key), grouping,
                        append, out);
}

absl::Status ZsetElements::BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  Command start("ZREM");
  start.Key(run.key);
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireIdentity(op, kMember));
    command->Arg(op.old.cells[kMember].bytes());
    return absl::OkStatus();
  };
  return AppendCommands(run, start, CountedGrouping(run), append, out);
}

}  // namespace redis_fdw
