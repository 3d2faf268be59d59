// Samples: of one key of every type, and the choice of blocks. Samples of many keys are tested in
// sample_keys_test.cc.

#include "tables/common/sample.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// One key "k" of `size` elements "0", "1", ...
class SampleTest : public ::testing::Test {
 protected:
  void Serve(int64_t size) {
    size_ = size;
    t_.Handle([this](const FakeServer::Argv& argv) { return Answer(argv); });
  }
  std::string Answer(const FakeServer::Argv& argv) {
    const std::string& name = argv[0];
    if (argv.size() == 2 && (absl::EndsWith(name, "LEN") || absl::EndsWith(name, "CARD"))) {
      return Int(size_);
    }
    if (name == "HRANDFIELD" || name == "ZRANDMEMBER") {
      EXPECT_EQ(argv[3], name == "HRANDFIELD" ? "WITHVALUES" : "WITHSCORES");
      return Some(random_.Below(static_cast<uint64_t>(size_)), std::stoll(argv[2]), 2);
    }
    if (name == "SRANDMEMBER") {
      return Some(random_.Below(static_cast<uint64_t>(size_)), std::stoll(argv[2]), 1);
    }
    if (name == "LRANGE") return Range(argv, 1);
    if (name == "ZRANGE") return Range(argv, 2);
    if (name == "HSCAN") return HashPage(argv);
    if (name == "XRANGE") return Entries(argv);
    if (name == "XREVRANGE") return Array({Entry(size_ - 1)});
    return Error("ERR unexpected " + name);
  }
  // `count` elements from `start` on, around the end if need be, each its number `parts` times.
  std::string Some(uint64_t start, int64_t count, int parts) const {
    Lines elements;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t number = (static_cast<int64_t>(start) + i) % size_;
      for (int part = 0; part < parts; ++part) elements.push_back(absl::StrCat(number));
    }
    return Bulks(elements);
  }
  std::string Range(const FakeServer::Argv& argv, int parts) const {
    const int64_t start = std::stoll(argv[2]);
    const int64_t stop = argv[3] == "-1" ? size_ - 1 : std::stoll(argv[3]);
    EXPECT_LT(stop, size_);
    return Some(static_cast<uint64_t>(start), stop - start + 1, parts);
  }
  std::string HashPage(const FakeServer::Argv& argv) const {
    const int64_t start = std::stoll(argv[2]);
    const int64_t count = std::min(std::stoll(argv[4]), static_cast<long long>(size_ - start));
    const int64_t next = start + count;
    return Array({Bulk(absl::StrCat(next == size_ ? 0 : next)),
                  Some(static_cast<uint64_t>(start), count, 2)});
  }
  // Entry i has the id 10 * i + 1000.
  static std::string Entry(int64_t i) {
    return Array({Bulk(absl::StrCat(10 * i + 1000, "-0")), Bulks({"f", absl::StrCat(i)})});
  }
  std::string Entries(const FakeServer::Argv& argv) const {
    const int64_t from = argv[2] == "-" ? 0 : std::stoll(argv[2]);
    const int64_t to = argv[3] == "+" ? INT64_MAX : std::stoll(argv[3]);
    std::vector<std::string> entries;
    for (int64_t i = 0; i < size_ && static_cast<int64_t>(entries.size()) < std::stoll(argv[5]);
         ++i) {
      if (10 * i + 1000 >= from && 10 * i + 1000 <= to) entries.push_back(Entry(i));
    }
    return Array(entries);
  }

  // Commands of that name among those sent.
  size_t Sent(const std::string& name) {
    size_t count = 0;
    for (const FakeServer::Argv& argv : t_.server().commands()) count += argv[0] == name ? 1 : 0;
    return count;
  }
  // A sample of a large key, with what must hold of every one.
  Lines SampleOf(int64_t size, int64_t rows) {
    Serve(size);
    double total = 0;
    Lines lines = t_.Sample(rows, &total);
    EXPECT_EQ(total, static_cast<double>(size));
    EXPECT_LE(static_cast<int64_t>(lines.size()), rows);
    EXPECT_EQ(std::set<std::string>(lines.begin(), lines.end()).size(), lines.size());
    return lines;
  }

  TableTester t_;
  int64_t size_ = 0;
  SampleRandom random_{7};
};

