// Runs the fuzz target over inputs that are the same each time.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace redis_fdw {
namespace {

void Decode(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

const std::vector<std::string>& Replies() {
  static const auto* const replies =
      new std::vector<std::string>{"+OK\r\n",
                                   "+\r\n",
                                   "-ERR no\r\n",
                                   "-\r\n",
                                   ":42\r\n",
                                   ":-1\r\n",
                                   "$5\r\nhello\r\n",
                                   "$0\r\n\r\n",
                                   "$-1\r\n",
                                   "*-1\r\n",
                                   "*0\r\n",
                                   "*2\r\n$1\r\na\r\n:7\r\n",
                                   "*3\r\n*0\r\n*1\r\n*1\r\n+x\r\n$-1\r\n",
                                   "*2\r\n-ERR in an array\r\n*0\r\n",
                                   "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
                                   "*2147483647\r\n:1\r\n",
                                   "*99999999999\r\n",
                                   "$1025\r\nx",
                                   "$1073741824\r\n",
                                   "$5\r\nhello!\r",
                                   "$:\r\n",
                                   ":99999999999999999999\r\n",
                                   ":000000000000000000000000000000000000001\r\n",
                                   "%1\r\n+a\r\n+b\r\n",
                                   "_\r\n",
                                   "\r\n",
                                   std::string("$3\r\n\0\xff\n\r\n", 9)};
  return *replies;
}

TEST(ReplyDecoderFuzzTest, EveryReplyCutEverywhere) {
  for (const std::string& reply : Replies()) {
    for (char step : {'\x00', '\x01', '\x02', '\x05'}) {
      for (char fail_at : {'\x00', '\x01', '\x02'})
        Decode(std::string{step, fail_at} + reply + reply);
    }
  }
}

// Replies one after the other, with bytes changed, taken out and put in.
TEST(ReplyDecoderFuzzTest, RandomInput) {
  std::mt19937 random(4);  // a fixed seed: a failure repeats
  const auto below = [&random](size_t n) { return random() % n; };
  for (int i = 0; i < 30000; ++i) {
    std::string input = {static_cast<char>(below(40)),
                         static_cast<char>(below(4) == 0 ? below(9) : 0)};
    for (size_t n = 1 + below(5); n > 0; --n) input += Replies()[below(Replies().size())];
    for (size_t n = below(4); n > 0; --n) {
      const size_t at = 2 + below(input.size() - 2);
      static constexpr char kBytes[] = "\r\n$*:+-0123456789\xff";
      const char byte = kBytes[below(sizeof(kBytes))];
      if (below(3) == 0) {
        input.insert(at, 1, byte);
      } else if (below(2) == 0 && input.size() > 3) {
        input.erase(at, 1);
      } else {
        input[at] = byte;
      }
    }
    Decode(input);
  }
}

TEST(ReplyDecoderFuzzTest, TakesAnyInput) {
  Decode("");
  Decode("a");
  Decode("ab");
  Decode("abc");
}

}  // namespace
}  // namespace redis_fdw
