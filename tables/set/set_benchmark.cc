// What a set costs us, Redis and the network left out.
//
//   bazel run -c opt //tables/set:set_benchmark

#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "tables/common/table_benchmark_util.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

const BenchmarkTable kTable = {"set", {"member"}};

std::vector<std::string> Parts(int64_t count) { return Numbered("member", count); }

void BM_SetSnapshot(benchmark::State& state) {
  BenchmarkScan(state, kTable, ScanMode::kSnapshot, {Bulks(Parts(state.range(0)))});
}
BENCHMARK(BM_SetSnapshot)->Arg(100)->Arg(100000);

void BM_SetCursor(benchmark::State& state) {
  BenchmarkScan(state, kTable, ScanMode::kCursor, CursorPages(Parts(state.range(0)), 1000));
}
BENCHMARK(BM_SetCursor)->Arg(100)->Arg(100000);

void BM_SetLookup(benchmark::State& state) {
  std::vector<std::string> members = Parts(state.range(0));
  std::vector<Cell> list;
  for (const std::string& member : members) list.push_back(Cell::Bytes(member));
  std::vector<std::string> answers(members.size(), Int(1));
  BenchmarkScan(state, kTable, ScanMode::kAuto, {members.size() == 1 ? Int(1) : Array(answers)},
                {Where(0, CompareOp::kIn, Semantics::kBytes, 0)}, {Cell::List(list)});
}
BENCHMARK(BM_SetLookup)->Arg(1)->Arg(1000);

void BM_SetInsert(benchmark::State& state) {
  std::vector<std::string> parts = Numbered("member", state.range(0));
  std::vector<std::vector<Cell>> rows;
  for (const std::string& part : parts) rows.push_back({Cell::Bytes(part)});
  BenchmarkBuildWrites(state, kTable, WriteKind::kInsert, rows);
}
BENCHMARK(BM_SetInsert)->Arg(1)->Arg(1000);

void BM_SetDelete(benchmark::State& state) {
  std::vector<std::string> parts = Numbered("member", state.range(0));
  std::vector<std::vector<Cell>> rows;
  for (const std::string& part : parts) rows.push_back({Cell::Bytes(part)});
  BenchmarkBuildWrites(state, kTable, WriteKind::kDelete, rows);
}
BENCHMARK(BM_SetDelete)->Arg(1)->Arg(1000);

}  // namespace
}  // namespace redis_fdw::test
