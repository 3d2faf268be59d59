#include "tables/common/fingerprints.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

TEST(SipHashTest, DependsOnEveryByteAndOnTheKey) {
  std::set<uint64_t> seen;
  std::string bytes(40, 'a');
  for (size_t length = 0; length <= bytes.size(); ++length) {
    seen.insert(SipHash13(1, 2, absl::string_view(bytes).substr(0, length)));
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string other = bytes;
    other[i] = 'b';
    seen.insert(SipHash13(1, 2, other));
  }
  EXPECT_EQ(seen.size(), 41u + 40u);
  EXPECT_NE(SipHash13(1, 2, "x"), SipHash13(1, 3, "x"));
  EXPECT_NE(SipHash13(1, 2, "x"), SipHash13(2, 2, "x"));
  // Bytes above 127 are not sign-extended over others.
  EXPECT_NE(SipHash13(1, 2, "\xff\x01"), SipHash13(1, 2, "\xff\x02"));
}

TEST(FingerprintsTest, InsertTellsNewFromSeen) {
  Fingerprints seen;
  EXPECT_TRUE(seen.Insert("a"));
  EXPECT_TRUE(seen.Insert(""));
  EXPECT_TRUE(seen.Insert(absl::string_view("\0", 1)));
  EXPECT_FALSE(seen.Insert("a"));
  EXPECT_FALSE(seen.Insert(""));
  EXPECT_EQ(seen.size(), 3u);
}

TEST(FingerprintsTest, ManyDoNotCollide) {
  Fingerprints seen;
  for (int i = 0; i < 300000; ++i) ASSERT_TRUE(seen.Insert(absl::StrCat("field", i))) << i;
}

TEST(FingerprintsTest, EveryScanHasItsOwnKey) { EXPECT_NE(RandomBits(), RandomBits()); }

}  // namespace
}  // namespace redis_fdw
