// What is written into the columns that show TTLs.

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/key_table.h"

namespace redis_fdw {
namespace {

// So that milliseconds, and those since 1970, are numbers that Redis takes.
constexpr int64_t kMostSeconds = std::numeric_limits<int64_t>::max() / 1000 / 1000;

std::string Named(const Columns& columns, int column) {
  return absl::StrCat("\"", columns.names[static_cast<size_t>(column)], "\"");
}

// The cell that is written into a column, NULL if none is.
Cell Given(const WriteOp& op, int column) {
  return SetsColumn(op, column) ? op.new_cells[static_cast<size_t>(column)] : Cell::Null();
}

absl::StatusOr<TtlChange> OfSeconds(const Columns& columns, int64_t seconds) {
  if (seconds == -1) return TtlChange{TtlChange::Kind::kPersist, 0};
  if (seconds >= 1 && seconds <= kMostSeconds) {
    return TtlChange{TtlChange::Kind::kRelative, seconds * 1000};
  }
  return MakeError(
      ErrorKind::kOutOfRange,
      absl::StrCat("a TTL of ", seconds, " in column ", Named(columns, columns.ttl_column),
                   " of foreign table \"", columns.table, "\" cannot be set"),
      "A TTL is at least 1 (seconds), or -1 for none, or NULL for the table's own.");
}

TtlChange OfInstant(int64_t ms) {
  if (ms == std::numeric_limits<int64_t>::max()) return TtlChange{TtlChange::Kind::kPersist, 0};
  return TtlChange{TtlChange::Kind::kAbsolute, ms};
}

absl::Status NotWritable(const Columns& columns, int column) {
  return MakeError(ErrorKind::kUnsupported,
                   absl::StrCat("column ", Named(columns, column), " of foreign table \"",
                                columns.table, "\" cannot be written"),
                   "Option \"ttl\" of the table sets a TTL when rows are inserted.",
                   "It shows the TTL of the whole key, of which this row is a part.");
}

}  // namespace

bool SetsColumn(const WriteOp& op, int column) {
  return column >= 0 && (op.changed.empty() || op.changed[static_cast<size_t>(column)]);
}

// What the values in the row say; kKeep if they are NULL or not set.
absl::StatusOr<TtlChange> KeyTable::GivenTtl(const WriteOp& op) const {
  const Cell ttl = Given(op, map().ttl_column);
  const Cell expires = Given(op, map().expires_column);
  const bool whole_row = op.kind == WriteKind::kUpdate && op.changed.empty();
  if (!ttl.is_null() && !expires.is_null() && !whole_row) {
    return MakeError(ErrorKind::kInvalidData,
                     absl::StrCat("columns ", Named(map(), map().ttl_column), " and ",
                                  Named(map(), map().expires_column), " of foreign table \"",
                                  map().table, "\" are both given"),
                     "Give one of them, and NULL for the other.");
  }
  if (!ttl.is_null()) return OfSeconds(map(), ttl.int64());
  if (!expires.is_null()) return OfInstant(expires.int64());
  return TtlChange();
}

absl::StatusOr<TtlChanges> KeyTable::TtlOf(const WriteOp& op, const ServerInfo& server) const {
  TtlChanges changes;
  if (op.kind == WriteKind::kDelete) return changes;
  const bool insert = op.kind == WriteKind::kInsert;
  const TtlChange option{ttl_seconds_ > 0 ? TtlChange::Kind::kRelative : TtlChange::Kind::kKeep,
                         ttl_seconds_ * 1000};
  // An update says which columns it sets; without a mask (a whole new row) NULL says nothing.
  const bool sets = !insert && !op.changed.empty() &&
                    (SetsColumn(op, map().ttl_column) || SetsColumn(op, map().expires_column));
  ASSIGN_OR_RETURN(TtlChange given, GivenTtl(op));
  const bool is_given = given.kind != TtlChange::Kind::kKeep;
  const TtlChange persist{TtlChange::Kind::kPersist, 0};

  if (elements_->row_is_key()) {
    changes.key = given;
    if (is_given) return changes;
    if (insert || sets) changes.key = option;
    // A row that takes another's place does not inherit a TTL that it could have had and has not.
    const bool shows = map().ttl_column >= 0 || map().expires_column >= 0;
    if (ttl_seconds_ == 0 && (sets || (insert && shows))) changes.key = persist;
    return changes;
  }
  if (insert) changes.key = option;
  if (insert ? !is_given : !sets) return changes;
  if (!elements_->HasRowTtl(server)) {
    const bool expires_given = !Given(op, map().expires_column).is_null();
    const bool ttl_given = !Given(op, map().ttl_column).is_null();
    const bool expires = expires_given || (!ttl_given && !SetsColumn(op, map().ttl_column));
    return NotWritable(map(), expires ? map().expires_column : map().ttl_column);
  }
  changes.row = is_given ? given : persist;
  return changes;
}

// What TtlOf() makes of the row's TTL, as it is read. When that is an instant that only Redis
// knows, the cell stays.
void KeyTable::ShowStoredTtl(absl::Span<Cell> cells) const {
  if (!elements_->row_is_key()) return;
  Cell none;
  Cell& ttl = map().ttl_column < 0 ? none : cells[static_cast<size_t>(map().ttl_column)];
  Cell& expires =
      map().expires_column < 0 ? none : cells[static_cast<size_t>(map().expires_column)];
  const bool is_given = !ttl.is_null() || !expires.is_null();
  if (!expires.is_null() && OfInstant(expires.int64()).kind == TtlChange::Kind::kPersist) {
    expires = Cell::Null();
    if (ttl.is_null()) ttl = Cell::Int64(-1);
  }
  if (!is_given) ttl = Cell::Int64(ttl_seconds_ > 0 ? ttl_seconds_ : -1);
}

}  // namespace redis_fdw
