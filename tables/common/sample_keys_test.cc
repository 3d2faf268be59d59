// Samples of tables of many keys.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tables/common/keys_source_fixture.h"

namespace redis_fdw::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

class SampleKeysTest : public KeysSourceTest {
 protected:
  // A database of `keys` keys of which a page of SCAN has a thousand, every `nth` of them u:0, u:1,
  // ..., each a set of 10 members if its number is even, of 1000 if it is odd.
  std::string Answer(const FakeServer::Argv& argv) {
    if (argv[0] == "DBSIZE") return Int(keys_);
    if (argv[0] == "SCAN") {
      const int64_t begin = std::stoll(argv[1]);
      const int64_t end = std::min(begin + 1000, keys_);
      Lines found;
      for (int64_t i = begin; i < end; i += nth_) found.push_back(absl::StrCat("u:", i / nth_));
      return Page(end == keys_ ? "0" : absl::StrCat(end), found);
    }
    if (argv[0] == "GET") return Bulk("v " + argv[1]);
    const int64_t size = std::stoll(argv[1].substr(2)) % 2 == 0 ? 10 : 1000;
    if (argv[0] == "SCARD") return Int(size);
    Lines members;
    int64_t count = argv[0] == "SRANDMEMBER" ? std::stoll(argv[2]) : size;
    for (int64_t i = 0; i < count; ++i) members.push_back(absl::StrCat(i));
    return argv[0] == "SSCAN" ? Page("0", members) : Bulks(members);
  }
  void Serve(int64_t keys, int64_t nth) {
    keys_ = keys;
    nth_ = nth;
    t_.Handle([this](const FakeServer::Argv& argv) { return Answer(argv); });
  }

  int64_t keys_ = 0;
  int64_t nth_ = 1;
};

TEST_F(SampleKeysTest, FewKeysAreAllRead) {
  BindStrings();
  Serve(3, 1);
  double total = 0;
  EXPECT_THAT(Sorted(t_.Sample(100, &total)),
              ElementsAre(StringRow("u:0"), StringRow("u:1"), StringRow("u:2")));
  EXPECT_EQ(total, 3);
}

TEST_F(SampleKeysTest, NoKeys) {
  BindMany("set", {"key", "m"});
  Serve(0, 1);
  double total = 1;
  EXPECT_THAT(t_.Sample(100, &total), IsEmpty());
  EXPECT_EQ(total, 0);
}

TEST_F(SampleKeysTest, OfManyKeysTheFirstAreReadAndTheNumberIsExtrapolated) {
  BindStrings();
  Serve(1000000, 4);
  double total = 0;
  EXPECT_THAT(t_.Sample(300, &total), SizeIs(300));
  EXPECT_EQ(total, 250000);
  EXPECT_EQ(Sent("SCAN"), 2);
}

TEST_F(SampleKeysTest, TheSearchForRareKeysEnds) {
  BindStrings();
  Serve(1000000, 1000);
  double total = 0;
  EXPECT_THAT(t_.Sample(300, &total), SizeIs(100));
  EXPECT_EQ(total, 1000);
  EXPECT_EQ(Sent("SCAN"), 100);
}

TEST_F(SampleKeysTest, KeysGiveRowsInProportion) {
  BindMany("set", {"key", "m"});
  Serve(100, 1);
  double total = 0;
  Lines lines = t_.Sample(1010, &total);
  EXPECT_EQ(total, 50500);
  EXPECT_THAT(lines, SizeIs(AllOf(Ge(950), Le(1010))));
  size_t of_small = 0;
  for (const std::string& line : lines) {
    const size_t digit = line.find('"', 4) - 1;
    of_small += (line[digit] - '0') % 2 == 0 ? 1 : 0;
  }
  EXPECT_LE(of_small, 40);
  EXPECT_EQ(Sent("SCARD"), 100);
  EXPECT_EQ(Sent("SSCAN"), 0);
}

TEST_F(SampleKeysTest, SmallKeysAreReadWhole) {
  BindMany("set", {"key", "m"});
  Serve(4, 1);
  double total = 0;
  EXPECT_THAT(t_.Sample(10000, &total), SizeIs(2020));
  EXPECT_EQ(total, 2020);
  EXPECT_EQ(Sent("SSCAN"), 4);
}

TEST_F(SampleKeysTest, KeysThatTurnedIntoAnotherTypeGiveNothing) {
  BindMany("set", {"key", "m"});
  Serve(4, 1);
  t_.Handle([this](const FakeServer::Argv& argv) {
    if (argv.size() > 1 && argv[1] == "u:1") return Error("WRONGTYPE no");
    return Answer(argv);
  });
  double total = 0;
  EXPECT_THAT(t_.Sample(10000, &total), SizeIs(1020));
  EXPECT_EQ(total, 1020);
}

TEST_F(SampleKeysTest, WhoMayNotCountKeysGetsALowEstimate) {
  BindStrings();
  Serve(1000000, 4);
  t_.Handle([this](const FakeServer::Argv& argv) {
    return argv[0] == "DBSIZE" ? Error("NOPERM no") : Answer(argv);
  });
  double total = 0;
  EXPECT_THAT(t_.Sample(300, &total), SizeIs(300));
  EXPECT_EQ(total, 500);
}

TEST_F(SampleKeysTest, CollectionsThatAreRowsAreReadWhole) {
  BindMany("set", {"key", "m:array"}, "u:*", true);
  Serve(1000000, 1);
  t_.Handle([this](const FakeServer::Argv& argv) {
    return argv[0] == "SMEMBERS" ? Bulks({"a", "b"}) : Answer(argv);
  });
  double total = 0;
  EXPECT_THAT(t_.Sample(50, &total), SizeIs(50));
  EXPECT_EQ(total, 1000000);
  EXPECT_LE(Sent("SMEMBERS"), 50);
}

TEST_F(SampleKeysTest, TellsItsKeyColumn) {
  BindMany("set", {"key", "m"});
  EXPECT_EQ(t_.table().key_column(), 0);
  BindStrings();
  EXPECT_EQ(t_.table().key_column(), -1);
  t_.Bind("set", {"m"});
  EXPECT_EQ(t_.table().key_column(), -1);
}

}  // namespace
}  // namespace redis_fdw::test
