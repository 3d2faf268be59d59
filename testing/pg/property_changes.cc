// Statements that change what is there, that are refused, and that only read.

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "testing/pg/property_model.h"
#include "testing/pg/property_statements.h"

namespace redis_fdw::test {
namespace {

constexpr char kTable[] = "\x01";
constexpr size_t kTooManyRows = 100;

std::string Raise(const std::string& sqlstate) {
  return absl::StrCat("DO $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '", sqlstate,
                      "'; END $$");
}

}  // namespace

// --- UPDATE and DELETE --------------------------------------------------------------------------

std::string Statements::SetList() {
  const Column* first = PickSettable();
  if (first->part == Part::kElements && layout_.Has(Part::kScores)) {
    // The arrays have to stay of one length.
    const Column* scores = layout_.Find(Part::kScores);
    const size_t pair = Below(first->pool.size());
    if (prepare_ || Chance(50)) {
      return absl::StrCat(first->name, " = ", Quote(first->pool[pair]), ", ", scores->name, " = ",
                          Quote(scores->pool[pair]));
    }
    return absl::StrCat(first->name, " = ARRAY(SELECT e || 'x' FROM unnest(t.", first->name,
                        ") WITH ORDINALITY u (e, o) ORDER BY o)");
  }
  const auto set = [this](const Column& column) {
    if (column.part != Part::kScores) return absl::StrCat(column.name, " = ", Changed(column));
    return absl::StrCat(column.name, " = ARRAY(SELECT s / 2 FROM unnest(t.", column.name,
                        ") WITH ORDINALITY u (s, o) ORDER BY o)");
  };
  std::string list = set(*first);
  const Column* second = PickSettable();
  const bool pair = layout_.Has(Part::kScores) && second->part != Part::kTtl;
  if (second != first && !pair && Chance(40)) absl::StrAppend(&list, ", ", set(*second));
  return list;
}

Statement Statements::Update() {
  if (PickSettable() == nullptr) return layout_.is_stream() ? Delete() : Rename();
  std::string sql = absl::StrCat("UPDATE ", kTable, " t SET ", SetList());
  bool one = false;
  const Column& joined = PickScalar();
  switch (prepare_ || !IsScalar(joined) ? Below(2) : Below(4)) {
    case 0:
      sql += WhereOne();
      one = !layout_.is_list();
      break;
    case 1:
      sql += Where();
      break;
    case 2:
      absl::StrAppend(&sql, " FROM (SELECT k, max(n) AS n FROM loc_", joined.name,
                      " GROUP BY k) l WHERE t.", joined.name, " = l.k AND l.n > ", Below(8));
      if (Chance(40)) absl::StrAppend(&sql, " AND (", Condition(), ")");
      break;
    default:
      absl::StrAppend(&sql, " WHERE t.", joined.name, " IN (SELECT k FROM loc_", joined.name,
                      " WHERE n < ", Below(10), ")");
  }
  Statement statement = OfBoth(sql);
  statement.one_row = one;
  statement.is_update = true;
  MaybeReturning(&statement);
  return statement;
}

Statement Statements::Rename() {
  const Column* identity = PickIdentity();
  if (identity == nullptr || layout_.is_stream()) return Delete();
  const bool one = prepare_ || Chance(70);
  Statement statement = OfBoth(absl::StrCat(
      "UPDATE ", kTable, " t SET ", identity->name, " = ",
      one ? Value(*identity) : Fresh(*identity),
      Chance(30) && PickSettable() != nullptr && !layout_.Has(Part::kScores) ? ", " + SetList()
                                                                             : "",
      one ? WhereOne() : Where()));
  statement.one_row = one;
  statement.is_update = true;
  MaybeReturning(&statement);
  return statement;
}

Statement Statements::Delete() {
  std::string sql = absl::StrCat("DELETE FROM ", kTable, " t");
  const Column& joined = PickScalar();
  const std::string c = absl::StrCat("t.", joined.name);
  switch (prepare_ || !IsScalar(joined) ? Below(2) : Below(6)) {
    case 0:
      sql += WhereOne();
      break;
    case 1:
    case 2:
      sql += Where();
      break;
    case 3:
      absl::StrAppend(&sql, " USING loc_", joined.name, " l WHERE ", c,
                      " = l.k AND l.n % 4 = ", Below(4));
      break;
    case 4:
      absl::StrAppend(&sql, " WHERE ", c, " IN (SELECT k FROM loc_", joined.name, " WHERE n < ",
                      Below(6), ")");
      break;
    default:
      absl::StrAppend(&sql, " USING (SELECT ", c, " AS k FROM ", kTable, " t WHERE ", Condition(),
                      ") o WHERE ", c, " = o.k AND (", Condition(), ")");
  }
  Statement statement = OfBoth(sql);
  MaybeReturning(&statement);
  return statement;
}

Statement Statements::Truncate() {
  return OfBoth(absl::StrCat(Chance(70) ? "TRUNCATE " : "DELETE FROM ", kTable));
}

// --- What is refused ----------------------------------------------------------------------------

// Values of columns that no row can have, and what an UPDATE (of a row that is there) and an INSERT
// say of them where the model cannot know; empty: as the model says.
struct Statements::Bad {
  const Column* column;  // null: all that can be NULL
  std::string value;
  std::string update_error;
  std::string insert_error;
};

std::vector<Statements::Bad> Statements::AllBad() const {
  std::vector<Bad> bad;
  for (const Column& column : layout_.columns) {
    const Column* c = &column;
    if (!column.nullable) bad.push_back({c, "NULL", "", ""});
    if (column.part == Part::kKey && !layout_.key_like.empty()) {
      bad.push_back({c, "'outside'", "", ""});
    }
    if (column.part == Part::kScore && column.type != "int") bad.push_back({c, "'NaN'", "", ""});
    if (column.part == Part::kTtl) bad.push_back({c, "0", "", ""});
    if (column.part == Part::kElements) {
      bad.push_back({c, "'{}'", "", ""});
      bad.push_back({c, "'{1,NULL}'", "", ""});
    }
    if (column.part == Part::kScores) bad.push_back({c, "'{1,2,3,4,5,6,7}'", "", ""});
    if (column.part == Part::kIndex) bad.push_back({c, "1000000", "0A000", "22P02"});
    if (column.part == Part::kId) bad.push_back({c, "'x'", "", "22P02"});
    if (column.part == Part::kRest) bad.push_back({c, "'[1]'", "", ""});
  }
  if (layout_.Has(Part::kField)) bad.push_back({nullptr, "NULL", "", ""});
  return bad;
}

Statement Statements::Refused() {
  Statement statement;
  const Bad chosen = Pick(AllBad());
  const Column* column = chosen.column;
  const bool fixed =
      layout_.is_stream() || column == nullptr || (layout_.is_list() && column->part == Part::kKey);
  if (Chance(50) && !rows_.empty() && !fixed) {
    statement = OfBoth(absl::StrCat("UPDATE ", kTable, " t SET ", column->name, " = ", chosen.value,
                                    WhereOne(true)));
    if (!chosen.update_error.empty()) statement.model = Raise(chosen.update_error);
  } else {
    std::vector<const Column*> columns;
    for (const Column& each : layout_.columns) columns.push_back(&each);
    std::vector<std::string> row = NewRow(columns);
    for (size_t i = 0; i < columns.size(); ++i) {
      const Part part = columns[i]->part;
      const bool emptied = column == nullptr && (part == Part::kField || part == Part::kRest);
      // Nothing else is wrong with the row.
      if (part == Part::kField) row[i] = Literal(*columns[i]);
      if (part == Part::kRest) row[i] = "'{\"x\": \"1\"}'";
      if (columns[i] == column || emptied) row[i] = chosen.value;
    }
    AddInsert(NameList(columns), absl::StrCat("VALUES (", absl::StrJoin(row, ", "), ")"), false,
              &statement);
    if (!chosen.insert_error.empty()) statement.model = Raise(chosen.insert_error);
  }
  statement.one_row = true;
  return statement;
}

// --- Which one ----------------------------------------------------------------------------------

Statement Statements::Next() {
  const uint64_t dice = Below(100);
  if (rows_.size() > kTooManyRows) return dice < 10 ? Truncate() : Delete();
  if (dice < 8) return Refused();
  if (dice < 12) return rows_.size() < 8 && Chance(70) ? Insert(false, false) : Truncate();
  if (dice < 18) return Copy();
  if (dice < 40) {
    if (layout_.is_stream() && Chance(50)) return InsertIntoStream();
    return Insert(Chance(30), Chance(40));
  }
  if (dice < 48) {
    if (layout_.is_stream()) return InsertIntoStream();
    return rows_.size() < kTooManyRows / 2 ? InsertFromSelf() : Delete();
  }
  if (dice < 70) return Update();
  if (dice < 82) return Rename();
  return Delete();
}

Statement Statements::NextPrepared() {
  params_.clear();
  prepare_ = true;
  const uint64_t dice = Below(4);
  Statement statement;
  if (dice == 0 && !layout_.is_stream()) {
    statement = Insert(true, false);
  } else if (dice == 1) {
    statement = Update();
  } else if (dice == 2) {
    statement = Rename();
  } else {
    statement = Delete();
  }
  prepare_ = false;
  statement.params = std::move(params_);
  params_.clear();
  return statement;
}

std::string Statements::Arguments(const Statement& statement) {
  std::vector<std::string> arguments;
  for (const Column* column : statement.params) {
    arguments.push_back(column->nullable && Chance(15) ? "NULL" : Literal(*column));
  }
  return arguments.empty() ? "" : absl::StrCat("(", absl::StrJoin(arguments, ", "), ")");
}

Statement Statements::Query() {
  const Column& joined = PickScalar();
  const std::string c = absl::StrCat("t.", joined.name);
  const std::string loc = absl::StrCat("loc_", joined.name);
  const std::string shown = ShownColumns(layout_);
  std::string sql;
  switch (IsScalar(joined) ? Below(10) : Below(4)) {
    case 0:
      sql = absl::StrCat("SELECT count(*), min(concat(", c, ")) FROM ", kTable, " t", Where());
      break;
    case 4:
      sql = absl::StrCat("SELECT l.n, ", shown, " FROM ", loc, " l ", Chance(50) ? "LEFT " : "",
                         "JOIN ", kTable, " t ON ", c, " = l.k WHERE l.n < ", Below(12));
      break;
    case 5:
      sql = absl::StrCat("SELECT l.k, (SELECT count(*) FROM ", kTable, " t WHERE ", c,
                         " = l.k) FROM ", loc, " l WHERE l.n < ", Below(12));
      break;
    case 6:
      sql = absl::StrCat("SELECT ", shown, " FROM ", kTable, " t WHERE ", Chance(50) ? "" : "NOT ",
                         "EXISTS (SELECT FROM ", loc, " l WHERE l.k = ", c, " AND l.n > ", Below(6),
                         ")");
      break;
    case 7:
      // Numbers may be equal and written in another way.
      sql = absl::StrCat("SELECT ", c, " FROM ", kTable, " t", Where(), " ORDER BY 1 ",
                         Chance(50) ? "DESC" : "", ", concat(", c, ") LIMIT ", 1 + Below(4));
      break;
    case 8:
      sql = absl::StrCat("SELECT count(*) FROM ", kTable, " t JOIN ", kTable, " o ON o.",
                         joined.name, " = ", c, Where());
      break;
    default:
      sql = absl::StrCat("SELECT ", shown, " FROM ", kTable, " t", Where());
  }
  Statement statement = OfBoth(sql);
  statement.returning = true;
  return statement;
}

std::string Statements::Settings() {
  const std::vector<std::string> all = {
      "enable_hashjoin = off", "enable_mergejoin = off", "enable_nestloop = off",
      "enable_material = off", "work_mem = '64kB'",      "timezone = 'Asia/Tokyo'",
      "datestyle = 'German'",  "extra_float_digits = 0", "redis_fdw.enable_pushdown = off",
      "enable_memoize = off"};
  std::string sql;
  while (Chance(40)) absl::StrAppend(&sql, "SET ", Pick(all), "; ");
  return sql;
}

}  // namespace redis_fdw::test
