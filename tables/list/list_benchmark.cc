// What a list costs us, Redis and the network left out.
//
//   bazel run -c opt //tables/list:list_benchmark

#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "tables/common/table_benchmark_util.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

const BenchmarkTable kTable = {"list", {"element"}};
const BenchmarkTable kIndexed = {"list", {"index:integer", "element"}};

void BM_ListScan(benchmark::State& state) {
  BenchmarkScan(state, kTable, ScanMode::kAuto, {Bulks(Numbered("element", state.range(0)))});
}
BENCHMARK(BM_ListScan)->Arg(100)->Arg(100000);

void BM_ListLookup(benchmark::State& state) {
  std::vector<Cell> list;
  for (int64_t i = 0; i < state.range(0); ++i) list.push_back(Cell::Int64(i));
  BenchmarkScan(state, kIndexed, ScanMode::kAuto, {Bulk("element")},
                {Where(0, CompareOp::kIn, Semantics::kInteger, 0)}, {Cell::List(list)});
}
BENCHMARK(BM_ListLookup)->Arg(1)->Arg(1000);

void BM_ListInsert(benchmark::State& state) {
  std::vector<std::string> parts = Numbered("element", state.range(0));
  std::vector<std::vector<Cell>> rows;
  for (const std::string& part : parts) rows.push_back({Cell::Bytes(part)});
  BenchmarkBuildWrites(state, kTable, WriteKind::kInsert, rows);
}
BENCHMARK(BM_ListInsert)->Arg(1)->Arg(1000);

void BM_ListDelete(benchmark::State& state) {
  std::vector<std::string> parts = Numbered("element", state.range(0));
  std::vector<std::vector<Cell>> rows;
  for (const std::string& part : parts) rows.push_back({Cell::Bytes(part)});
  BenchmarkBuildWrites(state, kTable, WriteKind::kDelete, rows);
}
BENCHMARK(BM_ListDelete)->Arg(1)->Arg(1000);

}  // namespace
}  // namespace redis_fdw::test
