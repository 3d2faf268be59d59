// A world of the differential test: foreign tables of random layouts, ordinary tables that hold the
// same rows, and local tables to join them with.
//
// The foreign tables are in schema `f`, the ordinary ones, of the same names, in schema `o`, the
// local ones in schema `l`: which of the two a query reads is a matter of search_path. Rows are
// made here once, as commands for Redis and as INSERTs: neither side is derived from the other.

#ifndef REDIS_FDW_TESTING_DIFFERENTIAL_WORLD_H_
#define REDIS_FDW_TESTING_DIFFERENTIAL_WORLD_H_

#include <optional>
#include <string>
#include <vector>

#include "testing/differential/random.h"
#include "testing/differential/values.h"

namespace redis_fdw::test {

struct Column {
  std::string name;
  const Type* type = nullptr;
  std::string collation = "";  // "\"C\"", empty: the default or the domain's
  std::string options = "";    // of the foreign table's column
  bool identity = false;       // it, or with others of its kind, names the row
  // The type of both tables' columns if it is not `type->name`, which then only says what values
  // are like.
  std::string declared_type = "";

  // False of a collation that takes different texts for equal.
  bool deterministic() const { return collation != "public.ci"; }
  bool is_text() const { return type->kind == Kind::kText || type->kind == Kind::kStreamId; }
  std::string Declaration() const;
};

using Cells = std::vector<std::optional<std::string>>;

struct Table {
  std::string name;
  std::string options;  // of the foreign table
  std::string server = "redis_server";
  int database = 0;
  std::vector<Column> columns;
  std::vector<Cells> rows;
  std::vector<std::vector<std::string>> commands;  // that make Redis hold them

  // "a text COLLATE "C", b int".
  std::string Columns(bool foreign) const;
};

struct World {
  std::vector<Table> tables;  // foreign and ordinary
  std::vector<Table> locals;  // (k, n, u): values of one of the others' columns, and integers

  // Makes schemas f, o and l and fills o and l.
  std::string Script() const;
  // For people: all of it, with Redis's commands.
  std::string ToString() const;
};

// One of any layout, or of one key and a row per element, of which Redis knows most. Its keys
// contain `name`, and others' do not match it.
Table MakeTable(const std::string& name, bool one_key, Random* random);
World MakeWorld(Random* random);

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_DIFFERENTIAL_WORLD_H_
