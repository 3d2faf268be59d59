// What the conformance suite must know of a table type to run over it: a table of it, sample rows,
// and how an independent client makes and checks them. A new table type adds one of these.
//
// A type has several layouts: one key ("hash"), many keys of a pattern ("hash_many"), and perhaps
// a row per key ("hash_row"). The second follows from the first: its rows are spread over keys.

#ifndef REDIS_FDW_TESTING_CONFORMANCE_SAMPLE_H_
#define REDIS_FDW_TESTING_CONFORMANCE_SAMPLE_H_

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/base/cell.h"
#include "pushdown/predicate.h"
#include "tables/table.h"

namespace redis_fdw::test {

// A row that owns its bytes.
class SampleRow {
 public:
  SampleRow() = default;
  SampleRow(const SampleRow& other) { *this = other; }
  SampleRow& operator=(const SampleRow& other);

  SampleRow& Bytes(absl::string_view bytes);
  SampleRow& Int(int64_t value);
  SampleRow& Double(double value);
  SampleRow& Null();
  SampleRow& List(absl::Span<const Cell> cells);
  SampleRow& Append(const Cell& cell);  // which is copied
  // The same row with another cell in place of one.
  SampleRow With(size_t column, const Cell& cell) const;
  // The same row without its first column.
  SampleRow WithoutFirst() const;

  const std::vector<Cell>& cells() const { return cells_; }
  // As RowLine() shows it.
  std::string Line() const;

 private:
  Cell Own(const Cell& cell);

  std::deque<std::string> bytes_;  // deques: views into them stay valid
  std::deque<std::vector<Cell>> lists_;
  std::vector<Cell> cells_;
};

// "\"a\", 1.5".
std::string RowLine(absl::Span<const Cell> cells);

using Argv = std::vector<std::string>;

// A column that is looked up, and how.
struct SampleLookup {
  int column;
  Semantics semantics;
};

struct Sample {
  std::string type;
  bool many_keys = false;    // of the pattern kKeyPattern; the first column is the key
  bool row_per_key = false;  // the option
  std::vector<ColumnDef> columns;
  // Row i; rows differ in their identity.
  std::function<SampleRow(int i)> row;
  // Rows with bytes that text would not survive, and with empty strings.
  std::vector<SampleRow> odd_rows;
  // How many rows the table can hold; -1: any.
  int max_rows = -1;

  // How an independent client writes rows, given their cells. `key` is that of a table with one.
  std::function<std::vector<Argv>(const std::string& key, const std::vector<SampleRow>& rows)>
      write;
  // A command that replies whether (or with what) the row is there, and what it replies if it is.
  std::function<Argv(const std::string& key, const SampleRow& row)> probe;
  std::function<std::string(const SampleRow& row)> present;
  // Whether scan_mode 'cursor' reads it by cursor; then it can be changed meanwhile. Removes rows:
  std::function<std::vector<Argv>(const std::string& key, const std::vector<SampleRow>& rows)>
      remove;

  // What a second row of the same identity does.
  enum class Duplicates { kOverwrite, kKept, kRefused };
  Duplicates duplicates = Duplicates::kOverwrite;
  // Whether a row is a key, and not one of its elements.
  bool row_is_key = false;
  // Whether INSERT replaces a key of another Redis type.
  bool replaces_other_types = false;
  // Whether ON CONFLICT DO NOTHING can leave a row out.
  bool ignores_conflicts = true;

  std::vector<SampleLookup> lookups;
  // The column of a row's position, where rows have one; -1: none.
  int position_column = -1;

  // The column that UPDATE sets to a value of another row; -1: none. If it is part of the identity,
  // that is a rename.
  int update_column = -1;
  bool update_renames = false;
};

constexpr char kKeyPattern[] = "key under test*";
constexpr char kKeyPrefix[] = "key under test";

// By the name of the layout.
const std::map<std::string, Sample>& Samples();

// The layouts of all registered types, whether or not there are samples of them: each as one key
// and as many, and those of Samples() with a row per key.
std::vector<std::string> LayoutNames();

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_CONFORMANCE_SAMPLE_H_
