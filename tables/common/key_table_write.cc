// Writing tables: a batch falls into runs of one key, which the type makes commands of.

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "core/base/status.h"
#include "pushdown/operands.h"
#include "tables/common/key_table.h"
#include "tables/common/write_error.h"

namespace redis_fdw {
namespace {

// The state of each key's elements.
class StateOfKeys : public WriteState {
 public:
  StateOfKeys(std::unique_ptr<WriteState> first, const Elements* elements)
      : spare_(std::move(first)), elements_(elements) {}

  // Null if there is none yet.
  WriteState* Find(absl::string_view key) const {
    auto found = states_.find(key);
    return found == states_.end() ? nullptr : found->second.get();
  }
  WriteState* FindOrMake(absl::string_view key) {
    if (WriteState* found = Find(key)) return found;
    std::unique_ptr<WriteState>& state = states_[std::string(key)];
    state = spare_ != nullptr ? std::move(spare_) : elements_->NewWriteState();
    return state.get();
  }

 private:
  std::unique_ptr<WriteState> spare_;
  const Elements* elements_;
  absl::flat_hash_map<std::string, std::unique_ptr<WriteState>> states_;
};

// The ops of a batch as the elements know them, by parts, and where each goes.
struct PartOps {
  PartOps(const Columns& columns, absl::Span<const WriteOp> ops);

