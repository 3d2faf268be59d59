#include "tables/common/columns.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

constexpr int kUnassigned = -100;
constexpr char kRest[] = "*";

// The state of one resolution.
class Resolver {
 public:
  Resolver(const TableDef& def, const LayoutRules& rules, bool has_keys, bool row_is_key)
      : def_(def), rules_(rules), has_keys_(has_keys), row_is_key_(row_is_key) {
    columns_.table = def.name;
    columns_.part_of.assign(def.columns.size(), kUnassigned);
    columns_.column_of.assign(rules.parts.size(), -1);
    columns_.first_field = rules.parts.size();
    for (const ColumnDef& column : def.columns) {
      columns_.names.push_back(column.name);
      columns_.types.push_back(column.type);
    }
  }

  absl::StatusOr<Columns> Run(int key_column) {
    if (key_column >= 0) RETURN_IF_ERROR(Assign(static_cast<size_t>(key_column), kKeyPart));
    RETURN_IF_ERROR(AssignRoles());
    RETURN_IF_ERROR(AssignTtlByName());
    RETURN_IF_ERROR(AssignPositions());
    RETURN_IF_ERROR(AssignFields());
    RETURN_IF_ERROR(CheckComplete());
    for (size_t i = 0; i < def_.columns.size(); ++i) RETURN_IF_ERROR(Bind(i));
    return std::move(columns_);
  }

 private:
  std::string Named(size_t column) const {
    return absl::StrCat("column \"", def_.columns[column].name, "\" of foreign table \"", def_.name,
                        "\"");
  }
  std::string LayoutHint() const {
    return absl::StrCat(AType(), " table takes the columns ", has_keys_ ? "key and " : "",
                        rules_.layout, ".");
  }
  std::string AType() const { return absl::StrCat("A ", rules_.type); }

  absl::Status Assign(size_t column, int part) {
    int* shown_by = nullptr;
    const char* role = kRest;
    if (part == kKeyPart) {
      shown_by = &columns_.key_column;
      role = "key";
    } else if (part == kTtlPart) {
      shown_by = &columns_.ttl_column;
      role = "ttl";
    } else if (part == kExpiresPart) {
      shown_by = &columns_.expires_column;
      role = "expires_at";
    } else {
      shown_by = &columns_.column_of[static_cast<size_t>(part)];
      if (static_cast<size_t>(part) < rules_.parts.size()) {
        role = rules_.parts[static_cast<size_t>(part)].role;
      }
    }
    if (*shown_by >= 0) {
      return MakeError(ErrorKind::kInvalidTable,
                       absl::StrCat("foreign table \"", def_.name, "\" has two columns for the ",
                                    role, ": \"", columns_.names[static_cast<size_t>(*shown_by)],
                                    "\" and \"", columns_.names[column], "\""));
    }
    *shown_by = static_cast<int>(column);
    columns_.part_of[column] = part;
    return absl::OkStatus();
  }

  absl::StatusOr<int> PartOfRole(size_t column) {
    const std::string& role = def_.columns[column].role;
    if (role == "key" && has_keys_) return static_cast<int>(kKeyPart);
    if (role == "ttl") return static_cast<int>(kTtlPart);
    if (role == "expires_at") return static_cast<int>(kExpiresPart);
    for (size_t i = 0; i < rules_.parts.size(); ++i) {
      if (role == rules_.parts[i].role) return static_cast<int>(i);
    }
    std::vector<std::string> roles;
    if (has_keys_) roles.push_back("key");
    for (const PartRule& rule : rules_.parts) roles.push_back(rule.role);
    roles.insert(roles.end(), {"ttl", "expires_at"});
    if (rules_.fields) roles.push_back(kRest);
    return MakeError(ErrorKind::kInvalidTable,
                     absl::StrCat(Named(column), " cannot have the role \"", role, "\""),
                     absl::StrCat("The roles in this ", rules_.type,
                                  " table are: ", absl::StrJoin(roles, ", "), "."),
                     role == "key" ? "The table shows one key, which no column repeats." : "");
  }

