#include "testing/differential/world.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace redis_fdw::test {
namespace {

// "INSERT INTO o.t VALUES (...), (...)"; nothing where there are no rows.
std::string InsertOf(const Table& table, const std::string& schema) {
  if (table.rows.empty()) return "";
  std::vector<std::string> rows;
  for (const Cells& row : table.rows) {
    std::vector<std::string> cells;
    for (size_t i = 0; i < row.size(); ++i)
      cells.push_back(Literal(*table.columns[i].type, row[i]));
    rows.push_back(absl::StrCat("(", absl::StrJoin(cells, ", "), ")"));
  }
  return absl::StrCat("INSERT INTO ", schema, ".", table.name, " VALUES ",
                      absl::StrJoin(rows, ", "), ";\n");
}

// Values of a column of one of the tables, some of them near misses, with repetitions.
Table MakeLocal(const std::string& name, const std::vector<Table>& tables, Random* random) {
  Table local;
  local.name = name;
  const Table* from = nullptr;
  const Column* column = nullptr;
  size_t at = 0;
  // Mostly of what names rows.
  for (int tries = 0; tries < 10; ++tries) {
    from = &random->Pick(tables);
    at = random->Below(from->columns.size());
    column = &from->columns[at];
    if (column->identity) break;
  }
  Column k = *column;
  k.name = "k";
  k.options.clear();
  k.identity = false;
  Column n;
  n.name = "n";
  n.type = &TypeOf("int");
  local.columns = {k, n};
  const size_t count = random->Chance(88) ? random->Below(12) : 60 + random->Below(60);
  for (size_t i = 0; i < count; ++i) {
    std::optional<std::string> cell;
    if (!from->rows.empty() && random->Chance(70)) {
      cell = random->Pick(from->rows)[at];
    } else if (random->Chance(80)) {
      cell = RandomValue(*column->type, column->identity, random).sql;
    }
    local.rows.push_back({cell, absl::StrCat(random->Between(-2, 12))});
  }
  return local;
}

}  // namespace

std::string Column::Declaration() const {
  return absl::StrCat(name, " ", declared_type.empty() ? type->name : declared_type,
                      collation.empty() ? "" : " COLLATE ", collation);
}

std::string Table::Columns(bool foreign) const {
  std::vector<std::string> list;
  for (const Column& column : columns) {
    std::string text = column.Declaration();
    if (foreign && !column.options.empty()) {
      // The collation follows the options.
      const std::string collate = column.collation.empty() ? "" : " COLLATE " + column.collation;
      text.resize(text.size() - collate.size());
      absl::StrAppend(&text, " OPTIONS (", column.options, ")", collate);
    }
    list.push_back(std::move(text));
  }
  return absl::StrJoin(list, ", ");
}

std::string World::Script() const {
  std::string script =
      "SET client_min_messages = error;\n"
      "DROP SCHEMA IF EXISTS f, o, l CASCADE; CREATE SCHEMA f; CREATE SCHEMA o; CREATE SCHEMA l;\n";
  for (const Table& table : tables) {
    absl::StrAppend(&script, "CREATE FOREIGN TABLE f.", table.name, " (", table.Columns(true),
                    ") SERVER ", table.server, " OPTIONS (", table.options, ");\n",
                    "CREATE TABLE o.", table.name, " (", table.Columns(false), ");\n",
                    InsertOf(table, "o"));
  }
  for (const Table& local : locals) {
    absl::StrAppend(&script, "CREATE TABLE l.", local.name, " (", local.Columns(false), ");\n",
                    InsertOf(local, "l"));
  }
  return script;
}

std::string World::ToString() const {
  std::string text = Script();
  for (const Table& table : tables) {
    if (table.database != 0) absl::StrAppend(&text, "redis> SELECT ", table.database, "\n");
    for (const auto& argv : table.commands) {
      absl::StrAppend(&text, "redis> ",
                      absl::StrJoin(argv, " ",
                                    [](std::string* out, const auto& arg) {
                                      absl::StrAppend(out, "\"", absl::CHexEscape(arg), "\"");
                                    }),
                      "\n");
    }
  }
  return text;
}

World MakeWorld(Random* random) {
  World world;
  for (int i = 1; i <= 4; ++i) {
    world.tables.push_back(MakeTable(absl::StrCat("t", i), i <= 2, random));
  }
  for (int i = 1; i <= 3; ++i) {
    world.locals.push_back(MakeLocal(absl::StrCat("l", i), world.tables, random));
  }
  return world;
}

}  // namespace redis_fdw::test
