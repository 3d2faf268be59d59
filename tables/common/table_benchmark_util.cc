#include "tables/common/table_benchmark_util.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/row_batch.h"
#include "tables/common/table_test_util.h"
#include "testing/fakes/resp.h"

namespace redis_fdw::test {

std::vector<std::string> Numbered(absl::string_view prefix, int64_t count) {
  std::vector<std::string> strings;
  for (int64_t i = 0; i < count; ++i) strings.push_back(absl::StrCat(prefix, i));
  return strings;
}

std::vector<std::string> CursorPages(const std::vector<std::string>& parts, size_t page) {
  std::vector<std::string> pages;
  for (size_t i = 0; i < parts.size(); i += page) {
    size_t end = std::min(i + page, parts.size());
    std::string cursor = end == parts.size() ? "0" : absl::StrCat(end);
    std::vector<std::string> part(parts.begin() + static_cast<ptrdiff_t>(i),
                                  parts.begin() + static_cast<ptrdiff_t>(end));
    pages.push_back(Array({Bulk(cursor), Bulks(part)}));
  }
  return pages;
}

namespace {

void Bind(const BenchmarkTable& table, TableTester* tester) {
  TableDef def;
  def.key = table.key;
  tester->Bind(table.type, table.columns, def);
}

// Runs the scan of `plan` over and over.
void RunScans(benchmark::State& state, const ScanPlan& plan, absl::Span<const Cell> params,
              TableTester* tester) {
  auto scan = tester->table().OpenScan(plan, tester->options, &tester->pipeline());
  RowBatch batch(plan.output.columns.size(), 1000, 1 << 20);
  int64_t rows = 0;
  for (auto _ : state) {
    absl::Status status = (*scan)->Start(absl::MakeConstSpan(&params, 1));
    do {
      status = (*scan)->NextBatch(&batch);
      rows += static_cast<int64_t>(batch.rows());
    } while (status.ok() && batch.rows() > 0);
    if (!status.ok()) state.SkipWithError(status.ToString().c_str());
    tester->server().ClearCommands();
  }
  state.SetItemsProcessed(rows);
}

}  // namespace

void BenchmarkScan(benchmark::State& state, const BenchmarkTable& table, ScanMode mode,
                   const std::vector<std::string>& replies,
                   const std::vector<Predicate>& predicates, const std::vector<Cell>& operands) {
  TableTester tester;
  Bind(table, &tester);
  tester.options.mode = mode;
  size_t next = 0;
  tester.Handle([&](const FakeServer::Argv&) { return replies[next++ % replies.size()]; });
  RunScans(state, tester.Plan(predicates), operands, &tester);
}

void BenchmarkKeys(benchmark::State& state, const BenchmarkTable& table,
                   const std::vector<std::string>& found, const std::string& reply) {
  constexpr size_t kPage = 1000;
  const std::vector<std::string> pages = CursorPages(found, kPage);
  TableTester tester;
  Bind(table, &tester);
  size_t next = 0;
  tester.Handle([&](const FakeServer::Argv& argv) {
    return argv[0] == "SCAN" ? pages[next++ % pages.size()] : reply;
  });
  RunScans(state, tester.Plan({}), {}, &tester);
}

void BenchmarkBuildWrites(benchmark::State& state, const BenchmarkTable& table, WriteKind kind,
                          const std::vector<std::vector<Cell>>& rows) {
  TableTester tester;
  Bind(table, &tester);
  std::vector<WriteOp> ops;
  for (const std::vector<Cell>& row : rows) {
    ops.push_back(kind == WriteKind::kInsert ? InsertOp(row)
                                             : DeleteOp(row, static_cast<int64_t>(ops.size())));
  }
  for (auto _ : state) {
    std::unique_ptr<WriteState> write_state = tester.table().NewWriteState();
    std::vector<PlannedWrite> writes;
    absl::Status status =
        tester.table().BuildWrites(ops, ServerInfo(), false, write_state.get(), &writes);
    if (!status.ok()) state.SkipWithError(status.ToString().c_str());
    std::string wire;
    for (const PlannedWrite& write : writes) write.command.AppendTo(&wire);
    benchmark::DoNotOptimize(wire.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(ops.size()));
}

}  // namespace redis_fdw::test