  absl::Status AssignRoles() {
    for (size_t i = 0; i < def_.columns.size(); ++i) {
      const ColumnDef& column = def_.columns[i];
      if (column.role.empty() || (column.role == kRest && rules_.fields)) continue;
      if (columns_.part_of[i] == kKeyPart && column.role == "key") continue;
      if (columns_.part_of[i] != kUnassigned) {
        return MakeError(
            ErrorKind::kInvalidTable,
            absl::StrCat(Named(i), " is the key's variable part, not \"", column.role, "\""));
      }
      ASSIGN_OR_RETURN(int part, PartOfRole(i));
      RETURN_IF_ERROR(Assign(i, part));
    }
    return absl::OkStatus();
  }

  absl::Status AssignTtlByName() {
    for (size_t i = 0; i < def_.columns.size(); ++i) {
      const ColumnDef& column = def_.columns[i];
      if (column.name != "ttl" || column.type != ColumnType::kInteger) continue;
      if (!Unmarked(i) || columns_.ttl_column >= 0) continue;
      RETURN_IF_ERROR(Assign(i, kTtlPart));
    }
    return absl::OkStatus();
  }

  bool Unmarked(size_t column) const {
    const ColumnDef& def = def_.columns[column];
    return columns_.part_of[column] == kUnassigned && def.role.empty() && def.field.empty();
  }

  // What columns without a role are, in order.
  std::vector<int> Positions() const {
    std::vector<int> positions;
    if (has_keys_ && columns_.key_column < 0) positions.push_back(kKeyPart);
    size_t unmarked = 0;
    for (size_t i = 0; i < def_.columns.size(); ++i) unmarked += Unmarked(i) ? 1 : 0;
    size_t wanted = positions.size();
    for (size_t i = 0; i < rules_.parts.size(); ++i) {
      bool by_position = rules_.parts[i].presence != PartRule::Presence::kByRole;
      if (by_position && columns_.column_of[i] < 0) ++wanted;
    }
    size_t spare = wanted > unmarked ? wanted - unmarked : 0;
    for (size_t i = 0; i < rules_.parts.size(); ++i) {
      PartRule::Presence presence = rules_.parts[i].presence;
      if (presence == PartRule::Presence::kByRole || columns_.column_of[i] >= 0) continue;
      if (presence == PartRule::Presence::kLeading && spare > 0) {
        --spare;
        continue;
      }
      positions.push_back(static_cast<int>(i));
    }
    return positions;
  }

  absl::Status AssignPositions() {
    std::vector<int> positions = Positions();
    size_t next = 0;
    for (size_t i = 0; i < def_.columns.size() && next < positions.size(); ++i) {
      if (Unmarked(i)) RETURN_IF_ERROR(Assign(i, positions[next++]));
    }
    return absl::OkStatus();
  }

  absl::Status AssignFields() {
    int rest = -1;
    absl::flat_hash_set<std::string> seen;
    columns_.fields.resize(columns_.column_of.size());
    for (size_t i = 0; i < def_.columns.size(); ++i) {
      if (columns_.part_of[i] != kUnassigned) continue;
      if (!rules_.fields) return Misfit();
      if (def_.columns[i].role == kRest) {
        if (rest >= 0) return TwoRests(static_cast<size_t>(rest), i);
        rest = static_cast<int>(i);
        continue;
      }
      const std::string& field =
          def_.columns[i].field.empty() ? def_.columns[i].name : def_.columns[i].field;
      if (!seen.insert(field).second) {
        return MakeError(ErrorKind::kInvalidTable,
                         absl::StrCat("foreign table \"", def_.name, "\" shows ", rules_.type,
                                      " field \"", field, "\" in two columns"));
      }
      AddPart(i);
      columns_.fields.push_back(field);
    }
    if (rest < 0) return absl::OkStatus();
    columns_.rest_part = static_cast<int>(columns_.column_of.size());
    AddPart(static_cast<size_t>(rest));
    columns_.fields.emplace_back();
    return absl::OkStatus();
  }

  void AddPart(size_t column) {
    columns_.part_of[column] = static_cast<int>(columns_.column_of.size());
    columns_.column_of.push_back(static_cast<int>(column));
  }

  absl::Status TwoRests(size_t first, size_t second) const {
    return MakeError(
        ErrorKind::kInvalidTable,
        absl::StrCat("foreign table \"", def_.name, "\" has two columns of role \"*\": \"",
                     columns_.names[first], "\" and \"", columns_.names[second], "\""));
  }

