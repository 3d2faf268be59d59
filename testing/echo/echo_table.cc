// The table type "echo": a table keeps the cells of the rows that are inserted, in the memory of
// the backend, and shows them again. Tables of the same key show the same rows, each as its own
// columns have it.
//
// What a column's cells are follows from its type and its role: arrays and jsonb are lists, unless
// the role is `value`; the elements of an array are integers for `index`, doubles for `score`, else
// bytes, and so is everything else; `expires_at` and `ttl` are integers.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/arena.h"
#include "core/base/cell.h"
#include "core/base/row_batch.h"
#include "core/base/status.h"
#include "tables/registry.h"
#include "tables/table.h"

namespace redis_fdw {
namespace {

struct Rows {
  Arena arena;
  std::vector<std::vector<Cell>> rows;
};

Rows& RowsOf(const std::string& key) {
  static auto* const all = new std::map<std::string, Rows>;
  return (*all)[key];
}

BoundColumn BindColumn(const ColumnDef& def) {
  BoundColumn bound;
  bound.nullable = true;
  bool is_list =
      (def.type == ColumnType::kArray || def.type == ColumnType::kJson) && def.role != "value";
  Cell::Kind kind = def.role == "index" || def.role == "ttl" || def.role == "expires_at"
                        ? Cell::Kind::kInt64
                    : def.role == "score" ? Cell::Kind::kDouble
                                          : Cell::Kind::kBytes;
  bound.kind = is_list ? Cell::Kind::kList : kind;
  bound.element = kind;
  return bound;
}

class EchoScan : public Scan {
 public:
  EchoScan(const Rows* rows, std::vector<int> columns)
      : rows_(rows), columns_(std::move(columns)) {}

  absl::Status Start(absl::Span<const absl::Span<const Cell>>) override {
    next_ = 0;
    return absl::OkStatus();
  }
  absl::Status NextBatch(RowBatch* batch) override {
    batch->Clear();
    for (; next_ < rows_->rows.size() && !batch->Full(); ++next_) {
      absl::Span<Cell> row = batch->AddRow(0);
      for (size_t i = 0; i < columns_.size(); ++i) {
        row[i] = batch->StoreCell(rows_->rows[next_][static_cast<size_t>(columns_[i])]);
      }
    }
    return absl::OkStatus();
  }
  void Stop() override {}
  const Counters& counters() const override { return counters_; }

 private:
  const Rows* rows_;
  std::vector<int> columns_;
  size_t next_ = 0;
  Counters counters_;
};

class EchoTable : public Table {
 public:
  explicit EchoTable(const TableDef& def) : key_(def.key) {
    for (const ColumnDef& column : def.columns) columns_.push_back(BindColumn(column));
  }

  absl::Span<const BoundColumn> columns() const override { return columns_; }
  absl::string_view key() const override { return key_; }
  absl::Status CanWrite(WriteKind kind) const override {
    if (kind == WriteKind::kInsert) return absl::OkStatus();
    return MakeError(ErrorKind::kUnsupported, "echo tables only grow");
  }
  // Counts nothing: that is PostgreSQL's then.
  ScanPlan Plan(const ScanRequest&) const override { return ScanPlan(); }
  std::vector<std::string> Describe(const ScanPlan&, const ScanOptions&,
                                    absl::Span<const std::string>) const override {
    return {"ECHO"};
  }
  absl::StatusOr<std::unique_ptr<Scan>> OpenScan(const ScanPlan& plan, const ScanOptions&,
                                                 Pipeline*) const override {
    return std::unique_ptr<Scan>(std::make_unique<EchoScan>(&RowsOf(key_), plan.output.columns));
  }
  absl::StatusOr<std::unique_ptr<SampleScan>> OpenSample(int64_t, uint64_t, const ScanOptions&,
                                                         Pipeline*) const override {
    return MakeError(ErrorKind::kUnsupported, "echoes are not sampled");
  }
  absl::Status BuildWrites(absl::Span<const WriteOp> ops, const ServerInfo&, bool, WriteState*,
                           std::vector<PlannedWrite>* out) const override {
    Rows& rows = RowsOf(key_);
    for (size_t i = 0; i < ops.size(); ++i) {
      std::vector<Cell> row;
      for (const Cell& cell : ops[i].new_cells) row.push_back(rows.arena.StoreCell(cell));
      rows.rows.push_back(std::move(row));
      PlannedWrite ping{Command("PING")};
      ping.first_op = i;
      out->push_back(std::move(ping));
    }
    return absl::OkStatus();
  }
  absl::Status Truncate(Pipeline*) const override {
    RowsOf(key_).rows.clear();
    return absl::OkStatus();
  }
  std::string DescribeWrite(WriteKind, ConflictPolicy) const override { return "none"; }
  std::string DescribeRow(const OutputShape&, absl::Span<const Cell> row, int64_t) const override {
    std::string text = "cells";
    for (const Cell& cell : row) absl::StrAppend(&text, " ", DebugString(cell));
    return text;
  }

 private:
  std::string key_;
  std::vector<BoundColumn> columns_;
};

class EchoTableType : public TableType {
 public:
  absl::string_view name() const override { return "echo"; }
  absl::string_view layout() const override { return "(...)"; }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef& def) const override {
    return std::unique_ptr<const Table>(std::make_unique<EchoTable>(def));
  }
};

REDIS_FDW_REGISTER_TABLE_TYPE(EchoTableType);

}  // namespace
}  // namespace redis_fdw
