// Writing hashes.

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/key_ttl.h"
#include "tables/common/write_builder.h"
#include "tables/hash/hash_table.h"

namespace redis_fdw {
namespace {

// KEYS: where the fields are, where they go (mostly the same). ARGV: '1' if the server has TTLs of
// fields, how and how long these are to live from now on, then four arguments an op: old field, new
// field, "1" if there is a value to set, the value. Without one the value stays as it is in Redis,
// as the TTL does.
constexpr char kUpdateScript[] = R"lua(
local done = {}
local from, to = KEYS[1], KEYS[2]
for i = 4, #ARGV, 4 do
  local old, new = ARGV[i], ARGV[i + 1]
  local value = redis.pcall('HGET', from, old)
  if type(value) == 'table' then
    if from == to then return value end
    value = false  -- a row of another key is none if that holds another type
  end
  local taken = 0
  if value and (old ~= new or from ~= to) then taken = redis.pcall('HEXISTS', to, new) end
  if type(taken) == 'table' then return taken end
  if not value then
    done[#done + 1] = 0
  elseif taken == 1 then
    done[#done + 1] = -1
    return done
  else
    local at = -1
    if ARGV[1] == '1' then at = redis.call('HPEXPIRETIME', from, 'FIELDS', 1, old)[1] end
    if ARGV[i + 2] == '1' then value = ARGV[i + 3] end
    redis.call('HSET', to, new, value)
    if ARGV[2] == 'HPERSIST' then
      redis.call('HPERSIST', to, 'FIELDS', 1, new)
    elseif ARGV[2] ~= '' then
      redis.call(ARGV[2], to, ARGV[3], 'FIELDS', 1, new)
    elseif at > 0 then
      redis.call('HPEXPIREAT', to, at, 'FIELDS', 1, new)
    end
    if old ~= new or from ~= to then redis.call('HDEL', from, old) end
    done[#done + 1] = 1
  end
end
return done
)lua";

// ARGV: '1' if what is there must stay, how and how long the fields are to live, how and how long
// the key is, then fields and values. Replies how many were written.
constexpr char kInsertWithTtlScript[] = R"lua(
local written = 0
for i = 6, #ARGV, 2 do
  local there = ARGV[1] == '1' and redis.pcall('HEXISTS', KEYS[1], ARGV[i]) or 0
  if type(there) == 'table' then return there end
  if there == 0 then
    local added = redis.pcall('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    if type(added) == 'table' then return added end
    if ARGV[2] ~= 'HPERSIST' then redis.call(ARGV[2], KEYS[1], ARGV[3], 'FIELDS', 1, ARGV[i]) end
    written = written + 1
  end
end
if written > 0 then expire(KEYS[1], ARGV[4], ARGV[5]) end
return written
)lua";

// The two arguments of a field's TTL.
void AppendFieldTtl(const TtlChange& ttl, Command* command) {
  switch (ttl.kind) {
    case TtlChange::Kind::kKeep:
      command->Arg("").Arg("");
      return;
    case TtlChange::Kind::kRelative:
      command->Arg("HPEXPIRE").ArgInt(ttl.ms);
      return;
    case TtlChange::Kind::kAbsolute:
      command->Arg("HPEXPIREAT").ArgInt(ttl.ms);
      return;
    case TtlChange::Kind::kPersist:
      command->Arg("HPERSIST").Arg("");
      return;
  }
}

Command InsertWithTtl(const WriteRun& run) {
  static const std::string* const script =
      new std::string(absl::StrCat(kExpireLua, kInsertWithTtlScript));
  Command command = ScriptCommand(*script, run.key);
  command.Arg(run.conflict == ConflictPolicy::kOverwrite ? "0" : "1");
  AppendFieldTtl(run.row_ttl, &command);
  AppendTtl(run.ttl, &command);
  return command;
}

}  // namespace

std::string HashElements::DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                                        absl::string_view key) const {
  switch (kind) {
    case WriteKind::kInsert:
      return conflict == ConflictPolicy::kOverwrite
                 ? absl::StrCat("HSET ", key, " FIELD VALUE [FIELD VALUE ...]")
                 : absl::StrCat("HSETNX ", key, " FIELD VALUE");
    case WriteKind::kUpdate:
      return absl::StrCat("EVAL (HGET, HSET; renames: HEXISTS, HDEL) ", key, " FIELD ...");
    case WriteKind::kDelete:
      return absl::StrCat("HDEL ", key, " FIELD [FIELD ...]");
  }
  return "";
}

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
  if (run.row_ttl.kind != TtlChange::Kind::kKeep) {
    start = InsertWithTtl(run);
    grouping.sets_ttl = true;
  }
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
  Command start = MoveScriptCommand(kUpdateScript, run.key, run.new_key);
  start.Arg(run.server->HasFieldTtl() ? "1" : "0");
  AppendFieldTtl(run.row_ttl, &start);
  return AppendCommands(run, start, grouping, append, out);
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
