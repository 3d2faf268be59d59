// What a string costs us, Redis and the network left out.
//
//   bazel run -c opt //tables/string:string_benchmark

#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "tables/common/table_benchmark_util.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

const BenchmarkTable kTable = {"string", {"value"}};

void BM_StringScan(benchmark::State& state) {
  BenchmarkScan(state, kTable, ScanMode::kAuto,
                {Bulk(std::string(static_cast<size_t>(state.range(0)), 'x'))});
}
BENCHMARK(BM_StringScan)->Arg(100)->Arg(1000000);

// Keys found by SCAN and read several by a command.
void BM_StringKeys(benchmark::State& state) {
  BenchmarkKeys(state, {"string", {"key", "value"}, "u:*"}, Numbered("u:", state.range(0)),
                Bulk("value"));
}
BENCHMARK(BM_StringKeys)->Arg(100)->Arg(100000);

void BM_StringInsert(benchmark::State& state) {
  std::vector<std::string> parts = Numbered("value", state.range(0));
  std::vector<std::vector<Cell>> rows;
  for (const std::string& part : parts) rows.push_back({Cell::Bytes(part)});
  BenchmarkBuildWrites(state, kTable, WriteKind::kInsert, rows);
}
BENCHMARK(BM_StringInsert)->Arg(1)->Arg(1000);

}  // namespace
}  // namespace redis_fdw::test
