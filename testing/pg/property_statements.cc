#include "testing/pg/property_statements.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "testing/pg/property_model.h"

namespace redis_fdw::test {

const char kReturnedIds[] = "\x02";

namespace {

// Stands in a statement for the table.
constexpr char kTable[] = "\x01";
// Tables that have grown to this many rows are not doubled.
constexpr size_t kManyRows = 60;

bool HasNoField(const std::vector<const Column*>& columns, const std::vector<std::string>& row) {
  bool fields = false;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Part part = columns[i]->part;
    if (part != Part::kField && part != Part::kRest) {
      fields |= columns[i]->part == Part::kId;
      continue;
    }
    fields = true;
    if (!absl::StartsWith(row[i], "NULL") && !absl::StartsWith(row[i], "'{}'::")) return false;
  }
  return fields;
}

}  // namespace

std::string NameList(const std::vector<const Column*>& columns) {
  std::vector<std::string> names;
  for (const Column* column : columns) names.push_back(column->name);
  return absl::StrJoin(names, ", ");
}

Statement Statements::OfBoth(const std::string& sql) {
  Statement statement;
  statement.foreign = absl::StrReplaceAll(sql, {{kTable, "f"}});
  statement.model = absl::StrReplaceAll(sql, {{kTable, "m"}});
  return statement;
}

std::string Statements::ReturningList() const {
  return absl::StrCat(" RETURNING ", ShownColumns(layout_));
}

void Statements::MaybeReturning(Statement* statement) {
  if (prepare_ || !Chance(30)) return;
  statement->returning = true;
  statement->foreign += ReturningList();
  statement->model += ReturningList();
}

void Statements::KnowId(const std::string& id) {
  const std::vector<std::string> halves = absl::StrSplit(id, '-');
  uint64_t ms = 0;
  if (absl::SimpleAtoi(halves[0], &ms)) next_id_ = std::max(next_id_, ms + 1);
}

// --- INSERT -------------------------------------------------------------------------------------

std::vector<const Column*> Statements::InsertedColumns() {
  std::vector<const Column*> columns;
  for (const Column& column : layout_.columns) {
    if (column.part == Part::kIndex && prepare_) continue;
    if (!column.nullable || column.part == Part::kId || Chance(80)) columns.push_back(&column);
  }
  return columns;
}

std::vector<std::string> Statements::NewRow(const std::vector<const Column*>& columns) {
  std::vector<std::string> row;
  const size_t pair = Below(1000);
  for (const Column* column : columns) {
    if (column->part == Part::kIndex) {
      row.push_back("NULL::int");
    } else if (column->part == Part::kId) {
      next_id_ += Below(3);
      row.push_back(absl::StrCat("'", next_id_, "-", serial_++, "'::text"));
    } else if (layout_.Has(Part::kScores) &&
               (column->part == Part::kElements || column->part == Part::kScores)) {
      const std::string& value = column->pool[pair % column->pool.size()];
      row.push_back(absl::StrCat(Quote(value), "::", column->type));
    } else {
      row.push_back(ValueOrNull(*column));
    }
  }
  return row;
}

void Statements::AddInsert(const std::string& columns, const std::string& source, bool ignore,
                           Statement* statement) {
  const std::string insert = absl::StrCat(" AS t (", columns, ") ");
  std::string policy = ignore ? " ON CONFLICT DO NOTHING" : "";
  if (statement->foreign.empty()) {
    statement->foreign =
        absl::StrCat("INSERT INTO f", insert, absl::StrReplaceAll(source, {{kTable, "f"}}), policy);
  }
  if (!ignore && !layout_.is_list() && !layout_.is_stream()) {
    const std::vector<std::string> conflict = Conflict(layout_);
    std::vector<std::string> sets;
    for (const Column& column : layout_.columns) {
      if (std::find(conflict.begin(), conflict.end(), column.name) == conflict.end()) {
        sets.push_back(absl::StrCat(column.name, " = EXCLUDED.", column.name));
      }
    }
    if (sets.empty()) sets.push_back(absl::StrCat(conflict[0], " = EXCLUDED.", conflict[0]));
    policy = absl::StrCat(" ON CONFLICT (", absl::StrJoin(conflict, ", "), ") DO UPDATE SET ",
                          absl::StrJoin(sets, ", "));
  }
  statement->model =
      absl::StrCat("INSERT INTO m", insert, absl::StrReplaceAll(source, {{kTable, "m"}}), policy);
}

Statement Statements::Insert(bool one, bool returning) {
  const std::vector<const Column*> columns = InsertedColumns();
  const std::string names = NameList(columns);
  const std::vector<const Column*> identity = layout_.Identity();
  const bool ignore = Chance(25) && !layout_.is_stream();
  const size_t wanted = one ? 1 : 1 + Below(8);
  std::vector<std::string> rows;
  std::set<std::string> named;
  bool repeats = false;
  for (size_t i = 0; i < wanted; ++i) {
    const std::vector<std::string> row = NewRow(columns);
    std::string name;
    for (size_t c = 0; c < columns.size(); ++c) {
      if (std::find(identity.begin(), identity.end(), columns[c]) == identity.end()) continue;
      absl::StrAppend(&name, row[c], "\n");
    }
    // A row that is refused must not hide behind one of the same name.
    if (wanted > 1 && HasNoField(columns, row)) continue;
    const bool again = !layout_.is_list() && !named.insert(name).second;
    if (again && returning) continue;
    repeats |= again;
    rows.push_back(absl::StrJoin(row, ", "));
  }
  if (rows.empty()) rows.push_back(absl::StrJoin(NewRow(columns), ", "));
  Statement statement;
  statement.one_row = rows.size() == 1;
  AddInsert(names, absl::StrCat("VALUES (", absl::StrJoin(rows, "), ("), ")"), ignore, &statement);
  if (repeats && !ignore) {
    // PostgreSQL updates a row once a statement; the last write is what wins.
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = absl::StrCat(i, ", ", rows[i]);
    const bool keyed = !identity.empty();
    AddInsert(names,
              absl::StrCat("SELECT ", names, " FROM (SELECT ",
                           keyed ? absl::StrCat("DISTINCT ON (", NameList(identity), ")") : "",
                           " * FROM (VALUES (", absl::StrJoin(rows, "), ("), ")) v (o, ", names,
                           ") ORDER BY ", keyed ? NameList(identity) + ", " : "", "o DESC",
                           keyed ? "" : " LIMIT 1", ") d ORDER BY o"),
              false, &statement);
    statement.counts = false;
  }
  if (!returning) return statement;
  statement.returning = true;
  statement.foreign += ReturningList();
  statement.model += ReturningList();
  return statement;
}

