// Elements: what a Redis type says of the rows that one key holds.
//
// A table type implements this once for each of its layouts (a hash: a row per field, or a row per
// key); KeyTable (key_table.h) makes a Table of it, for one key or for all that match a pattern,
// with what all tables share: the key column, TTLs, columns told apart by role. Here columns are
// parts (columns.h): predicates, cells and masks are numbered by part, whatever the order of the
// columns, and a part that no column shows is NULL.

#ifndef REDIS_FDW_TABLES_COMMON_ELEMENTS_H_
#define REDIS_FDW_TABLES_COMMON_ELEMENTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tables/common/columns.h"
#include "tables/common/row_writer.h"
#include "tables/common/step_source.h"
#include "tables/table.h"

namespace redis_fdw {

// What a write does to the TTL of its key.
struct TtlChange {
  enum class Kind : uint8_t { kKeep, kRelative, kAbsolute, kPersist };
  Kind kind = Kind::kKeep;
  int64_t ms = 0;  // kRelative: from now; kAbsolute: since 1970 UTC

  friend bool operator==(const TtlChange& a, const TtlChange& b) {
    return a.kind == b.kind && a.ms == b.ms;
  }
};

// Consecutive ops of a batch that are alike: of one kind, conflict policy, key and TTL.
struct WriteRun {
  // new_cells and changed have an entry per part, old.cells one per part up to the last that names
  // a row, NULL for those that name nothing.
  absl::Span<const WriteOp> ops;
  size_t first = 0;  // where they begin in the batch
  WriteKind kind = WriteKind::kInsert;
  ConflictPolicy conflict = ConflictPolicy::kOverwrite;
  absl::string_view key;
  absl::string_view new_key;  // where updated rows go; equal to `key` but for those that move
  TtlChange ttl;              // of the key
  TtlChange row_ttl;          // of the rows themselves (Elements::HasRowTtl)
  bool want_results = false;
  const ServerInfo* server = nullptr;
  WriteState* state = nullptr;

  bool moves() const { return key != new_key; }
};

// Makes the source of the rows of one key that answer one parameter row. `key`, `params` and `rows`
// outlive it.
using ElementSourceFactory = std::function<std::unique_ptr<StepSource>(
    absl::string_view key, absl::Span<const Cell> params, RowWriter* rows)>;

// A sample of the rows of one key: some of them, at random.
struct ElementSample {
  int64_t wanted = 1;  // rows; at least 1
  int64_t size = 2;    // rows the key had when it was asked for that; more than `wanted`
  uint64_t seed = 0;
  const ServerInfo* server = nullptr;  // who will be asked; for the call only
};

class Elements {
 public:
  virtual ~Elements() = default;

  const Columns& columns() const { return columns_; }
  // A command that reads the one part of several keys' rows, and replies with nil for a key without
  // a row: "MGET". Null: none.
  virtual const char* many_command() const { return nullptr; }
  // As TYPE and SCAN ... TYPE name it.
  virtual absl::string_view redis_type() const = 0;
  // Whether a key is one row.
  virtual bool row_is_key() const { return false; }
  // Whether rows that are no keys have TTLs of their own on that server. The source then shares
  // them with each row (RowWriter::Share), and writes set WriteRun::row_ttl.
  virtual bool HasRowTtl(const ServerInfo& /*server*/) const { return false; }
  // As Table::has_row_number().
  virtual bool has_row_number() const { return false; }
  // The part that Redis chooses where a row leaves it out (WriteResult::generated_id); -1: none.
  virtual int generated_part() const { return -1; }
  virtual absl::Status CanWrite(WriteKind /*kind*/) const { return absl::OkStatus(); }
  // As Table::Advice().
  virtual std::string Advice() const { return ""; }

  // As Table::Plan(), of the elements of one key. An order is promised within that key.
  virtual ScanPlan Plan(const ScanRequest& request) const = 0;
  // As Table::Describe(); `key` is how to write the key.
  virtual std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                            absl::Span<const std::string> operand_names,
                                            absl::string_view key) const = 0;
  // How rows are read. May hold `this`.
  virtual ElementSourceFactory Open(const ScanPlan& plan, const ScanOptions& options) const = 0;

  // The command that says in O(1) how many rows a key has: "HLEN". Null: a key is a row.
  virtual const char* size_command() const { return nullptr; }
  // The source of a sample: about `sample.wanted` rows and no more (but for what a page of a cursor
  // has more), each at most once, at a cost that does not grow with the key. `key` and `rows`
  // outlive it. REQUIRES: size_command() is not null.
  virtual std::unique_ptr<StepSource> OpenSample(absl::string_view /*key*/,
                                                 const ElementSample& /*sample*/,
                                                 RowWriter* /*rows*/) const {
    return nullptr;
  }

  // As Table::DescribeWrite().
  virtual std::string DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                                    absl::string_view key) const = 0;
  virtual std::unique_ptr<WriteState> NewWriteState() const { return nullptr; }
  virtual absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const = 0;
  virtual absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const = 0;
  virtual absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const = 0;

  // Whether an update needs no more of the old row than its identity.
  virtual bool UpdatesByIdentity() const { return true; }
  // As Table::ShowStored(); `parts` has a cell per part.
  virtual void ShowStored(absl::Span<Cell> /*parts*/, Arena* /*arena*/) const {}
  // Whether Redis may have an element of this identity, given as part `part` (a stream has none
  // with the id "5", though its commands take that).
  virtual bool MayExist(int /*part*/, const Cell& /*identity*/) const { return true; }
  // As Table::DescribeRow(); `parts` has a cell per part, NULL where the output lacks it.
  virtual std::string DescribeRow(absl::Span<const Cell> parts, int64_t row_number) const = 0;

  // A value where Redis has no absence. kNullNotAllowed if the cell of `part` is NULL.
  absl::Status RequireValue(absl::Span<const Cell> cells, int part) const;
  // The same of the identity of a row that was scanned. kInternal if it is not there.
  absl::Status RequireIdentity(const WriteOp& op, int part) const;
  // "column \"score\" of foreign table \"t\"", or "a row of ..." where no column shows the part.
  std::string NamePart(int part) const;

 protected:
  explicit Elements(Columns columns) : columns_(std::move(columns)) {}

 private:
  Columns columns_;
};

// "field \"email\"": a role and the bytes of an identity, escaped and cut for messages.
std::string NameElement(absl::string_view role, absl::string_view bytes);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_ELEMENTS_H_
