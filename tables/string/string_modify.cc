// Writing strings.

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/key_ttl.h"
#include "tables/common/write_builder.h"
#include "tables/string/string_table.h"

namespace redis_fdw {
namespace {

constexpr size_t kOneEach = 1;

// KEYS: where the string is, where it goes (mostly the same). ARGV: how and how long to live, '1'
// if there is a value to set, the value.
constexpr char kUpdateScript[] = R"lua(
local from, to = KEYS[1], KEYS[2]
local reply = other(from, 'string')
if reply then return reply end
if from ~= to and redis.call('EXISTS', to) == 1 then return -1 end
if ARGV[3] == '1' then redis.call('SET', from, ARGV[4], 'KEEPTTL') end
expire(from, ARGV[1], ARGV[2])
if from ~= to then redis.call('RENAME', from, to) end
return 1
)lua";

// Whether SET itself can set this TTL.
bool HasOptionFor(const TtlChange& ttl, const ServerInfo& server) {
  return ttl.kind != TtlChange::Kind::kAbsolute || server.AtLeast(6, 2);
}

void AppendTtlOption(const TtlChange& ttl, Command* command) {
  if (ttl.kind == TtlChange::Kind::kRelative) command->Arg("PX").ArgInt(ttl.ms);
  if (ttl.kind == TtlChange::Kind::kAbsolute) command->Arg("PXAT").ArgInt(ttl.ms);
}

}  // namespace

std::string StringElements::DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                                          absl::string_view key) const {
  switch (kind) {
    case WriteKind::kInsert:
      return conflict == ConflictPolicy::kOverwrite ? absl::StrCat("SET ", key, " VALUE")
                                                    : absl::StrCat("SET ", key, " VALUE NX");
    case WriteKind::kUpdate:
      return absl::StrCat("EVAL (TYPE, SET KEEPTTL; renames: EXISTS, RENAME) ", key, " ...");
    case WriteKind::kDelete:
      return absl::StrCat("EVAL (TYPE, UNLINK) ", key, " string");
  }
  return "";
}

absl::Status StringElements::BuildInserts(const WriteRun& run,
                                          std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  grouping.max_ops = kOneEach;
  grouping.sets_ttl = HasOptionFor(run.ttl, *run.server);
  if (run.conflict == ConflictPolicy::kIgnore) grouping.interpret = &InterpretNil;
  if (run.conflict == ConflictPolicy::kError) grouping.interpret = &InterpretNilOrExists;
  Command start("SET");
  start.Key(run.key);
  auto append = [this, &run, &grouping](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireValue(op.new_cells, kValue));
    command->Arg(op.new_cells[kValue].bytes());
    if (run.conflict != ConflictPolicy::kOverwrite) command->Arg("NX");
    if (grouping.sets_ttl) AppendTtlOption(run.ttl, command);
    return absl::OkStatus();
  };
  return AppendCommands(run, start, grouping, append, out);
}

absl::Status StringElements::BuildUpdates(const WriteRun& run,
                                          std::vector<PlannedWrite>* out) const {
  static const std::string* const script =
      new std::string(absl::StrCat(kExpireLua, kTypeLua, kUpdateScript));
  WriteGrouping grouping;
  grouping.max_ops = kOneEach;
  grouping.sets_ttl = true;
  grouping.interpret = &InterpretEach;
  auto append = [this, &run](const WriteOp& op, Command* command) {
    bool set = IsChanged(op, kValue);
    if (set) RETURN_IF_ERROR(RequireValue(op.new_cells, kValue));
    AppendTtl(run.ttl, command);
    command->Arg(set ? "1" : "0").Arg(set ? op.new_cells[kValue].bytes() : "");
    return absl::OkStatus();
  };
  return AppendCommands(run, MoveScriptCommand(*script, run.key, run.new_key), grouping, append,
                        out);
}

absl::Status StringElements::BuildDeletes(const WriteRun& run,
                                          std::vector<PlannedWrite>* out) const {
  return AppendTypedUnlinks(run, redis_type(), out);
}

}  // namespace redis_fdw
