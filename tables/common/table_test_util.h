// For the tests of table types: a table, a Redis that is a function, and scans and writes between
// them.

#ifndef REDIS_FDW_TABLES_COMMON_TABLE_TEST_UTIL_H_
#define REDIS_FDW_TABLES_COMMON_TABLE_TEST_UTIL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/cell.h"
#include "core/base/row_batch.h"
#include "core/exec/pipeline.h"
#include "core/net/pool.h"
#include "tables/table.h"
#include "testing/fakes/fake_server.h"
#include "testing/fakes/fake_waiter.h"
#include "testing/fakes/fault_transport.h"
#include "testing/fakes/resp.h"

namespace redis_fdw::test {

using Params = std::vector<std::vector<Cell>>;
using Lines = std::vector<std::string>;

// A server that knows replies by command line ("HGET h f"), a pipeline to it, and helpers.
class TableTester {
 public:
  TableTester();

  // Binds a table of that type and key "k" (unless `def` says otherwise) with columns of the names;
  // "name:integer", "name:float" ... give a type other than text, "name:text:role:field" the column
  // options too. Fails the test if it is refused.
  const Table& Bind(absl::string_view type, const Lines& columns, TableDef def = {});
  // The same, with what Bind() says.
  absl::StatusOr<std::unique_ptr<const Table>> TryBind(absl::string_view type, const Lines& columns,
                                                       TableDef def = {});

  // The reply to a command, written with blanks between words (none may contain one). Commands that
  // were not told get "-ERR unexpected". MGET gets the answers to GET.
  void Reply(const std::string& line, const std::string& resp) { replies_[line] = resp; }
  // Or a function of it.
  void Handle(FakeServer::Handler handler) { handler_ = std::move(handler); }

  // A plan for predicates on the bound table; its output is all columns unless given.
  ScanPlan Plan(const std::vector<Predicate>& predicates, const std::vector<int>& columns = {-1});

  // The same of the number of rows.
  ScanPlan PlanCount(const std::vector<Predicate>& predicates);

  // Runs a whole scan and returns its rows: "ordinal: cell, cell [#row number]". Fails the test on
  // an error.
  Lines Scan(const ScanPlan& plan, const Params& params = {{}});
  absl::StatusOr<Lines> TryScan(const ScanPlan& plan, const Params& params = {{}});

  // Runs a whole sample of that many rows and returns its rows in the same form, and in *total, if
  // it is not null, how many there are in all. Fails the test on an error.
  Lines Sample(int64_t rows, double* total = nullptr, uint64_t seed = 1);
  absl::StatusOr<Lines> TrySample(int64_t rows, double* total = nullptr, uint64_t seed = 1);

  // The commands of a batch, as redis-cli would take them, scripts shown as SCRIPT.
  absl::StatusOr<Lines> BuildWrites(const std::vector<WriteOp>& ops, bool want_results = false,
                                    WriteState* state = nullptr);
  // Sends a batch.
  absl::Status Write(const std::vector<WriteOp>& ops, bool want_results = false,
                     WriteState* state = nullptr);

  FakeServer& server() { return server_; }
  FakeWaiter& waiter() { return waiter_; }
  Pool& pool() { return pool_; }
  Pipeline& pipeline() { return *pipeline_; }
  const Table& table() { return *table_; }
  const std::vector<WriteResult>& results() const { return results_; }

  Faults faults;  // of the network
  ScanOptions options;
  size_t batch_rows = 100;
  size_t batch_bytes = 1 << 20;
  size_t largest_batch = 0;  // rows, of the latest scan

 private:
  absl::StatusOr<Lines> RunScan(redis_fdw::Scan* scan, size_t columns, const Params& params);
  std::string Answer(const FakeServer::Argv& argv);
  std::string AnswerMany(const FakeServer::Argv& argv);

  std::map<std::string, std::string> replies_;
  FakeServer::Handler handler_;
  FakeServer server_;
  FakeTransportFactory network_;
  FaultTransportFactory faulty_network_;
  FakeWaiter waiter_;
  Pool pool_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<const Table> table_;
  std::vector<WriteResult> results_;
};

// A column, as Bind() takes it.
ColumnDef ParseColumn(absl::string_view text);

Predicate Where(int column, CompareOp op, Semantics semantics, int operand);

// Ops whose cells live as long as what they were made of.
WriteOp InsertOp(absl::Span<const Cell> cells,
                 ConflictPolicy conflict = ConflictPolicy::kOverwrite);
WriteOp UpdateOp(absl::Span<const Cell> identity, absl::Span<const Cell> cells,
                 const std::vector<bool>& changed = {}, int64_t row_number = -1);
WriteOp DeleteOp(absl::Span<const Cell> identity, int64_t row_number = -1);

// Rows of a batch as TableTester::Scan() shows them.
Lines RowLines(const RowBatch& batch);

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TABLES_COMMON_TABLE_TEST_UTIL_H_
