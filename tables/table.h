// The table-type interface: what a Redis type must say to become SQL tables.
//
//   TableType   a module, one per Redis type, registered by name (tables/registry.h)
//     Bind()    -> Table: a foreign table's declaration, understood
//       Plan()      -> ScanPlan: data
//       OpenScan()  -> Scan: execution
//       BuildWrites()  -> commands for a batch of WriteOps
//
// A new type is one folder that implements these and registers itself, and one line in tables:all.
// Nothing here or below knows PostgreSQL; values are Cells.

#ifndef REDIS_FDW_TABLES_TABLE_H_
#define REDIS_FDW_TABLES_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/base/arena.h"
#include "core/base/cell.h"
#include "core/base/row_batch.h"
#include "core/exec/pipeline.h"
#include "core/net/connection.h"
#include "core/resp/command.h"
#include "pushdown/predicate.h"
#include "pushdown/scan_plan.h"

namespace redis_fdw {

// What kind of SQL type a column has, as far as a table type may care.
enum class ColumnType : uint8_t {
  kText,
  kBinary,
  kInteger,
  kFloat,
  kNumeric,
  kTimestamp,  // timestamptz
  kJson,       // jsonb
  kArray,
  kOther,
  kStreamId  // redis_stream_id
};

// A column as declared.
struct ColumnDef {
  std::string name;
  ColumnType type = ColumnType::kText;
  std::string role;   // column option `redis`; empty: by position or by name
  std::string field;  // column option `field`; empty: the column's name
};

// A foreign table as declared: everything that Bind needs.
struct TableDef {
  std::string name;                // for messages
  std::string key;                 // option table_key_prefix as written, escapes and all
  std::string key_template;        // option key_template as written; empty: none
  bool row_per_key = false;        // option row_per is 'key'
  int64_t ttl_seconds = 0;         // option ttl; 0: none
  std::vector<ColumnDef> columns;  // without dropped columns
};

// A column as bound.
struct BoundColumn {
  // What cells of this column are, both ways.
  //   kBytes, kInt64, kDouble  the value; kInt64 for a timestamptz column: ms since 1970 UTC
  //   kList                    for an array column: its elements, each of kind `element`;
  //                            for a jsonb column: names and values in turn, all bytes (an object)
  // kBytes of a redis_stream_id column are an id as Redis writes it: "1640995200000-0".
  Cell::Kind kind = Cell::Kind::kBytes;
  Cell::Kind element = Cell::Kind::kBytes;
  bool identity = false;  // part of what names a row
  bool nullable = false;  // whether a written NULL means something
  bool writable = true;   // whether INSERT takes a value for it
};

enum class WriteKind : uint8_t { kInsert = 0, kUpdate = 1, kDelete = 2 };
enum class ConflictPolicy : uint8_t {
  kOverwrite = 0,  // as Redis does it: the last write wins
  kIgnore = 1,     // ON CONFLICT DO NOTHING
  kError = 2,      // strict tables: 23505
};

// Names a row: the cells of the identity columns, in column order, and the hidden row number
// (Table::has_row_number) where the type has one.
struct RowIdentity {
  absl::Span<const Cell> cells;
  int64_t row_number = -1;
};

// One row's change. All views live during BuildWrites() only.
struct WriteOp {
  WriteKind kind = WriteKind::kInsert;
  RowIdentity old;                   // kUpdate, kDelete
  absl::Span<const Cell> new_cells;  // kInsert, kUpdate: a cell per bound column
  std::vector<bool> changed;         // kUpdate: which columns are set; empty: all
  ConflictPolicy conflict = ConflictPolicy::kOverwrite;
};

struct WriteResult {
  bool applied = true;  // false: the row was gone (update, delete) or already there (kIgnore)
  // What Redis chose for a column that the row left to it (a stream id; a list's index, in
  // decimal); empty if nothing.
  std::string generated_id;
  int generated_column = -1;  // the bound column that it belongs to
};

// A command and the ops that it carries out: ops[first_op .. first_op + op_count) of the batch.
struct PlannedWrite {
  Command command;
  size_t first_op = 0;
  size_t op_count = 1;
  // Makes the ops' results of the reply's top-level element (for EXEC or a script: of each nested
  // one in turn). Null: every op was applied. An error here fails the batch.
  using Interpret = absl::Status (*)(const ReplyElement& element, absl::Span<WriteResult> results);
  Interpret interpret = nullptr;
  int generated_column = -1;  // for WriteResult, where a result has a generated id
  // Says better what an error reply means, where the type knows; null: as it is.
  absl::Status (*explain)(const absl::Status& error) = nullptr;
  // Whether a key of another type is none of the table's, so that the ops apply to nothing; else it
  // is an error.
  bool passes_over_other_types = false;
};

// State that a Table keeps between the batches of one statement (for lists: which indexes were
// deleted).
class WriteState {
 public:
  virtual ~WriteState() = default;
};

class Scan {
 public:
  virtual ~Scan() = default;

  // Begins, or begins again, with these parameter rows: each is answered on its own and the rows of
  // the result carry its ordinal. Cells of `params` are copied. What an earlier run still had
  // outstanding is abandoned. May wait.
  virtual absl::Status Start(absl::Span<const absl::Span<const Cell>> params) = 0;

  // Replaces the batch's rows by the next ones; none: the scan is at its end. Before it returns it
  // asks for what comes after, so that Redis works while the caller consumes, unless the rows are
  // all that the plan expects to be taken. Waits.
  virtual absl::Status NextBatch(RowBatch* batch) = 0;

  // Stops early. The connection is given back, or closed if much is still on its way.
  virtual void Stop() = 0;

