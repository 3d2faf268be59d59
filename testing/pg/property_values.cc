// The values and conditions of random statements.

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "testing/pg/property_model.h"
#include "testing/pg/property_statements.h"

namespace redis_fdw::test {
namespace {

constexpr size_t kLong = 200;  // longer values are taken over from rows less often

bool IsArray(const Column& column) { return absl::EndsWith(column.type, "[]"); }
bool IsInteger(const Column& column) { return column.type == "int" || column.type == "bigint"; }

// Somewhere in `text`, between two characters.
size_t Cut(const std::string& text, uint64_t random) {
  size_t at = random % (text.size() + 1);
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  return at;
}

std::string EscapeLike(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"%", "\\%"}, {"_", "\\_"}});
}

}  // namespace

const Column& Statements::PickScalar() {
  while (true) {
    const Column& column = Pick(layout_.columns);
    if (IsScalar(column)) return column;
    // A table without one has a column that will do.
    if (!std::any_of(layout_.columns.begin(), layout_.columns.end(), IsScalar)) return column;
  }
}

const Column* Statements::PickIdentity() {
  const std::vector<const Column*> identity = layout_.Identity();
  return identity.empty() ? nullptr : Pick(identity);
}

const Column* Statements::PickSettable() {
  std::vector<const Column*> settable;
  for (const Column& column : layout_.columns) {
    if (column.part != Part::kKey && column.part != Part::kName && column.part != Part::kId &&
        column.part != Part::kIndex) {
      settable.push_back(&column);
    }
  }
  return settable.empty() || layout_.is_stream() ? nullptr : Pick(settable);
}

std::string Statements::RawValue(const Column& column) {
  if (!rows_.empty() && Chance(50)) {
    const auto index = static_cast<size_t>(&column - layout_.columns.data());
    const std::optional<std::string>& held = Pick(rows_)[index];
    if (held && (held->size() < kLong || Chance(5))) return *held;
  }
  return Pick(column.pool);
}

std::string Statements::Literal(const Column& column) {
  return absl::StrCat(Quote(RawValue(column)), "::", column.type);
}

std::string Statements::Value(const Column& column) {
  if (!prepare_) return Literal(column);
  params_.push_back(&column);
  return absl::StrCat("$", params_.size(), "::", column.type);
}

std::string Statements::ValueOrNull(const Column& column) {
  if (column.nullable && !prepare_ && Chance(20)) return absl::StrCat("NULL::", column.type);
  return Value(column);
}

std::string Statements::Pattern(const Column& column) {
  if (prepare_) return absl::StrCat("replace(", Value(column), ", '\\', '\\\\') || '%'");
  const std::string text = RawValue(column);
  const std::string head = EscapeLike(text.substr(0, Cut(text, Below(1000))));
  const std::string tail = EscapeLike(text.substr(Cut(text, Below(1000))));
  switch (Below(5)) {
    case 0:
      return Quote(head + "%");
    case 1:
      return Quote("%" + tail);
    case 2:
      return Quote(head + "_%");
    case 3:
      return Quote(absl::StrCat("%", tail.substr(0, Cut(tail, 2)), "%"));
    default:
      return Quote(EscapeLike(text));
  }
}

std::string Statements::TextCondition(const Column& column, const std::string& c) {
  switch (Below(8)) {
    case 0:
      return absl::StrCat(c, " LIKE ", Pattern(column));
    case 1:
      return absl::StrCat(c, " NOT LIKE ", Pattern(column));
    case 2:
      return absl::StrCat(c, " ^@ ", Value(column));
    case 3:
      return absl::StrCat("starts_with(", c, ", left(", Value(column), ", 6))");
    case 4:
      return absl::StrCat(c, " COLLATE \"C\" > ", Value(column), " AND ", c,
                          " COLLATE \"C\" <= ", Value(column));
    case 5:
      return absl::StrCat("upper(", c, ") = upper(", Value(column), ")");
    case 6:
      return absl::StrCat("length(", c, ") % 3 = ", Below(3));
    default:
      return absl::StrCat(c, " COLLATE \"C\" >= ", Value(column));
  }
}

std::string Statements::JsonCondition(const Column& column, const std::string& c) {
  switch (Below(5)) {
    case 0:
      return absl::StrCat(c, " = ", Value(column));
    case 1:
      return absl::StrCat(c, " @> ", Value(column));
    case 2:
      return absl::StrCat(c, " ? ", Quote(Pick(std::vector<std::string>{"x", "a", "n", ""})));
    case 3:
      return absl::StrCat(c, " ->> 'x' = '1'");
    default:
      return absl::StrCat(c, " IS NULL");
  }
}

