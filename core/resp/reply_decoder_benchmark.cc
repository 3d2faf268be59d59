// How fast replies are decoded, beside hiredis building its reply objects of the same bytes.
//
//   bazel run -c opt //core/resp:reply_decoder_benchmark

#include "core/resp/reply_decoder.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "core/base/row_batch.h"

namespace redis_fdw {
namespace {

std::string Bulk(absl::string_view bytes) {
  return absl::StrCat("$", bytes.size(), "\r\n", bytes, "\r\n");
}

// What HGETALL answers of a hash of so many fields.
std::string HashReply(int64_t fields) {
  std::string reply = absl::StrCat("*", 2 * fields, "\r\n");
  for (int64_t i = 0; i < fields; ++i) {
    absl::StrAppend(&reply, Bulk(absl::StrCat("field", i)), Bulk(absl::StrCat("value", i)));
  }
  return reply;
}

// What a pipeline of lookups is answered.
std::string LookupReplies(int64_t count) {
  std::string replies;
  for (int64_t i = 0; i < count; ++i) replies += Bulk(absl::StrCat("value", i));
  return replies;
}

class CountingSink : public ReplySink {
 public:
  absl::Status OnElement(const ReplyElement& element) override {
    bytes += element.bytes.size();
    return absl::OkStatus();
  }
  size_t bytes = 0;
};

// As a scan does it: two columns, copied into a batch.
class BatchSink : public ReplySink {
 public:
  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 0) return absl::OkStatus();
    if (element.index % 2 == 0) row_ = batch_.AddRow(0);
    row_[element.index % 2] = Cell::Bytes(batch_.Store(element.bytes));
    if (batch_.Full()) batch_.Clear();
    return absl::OkStatus();
  }

 private:
  RowBatch batch_{2, 1000, 1 << 20};
  absl::Span<Cell> row_;
};

void Report(benchmark::State& state, const std::string& wire, int64_t elements) {
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(wire.size()));
  state.SetItemsProcessed(state.iterations() * elements);
}

template <typename Sink>
void Decode(benchmark::State& state, const std::string& wire) {
  for (auto _ : state) {
    ReplyDecoder decoder;
    Sink sink;
    std::string error;
    for (size_t i = 0; i < wire.size(); i += ReplyDecoder::kChunk) {
      if (!decoder.Feed(absl::string_view(wire).substr(i, ReplyDecoder::kChunk)).ok()) {
        state.SkipWithError("Feed failed");
      }
      while (decoder.has_buffered()) {
        absl::StatusOr<bool> complete = decoder.DecodeOne(&sink, &error);
        if (!complete.ok()) state.SkipWithError("DecodeOne failed");
        if (!complete.ok() || !*complete) break;
      }
    }
    benchmark::DoNotOptimize(&sink);
  }
}

void HiredisObjects(benchmark::State& state, const std::string& wire) {
  for (auto _ : state) {
    redisReader* reader = redisReaderCreate();
    for (size_t i = 0; i < wire.size(); i += ReplyDecoder::kChunk) {
      redisReaderFeed(reader, wire.data() + i, std::min(ReplyDecoder::kChunk, wire.size() - i));
      void* reply = nullptr;
      while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply != nullptr) {
        freeReplyObject(reply);
      }
    }
    redisReaderFree(reader);
  }
}

void BM_HashDecoded(benchmark::State& state) {
  const std::string wire = HashReply(state.range(0));
  Decode<CountingSink>(state, wire);
  Report(state, wire, 2 * state.range(0));
}
void BM_HashIntoBatches(benchmark::State& state) {
  const std::string wire = HashReply(state.range(0));
  Decode<BatchSink>(state, wire);
  Report(state, wire, 2 * state.range(0));
}
void BM_HashHiredisObjects(benchmark::State& state) {
  const std::string wire = HashReply(state.range(0));
  HiredisObjects(state, wire);
  Report(state, wire, 2 * state.range(0));
}
BENCHMARK(BM_HashDecoded)->Arg(100)->Arg(100000);
BENCHMARK(BM_HashIntoBatches)->Arg(100)->Arg(100000);
BENCHMARK(BM_HashHiredisObjects)->Arg(100)->Arg(100000);

void BM_LookupsDecoded(benchmark::State& state) {
  const std::string wire = LookupReplies(state.range(0));
  Decode<CountingSink>(state, wire);
  Report(state, wire, state.range(0));
}
void BM_LookupsHiredisObjects(benchmark::State& state) {
  const std::string wire = LookupReplies(state.range(0));
  HiredisObjects(state, wire);
  Report(state, wire, state.range(0));
}
BENCHMARK(BM_LookupsDecoded)->Arg(10000);
BENCHMARK(BM_LookupsHiredisObjects)->Arg(10000);

}  // namespace
}  // namespace redis_fdw
