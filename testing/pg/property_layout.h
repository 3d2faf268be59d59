// The layouts of the property test: foreign tables of every type, declared as data, from which the
// ordinary table of the same meaning, the statements and the checks are made.

#ifndef REDIS_FDW_TESTING_PG_PROPERTY_LAYOUT_H_
#define REDIS_FDW_TESTING_PG_PROPERTY_LAYOUT_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace redis_fdw::test {

// What a column is.
enum class Part {
  kKey,      // the key, or its variable part
  kName,     // a hash's field, a set's or sorted set's member
  kId,       // of a stream's entry
  kIndex,    // of a list
  kValue,    // of a string, or of a hash's field
  kElement,  // of a list
  kScore,
  kField,     // a hash's or stream's field of the column's name
  kRest,      // jsonb of all other fields
  kElements,  // the whole collection, an array
  kScores,    // the scores beside it
  kTtl,
  kExpires,
};

struct Column {
  std::string name;
  std::string type;  // as in SQL
  Part part;
  std::vector<std::string> pool;  // values, as their type reads them
  bool nullable = false;
  std::string clauses = "";  // what follows the type in the declaration of both tables
  std::string options = "";  // column options of the foreign table
};

struct Layout {
  std::string name;
  std::string type;     // option table_type
  std::string options;  // the other ones, the key's included
  // What surrounds the text of the key column in the key; `prefix` alone is the key if there is
  // none.
  std::string prefix;
  std::string suffix;
  std::string key_like;  // keys of the pattern, as LIKE knows them; empty: all that can be written
  bool row_per_key = false;
  int64_t ttl = -1;  // option ttl
  std::vector<Column> columns;

  const Column* Find(Part part) const;
  bool Has(Part part) const { return Find(part) != nullptr; }
  int IndexOf(Part part) const;  // of the column; -1: none
  // What names a row. Empty for lists, which may hold equal rows, and for tables of one row.
  std::vector<const Column*> Identity() const;
  bool is_list() const { return type == "list" && !row_per_key; }
  bool is_stream() const { return type == "stream"; }
};

const std::vector<Layout>& AllLayouts();

inline std::ostream& operator<<(std::ostream& out, const Layout& layout) {
  return out << layout.name;
}

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_PG_PROPERTY_LAYOUT_H_