  virtual const Counters& counters() const = 0;
};

// A scan of some rows, which says how many there are in all.
class SampleScan : public Scan {
 public:
  // Rows in the table: exact of one key, extrapolated from some for many. REQUIRES: the scan has
  // reached its end.
  virtual double total_rows() const = 0;
};

struct ScanOptions {
  ScanMode mode = ScanMode::kAuto;
  int64_t fetch_size = 1000;  // rows a batch, elements a page
};

class Table {
 public:
  virtual ~Table() = default;

  virtual absl::Span<const BoundColumn> columns() const = 0;
  // The key, for messages and EXPLAIN, and to see that a statement writes what it scans.
  virtual absl::string_view key() const = 0;
  // Whether rows are named by a number that is no column (a list without an index column); a scan
  // then tags its rows with it (RowBatch::row_number), and RowIdentity carries it back.
  virtual bool has_row_number() const { return false; }
  // Whether the type supports this kind of write at all; a non-OK status says why not, with a hint.
  virtual absl::Status CanWrite(WriteKind kind) const = 0;
  // What whoever declares such a table should know, as the message of a notice; empty: nothing.
  virtual std::string Advice() const { return ""; }

  // Chooses the cheapest way to get the rows; never fails. Predicates it does not use do not appear
  // in the plan.
  virtual ScanPlan Plan(const ScanRequest& request) const = 0;

  // For EXPLAIN (VERBOSE): the commands that the plan comes to, with operands shown by
  // `operand_names` (indexed by operand ordinal: "$1", "'abc'", "u.name"). One line per command or
  // alternative.
  virtual std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                            absl::Span<const std::string> operand_names) const = 0;

  // The same for writes: the command that carries out such ops, as far as it is the same for all.
  virtual std::string DescribeWrite(WriteKind kind, ConflictPolicy conflict) const = 0;

  // The scan; nothing is sent before Start(). The table and the pipeline must outlive it. `plan` is
  // copied.
  virtual absl::StatusOr<std::unique_ptr<Scan>> OpenScan(const ScanPlan& plan,
                                                         const ScanOptions& options,
                                                         Pipeline* pipeline) const = 0;

  // A random sample of the rows, of all columns in their order: at most `rows` of them, each at
  // most once. What it costs grows with `rows` and not with the table. Otherwise as OpenScan();
  // takes a parameter row without cells. The same `seed` makes the same choices where they are
  // ours.
  virtual absl::StatusOr<std::unique_ptr<SampleScan>> OpenSample(int64_t rows, uint64_t seed,
                                                                 const ScanOptions& options,
                                                                 Pipeline* pipeline) const = 0;

  // The column that shows the key, of a table of many keys whose rows are not keys: as many keys as
  // it has values; -1: none.
  virtual int key_column() const { return -1; }

  // State for the BuildWrites() calls of one statement; may be null.
  virtual std::unique_ptr<WriteState> NewWriteState() const { return nullptr; }

  // The commands that carry out `ops`, in order, appended to *out; several ops become one variadic
  // command where Redis has one and the results allow (`want_results`: each op's own result is
  // needed). Checks values (NULL where Redis has no absence, NaN): on error, nothing of the batch
  // is sent. The message names column and row.
  virtual absl::Status BuildWrites(absl::Span<const WriteOp> ops, const ServerInfo& server,
                                   bool want_results, WriteState* state,
                                   std::vector<PlannedWrite>* out) const = 0;

  // The key and whatever else of `cells` (one per bound column) decides where a row to be inserted
  // goes: kCheckViolation if it would be no row of this table (its key is outside of the pattern).
  virtual absl::Status CheckKey(absl::Span<const Cell> /*cells*/) const { return absl::OkStatus(); }

  // Makes of the cells that a row is to be written as those that it reads back as, where that is
  // known: what NULL stands for (a TTL that the table's option gives), the order of a set. They may
  // be cells that BuildWrites() will refuse. What is made lives in `arena`.
  virtual void ShowStored(absl::Span<Cell> /*cells*/, Arena* /*arena*/) const {}

  // Whether the equalities of a kLookup `plan` name the rows' identities completely, and a write of
  // `kind` needs no more than that, so that it can be done without a scan. REQUIRES: all of the
  // plan's predicates are exact.
  virtual bool NamesRows(const ScanPlan& /*plan*/, WriteKind /*kind*/) const { return false; }
  // Those identities, each with a cell per identity column in column order; bytes are views of
  // `params`. REQUIRES: NamesRows().
  virtual std::vector<std::vector<Cell>> NamedRows(const ScanPlan& /*plan*/,
                                                   absl::Span<const Cell> /*params*/) const {
    return {};
  }

  // TRUNCATE: removes the key, or every key of the table's pattern and type, in batches. May wait.
  virtual absl::Status Truncate(Pipeline* pipeline) const = 0;

  // Whether a key of this table may be one of `other` in the same database.
  virtual bool SharesKeys(const Table& other) const { return key() == other.key(); }

  // Names a row of a scan's output in messages, from the cells it has: "field \"email\"", "index
  // 3".
  virtual std::string DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                                  int64_t row_number) const = 0;
};

class TableImporter;

class TableType {
 public:
  virtual ~TableType() = default;
  // The value of table_type: "hash".
  virtual absl::string_view name() const = 0;
  // The columns it takes, for hints: "(field, value)".
  virtual absl::string_view layout() const = 0;
  // Understands a declaration. kInvalidTable names what is wrong and what is allowed.
  virtual absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const = 0;
  // How keys of the Redis type that has this type's name become tables (tables/import/importer.h);
  // null: not at all. Lives as long as the type.
  virtual const TableImporter* importer() const { return nullptr; }
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_TABLE_H_
