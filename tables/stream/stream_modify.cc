// Writing streams.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "pushdown/stream_id.h"
#include "tables/common/key_ttl.h"
#include "tables/common/write_builder.h"
#include "tables/stream/stream_table.h"

namespace redis_fdw {
namespace {

// How and how long the key is to live, the id to look for or "", then XADD's arguments. Nil if
// there is such an entry.
constexpr char kInsertNewScript[] = R"lua(
if ARGV[3] ~= '' then
  local found = redis.pcall('XRANGE', KEYS[1], ARGV[3], ARGV[3])
  if found.err then return found end
  if #found > 0 then return false end
end
local id = redis.pcall('XADD', KEYS[1], unpack(ARGV, 4))
if type(id) == 'table' and id.err then return id end
expire(KEYS[1], ARGV[1], ARGV[2])
return id
)lua";

// The id of the one entry that it may be, as XRANGE takes it; "" if Redis chooses it.
std::string EntryToLookFor(const Cell& id) {
  if (id.is_null() || absl::StrContains(id.bytes(), '*')) return "";
  return absl::StrCat(id.bytes(), absl::StrContains(id.bytes(), '-') ? "" : "-0");
}

absl::Status InterpretId(const ReplyElement& element, absl::Span<WriteResult> results) {
  if (element.type != ReplyType::kBulk) {
    return MakeError(ErrorKind::kProtocol, "XADD replied with something else than an id");
  }
  results[0].generated_id = std::string(element.bytes);
  return absl::OkStatus();
}

// Redis says two things of an id that it does not take because of its order.
absl::Status ExplainId(const absl::Status& error) {
  const ErrorInfo info = GetErrorInfo(error);
  if (!absl::StrContains(info.message, "equal or smaller than") &&
      !absl::StrContains(info.message, "must be greater than 0-0")) {
    return error;
  }
  return MakeError(ErrorKind::kOutOfRange, "the stream id is not above that of the last entry",
                   "Leave it NULL to let Redis choose one that is.",
                   "Ids of a stream only grow, also after entries were deleted.");
}

// The same of commands that add only what is new: nil for an entry that is there.
absl::Status InterpretIgnored(const ReplyElement& element, absl::Span<WriteResult> results) {
  RETURN_IF_ERROR(InterpretNil(element, results));
  return results[0].applied ? InterpretId(element, results) : absl::OkStatus();
}
absl::Status InterpretNew(const ReplyElement& element, absl::Span<WriteResult> results) {
  RETURN_IF_ERROR(InterpretNilOrExists(element, results));
  return InterpretId(element, results);
}

}  // namespace

// The fields that no other part shows: names and values in turn.
absl::Status StreamElements::AppendRest(const Cell& rest, bool* any, Command* command) const {
  absl::Span<const Cell> cells = rest.list();
  for (size_t i = 0; i + 1 < cells.size(); i += 2) {
    if (PartOf(cells[i].bytes()) != columns().rest_part) {
      return MakeError(ErrorKind::kInvalidData,
                       absl::StrCat(NameElement("field", cells[i].bytes()), " in ",
                                    NamePart(columns().rest_part), " has a column of its own"));
    }
    command->Arg(cells[i].bytes()).Arg(cells[i + 1].bytes());
    *any = true;
  }
  return absl::OkStatus();
}

absl::Status StreamElements::AppendEntry(const WriteOp& op, Command* command) const {
  const Cell& id = op.new_cells[kId];
  if (!id.is_null() && !IsInsertableId(id.bytes())) {
    return MakeError(
        ErrorKind::kInvalidData, absl::StrCat("invalid stream id in ", NamePart(kId)),
        "Leave it NULL or '*' to let Redis choose, or give one like '1640995200000-0'.");
  }
  command->Arg(id.is_null() ? "*" : id.bytes());
  bool any = false;
  for (size_t i = columns().first_field; i < op.new_cells.size(); ++i) {
    if (op.new_cells[i].is_null()) continue;
    if (static_cast<int>(i) == columns().rest_part) {
      RETURN_IF_ERROR(AppendRest(op.new_cells[i], &any, command));
      continue;
    }
    command->Arg(columns().fields[i]).Arg(op.new_cells[i].bytes());
    any = true;
  }
  if (any) return absl::OkStatus();
  return MakeError(ErrorKind::kNullNotAllowed,
                   absl::StrCat("a row of foreign table \"", columns().table,
                                "\" has no field that is not null"),
                   "", "An entry of a Redis stream has at least one field.");
}

std::string StreamElements::DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                                          absl::string_view key) const {
  switch (kind) {
    case WriteKind::kInsert:
      return conflict == ConflictPolicy::kOverwrite
                 ? absl::StrCat("XADD ", key, " ID FIELD VALUE [FIELD VALUE ...]")
                 : absl::StrCat("EVAL (XRANGE, XADD) ", key, " ID FIELD VALUE ...");
    case WriteKind::kUpdate:
      return "";
    case WriteKind::kDelete:
      return absl::StrCat("XDEL ", key, " ID [ID ...]");
  }
  return "";
}

absl::Status StreamElements::BuildInserts(const WriteRun& run,
                                          std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  grouping.max_ops = 1;
  if (run.want_results) grouping.interpret = &InterpretId;
  grouping.explain = &ExplainId;
  Command start("XADD");
  start.Key(run.key);
  const bool only_new = run.conflict != ConflictPolicy::kOverwrite;
  if (only_new) {
    static const std::string* const script =
        new std::string(absl::StrCat(kExpireLua, kInsertNewScript));
    start = ScriptCommand(*script, run.key);
    AppendTtl(run.ttl, &start);
    grouping.sets_ttl = true;
    grouping.interpret =
        run.conflict == ConflictPolicy::kIgnore ? &InterpretIgnored : &InterpretNew;
  }
  auto append = [this, only_new](const WriteOp& op, Command* command) {
    if (only_new) command->Arg(EntryToLookFor(op.new_cells[kId]));
    return AppendEntry(op, command);
  };
  return AppendCommands(run, start, grouping, append, out);
}

absl::Status StreamElements::BuildUpdates(const WriteRun&, std::vector<PlannedWrite>*) const {
  return CanWrite(WriteKind::kUpdate);
}

absl::Status StreamElements::BuildDeletes(const WriteRun& run,
                                          std::vector<PlannedWrite>* out) const {
  Command start("XDEL");
  start.Key(run.key);
  auto append = [this](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireIdentity(op, kId));
    command->Arg(op.old.cells[kId].bytes());
    return absl::OkStatus();
  };
  return AppendCommands(run, start, CountedGrouping(run), append, out);
}

}  // namespace redis_fdw
