// Writing lists.

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/fingerprints.h"
#include "tables/common/key_ttl.h"
#include "tables/common/write_builder.h"
#include "tables/list/list_positions.h"
#include "tables/list/list_table.h"

namespace redis_fdw {
namespace {

// How and how long the key is to live; then two arguments an op: the index or "", the element.
// Replies with the new length, or with the index that was wrong and what was expected there, as
// text.
constexpr char kInsertScript[] = R"lua(
local length = redis.pcall('LLEN', KEYS[1])
if type(length) == 'table' then return length end
for i = 3, #ARGV, 2 do
  local expected = string.format('%.0f', length + (i - 3) / 2)
  if ARGV[i] ~= '' and ARGV[i] ~= expected then
    return ARGV[i] .. ' was given where ' .. expected .. ' is the next'
  end
end
for i = 4, #ARGV, 2 do length = redis.call('RPUSH', KEYS[1], ARGV[i]) end
expire(KEYS[1], ARGV[1], ARGV[2])
return length
)lua";

// Two arguments an op after the first: the index, the element expected there. The first is an
// element that no list holds: it marks the doomed, which then go together, so that indexes do not
// shift meanwhile. Replies with their number, or with the index that differs, as text.
constexpr char kDeleteScript[] = R"lua(
for i = 2, #ARGV, 2 do
  local element = redis.pcall('LINDEX', KEYS[1], ARGV[i])
  if type(element) == 'table' then return element end
  if element ~= ARGV[i + 1] then return ARGV[i] end
end
for i = 2, #ARGV, 2 do redis.call('LSET', KEYS[1], ARGV[i], ARGV[1]) end
return redis.call('LREM', KEYS[1], (#ARGV - 1) / 2, ARGV[1])
)lua";

// Three arguments an op: the index, the element expected there, the new one. Replies likewise.
constexpr char kUpdateScript[] = R"lua(
for i = 1, #ARGV, 3 do
  local element = redis.pcall('LINDEX', KEYS[1], ARGV[i])
  if type(element) == 'table' then return element end
  if element ~= ARGV[i + 1] then return ARGV[i] end
end
for i = 1, #ARGV, 3 do redis.call('LSET', KEYS[1], ARGV[i], ARGV[i + 2]) end
return #ARGV / 3
)lua";

// The list's new length: the last op's element is the last.
absl::Status InterpretLength(const ReplyElement& element, absl::Span<WriteResult> results) {
  if (element.type == ReplyType::kInteger) {
    results.back().generated_id = absl::StrCat(element.integer - 1);
  }
  return absl::OkStatus();
}

absl::Status InterpretInsert(const ReplyElement& element, absl::Span<WriteResult> results) {
  if (element.type == ReplyType::kInteger) return InterpretLength(element, results);
  return MakeError(
      ErrorKind::kInvalidData,
      absl::StrCat("a row can only be added at the end of a list: index ", element.bytes),
      "Leave the index out, or NULL.");
}

absl::Status InterpretChecked(const ReplyElement& element, absl::Span<WriteResult>) {
  if (element.type == ReplyType::kInteger) return absl::OkStatus();
  return MakeError(ErrorKind::kSerialization,
                   absl::StrCat("the list has changed since it was read: index ", element.bytes,
                                " holds another element"),
                   "Try the statement again.", "Nothing of this batch was written.");
}

absl::Status InterpretNotApplied(const ReplyElement&, absl::Span<WriteResult> results) {
  results[0].applied = false;
  return absl::OkStatus();
}

// 128 random bits that no client can have stored.
std::string Tombstone() {
  return absl::StrCat("redis_fdw:deleted:", absl::Hex(RandomBits(), absl::kZeroPad16),
                      absl::Hex(RandomBits(), absl::kZeroPad16));
}

// Whether any row says where it goes.
bool AnyIndexGiven(const WriteRun& run) {
  for (const WriteOp& op : run.ops) {
    if (!op.new_cells[ListElements::kIndex].is_null()) return true;
  }
  return false;
}

const ListPositions& PositionsOf(const WriteRun& run) {
  static const ListPositions* const none = new ListPositions();
  return run.state == nullptr ? *none : *static_cast<const ListPositions*>(run.state);
}

}  // namespace

std::unique_ptr<WriteState> ListElements::NewWriteState() const {
  return std::make_unique<ListPositions>();
}

absl::StatusOr<int64_t> ListElements::OriginalIndex(const WriteOp& op) const {
  RETURN_IF_ERROR(RequireIdentity(op, kElement));
  if (has_index()) RETURN_IF_ERROR(RequireIdentity(op, kIndex));
  int64_t index = has_index() ? op.old.cells[kIndex].int64() : op.old.row_number;
  if (index >= 0) return index;
  return MakeError(ErrorKind::kInternal, "a row of a list came without its index");
}

