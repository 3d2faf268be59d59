#include "core/resp/reply_decoder.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

// Writes down what it gets: "depth:index type value".
class Recorder : public ReplySink {
 public:
  absl::Status OnElement(const ReplyElement& e) override {
    static const char* const kNames[] = {"status", "error", "int", "bulk", "nil", "array"};
    const char* type = kNames[static_cast<int>(e.type)];
    const bool number = e.type == ReplyType::kInteger || e.type == ReplyType::kArray;
    seen.push_back(absl::StrCat(e.depth, ":", e.index, " ", type, " ",
                                number ? absl::StrCat(e.integer) : std::string(e.bytes)));
    if (fail_at > 0 && seen.size() == fail_at) {
      return MakeError(ErrorKind::kInvalidData, "not to my taste");
    }
    if (throw_at > 0 && seen.size() == throw_at) throw std::bad_alloc();
    return absl::OkStatus();
  }
  std::vector<std::string> seen;
  size_t fail_at = 0;
  size_t throw_at = 0;
};

// Decodes everything in `wire`, fed `step` bytes at a time; replies end with "end", error replies
// are "-text".
absl::StatusOr<std::vector<std::string>> Decode(const std::string& wire, size_t step,
                                                int64_t max_bulk = 1 << 20) {
  ReplyDecoder decoder(max_bulk);
  Recorder recorder;
  std::string error;
  for (size_t i = 0; i < wire.size(); i += step) {
    RETURN_IF_ERROR(decoder.Feed(absl::string_view(wire).substr(i, step)));
    while (decoder.has_buffered()) {
      ASSIGN_OR_RETURN(bool complete, decoder.DecodeOne(&recorder, &error));
      if (!complete) break;
      EXPECT_FALSE(decoder.mid_reply());
      recorder.seen.push_back(error.empty() ? "end" : "-" + error);
    }
  }
  EXPECT_FALSE(decoder.mid_reply());
  EXPECT_FALSE(decoder.has_buffered());
  return recorder.seen;
}

TEST(ReplyDecoderTest, EveryType) {
  auto seen =
      Decode("+OK\r\n:-42\r\n$3\r\nabc\r\n$0\r\n\r\n$-1\r\n*0\r\n*-1\r\n-ERR no\r\n-\r\n", 1000);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(*seen,
            (std::vector<std::string>{"0:0 status OK", "end", "0:0 int -42", "end", "0:0 bulk abc",
                                      "end", "0:0 bulk ", "end", "0:0 nil ", "end", "0:0 array 0",
                                      "end", "0:0 nil ", "end", "-ERR no", "-ERR"}));
}

TEST(ReplyDecoderTest, NestedParentsBeforeChildren) {
  auto seen = Decode("*3\r\n*2\r\n$1\r\na\r\n*1\r\n:1\r\n-ERR x\r\n*-1\r\n", 1000);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(*seen,
            (std::vector<std::string>{"0:0 array 3", "1:0 array 2", "2:0 bulk a", "2:1 array 1",
                                      "3:0 int 1", "1:1 error ERR x", "1:2 nil ", "end"}));
}

// However the bytes are cut, the elements are the same.
TEST(ReplyDecoderTest, FedByteByByte) {
  const std::string binary("\r\n\0$5\r\n", 7);
  std::string wire = "*7\r\n+QUEUED\r\n$7\r\n" + binary + "\r\n$-1\r\n$0\r\n\r\n*0\r\n";
  wire += "*2\r\n*1\r\n*1\r\n:9223372036854775807\r\n-WRONGTYPE nested\r\n:-1\r\n";
  wire += "-ERR whole\r\n$5000\r\n" + std::string(5000, 'x') + "\r\n+\r\n";
  auto whole = Decode(wire, wire.size());
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->size(), 18u);
  for (size_t step : {1, 2, 3, 5, 7, 64, 1000, 1024}) {
    auto cut = Decode(wire, step);
    ASSERT_TRUE(cut.ok()) << step << ": " << cut.status();
    EXPECT_EQ(*cut, *whole) << step;
  }
}

TEST(ReplyDecoderTest, ElementsArriveBeforeTheReplyIsComplete) {
  ReplyDecoder decoder;
  Recorder recorder;
  std::string error;
  ASSERT_TRUE(decoder.Feed("*1000000\r\n$1\r\na\r\n$1\r\nb\r\n$2\r\nc").ok());
  auto complete = decoder.DecodeOne(&recorder, &error);
  ASSERT_TRUE(complete.ok());
  EXPECT_FALSE(*complete);
  EXPECT_TRUE(decoder.mid_reply());
  EXPECT_EQ(recorder.seen.size(), 3u);
}

TEST(ReplyDecoderTest, StopsBetweenReplies) {
  ReplyDecoder decoder;
  Recorder recorder;
  std::string error;
  EXPECT_FALSE(decoder.mid_reply());
  ASSERT_TRUE(decoder.Feed(":1\r\n:2\r\n").ok());
  ASSERT_TRUE(*decoder.DecodeOne(&recorder, &error));
  EXPECT_EQ(recorder.seen.size(), 1u);
  EXPECT_TRUE(decoder.has_buffered());
  EXPECT_FALSE(decoder.mid_reply());
  ASSERT_TRUE(*decoder.DecodeOne(&recorder, &error));
  EXPECT_FALSE(decoder.has_buffered());
}