std::string Statements::ConditionOn(const Column& column) {
  const std::string c = absl::StrCat("t.", column.name);
  if (column.part == Part::kTtl) {
    return absl::StrCat(
        c, Pick(std::vector<std::string>{" = -1", " > 100000", " < 70000", " IS NULL", " <> -1"}));
  }
  if (column.type == "jsonb") return JsonCondition(column, c);
  if (IsArray(column)) {
    const char* const op = Pick(std::vector<const char*>{" && ", " @> ", " = ", " <> ", " < "});
    return Chance(20) ? absl::StrCat("cardinality(", c, ") > 2")
                      : absl::StrCat(c, op, Value(column));
  }
  if (column.type == "text" && Chance(50)) return TextCondition(column, c);
  if (column.type == "boolean" && Chance(50)) return absl::StrCat(Chance(50) ? "NOT " : "", c);
  if (IsInteger(column) && Chance(20)) {
    return Chance(50) ? absl::StrCat(c, " % 2 = 0")
                      : absl::StrCat(c, Chance(50) ? " > " : " = ", Below(12), "::smallint");
  }
  switch (Below(11)) {
    case 0:
      return absl::StrCat(c, " IN (", Value(column), ", ", Value(column), ", ", Value(column), ")");
    case 1:
      return absl::StrCat(c, " = ANY (ARRAY[", Value(column), ", ", Value(column), ", NULL])");
    case 2:
      return absl::StrCat(c, " <> ", Value(column));
    case 3:
      return absl::StrCat(Value(column), " < ", c);
    case 4:
      return absl::StrCat(c, " BETWEEN ", Value(column), " AND ", Value(column));
    case 5:
      return absl::StrCat(c, " <= ", Value(column));
    case 6:
      return absl::StrCat("(", c, " = ", Value(column), " OR ", c, " = ", Value(column), ")");
    case 7:
      return absl::StrCat(c, Chance(50) ? " IS NULL" : " IS NOT NULL");
    case 8:
      return absl::StrCat(c, " IS DISTINCT FROM ", Value(column));
    default:
      return absl::StrCat(c, " = ", Value(column));
  }
}

std::string Statements::Condition() {
  const std::string first = ConditionOn(Pick(layout_.columns));
  switch (Below(8)) {
    case 0:
    case 1:
      return absl::StrCat(first, " AND ", ConditionOn(Pick(layout_.columns)));
    case 2:
      return absl::StrCat("(", first, ") OR (", ConditionOn(Pick(layout_.columns)), ")");
    case 3:
      return absl::StrCat("NOT (", first, ")");
    default:
      return first;
  }
}

std::string Statements::WhereOne(bool there) {
  std::vector<const Column*> naming = layout_.Identity();
  if (layout_.is_list()) {
    for (const Column& column : layout_.columns) naming.push_back(&column);
  }
  if (naming.empty()) return "";
  const bool known = there || (!rows_.empty() && !prepare_ && Chance(75));
  const Row* row = known ? &Pick(rows_) : nullptr;
  std::vector<std::string> terms;
  for (const Column* column : naming) {
    const auto index = static_cast<size_t>(column - layout_.columns.data());
    terms.push_back(absl::StrCat(
        "t.", column->name, " = ",
        row == nullptr ? Value(*column)
                       : absl::StrCat(Quote((*row)[index].value_or("")), "::", column->type)));
  }
  return absl::StrCat(" WHERE ", absl::StrJoin(terms, " AND "));
}

std::string Statements::Changed(const Column& column) {
  const std::string c = absl::StrCat("t.", column.name);
  if (Chance(40)) return ValueOrNull(column);
  if (column.type == "text") {
    switch (Below(3)) {
      case 0:
        return absl::StrCat("left(", c, " || ", Value(column), ", 4000)");
      case 1:
        return absl::StrCat("upper(", c, ")");
      default:
        return absl::StrCat("left(", c, ", 2)");
    }
  }
  if (column.part == Part::kTtl) return absl::StrCat("nullif(", c, ", -1) + 1000");
  if (IsInteger(column)) return absl::StrCat(c, Chance(50) ? " / 2" : " # 5");
  if (column.type == "float8" && column.part == Part::kScore) return absl::StrCat(c, " / 3");
  if (column.type == "float8") return absl::StrCat("-", c);
  if (column.type == "numeric") return absl::StrCat("trunc(", c, " / 3, 4)");
  if (column.type == "boolean") return absl::StrCat("NOT ", c);
  if (column.type == "date") return absl::StrCat(c, " + ", Below(50));
  if (column.part == Part::kRest) {
    return Chance(50) ? absl::StrCat(c, " || '{\"r\": \"1\"}'") : absl::StrCat(c, " - 'x'");
  }
  if (column.type == "jsonb") return absl::StrCat("jsonb_build_array(", c, ")");
  if (column.part == Part::kScores) {
    return absl::StrCat("ARRAY(SELECT s / 2 FROM unnest(", c,
                        ") WITH ORDINALITY u (s, o) ORDER BY o)");
  }
  if (column.type == "text[]") {
    return absl::StrCat("ARRAY(SELECT e || 'x' FROM unnest(", c,
                        ") WITH ORDINALITY u (e, o) ORDER BY o)");
  }
  if (column.type == "int[]") return absl::StrCat(c, " || ", Value(column));
  return ValueOrNull(column);
}

std::string Statements::Fresh(const Column& column) {
  const std::string seed = absl::StrCat("concat(t.", column.name, ", '#", ++serial_, "')");
  if (column.type == "int") return absl::StrCat("hashtext(", seed, ")");
  if (column.type == "bigint") return absl::StrCat("hashtextextended(", seed, ", 0)");
  if (column.type == "uuid") return absl::StrCat("md5(", seed, ")::uuid");
  if (column.type == "date") {
    return absl::StrCat("date '2000-01-01' + abs(hashtext(", seed, ") % 1000000)");
  }
  std::string text = absl::StrCat("md5(", seed, ")");
  if (column.part == Part::kKey && !layout_.key_like.empty()) {
    const size_t at = layout_.key_like.find('%');
    text = absl::StrCat(Quote(layout_.key_like.substr(0, at)), " || ", text, " || ",
                        Quote(layout_.key_like.substr(at + 1)));
  }
  return text;
}

}  // namespace redis_fdw::test