TEST_F(SampleTest, NumbersAreOfTheirRange) {
  SampleRandom random(1);
  double sum = 0;
  std::set<uint64_t> below;
  for (int i = 0; i < 1000; ++i) {
    const double fraction = random.Fraction();
    EXPECT_GE(fraction, 0);
    EXPECT_LT(fraction, 1);
    sum += fraction;
    below.insert(random.Below(3));
  }
  EXPECT_NEAR(sum / 1000, 0.5, 0.05);
  EXPECT_THAT(below, ElementsAre(0, 1, 2));
}

TEST_F(SampleTest, BlocksDoNotOverlap) {
  for (int64_t size : {2, 3, 7, 99, 301, 1000, 123457}) {
    for (int64_t wanted : {1, 2, 6, 98, 300, 301, 999, 30000}) {
      if (wanted >= size) continue;
      const ElementSample sample = {wanted, size, 3, nullptr};
      int64_t end = 0;
      int64_t sum = 0;
      for (const SampleBlock& block : ChooseBlocks(sample)) {
        EXPECT_GE(block.start, end);
        EXPECT_GT(block.count, 0);
        end = block.start + block.count;
        sum += block.count;
      }
      EXPECT_LE(end, size);
      EXPECT_LE(sum, wanted);
      EXPECT_GE(2 * sum, wanted) << size << " " << wanted;
    }
  }
}

TEST_F(SampleTest, ASmallKeyIsReadWhole) {
  t_.Bind("hash", {"f", "v"});
  EXPECT_THAT(SampleOf(3, 100),
              ElementsAre("0: \"0\", \"0\"", "0: \"1\", \"1\"", "0: \"2\", \"2\""));
  EXPECT_EQ(Sent("HSCAN"), 1);
  EXPECT_THAT(t_.server().commands(), SizeIs(2));
}

TEST_F(SampleTest, OfAnAbsentKeyThereIsNothing) {
  t_.Bind("set", {"m"});
  EXPECT_THAT(SampleOf(0, 100), IsEmpty());
  EXPECT_THAT(t_.server().CommandLines(), ElementsAre("SCARD k"));
}

TEST_F(SampleTest, AKeyOfAnotherTypeIsAnError) {
  t_.Bind("set", {"m"});
  t_.Handle([](const FakeServer::Argv&) { return Error("WRONGTYPE no"); });
  EXPECT_EQ(GetErrorKind(t_.TrySample(10).status()), ErrorKind::kWrongType);
}

TEST_F(SampleTest, HashFieldsAreChosenByRedis) {
  t_.Bind("hash", {"f", "v"});
  EXPECT_THAT(SampleOf(1000000, 3000), SizeIs(testing::Gt(2500)));
  EXPECT_EQ(Sent("HLEN"), 1);
  EXPECT_EQ(Sent("HRANDFIELD"), 4);
  EXPECT_THAT(t_.server().commands(), SizeIs(5));
}

TEST_F(SampleTest, AFewMoreThanWantedAreChosenByRedisToo) {
  t_.Bind("hash", {"f", "v"});
  EXPECT_THAT(SampleOf(101, 100), SizeIs(100));
  EXPECT_THAT(t_.server().CommandLines(), ElementsAre("HLEN k", "HRANDFIELD k 100 WITHVALUES"));
}

TEST_F(SampleTest, AnOlderServerGivesTheFirstPagesOfAHash) {
  t_.server().options.version = "6.0.16";
  t_.Bind("hash", {"f", "v"});
  EXPECT_THAT(SampleOf(1000000, 2500), SizeIs(2500));
  EXPECT_EQ(Sent("HSCAN"), 3);
  EXPECT_EQ(Sent("HRANDFIELD"), 0);
}

TEST_F(SampleTest, SetMembersAreChosenByRedis) {
  t_.Bind("set", {"m"});
  EXPECT_THAT(SampleOf(1000000, 300), SizeIs(300));
  EXPECT_THAT(t_.server().CommandLines(), ElementsAre("SCARD k", "SRANDMEMBER k 300"));
}

TEST_F(SampleTest, MembersOfASortedSetAreChosenByRedis) {
  t_.Bind("zset", {"m", "s:float"});
  EXPECT_THAT(SampleOf(1000000, 300), SizeIs(300));
  EXPECT_THAT(t_.server().CommandLines(), ElementsAre("ZCARD k", "ZRANDMEMBER k 300 WITHSCORES"));
}

