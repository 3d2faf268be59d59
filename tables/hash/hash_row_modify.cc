// Writing hashes, a row each.

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/key_ttl.h"
#include "tables/common/write_builder.h"
#include "tables/hash/hash_row.h"

namespace redis_fdw {
namespace {

// For both scripts. Fields go in chunks: Lua cannot unpack any number of arguments.
constexpr char kChunksLua[] = R"lua(
local function each(command, key, first, last)
  for i = first, last, 4000 do
    redis.call(command, key, unpack(ARGV, i, math.min(i + 3999, last)))
  end
end
)lua";

// ARGV: '1' if what is there must stay, '1' if nothing that was there may, how and how long to
// live, the number of arguments that are names and values, those, then names of fields to remove.
constexpr char kInsertScript[] = R"lua(
local length = redis.pcall('HLEN', KEYS[1])
if type(length) == 'table' then return length end
if length > 0 and ARGV[1] == '1' then return 0 end
local last = 5 + tonumber(ARGV[5])
if length > 0 and ARGV[2] == '1' then redis.call('UNLINK', KEYS[1]) end
each('HSET', KEYS[1], 6, last)
if length > 0 and ARGV[2] ~= '1' then each('HDEL', KEYS[1], last + 1, #ARGV) end
expire(KEYS[1], ARGV[3], ARGV[4])
return 1
)lua";

// KEYS: where the hash is, where it goes (mostly the same). ARGV: '1' if the fields that no column
// shows are replaced, how and how long to live, how many arguments are names and values, how many
// are names of fields to remove, '1' if the server has TTLs of fields (which stay),
// then these, and then the names of all fields that columns show.
constexpr char kUpdateScript[] = R"lua(
local from, to = KEYS[1], KEYS[2]
local reply = other(from, 'hash')
if reply then return reply end
if from ~= to and redis.call('EXISTS', to) == 1 then return -1 end
local last_set = 6 + tonumber(ARGV[4])
local last_unset = last_set + tonumber(ARGV[5])
local set, shown, doomed, lives = {}, {}, {}, {}
for i = 7, last_set, 2 do
  set[ARGV[i]] = true
  if ARGV[6] == '1' then
    local at = redis.call('HPEXPIRETIME', from, 'FIELDS', 1, ARGV[i])[1]
    if at > 0 then lives[ARGV[i]] = at end
  end
end
for i = last_set + 1, last_unset do
  if redis.call('HEXISTS', from, ARGV[i]) == 1 then doomed[#doomed + 1] = ARGV[i] end
end
if ARGV[1] == '1' then
  for i = last_unset + 1, #ARGV do shown[ARGV[i]] = true end
  for _, field in ipairs(redis.call('HKEYS', from)) do
    if not shown[field] and not set[field] then doomed[#doomed + 1] = field end
  end
end
if last_set == 6 and #doomed > 0 and #doomed >= redis.call('HLEN', from) then return -2 end
each('HSET', from, 7, last_set)
for field, at in pairs(lives) do redis.call('HPEXPIREAT', from, at, 'FIELDS', 1, field) end
for _, field in ipairs(doomed) do redis.call('HDEL', from, field) end
expire(from, ARGV[2], ARGV[3])
if from ~= to then redis.call('RENAME', from, to) end
return 1
)lua";

// Lua takes some 8000 values at once.
constexpr size_t kMaxUnpacked = 4000;

const std::string& FullScript(const char* script) {
  static const std::string* const insert =
      new std::string(absl::StrCat(kExpireLua, kChunksLua, kInsertScript));
  static const std::string* const update =
      new std::string(absl::StrCat(kExpireLua, kTypeLua, kChunksLua, kUpdateScript));
  return script == kInsertScript ? *insert : *update;
}

}  // namespace

absl::Status HashRow::CollectFields(const WriteOp& op, std::vector<absl::string_view>* set,
                                    std::vector<absl::string_view>* unset) const {
  for (size_t i = 0; i < op.new_cells.size(); ++i) {
    const int part = static_cast<int>(i);
    if (!IsChanged(op, part)) continue;
    const Cell& cell = op.new_cells[i];
    if (part != columns().rest_part) {
      if (cell.is_null()) {
        unset->push_back(columns().fields[i]);
      } else {
        set->insert(set->end(), {columns().fields[i], cell.bytes()});
      }
      continue;
    }
    absl::Span<const Cell> rest = cell.is_null() ? absl::Span<const Cell>() : cell.list();
    for (size_t k = 0; k + 1 < rest.size(); k += 2) {
      if (PartOf(rest[k].bytes()) != columns().rest_part) {
        return MakeError(ErrorKind::kInvalidData,
                         absl::StrCat(NameElement("field", rest[k].bytes()), " in ", NamePart(part),
                                      " has a column of its own"));
      }
      set->insert(set->end(), {rest[k].bytes(), rest[k + 1].bytes()});
    }
  }
  return absl::OkStatus();
}

std::string HashRow::DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                                   absl::string_view key) const {
  switch (kind) {
    case WriteKind::kInsert:
      return conflict == ConflictPolicy::kOverwrite
                 ? absl::StrCat(
                       "HSET ", key,
                       " FIELD VALUE [FIELD VALUE ...] (EVAL with HDEL where columns are NULL)")
                 : absl::StrCat("EVAL (HLEN, HSET) ", key, " ...");
    case WriteKind::kUpdate:
      return absl::StrCat("EVAL (HSET, HDEL; renames: EXISTS, RENAME) ", key, " ...");
    case WriteKind::kDelete:
      return absl::StrCat("EVAL (TYPE, UNLINK) ", key, " hash");
  }
  return "";
}

