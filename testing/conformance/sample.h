// What the conformance suite must know of a table type to run over it: a table of it, sample rows,
// and how an independent client makes and checks them. A new table type adds one of these.

#ifndef REDIS_FDW_TESTING_CONFORMANCE_SAMPLE_H_
#define REDIS_FDW_TESTING_CONFORMANCE_SAMPLE_H_

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
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
  // The same row with another cell in place of one.
  SampleRow With(size_t column, const SampleRow& one_cell) const;

  const std::vector<Cell>& cells() const { return cells_; }
  // As RowLine() shows it.
  std::string Line() const;

 private:
  std::deque<std::string> bytes_;  // a deque: views into it stay valid
  std::vector<Cell> cells_;
};

// "\"a\", 1.5".
std::string RowLine(absl::Span<const Cell> cells);

using Argv = std::vector<std::string>;

struct Sample {
  std::vector<ColumnDef> columns;
  // Row i; rows differ in their identity.
  std::function<SampleRow(int i)> row;
  // Rows with bytes that text would not survive, and with empty strings.
  std::vector<SampleRow> odd_rows;
  // How many rows a key can hold; -1: any.
  int max_rows = -1;

  // How an independent client writes rows, given their cells.
  std::function<Argv(const std::string& key, const std::vector<SampleRow>& rows)> write;
  // A command that replies whether (or with what) the row is there, and what it replies if it is.
  std::function<Argv(const std::string& key, const SampleRow& row)> probe;
  std::function<std::string(const SampleRow& row)> present;

  // What a second row of the same identity does.
  enum class Duplicates { kOverwrite, kKept, kRefused };
  Duplicates duplicates = Duplicates::kOverwrite;
  // Whether INSERT replaces a key of another Redis type.
  bool replaces_other_types = false;
  // Whether ON CONFLICT DO NOTHING can leave a row out.
  bool ignores_conflicts = true;

  // The column that is looked up, and how; -1: none.
  int lookup_column = -1;
  Semantics lookup_semantics = Semantics::kBytes;
  // Whether scan_mode 'cursor' reads it by cursor; then it can be changed meanwhile. Removes a row:
  std::function<Argv(const std::string& key, const std::vector<SampleRow>& rows)> remove;

  // The column that UPDATE sets to a value of another row; -1: none. If it is part of the identity,
  // that is a rename.
  int update_column = -1;
  bool update_renames = false;
};

// By the name of the type.
const std::map<std::string, Sample>& Samples();

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_CONFORMANCE_SAMPLE_H_