absl::Status ErrorOf(const std::string& wire, size_t step, int64_t max_bulk = 1 << 20) {
  return Decode(wire, step, max_bulk).status();
}

TEST(ReplyDecoderTest, HugeBulkIsRefusedAtItsHeader) {
  const std::string wire = absl::StrFormat("$%d\r\n", int64_t{1} << 40);
  for (size_t step : {size_t{1}, wire.size()}) {
    EXPECT_EQ(GetErrorKind(ErrorOf(wire, step, ReplyDecoder::kDefaultMaxBulk)),
              ErrorKind::kReplyTooLarge);
    EXPECT_EQ(GetErrorKind(ErrorOf("*2\r\n:1\r\n" + wire, step)), ErrorKind::kReplyTooLarge);
  }
  EXPECT_EQ(GetErrorKind(ErrorOf("$9223372036854775807\r\n", 100)), ErrorKind::kReplyTooLarge);
  EXPECT_EQ(GetErrorKind(ErrorOf("$9223372036854775808\r\n", 100)), ErrorKind::kProtocol);
}

TEST(ReplyDecoderTest, BulkLimitHoldsForWhatHasArrivedToo) {
  EXPECT_TRUE(Decode("$10\r\n0123456789\r\n", 100, 10).ok());
  EXPECT_EQ(GetErrorKind(ErrorOf("$11\r\n0123456789a\r\n", 100, 10)), ErrorKind::kReplyTooLarge);
  EXPECT_EQ(GetErrorKind(ErrorOf("$11\r\n0123456789a\r\n", 1, 10)), ErrorKind::kReplyTooLarge);
}

TEST(ReplyDecoderTest, MalformedRepliesAreProtocolErrors) {
  for (const char* wire : {"$3\r\nabcde",
                           "$3\r\nabc\n\r",
                           "$3\r\nabcd\r\n",  // bad terminators
                           "%1\r\n",
                           "~1\r\n",
                           "_\r\n",
                           "#t\r\n",
                           ",1.5\r\n",
                           ">1\r\n",
                           "=3\r\n",
                           "(1\r\n",  // RESP3
                           "$-2\r\n",
                           "$x\r\n",
                           "$ 1\r\n",
                           ":abc\r\n",
                           ":\r\n",
                           "*-2\r\n",
                           "*99999999999\r\n",
                           "HTTP/1.1 400 Bad Request\r\n",
                           "\r\n",
                           "\x15\x03\x01"}) {
    for (size_t step : {1, 100}) {
      EXPECT_EQ(GetErrorKind(ErrorOf(wire, step)), ErrorKind::kProtocol) << wire << " by " << step;
    }
  }
}

TEST(ReplyDecoderTest, EndlessLinesAreRefused) {
  for (char type : {'+', '-', ':', '$', '*'}) {
    const bool text = type == '+' || type == '-';
    std::string wire = type + std::string(text ? 100000 : 40, '1');
    EXPECT_EQ(GetErrorKind(ErrorOf(wire, 1000)), ErrorKind::kProtocol) << type;
  }
}

TEST(ReplyDecoderTest, NestingIsLimited) {
  std::string deep;
  for (int i = 0; i < 8; ++i) deep += "*1\r\n";
  EXPECT_TRUE(Decode(deep + ":1\r\n", 1000).ok());
  deep.clear();
  for (int i = 0; i < 100000; ++i) deep += "*1\r\n";
  EXPECT_EQ(GetErrorKind(ErrorOf(deep, 32768)), ErrorKind::kReplyTooLarge);
}

// The buffer that a large value needed is given back after its reply; decoding goes on.
TEST(ReplyDecoderTest, LargeValuesAmongSmallOnes) {
  std::string wire;
  for (int i = 0; i < 3; ++i) {
    wire += "*2\r\n$1000000\r\n" + std::string(1000000, 'x') + "\r\n:1\r\n";
    wire += "$3\r\nabc\r\n-ERR no\r\n:2\r\n";
  }
  auto whole = Decode(wire, wire.size());
  ASSERT_TRUE(whole.ok()) << whole.status();
  for (size_t step : {100, 4096, 32768}) {
    auto cut = Decode(wire, step);
    ASSERT_TRUE(cut.ok()) << step << ": " << cut.status();
    EXPECT_EQ(*cut, *whole) << step;
  }
}

TEST(ReplyDecoderTest, SinkErrorEndsDecoding) {
  ReplyDecoder decoder;
  Recorder recorder;
  recorder.fail_at = 2;
  std::string error;
  ASSERT_TRUE(decoder.Feed("*3\r\n:1\r\n:2\r\n:3\r\n").ok());
  absl::Status status = decoder.DecodeOne(&recorder, &error).status();
  EXPECT_EQ(status.message(), "not to my taste");
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidData);
  EXPECT_EQ(recorder.seen.size(), 2u);
  EXPECT_FALSE(decoder.DecodeOne(&recorder, &error).ok());
  EXPECT_FALSE(decoder.Feed(":1\r\n").ok());
}

TEST(ReplyDecoderTest, ExceptionsDoNotReachHiredis) {
  ReplyDecoder decoder;
  Recorder recorder;
  recorder.throw_at = 2;
  std::string error;
  ASSERT_TRUE(decoder.Feed("*3\r\n:1\r\n:2\r\n:3\r\n").ok());
  EXPECT_EQ(GetErrorKind(decoder.DecodeOne(&recorder, &error).status()), ErrorKind::kOutOfMemory);
}

}  // namespace
}  // namespace redis_fdw
