// What a zset costs us, Redis and the network left out.
//
//   bazel run -c opt //tables/zset:zset_benchmark

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "tables/common/table_benchmark_util.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

const BenchmarkTable kTable = {"zset", {"member", "score:float"}};

std::vector<std::string> Parts(int64_t count) {
  std::vector<std::string> parts;
  for (int64_t i = 0; i < count; ++i) {
    parts.push_back(absl::StrCat("member", i));
    parts.push_back(absl::StrCat(i, ".5"));
  }
  return parts;
}

void BM_ZsetSnapshot(benchmark::State& state) {
  BenchmarkScan(state, kTable, ScanMode::kSnapshot, {Bulks(Parts(state.range(0)))});
}
BENCHMARK(BM_ZsetSnapshot)->Arg(100)->Arg(100000);

void BM_ZsetCursor(benchmark::State& state) {
  BenchmarkScan(state, kTable, ScanMode::kCursor, CursorPages(Parts(state.range(0)), 2000));
}
BENCHMARK(BM_ZsetCursor)->Arg(100)->Arg(100000);

void BM_ZsetRange(benchmark::State& state) {
  BenchmarkScan(state, kTable, ScanMode::kAuto, {Bulks(Parts(state.range(0)))},
                {Where(1, CompareOp::kGe, Semantics::kDouble, 0)}, {Cell::Double(0)});
}
BENCHMARK(BM_ZsetRange)->Arg(100)->Arg(100000);

void BM_ZsetInsert(benchmark::State& state) {
  std::vector<std::string> members = Numbered("member", state.range(0));
  std::vector<std::vector<Cell>> rows;
  for (const std::string& member : members) {
    rows.push_back({Cell::Bytes(member), Cell::Double(static_cast<double>(rows.size()) / 8)});
  }
  BenchmarkBuildWrites(state, kTable, WriteKind::kInsert, rows);
}
BENCHMARK(BM_ZsetInsert)->Arg(1)->Arg(1000);

void BM_ZsetDelete(benchmark::State& state) {
  std::vector<std::string> parts = Numbered("member", state.range(0));
  std::vector<std::vector<Cell>> rows;
  for (const std::string& part : parts) rows.push_back({Cell::Bytes(part)});
  BenchmarkBuildWrites(state, kTable, WriteKind::kDelete, rows);
}
BENCHMARK(BM_ZsetDelete)->Arg(1)->Arg(1000);

}  // namespace
}  // namespace redis_fdw::test