absl::Status HashRow::BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  for (size_t i = 0; i < run.ops.size(); ++i) {
    std::vector<absl::string_view> set;
    std::vector<absl::string_view> unset;
    RETURN_IF_ERROR(AtRow(CollectFields(run.ops[i], &set, &unset), run.first + i));
    if (set.empty()) {
      return AtRow(MakeError(ErrorKind::kNullNotAllowed,
                             absl::StrCat("a row of foreign table \"", columns().table,
                                          "\" has no field that is not null"),
                             "", "A Redis hash has at least one field."),
                   run.first + i);
    }
    const bool keeps = run.conflict != ConflictPolicy::kOverwrite;
    // WithTtl() unpacks all arguments at once.
    const bool plain = set.size() <= kMaxUnpacked || run.ttl.kind == TtlChange::Kind::kKeep;
    PlannedWrite write{Command("HSET"), run.first + i, 1};
    if (!keeps && unset.empty() && !has_rest() && plain) {
      write.command.Key(run.key);
      for (absl::string_view part : set) write.command.Arg(part);
      if (run.ttl.kind != TtlChange::Kind::kKeep) {
        write.command = WithTtl(write.command, run.ttl, false);
      }
    } else {
      write.command = ScriptCommand(FullScript(kInsertScript), run.key);
      write.command.Arg(keeps ? "1" : "0").Arg(has_rest() ? "1" : "0");
      AppendTtl(run.ttl, &write.command);
      write.command.ArgInt(static_cast<int64_t>(set.size()));
      for (absl::string_view part : set) write.command.Arg(part);
      for (absl::string_view field : unset) write.command.Arg(field);
      if (run.conflict == ConflictPolicy::kIgnore) write.interpret = &InterpretCount;
      if (run.conflict == ConflictPolicy::kError) write.interpret = &InterpretCountOrExists;
    }
    out->push_back(std::move(write));
  }
  return absl::OkStatus();
}

absl::Status HashRow::BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  grouping.max_ops = 1;
  grouping.sets_ttl = true;
  grouping.interpret = &InterpretEach;
  auto append = [this, &run](const WriteOp& op, Command* command) {
    std::vector<absl::string_view> set;
    std::vector<absl::string_view> unset;
    RETURN_IF_ERROR(CollectFields(op, &set, &unset));
    const bool replaces_rest = has_rest() && IsChanged(op, columns().rest_part);
    command->Arg(replaces_rest ? "1" : "0");
    AppendTtl(run.ttl, command);
    command->ArgInt(static_cast<int64_t>(set.size())).ArgInt(static_cast<int64_t>(unset.size()));
    command->Arg(run.server->HasFieldTtl() ? "1" : "0");
    for (absl::string_view part : set) command->Arg(part);
    for (absl::string_view field : unset) command->Arg(field);
    if (!replaces_rest) return absl::OkStatus();
    for (size_t part = 0; part < columns().parts(); ++part) {
      if (static_cast<int>(part) != columns().rest_part) command->Arg(columns().fields[part]);
    }
    return absl::OkStatus();
  };
  return AppendCommands(run, MoveScriptCommand(FullScript(kUpdateScript), run.key, run.new_key),
                        grouping, append, out);
}

absl::Status HashRow::BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  return AppendTypedUnlinks(run, redis_type(), out);
}

}  // namespace redis_fdw
