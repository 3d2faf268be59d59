// Columns: which part of a row each column of a foreign table is.
//
// A table type knows its rows by parts, numbered from 0: of a hash the field and the value. A
// column is one of the parts, or what all tables share: the key, its TTL, when it expires. Columns
// are told apart
//
// - by role (column option `redis`), wherever they stand;
// - a column without a role that is named `ttl` and has an integer type is the TTL;
// - in tables with a key template, the column that the template names is the key's variable part;
// - the others by position: the key first if the table has many, then the type's parts in their
//   order; a type may take further columns as fields of their names (or of the column option
//   `field`).

#ifndef REDIS_FDW_TABLES_COMMON_COLUMNS_H_
#define REDIS_FDW_TABLES_COMMON_COLUMNS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tables/table.h"

namespace redis_fdw {

// What a column is that is no part of the type's own.
enum SharedPart : int {
  kKeyPart = -1,      // the key, or its variable part
  kTtlPart = -2,      // seconds; -1: none
  kExpiresPart = -3,  // ms since 1970 UTC
};

constexpr unsigned TypeBit(ColumnType type) { return 1u << static_cast<unsigned>(type); }

// What a type says of a part.
struct PartRule {
  const char* role;  // "field": as the column option `redis` names it, and messages do
  BoundColumn bound;
  // The SQL types that it can have, as bits of TypeBit(); 0: any but arrays for a list.
  unsigned types = 0;
  const char* types_hint = "";  // what to declare it as
  // Whether a table may lack it, and whether it is found by position too.
  enum class Presence : uint8_t {
    kRequired,
    kLeading,  // may be absent; by position if there are columns enough
    kByRole,   // may be absent; only by its role
  };
  Presence presence = Presence::kRequired;
};

// What a type says of its columns.
struct LayoutRules {
  absl::string_view type;    // "hash", for messages
  absl::string_view layout;  // "(field, value)", for hints
  std::vector<PartRule> parts;
  bool fields = false;   // further columns are fields, and one of role `*` is all others
  bool row_ttl = false;  // rows that are no keys may have TTLs of their own, if the server has such
  absl::string_view if_more = "";  // a sentence for who declares more columns, for hints
};

// A table's columns, understood.
struct Columns {
  std::string table;  // its name, for messages
  std::vector<BoundColumn> bound;
  std::vector<std::string> names;   // of columns
  std::vector<ColumnType> types;    // of columns, as declared
  std::vector<int> part_of;         // of each column: a part, or a SharedPart
  std::vector<int> column_of;       // of each part; -1: no column shows it
  std::vector<std::string> fields;  // of each part: the field that it is, where it is one
  size_t first_field = 0;           // the parts from here on are fields
  int rest_part = -1;               // the part of role `*`; the last one; -1: none
  int key_column = -1;              // -1: none
  int ttl_column = -1;
  int expires_column = -1;

  size_t parts() const { return column_of.size(); }
  bool has(int part) const { return column_of[static_cast<size_t>(part)] >= 0; }
  // REQUIRES: has(part).
  ColumnType type_of(int part) const {
    return types[static_cast<size_t>(column_of[static_cast<size_t>(part)])];
  }
};

// Understands the columns of `def`. `has_keys`: the table has many keys, so a column shows them.
// `key_column`: the column that a key template names; -1: none. `row_is_key`: the TTL is a row's
// own and can be written. kInvalidTable says what does not fit and what would.
absl::StatusOr<Columns> ResolveColumns(const TableDef& def, const LayoutRules& rules, bool has_keys,
                                       int key_column, bool row_is_key);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_COLUMNS_H_