TEST_F(SampleTest, RanksAreThoseOfTheBlocks) {
  t_.Bind("zset", {"m:text:member", "s:float:score", "r:integer:rank"});
  Lines lines = SampleOf(1000, 20);
  EXPECT_THAT(lines, SizeIs(20));
  for (const std::string& line : lines) {
    std::string number = line.substr(4, line.find('"', 4) - 4);
    EXPECT_EQ(line, absl::StrCat("0: \"", number, "\", ", number, ", ", number));
  }
  EXPECT_EQ(Sent("ZRANGE"), 20);
}

TEST_F(SampleTest, AnOlderServerGivesRangesOfASortedSet) {
  t_.server().options.version = "6.0.16";
  t_.Bind("zset", {"m", "s:float"});
  EXPECT_THAT(SampleOf(100000, 3000), SizeIs(3000));
  EXPECT_EQ(Sent("ZRANGE"), 300);
}

TEST_F(SampleTest, AListGivesBlocks) {
  t_.Bind("list", {"i:integer", "e"});
  Lines lines = SampleOf(100000, 3000);
  EXPECT_THAT(lines, SizeIs(3000));
  EXPECT_TRUE(absl::StrContains(lines.front(), "#"));
  for (const std::string& line : lines) {
    std::string index = line.substr(3, line.find(',') - 3);
    EXPECT_EQ(line, absl::StrCat("0: ", index, ", \"", index, "\" #", index));
  }
  EXPECT_EQ(Sent("LRANGE"), 300);
}

TEST_F(SampleTest, AStreamGivesPagesFromPointsInTime) {
  t_.Bind("stream", {"id", "f"});
  Lines lines = SampleOf(10000, 600);
  EXPECT_THAT(lines, SizeIs(testing::AllOf(testing::Gt(500), testing::Le(600))));
  EXPECT_EQ(Sent("XREVRANGE"), 1);
  EXPECT_LE(Sent("XRANGE"), 301);
  // They are from everywhere.
  auto number = [](const std::string& line) {
    return std::stoi(line.substr(line.find(", \"") + 3));
  };
  EXPECT_LT(number(lines.front()), 100);
  EXPECT_GT(number(lines.back()), 9900);
}

TEST_F(SampleTest, EntriesOfOneMillisecondAreDividedByNumber) {
  t_.Bind("stream", {"id", "f"});
  t_.Handle([](const FakeServer::Argv& argv) {
    auto entry = [](const std::string& seq) {
      return Array({Bulk("5-" + seq), Bulks({"f", seq})});
    };
    if (argv[0] == "XLEN") return Int(1000);
    if (argv[0] == "XREVRANGE") return Array({entry("999")});
    if (argv[2] == "-") return Array({entry("0")});
    return Array({entry(argv[2].substr(2))});
  });
  EXPECT_THAT(t_.Sample(10), SizeIs(10));
}

TEST_F(SampleTest, AStreamThatVanishesMeanwhileGivesNothing) {
  t_.Bind("stream", {"id", "f"});
  t_.Handle([](const FakeServer::Argv& argv) { return argv[0] == "XLEN" ? Int(1000) : Array({}); });
  EXPECT_THAT(t_.Sample(10), IsEmpty());
}

TEST_F(SampleTest, AStringIsItsRow) {
  t_.Bind("string", {"v"});
  t_.Reply("GET k", Bulk("x"));
  double total = 0;
  EXPECT_THAT(t_.Sample(10, &total), ElementsAre("0: \"x\""));
  EXPECT_EQ(total, 1);
  t_.Reply("GET k", Nil());
  EXPECT_THAT(t_.Sample(10, &total), IsEmpty());
  EXPECT_EQ(total, 0);
}

TEST_F(SampleTest, ALostConnectionBeginsAgain) {
  t_.Bind("hash", {"f", "v"});
  Serve(1000000);
  bool lost = false;
  t_.Handle([&](const FakeServer::Argv& argv) {
    if (argv[0] == "HRANDFIELD" && !lost) {
      lost = true;
      t_.server().CloseAll();
      return std::string();
    }
    return Answer(argv);
  });
  EXPECT_THAT(t_.Sample(100), SizeIs(100));
}

}  // namespace
}  // namespace redis_fdw::test