std::string ListElements::DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                                        absl::string_view key) const {
  switch (kind) {
    case WriteKind::kInsert:
      return absl::StrCat("RPUSH ", key, " ELEMENT [ELEMENT ...]");
    case WriteKind::kUpdate:
      return absl::StrCat("EVAL (LINDEX of all, then LSET) ", key, " INDEX OLD NEW ...");
    case WriteKind::kDelete:
      return absl::StrCat("EVAL (LINDEX of all, then LSET, LREM) ", key, " INDEX ELEMENT ...");
  }
  return "";
}

absl::Status ListElements::BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  const bool checked = AnyIndexGiven(run);
  WriteGrouping grouping;
  grouping.interpret = &InterpretLength;
  if (run.want_results) grouping.max_ops = 1;
  Command start("RPUSH");
  start.Key(run.key);
  if (checked) {
    static const std::string* const script =
        new std::string(absl::StrCat(kExpireLua, kInsertScript));
    start = ScriptCommand(*script, run.key);
    AppendTtl(run.ttl, &start);
    grouping.sets_ttl = true;
    grouping.interpret = &InterpretInsert;
  }
  auto append = [this, checked](const WriteOp& op, Command* command) {
    RETURN_IF_ERROR(RequireValue(op.new_cells, kElement));
    if (checked) {
      const Cell& index = op.new_cells[kIndex];
      command->Arg(index.is_null() ? "" : absl::StrCat(index.int64()));
    }
    command->Arg(op.new_cells[kElement].bytes());
    return absl::OkStatus();
  };
  return AppendCommands(run, start, grouping, append, out);
}

absl::Status ListElements::BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  const ListPositions& positions = PositionsOf(run);
  PlannedWrite write{ScriptCommand(kUpdateScript, run.key), run.first, run.ops.size(),
                     &InterpretChecked};
  for (size_t i = 0; i < run.ops.size(); ++i) {
    const WriteOp& op = run.ops[i];
    auto original = OriginalIndex(op);
    if (!original.ok()) return AtRow(original.status(), run.first + i);
    const bool renumbers =
        has_index() && IsChanged(op, kIndex) && op.new_cells[kIndex] != op.old.cells[kIndex];
    if (run.moves() || renumbers) {
      return AtRow(MakeError(ErrorKind::kUnsupported,
                             absl::StrCat("the ", renumbers ? "index" : "key",
                                          " of a list cannot be updated"),
                             "Delete the row and insert the element again."),
                   run.first + i);
    }
    absl::string_view element = op.old.cells[kElement].bytes();
    if (IsChanged(op, kElement)) {
      RETURN_IF_ERROR(AtRow(RequireValue(op.new_cells, kElement), run.first + i));
      element = op.new_cells[kElement].bytes();
    }
    write.command.ArgInt(positions.Current(*original));
    write.command.Arg(op.old.cells[kElement].bytes()).Arg(element);
  }
  out->push_back(std::move(write));
  return absl::OkStatus();
}

absl::Status ListElements::BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  const ListPositions& positions = PositionsOf(run);
  PlannedWrite write{ScriptCommand(kDeleteScript, run.key), run.first, run.ops.size(),
                     &InterpretChecked};
  write.command.Arg(Tombstone());
  std::vector<int64_t> doomed;
  absl::flat_hash_set<int64_t> in_batch;
  for (size_t i = 0; i < run.ops.size(); ++i) {
    auto original = OriginalIndex(run.ops[i]);
    if (!original.ok()) return AtRow(original.status(), run.first + i);
    // A join may deliver a row twice; it is deleted once.
    if (positions.Deleted(*original) || !in_batch.insert(*original).second) continue;
    doomed.push_back(*original);
    write.command.ArgInt(positions.Current(*original));
    write.command.Arg(run.ops[i].old.cells[kElement].bytes());
  }
  if (!doomed.empty()) {
    if (run.state != nullptr) static_cast<ListPositions*>(run.state)->Delete(std::move(doomed));
    out->push_back(std::move(write));
  } else if (run.want_results && run.ops.size() == 1) {
    // Nothing to do, and the result must say so.
    Command nothing("EXISTS");
    nothing.Key(run.key);
    out->push_back(PlannedWrite{std::move(nothing), run.first, 1, &InterpretNotApplied});
  }
  return absl::OkStatus();
}

}  // namespace redis_fdw