  absl::Status Misfit() const {
    const bool more = def_.columns.size() > rules_.parts.size() + (has_keys_ ? 1 : 0);
    const absl::string_view if_more = more ? rules_.if_more : "";
    return MakeError(ErrorKind::kInvalidTable,
                     absl::StrCat("foreign table \"", def_.name, "\" has ", def_.columns.size(),
                                  def_.columns.size() == 1 ? " column" : " columns",
                                  ", which does not fit table_type \"", rules_.type, "\""),
                     absl::StrCat(AType(), " table takes the columns ", has_keys_ ? "key and " : "",
                                  rules_.layout, "; their order counts, their names are free.",
                                  if_more.empty() ? "" : " ", if_more),
                     has_keys_ ? "It has many keys, so the first column is the key."
                     : more    ? "It shows one key. With a pattern in table_key_prefix, such as "
                                 "'user:*', it has many, and a first column for the key."
                               : "");
  }

  absl::Status CheckComplete() const {
    if (has_keys_ && columns_.key_column < 0) return Misfit();
    for (size_t i = 0; i < rules_.parts.size(); ++i) {
      if (rules_.parts[i].presence == PartRule::Presence::kRequired && columns_.column_of[i] < 0) {
        return Misfit();
      }
    }
    for (size_t i = 0; i < def_.columns.size(); ++i) {
      bool is_field = columns_.part_of[i] >= static_cast<int>(columns_.first_field);
      if (!def_.columns[i].field.empty() && !is_field) {
        return MakeError(ErrorKind::kInvalidTable,
                         absl::StrCat(Named(i), " has the option \"field\", but shows no field"),
                         LayoutHint());
      }
    }
    if (rules_.fields && row_is_key_ && columns_.column_of.size() == columns_.first_field) {
      return Misfit();
    }
    return absl::OkStatus();
  }

  absl::Status CheckType(size_t column, absl::string_view role, unsigned types,
                         absl::string_view hint) const {
    if (types == 0 || (types & TypeBit(def_.columns[column].type)) != 0) return absl::OkStatus();
    return MakeError(ErrorKind::kInvalidTable,
                     absl::StrCat(Named(column), " cannot hold the ", role, " of a ", rules_.type),
                     absl::StrCat("Declare it as ", hint, ". ", LayoutHint()));
  }

  absl::Status Bind(size_t column) {
    BoundColumn bound;
    int part = columns_.part_of[column];
    if (part == kKeyPart) {
      bound.identity = true;
    } else if (part == kTtlPart || part == kExpiresPart) {
      bound.kind = Cell::Kind::kInt64;
      bound.nullable = true;
      bound.writable = row_is_key_ || rules_.row_ttl;
      bool ttl = part == kTtlPart;
      RETURN_IF_ERROR(CheckType(column, ttl ? "TTL" : "expiry time",
                                TypeBit(ttl ? ColumnType::kInteger : ColumnType::kTimestamp),
                                ttl ? "an integer type (seconds)" : "timestamp with time zone"));
    } else if (part == columns_.rest_part) {
      bound.kind = Cell::Kind::kList;
      bound.nullable = true;
      RETURN_IF_ERROR(CheckType(column, "other fields", TypeBit(ColumnType::kJson), "jsonb"));
    } else if (static_cast<size_t>(part) >= columns_.first_field) {
      bound.nullable = true;
    } else {
      const PartRule& rule = rules_.parts[static_cast<size_t>(part)];
      RETURN_IF_ERROR(CheckType(column, rule.role, rule.types, rule.types_hint));
      bound = rule.bound;
    }
    columns_.bound.push_back(bound);
    return absl::OkStatus();
  }

  const TableDef& def_;
  const LayoutRules& rules_;
  const bool has_keys_;
  const bool row_is_key_;
  Columns columns_;
};

}  // namespace

absl::StatusOr<Columns> ResolveColumns(const TableDef& def, const LayoutRules& rules, bool has_keys,
                                       int key_column, bool row_is_key) {
  return Resolver(def, rules, has_keys, row_is_key).Run(key_column);
}

}  // namespace redis_fdw
