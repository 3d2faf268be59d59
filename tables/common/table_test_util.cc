#include "tables/common/table_test_util.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"
#include "gtest/gtest.h"
#include "tables/registry.h"
#include "tables/write_runner.h"

namespace redis_fdw::test {
namespace {

ConnectionSpec Spec() {
  ConnectionSpec spec;
  spec.endpoint.host = "redis";
  return spec;
}

std::string LineOf(const Command& command) {
  Lines words;
  for (size_t i = 0; i < command.size(); ++i) {
    bool script = i == 1 && command.name() == "EVAL";
    words.push_back(script ? "SCRIPT" : QuoteArgument(command.arg(i)));
  }
  return absl::StrJoin(words, " ");
}

}  // namespace

ColumnDef ParseColumn(absl::string_view text) {
  static const std::map<std::string, ColumnType>* const types =
      new std::map<std::string, ColumnType>{{"text", ColumnType::kText},
                                            {"bytea", ColumnType::kBinary},
                                            {"integer", ColumnType::kInteger},
                                            {"float", ColumnType::kFloat},
                                            {"numeric", ColumnType::kNumeric},
                                            {"date", ColumnType::kOther},
                                            {"timestamptz", ColumnType::kTimestamp},
                                            {"jsonb", ColumnType::kJson},
                                            {"array", ColumnType::kArray},
                                            {"redis_stream_id", ColumnType::kStreamId}};
  std::vector<std::string> parts = absl::StrSplit(text, ':');
  ColumnDef column;
  column.name = parts[0];
  if (parts.size() > 1) column.type = types->at(parts[1]);
  if (parts.size() > 2) column.role = parts[2];
  if (parts.size() > 3) column.field = parts[3];
  return column;
}

TableTester::TableTester()
    : server_([this](const FakeServer::Argv& argv) { return Answer(argv); }),
      network_(&server_),
      faulty_network_(&network_, &faults),
      pool_(&faulty_network_, &waiter_),
      pipeline_(std::make_unique<Pipeline>(&pool_, std::make_shared<StandaloneRouter>(Spec()),
                                           PoolLimits())) {}

std::string TableTester::Answer(const FakeServer::Argv& argv) {
  if (argv[0] == "MGET") return AnswerMany(argv);
  if (handler_ != nullptr) return handler_(argv);
  auto found = replies_.find(absl::StrJoin(argv, " "));
  return found == replies_.end() ? Error("ERR unexpected") : found->second;
}

// What GET says of each: nil for a key of another type, and any other error as it is.
std::string TableTester::AnswerMany(const FakeServer::Argv& argv) {
  Lines answers;
  for (size_t i = 1; i < argv.size(); ++i) {
    std::string answer = Answer({"GET", argv[i]});
    if (absl::StartsWith(answer, "-WRONGTYPE")) answer = Nil();
    if (absl::StartsWith(answer, "-")) return answer;
    answers.push_back(std::move(answer));
  }
  return Array(answers);
}

absl::StatusOr<std::unique_ptr<const Table>> TableTester::TryBind(absl::string_view type,
                                                                  const Lines& columns,
                                                                  TableDef def) {
  def.name = "t";
  if (def.key.empty() && def.key_template.empty()) def.key = "k";
  for (const std::string& column : columns) def.columns.push_back(ParseColumn(column));
  return FindTableType(type)->Bind(def);
}

const Table& TableTester::Bind(absl::string_view type, const Lines& columns, TableDef def) {
  auto table = TryBind(type, columns, std::move(def));
  EXPECT_TRUE(table.ok()) << table.status();
  table_ = std::move(table).value();
  return *table_;
}

ScanPlan TableTester::Plan(const std::vector<Predicate>& predicates,
                           const std::vector<int>& columns) {
  ScanRequest request;
  request.predicates = predicates;
  request.output.columns = columns;
  if (columns == std::vector<int>{-1}) {
    request.output.columns.clear();
    for (size_t i = 0; i < table_->columns().size(); ++i) {
      request.output.columns.push_back(static_cast<int>(i));
    }
  }
  return table_->Plan(request);
}

ScanPlan TableTester::PlanCount(const std::vector<Predicate>& predicates) {
  ScanRequest request;
  request.predicates = predicates;
  request.output.kind = OutputKind::kCount;
  return table_->Plan(request);
}

Lines RowLines(const RowBatch& batch) {
  Lines lines;
  for (size_t i = 0; i < batch.rows(); ++i) {
    std::string line =
        absl::StrCat(batch.param_ordinal(i), ": ",
                     absl::StrJoin(batch.row(i), ", ", [](std::string* out, const Cell& cell) {
                       absl::StrAppend(out, DebugString(cell));
                     }));
    if (batch.row_number(i) >= 0) absl::StrAppend(&line, " #", batch.row_number(i));
    lines.push_back(std::move(line));
  }
  return lines;
}

absl::StatusOr<Lines> TableTester::TryScan(const ScanPlan& plan, const Params& params) {
  ASSIGN_OR_RETURN(std::unique_ptr<redis_fdw::Scan> scan,
                   table_->OpenScan(plan, options, pipeline_.get()));
  return RunScan(scan.get(), plan.output.width(), params);
}

absl::StatusOr<Lines> TableTester::RunScan(redis_fdw::Scan* scan, size_t columns,
                                           const Params& params) {
  std::vector<absl::Span<const Cell>> rows(params.begin(), params.end());
  RETURN_IF_ERROR(scan->Start(rows));
  RowBatch batch(columns, batch_rows, batch_bytes);
  Lines lines;
  largest_batch = 0;
  while (true) {
    RETURN_IF_ERROR(scan->NextBatch(&batch));
    if (batch.rows() == 0) break;
    largest_batch = std::max(largest_batch, batch.rows());
    for (std::string& line : RowLines(batch)) lines.push_back(std::move(line));
  }
  EXPECT_EQ(pipeline_->outstanding(), 0u);
  EXPECT_EQ(pool_.leased(), 0u);
  return lines;
}

Lines TableTester::Scan(const ScanPlan& plan, const Params& params) {
  auto lines = TryScan(plan, params);
  EXPECT_TRUE(lines.ok()) << lines.status();
  return lines.ok() ? *lines : Lines();
}

absl::StatusOr<Lines> TableTester::TrySample(int64_t rows, double* total, uint64_t seed) {
  ASSIGN_OR_RETURN(std::unique_ptr<SampleScan> scan,
                   table_->OpenSample(rows, seed, options, pipeline_.get()));
  ASSIGN_OR_RETURN(Lines lines, RunScan(scan.get(), table_->columns().size(), {{}}));
  if (total != nullptr) *total = scan->total_rows();
  return lines;
}

Lines TableTester::Sample(int64_t rows, double* total, uint64_t seed) {
  auto lines = TrySample(rows, total, seed);
  EXPECT_TRUE(lines.ok()) << lines.status();
  return lines.ok() ? *lines : Lines();
}

absl::StatusOr<Lines> TableTester::BuildWrites(const std::vector<WriteOp>& ops, bool want_results,
                                               WriteState* state) {
  std::vector<PlannedWrite> writes;
  RETURN_IF_ERROR(table_->BuildWrites(ops, ServerInfo(), want_results, state, &writes));
  Lines lines;
  size_t next = 0;
  for (const PlannedWrite& write : writes) {
    lines.push_back(LineOf(write.command));
    EXPECT_GE(write.first_op, next);
    next = write.first_op + write.op_count;
    EXPECT_FALSE(write.command.read_only() && write.command.name() != "EXISTS");
    EXPECT_TRUE(write.command.has_key());
  }
  EXPECT_LE(next, ops.size());
  return lines;
}

absl::Status TableTester::Write(const std::vector<WriteOp>& ops, bool want_results,
                                WriteState* state) {
  return RunWrites(*table_, ops, want_results, 1, state, pipeline_.get(), &results_);
}

Predicate Where(int column, CompareOp op, Semantics semantics, int operand) {
  Predicate predicate;
  predicate.column = column;
  predicate.op = op;
  predicate.semantics = semantics;
  predicate.operand = operand;
  return predicate;
}

WriteOp InsertOp(absl::Span<const Cell> cells, ConflictPolicy conflict) {
  WriteOp op;
  op.kind = WriteKind::kInsert;
  op.new_cells = cells;
  op.conflict = conflict;
  return op;
}

WriteOp UpdateOp(absl::Span<const Cell> identity, absl::Span<const Cell> cells,
                 const std::vector<bool>& changed, int64_t row_number) {
  WriteOp op;
  op.kind = WriteKind::kUpdate;
  op.old.cells = identity;
  op.old.row_number = row_number;
  op.new_cells = cells;
  op.changed = changed;
  return op;
}

WriteOp DeleteOp(absl::Span<const Cell> identity, int64_t row_number) {
  WriteOp op;
  op.kind = WriteKind::kDelete;
  op.old.cells = identity;
  op.old.row_number = row_number;
  return op;
}

}  // namespace redis_fdw::test
