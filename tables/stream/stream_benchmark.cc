// What a stream costs us, Redis and the network left out.
//
//   bazel run -c opt //tables/stream:stream_benchmark

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "tables/common/table_benchmark_util.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

const BenchmarkTable kTable = {"stream", {"id", "a", "b"}};

// XRANGE's pages of 1000 entries, of which the last is not full.
std::vector<std::string> Pages(int64_t count) {
  std::vector<std::string> pages;
  for (int64_t i = 0; i <= count; i += 1000) {
    std::vector<std::string> entries;
    for (int64_t j = i; j < i + 1000 && j < count; ++j) {
      std::vector<std::string> fields = {"a", absl::StrCat("value", j), "b", "x"};
      entries.push_back(Array({Bulk(absl::StrCat(j, "-0")), Bulks(fields)}));
    }
    pages.push_back(Array(entries));
  }
  return pages;
}

void BM_StreamScan(benchmark::State& state) {
  BenchmarkScan(state, kTable, ScanMode::kAuto, Pages(state.range(0)));
}
BENCHMARK(BM_StreamScan)->Arg(100)->Arg(100000);

void BM_StreamInsert(benchmark::State& state) {
  std::vector<std::string> values = Numbered("value", state.range(0));
  std::vector<std::vector<Cell>> rows;
  for (const std::string& value : values) {
    rows.push_back({Cell::Null(), Cell::Bytes(value), Cell::Bytes("x")});
  }
  BenchmarkBuildWrites(state, kTable, WriteKind::kInsert, rows);
}
BENCHMARK(BM_StreamInsert)->Arg(1)->Arg(1000);

void BM_StreamDelete(benchmark::State& state) {
  std::vector<std::string> parts = Numbered("1-", state.range(0));
  std::vector<std::vector<Cell>> rows;
  for (const std::string& part : parts) rows.push_back({Cell::Bytes(part)});
  BenchmarkBuildWrites(state, kTable, WriteKind::kDelete, rows);
}
BENCHMARK(BM_StreamDelete)->Arg(1)->Arg(1000);

}  // namespace
}  // namespace redis_fdw::test