  std::vector<Cell> cells;  // of new rows and old ones, a row of parts each
  std::vector<WriteOp> ops;
};

PartOps::PartOps(const Columns& columns, absl::Span<const WriteOp> ops)
    : cells(ops.size() * 2 * columns.parts()), ops(ops.begin(), ops.end()) {
  const size_t parts = columns.parts();
  Cell* next = cells.data();
  for (WriteOp& op : this->ops) {
    absl::Span<const Cell> new_cells = op.new_cells;
    absl::Span<const Cell> identity = op.old.cells;
    std::vector<bool> changed = std::move(op.changed);
    size_t named = 0;
    op.changed.assign(changed.empty() ? 0 : parts, false);
    for (size_t column = 0; column < columns.part_of.size(); ++column) {
      bool names = columns.bound[column].identity && named < identity.size();
      const Cell old = names ? identity[named++] : Cell::Null();
      if (columns.part_of[column] < 0) continue;
      const auto part = static_cast<size_t>(columns.part_of[column]);
      if (column < new_cells.size()) next[part] = new_cells[column];
      next[parts + part] = old;
      if (!changed.empty()) op.changed[part] = changed[column];
    }
    op.new_cells = absl::MakeConstSpan(next, parts);
    op.old.cells = absl::MakeConstSpan(next + parts, parts);
    next += 2 * parts;
  }
}

// The identity cell of the key; null if it is not there.
const Cell* OldKey(const Columns& columns, const WriteOp& op) {
  size_t position = 0;
  for (int column = 0; column < columns.key_column; ++column) {
    if (columns.bound[static_cast<size_t>(column)].identity) ++position;
  }
  if (position >= op.old.cells.size()) return nullptr;
  const Cell& cell = op.old.cells[position];
  return cell.kind() == Cell::Kind::kBytes ? &cell : nullptr;
}

absl::Status NoKey(const Columns& columns) {
  return MakeError(ErrorKind::kNullNotAllowed,
                   absl::StrCat("null value in column \"",
                                columns.names[static_cast<size_t>(columns.key_column)],
                                "\" of foreign table \"", columns.table, "\""),
                   "", "A row needs the key that it goes to.");
}

// The keys of an op of a table that has many: where the row is, and where it shall be.
absl::Status FindKeys(const Columns& columns, const KeyNaming& naming, const WriteOp& op,
                      std::string* key, std::string* new_key) {
  if (op.kind != WriteKind::kInsert) {
    const Cell* old = OldKey(columns, op);
    if (old == nullptr) {
      return MakeError(
          ErrorKind::kInternal,
          absl::StrCat("a row of foreign table \"", columns.table, "\" came without its key"));
    }
    *key = *new_key = naming.KeyOf(old->bytes());
  }
  if (op.kind == WriteKind::kDelete) return absl::OkStatus();
  if (op.kind == WriteKind::kUpdate && !SetsColumn(op, columns.key_column)) {
    return absl::OkStatus();
  }
  const Cell& shown = op.new_cells[static_cast<size_t>(columns.key_column)];
  if (shown.is_null()) return NoKey(columns);
  *new_key = naming.KeyOf(shown.bytes());
  if (op.kind == WriteKind::kInsert) *key = *new_key;
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<WriteState> KeyTable::NewWriteState() const {
  std::unique_ptr<WriteState> one = elements_->NewWriteState();
  if (one == nullptr || !naming_.many()) return one;
  return std::make_unique<StateOfKeys>(std::move(one), elements_.get());
}

void KeyTable::ShowStored(absl::Span<Cell> cells, Arena* arena) const {
  std::vector<Cell> parts(map().parts());
  for (size_t part = 0; part < parts.size(); ++part) {
    if (map().column_of[part] >= 0) parts[part] = cells[static_cast<size_t>(map().column_of[part])];
  }
  elements_->ShowStored(absl::MakeSpan(parts), arena);
  for (size_t part = 0; part < parts.size(); ++part) {
    if (map().column_of[part] >= 0) cells[static_cast<size_t>(map().column_of[part])] = parts[part];
  }
  if (map().rest_part >= 0) {
    Cell& rest = cells[static_cast<size_t>(map().column_of[static_cast<size_t>(map().rest_part)])];
    if (rest.is_null()) rest = Cell::List({});
  }
  ShowStoredTtl(cells);
}

absl::Status KeyTable::CheckKey(absl::Span<const Cell> cells) const {
  if (!naming_.many()) return absl::OkStatus();
  const Cell& shown = cells[static_cast<size_t>(map().key_column)];
  if (shown.is_null()) return absl::OkStatus();  // refused elsewhere
  std::string key = naming_.KeyOf(shown.bytes());
  if (naming_.pattern.Matches(key)) return absl::OkStatus();
  return MakeError(
      ErrorKind::kCheckViolation,
      absl::StrCat(NameElement("key", key), " does not match the pattern \"",
                   naming_.pattern.glob(), "\" of foreign table \"", map().table, "\""),
      "Option \"strict_key_prefix\" 'false' makes this a warning.",
      "The table would not show such a row.");
}

absl::Status KeyTable::BuildRun(const WriteRun& run, std::vector<PlannedWrite>* out) const {
  const size_t before = out->size();
  switch (run.kind) {
    case WriteKind::kInsert:
      RETURN_IF_ERROR(elements_->BuildInserts(run, out));
      break;
    case WriteKind::kUpdate:
      RETURN_IF_ERROR(elements_->BuildUpdates(run, out));
      break;
    case WriteKind::kDelete:
      RETURN_IF_ERROR(elements_->BuildDeletes(run, out));
      break;
  }
  // Where an element moves, it is an error if the key that it moves to holds another type.
  const bool passes_over =
      naming_.many() && run.kind != WriteKind::kInsert && (elements_->row_is_key() || !run.moves());
  for (size_t i = before; i < out->size(); ++i) (*out)[i].passes_over_other_types = passes_over;
  const int generated = elements_->generated_part();
  if (generated < 0 || !map().has(generated)) return absl::OkStatus();
  for (size_t i = before; i < out->size(); ++i) {
    (*out)[i].generated_column = map().column_of[static_cast<size_t>(generated)];
  }
  return absl::OkStatus();
}

absl::Status KeyTable::FindGoal(const WriteOp& op, const ServerInfo& server, Goal* goal) const {
  if (naming_.many()) RETURN_IF_ERROR(FindKeys(map(), naming_, op, &goal->key, &goal->new_key));
  ASSIGN_OR_RETURN(goal->ttl, TtlOf(op, server));
  return absl::OkStatus();
}

WriteState* KeyTable::StateFor(WriteKind kind, absl::string_view key, WriteState* state) const {
  if (state == nullptr || !naming_.many()) return state;
  auto* states = static_cast<StateOfKeys*>(state);
  switch (kind) {
    case WriteKind::kInsert:
      return nullptr;
    case WriteKind::kUpdate:
      return states->Find(key);
    case WriteKind::kDelete:
      return states->FindOrMake(key);
  }
  return nullptr;
}

absl::Status KeyTable::BuildWrites(absl::Span<const WriteOp> ops, const ServerInfo& server,
                                   bool want_results, WriteState* state,
                                   std::vector<PlannedWrite>* out) const {
  if (ops.empty()) return absl::OkStatus();
  absl::optional<PartOps> copied;
  if (!columns_are_parts_) copied.emplace(map(), ops);
  absl::Span<const WriteOp> by_parts = copied.has_value() ? absl::MakeConstSpan(copied->ops) : ops;

  WriteRun run;
  run.want_results = want_results;
  run.server = &server;
  const bool goals_differ = naming_.many() || map().ttl_column >= 0 || map().expires_column >= 0;
  Goal goal;
  RETURN_IF_ERROR(AtRow(FindGoal(ops[0], server, &goal), 0));
  while (run.first < ops.size()) {
    const WriteOp& first = ops[run.first];
    Goal next;
    size_t end = run.first + 1;
    for (; end < ops.size(); ++end) {
      const bool alike = ops[end].kind == first.kind && ops[end].conflict == first.conflict;
      if (alike && !goals_differ) continue;
      RETURN_IF_ERROR(AtRow(FindGoal(ops[end], server, &next), end));
      if (!alike || !(next == goal)) break;
    }
    run.ops = by_parts.subspan(run.first, end - run.first);
    run.kind = first.kind;
    run.conflict = first.conflict;
    run.key = naming_.many() ? goal.key : naming_.pattern.literal();
    run.new_key = naming_.many() ? goal.new_key : naming_.pattern.literal();
    run.ttl = goal.ttl.key;
    run.row_ttl = goal.ttl.row;
    run.state = StateFor(run.kind, run.key, state);
    RETURN_IF_ERROR(BuildRun(run, out));
    run.first = end;
    goal = std::move(next);
  }
  return absl::OkStatus();
}

// --- Rows named by a plan -----------------------------------------------------------------------

bool KeyTable::NamesRows(const ScanPlan& plan, WriteKind kind) const {
  if (plan.op == ScanOp::kNothing) return false;  // no predicate stands for that
  if (elements_->has_row_number()) return false;
  if (kind == WriteKind::kUpdate && !elements_->UpdatesByIdentity()) return false;
  if (naming_.many() && plan.keys != KeyAccess::kLookup) return false;
  std::vector<bool> named(map().part_of.size());
  for (const PlannedPredicate& planned : plan.predicates) {
    const Predicate& predicate = planned.predicate;
    const auto column = static_cast<size_t>(predicate.column);
    bool equality = predicate.op == CompareOp::kEq || predicate.op == CompareOp::kIn;
    if (!equality || predicate.semantics != Semantics::kBytes || !map().bound[column].identity) {
      return false;
    }
    named[column] = true;
  }
  for (size_t column = 0; column < named.size(); ++column) {
    if (map().bound[column].identity && !named[column]) return false;
  }
  return true;
}

std::vector<std::vector<Cell>> KeyTable::NamedRows(const ScanPlan& plan,
                                                   absl::Span<const Cell> params) const {
  std::vector<Predicate> predicates;
  for (const PlannedPredicate& planned : plan.predicates) predicates.push_back(planned.predicate);
  std::vector<std::vector<Cell>> rows(1);
  for (size_t column = 0; column < map().part_of.size(); ++column) {
    if (!map().bound[column].identity) continue;
    const int part = map().part_of[column];
    std::vector<std::vector<Cell>> longer;
    for (absl::string_view bytes : ResolveKeys(predicates, static_cast<int>(column), params)) {
      Cell cell = Cell::Bytes(bytes);
      if (part == kKeyPart && !naming_.pattern.Matches(naming_.KeyOf(bytes))) continue;
      if (part >= 0 && !elements_->MayExist(part, cell)) continue;
      for (const std::vector<Cell>& row : rows) {
        longer.push_back(row);
        longer.back().push_back(cell);
      }
    }
    rows = std::move(longer);
  }
  return rows;
}

}  // namespace redis_fdw
