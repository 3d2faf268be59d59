// For the benchmarks of table types: scans and batches of writes between a table and canned
// replies.

#ifndef REDIS_FDW_TABLES_COMMON_TABLE_BENCHMARK_UTIL_H_
#define REDIS_FDW_TABLES_COMMON_TABLE_BENCHMARK_UTIL_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "benchmark/benchmark.h"
#include "core/base/cell.h"
#include "pushdown/scan_plan.h"
#include "tables/table.h"

namespace redis_fdw::test {

struct BenchmarkTable {
  absl::string_view type;
  std::vector<std::string> columns;  // as TableTester::Bind() takes them
  std::string key = "k";             // or a pattern
};

// "prefix" and a number, each a string of its own.
std::vector<std::string> Numbered(absl::string_view prefix, int64_t count);

// A cursor's pages over a flat array of elements, `page` parts each: a reply by cursor.
std::vector<std::string> CursorPages(const std::vector<std::string>& parts, size_t page);

// Scans over and over; every command is answered with the next of `replies`, from the first again.
// Items are rows.
void BenchmarkScan(benchmark::State& state, const BenchmarkTable& table, ScanMode mode,
                   const std::vector<std::string>& replies,
                   const std::vector<Predicate>& predicates = {},
                   const std::vector<Cell>& operands = {});

// The same of a table of many keys: pages of `found` answer SCAN, and `reply` every other command.
void BenchmarkKeys(benchmark::State& state, const BenchmarkTable& table,
                   const std::vector<std::string>& found, const std::string& reply);

// Builds the commands of a batch of `rows` writes over and over. Items are rows.
void BenchmarkBuildWrites(benchmark::State& state, const BenchmarkTable& table, WriteKind kind,
                          const std::vector<std::vector<Cell>>& rows);

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TABLES_COMMON_TABLE_BENCHMARK_UTIL_H_
