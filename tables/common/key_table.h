// KeyTable: the Table that every table type's Elements become.
//
// It owns what is alike for all: which keys the table has (one, all of a pattern, or those of a
// template), the columns that show a key and its TTL, and how a batch of writes falls into runs of
// one key. The type's Elements know nothing of it.
//
// key_table.cc declares and plans, key_table_scan.cc reads, key_table_sample.cc reads some,
// key_table_write.cc writes, key_table_ttl.cc says what becomes of TTLs then, truncate.cc removes.

#ifndef REDIS_FDW_TABLES_COMMON_KEY_TABLE_H_
#define REDIS_FDW_TABLES_COMMON_KEY_TABLE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pushdown/glob.h"
#include "tables/common/columns.h"
#include "tables/common/elements.h"
#include "tables/table.h"

namespace redis_fdw {

// Which keys a table has, and how its key column shows them.
struct KeyNaming {
  KeyPattern pattern;
  // What surrounds the part that the column shows; both empty unless there is a template.
  std::string prefix;
  std::string suffix;
  int template_column = -1;  // the column that the template names

  bool many() const { return !pattern.is_literal(); }
  std::string KeyOf(absl::string_view shown) const;
  // The part of `key` that the column shows. REQUIRES: pattern.Matches(key).
  absl::string_view Shown(absl::string_view key) const;
};

// Of the options table_key_prefix or key_template. kInvalidOption, kInvalidTable.
absl::StatusOr<KeyNaming> NameKeys(const TableDef& def);

// What a write does to the TTLs of its key, and of its row where that has one of its own.
struct TtlChanges {
  TtlChange key;
  TtlChange row;

  friend bool operator==(const TtlChanges& a, const TtlChanges& b) {
    return a.key == b.key && a.row == b.row;
  }
};

// Whether an insert or update gives a value to a column; -1 is none.
bool SetsColumn(const WriteOp& op, int column);

class KeyTable : public Table {
 public:
  KeyTable(const TableDef& def, KeyNaming naming, std::unique_ptr<const Elements> elements);

  absl::Span<const BoundColumn> columns() const override { return map().bound; }
  absl::string_view key() const override { return shown_key_; }
  bool has_row_number() const override { return elements_->has_row_number(); }
  absl::Status CanWrite(WriteKind kind) const override { return elements_->CanWrite(kind); }
  std::string Advice() const override { return elements_->Advice(); }

  // The type plans the elements of a key. Equalities on the key name the keys; LIKE, prefixes and
  // bounds on it narrow the SCAN; conditions on the TTL stay with PostgreSQL.
  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names) const override;
  std::string DescribeWrite(WriteKind kind, ConflictPolicy conflict) const override;
  // Many keys are found by SCAN (O(keyspace), in pages) and read in a pipeline (keys_source.h).
  absl::StatusOr<std::unique_ptr<Scan>> OpenScan(const ScanPlan& plan, const ScanOptions& options,
                                                 Pipeline* pipeline) const override;

  // Some keys are found, asked how large they are, and then read in part (sample_source.h).
  absl::StatusOr<std::unique_ptr<SampleScan>> OpenSample(int64_t rows, uint64_t seed,
                                                         const ScanOptions& options,
                                                         Pipeline* pipeline) const override;
  int key_column() const override {
    return naming_.many() && !elements_->row_is_key() ? map().key_column : -1;
  }

  std::unique_ptr<WriteState> NewWriteState() const override;
  absl::Status BuildWrites(absl::Span<const WriteOp> ops, const ServerInfo& server,
                           bool want_results, WriteState* state,
                           std::vector<PlannedWrite>* out) const override;
  absl::Status CheckKey(absl::Span<const Cell> cells) const override;
  void ShowStored(absl::Span<Cell> cells, Arena* arena) const override;

  bool NamesRows(const ScanPlan& plan, WriteKind kind) const override;
  std::vector<std::vector<Cell>> NamedRows(const ScanPlan& plan,
                                           absl::Span<const Cell> params) const override;
  absl::Status Truncate(Pipeline* pipeline) const override;
  bool SharesKeys(const Table& other) const override;

  std::string DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                          int64_t row_number) const override;

 private:
  const Columns& map() const { return elements_->columns(); }
  // Names the node that a scan asks first: that of the key, or any.
  absl::string_view NodeKey() const {
    return naming_.many() ? absl::string_view(shown_key_) : naming_.pattern.literal();
  }
  int PartOf(int column) const { return map().part_of[static_cast<size_t>(column)]; }
  // How the keys are found, by the predicates on them.
  struct KeyPlan {
    KeyAccess access = KeyAccess::kOne;
    std::vector<PlannedPredicate> predicates;
    double there = 1;    // keys that the table has
    double read = 1;     // of these, those that are read
    bool single = true;  // it is one at most
  };
  KeyPlan PlanKeys(const ScanRequest& request) const;
  // The request as the elements of a key know it.
  ScanRequest ElementRequest(const ScanRequest& request, const KeyPlan& keys) const;
  // Adds to a plan of the elements of one key those of the others.
  void AddKeys(const ScanRequest& request, const KeyPlan& keys, ScanPlan* plan) const;
  // Whether nothing is read of the keys but which there are.
  bool KeyIsAll(const OutputShape& output, KeyAccess access) const;
  // The plan as the elements know it: parts for columns, without what is about the key.
  ScanPlan ElementPlan(const ScanPlan& plan) const;
  // The predicates of a plan that are about the key.
  std::vector<Predicate> KeyPredicates(const ScanPlan& plan) const;

  // Where an op goes, and what it does there: what the ops of a run have in common. The keys are
  // empty if the table has one.
  struct Goal {
    std::string key;
    std::string new_key;
    TtlChanges ttl;

    friend bool operator==(const Goal& a, const Goal& b) {
      return a.key == b.key && a.new_key == b.new_key && a.ttl == b.ttl;
    }
  };
  absl::Status FindGoal(const WriteOp& op, const ServerInfo& server, Goal* goal) const;
  // What an insert or update does to TTLs.
  absl::StatusOr<TtlChanges> TtlOf(const WriteOp& op, const ServerInfo& server) const;
  // What the values in the row say of it.
  absl::StatusOr<TtlChange> GivenTtl(const WriteOp& op) const;
  // The state of one key, as far as a write of that kind may want it.
  WriteState* StateFor(WriteKind kind, absl::string_view key, WriteState* state) const;
  void ShowStoredTtl(absl::Span<Cell> cells) const;
  absl::Status BuildRun(const WriteRun& run, std::vector<PlannedWrite>* out) const;
  absl::Status TruncateOne(Pipeline* pipeline) const;
  absl::Status TruncateMany(Pipeline* pipeline) const;

  const KeyNaming naming_;
  const std::string shown_key_;
  const int64_t ttl_seconds_;
  const std::unique_ptr<const Elements> elements_;
  // Whether column i is part i of each i, and what names a row comes first: then ops are taken by
  // the elements as they are.
  const bool columns_are_parts_;
};

// Makes the Elements of a layout.
using MakeElements = std::function<std::unique_ptr<const Elements>(Columns columns)>;

// Binds a declaration to a layout; what TableType::Bind() comes to. `row_is_key`: as
// Elements::row_is_key() will say.
absl::StatusOr<std::unique_ptr<const Table>> BindKeyTable(const TableDef& def,
                                                          const LayoutRules& rules, bool row_is_key,
                                                          const MakeElements& make);

// For types without the layout row_per 'key': kUnsupported.
absl::Status RequireRowPerElement(const TableDef& def, absl::string_view type);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_KEY_TABLE_H_
