// What a hash costs us, Redis and the network left out.
//
//   bazel run -c opt //tables/hash:hash_benchmark

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "tables/common/table_benchmark_util.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

const BenchmarkTable kTable = {"hash", {"field", "value"}};

std::vector<std::string> Parts(int64_t count) {
  std::vector<std::string> parts;
  for (int64_t i = 0; i < count; ++i) {
    parts.push_back(absl::StrCat("field", i));
    parts.push_back(absl::StrCat("value", i));
  }
  return parts;
}

void BM_HashSnapshot(benchmark::State& state) {
  BenchmarkScan(state, kTable, ScanMode::kSnapshot, {Bulks(Parts(state.range(0)))});
}
BENCHMARK(BM_HashSnapshot)->Arg(100)->Arg(100000);

void BM_HashCursor(benchmark::State& state) {
  BenchmarkScan(state, kTable, ScanMode::kCursor, CursorPages(Parts(state.range(0)), 2000));
}
BENCHMARK(BM_HashCursor)->Arg(100)->Arg(100000);

void BM_HashLookup(benchmark::State& state) {
  std::vector<std::string> fields = Numbered("field", state.range(0));
  std::vector<Cell> list;
  for (const std::string& field : fields) list.push_back(Cell::Bytes(field));
  std::string reply = fields.size() == 1 ? Bulk("value") : Bulks(fields);
  BenchmarkScan(state, kTable, ScanMode::kAuto, {reply},
                {Where(0, CompareOp::kIn, Semantics::kBytes, 0)}, {Cell::List(list)});
}
BENCHMARK(BM_HashLookup)->Arg(1)->Arg(1000);

void BM_HashInsert(benchmark::State& state) {
  std::vector<std::string> parts = Parts(state.range(0));
  std::vector<std::vector<Cell>> rows;
  for (size_t i = 0; i < parts.size(); i += 2) {
    rows.push_back({Cell::Bytes(parts[i]), Cell::Bytes(parts[i + 1])});
  }
  BenchmarkBuildWrites(state, kTable, WriteKind::kInsert, rows);
}
BENCHMARK(BM_HashInsert)->Arg(1)->Arg(1000);

void BM_HashDelete(benchmark::State& state) {
  std::vector<std::string> fields = Numbered("field", state.range(0));
  std::vector<std::vector<Cell>> rows;
  for (const std::string& field : fields) rows.push_back({Cell::Bytes(field)});
  BenchmarkBuildWrites(state, kTable, WriteKind::kDelete, rows);
}
BENCHMARK(BM_HashDelete)->Arg(1)->Arg(1000);

// The same rows spread over keys: a run of one key is a command.
void BM_HashInsertManyKeys(benchmark::State& state) {
  std::vector<std::string> parts = Parts(1000);
  std::vector<std::string> keys = Numbered("h:", state.range(0));
  std::vector<std::vector<Cell>> rows;
  for (size_t i = 0; i < parts.size(); i += 2) {
    const std::string& key = keys[i / 2 * keys.size() / (parts.size() / 2)];
    rows.push_back({Cell::Bytes(key), Cell::Bytes(parts[i]), Cell::Bytes(parts[i + 1])});
  }
  BenchmarkBuildWrites(state, {"hash", {"key", "field", "value"}, "h:*"}, WriteKind::kInsert, rows);
}
BENCHMARK(BM_HashInsertManyKeys)->Arg(1)->Arg(10)->Arg(1000);

}  // namespace
}  // namespace redis_fdw::test