// The foreign table chooses the ids, and the model is given them.
Statement Statements::InsertIntoStream() {
  std::vector<const Column*> columns = InsertedColumns();
  const Column* id = layout_.Find(Part::kId);
  columns.erase(std::find(columns.begin(), columns.end(), id));
  const std::string names = NameList(columns);
  std::string source;
  std::string numbered;
  if (Chance(50) && rows_.size() < kManyRows) {
    std::vector<std::string> exprs;
    for (const Column* column : columns) exprs.push_back("t." + column->name);
    const std::string key = layout_.Has(Part::kKey) ? "t.key COLLATE \"C\", " : "";
    const std::string order = absl::StrCat(" ORDER BY ", key, "t.stream_id COLLATE \"C\"");
    const std::string from = absl::StrCat(" FROM ", kTable, " t", Where());
    source = absl::StrCat("SELECT ", absl::StrJoin(exprs, ", "), from, order);
    numbered = absl::StrCat("SELECT ", absl::StrJoin(exprs, ", "), ", row_number() OVER (",
                            order.substr(1), ")", from);
  } else {
    std::vector<std::string> rows;
    std::vector<std::string> numbers;
    const size_t wanted = 1 + Below(5);
    for (size_t i = 0; i < wanted; ++i) {
      rows.push_back(absl::StrJoin(NewRow(columns), ", "));
      numbers.push_back(absl::StrCat(rows.back(), ", ", i + 1));
    }
    source = absl::StrCat("VALUES (", absl::StrJoin(rows, "), ("), ")");
    numbered = absl::StrCat("VALUES (", absl::StrJoin(numbers, "), ("), ")");
  }
  Statement statement;
  const bool star = Chance(30);
  statement.foreign = absl::StrCat(
      "INSERT INTO f AS t (", names, star ? ", stream_id) SELECT *, '*' FROM (" : ") ",
      absl::StrReplaceAll(source, {{kTable, "f"}}), star ? ") s" : "", ReturningList());
  statement.model = absl::StrCat(
      "INSERT INTO m AS t (", names, ", stream_id) SELECT ", names, ", i.id FROM (",
      absl::StrReplaceAll(numbered, {{kTable, "m"}}), ") s (", names, ", o) JOIN unnest(",
      kReturnedIds, ") WITH ORDINALITY i (id, o) USING (o) ORDER BY o", ReturningList());
  statement.returning = true;
  return statement;
}

Statement Statements::InsertFromSelf() {
  std::vector<const Column*> columns;
  std::vector<std::string> exprs;
  const Column* renamed = PickIdentity();
  const bool ignore = Chance(20);
  for (const Column& column : layout_.columns) {
    if (column.part == Part::kIndex) continue;
    columns.push_back(&column);
    const bool fresh = &column == renamed && !(ignore && Chance(30));
    exprs.push_back(fresh ? Fresh(column) : absl::StrCat("t.", column.name));
  }
  const std::string source =
      absl::StrCat("SELECT ", absl::StrJoin(exprs, ", "), " FROM ", kTable, " t", Where());
  Statement statement;
  // Rows that are looked up by index come in any order.
  const std::string order = layout_.Has(Part::kIndex) ? " ORDER BY t.index" : "";
  AddInsert(NameList(columns), source + order, ignore, &statement);
  if (layout_.is_list()) {
    AddInsert(NameList(columns), absl::StrCat(source, " ORDER BY t.ord"), false, &statement);
  } else {
    MaybeReturning(&statement);
  }
  return statement;
}

Statement Statements::Copy() {
  std::vector<const Column*> columns;
  for (const Column& column : layout_.columns) {
    if (column.part != Part::kIndex) columns.push_back(&column);
  }
  std::vector<std::string> values;
  std::vector<std::string> row;
  const size_t pair = Below(1000);
  for (const Column* column : columns) {
    std::string value = RawValue(*column);
    if (layout_.Has(Part::kScores) && column->part != Part::kKey && column->part != Part::kTtl) {
      value = column->pool[pair % column->pool.size()];
    }
    if (column->part == Part::kId) value = absl::StrCat(next_id_ += 1, "-0");
    values.push_back(
        absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\n", "\\n"}, {"\t", "\\t"}, {"\r", "\\r"}}));
    row.push_back(absl::StrCat(Quote(value), "::", column->type));
  }
  Statement statement;
  AddInsert(NameList(columns), absl::StrCat("VALUES (", absl::StrJoin(row, ", "), ")"), false,
            &statement);
  statement.foreign = absl::StrCat("COPY f (", NameList(columns), ") FROM STDIN");
  statement.copied = absl::StrCat(absl::StrJoin(values, "\t"), "\n");
  statement.counts = false;
  statement.one_row = true;
  return statement;
}

}  // namespace redis_fdw::test
