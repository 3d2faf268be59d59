// The judge of what a failed write may leave behind, judged.

#include "testing/faults/contents.h"

#include "gtest/gtest.h"

namespace redis_fdw::test {
namespace {

const Target kTable = {Kind::kHash, "h", "h"};
const Target kSequence = {Kind::kList, "l", "l"};

TEST(ContentsTest, EachChangeIsThereOrNot) {
  const Contents before = {{"a", "1"}, {"b", "2"}};
  Effect effect;
  effect.changes = {{"a", "a", "9"}, {"b", std::nullopt, ""}, {"c", "c", "3"}};
  EXPECT_EQ(Applied(kTable, before, effect), (Contents{{"a", "9"}, {"c", "3"}}));
  EXPECT_TRUE(MayBeAfter(kTable, before, effect, before));
  EXPECT_TRUE(MayBeAfter(kTable, before, effect, {{"a", "9"}, {"c", "3"}}));
  EXPECT_TRUE(MayBeAfter(kTable, before, effect, {{"a", "1"}, {"c", "3"}}));
  EXPECT_FALSE(MayBeAfter(kTable, before, effect, {{"a", "8"}, {"b", "2"}}));
  EXPECT_FALSE(MayBeAfter(kTable, before, effect, {{"b", "2"}}));
  EXPECT_FALSE(MayBeAfter(kTable, before, effect, {{"a", "1"}, {"b", "2"}, {"d", "4"}}));
}

TEST(ContentsTest, ARenameIsAtomic) {
  const Contents before = {{"a", "1"}};
  Effect effect;
  effect.changes = {{"a", "b", "1"}};
  EXPECT_TRUE(MayBeAfter(kTable, before, effect, {{"b", "1"}}));
  EXPECT_FALSE(MayBeAfter(kTable, before, effect, {{"a", "1"}, {"b", "1"}}));
  EXPECT_FALSE(MayBeAfter(kTable, before, effect, {}));
}

TEST(ContentsTest, WhatIsAppendedIsThereOnceAndFromTheFirst) {
  const Contents before = {{"", "x"}};
  Effect effect;
  effect.appended = {"1", "2"};
  EXPECT_TRUE(MayBeAfter(kSequence, before, effect, {{"", "x"}, {"", "1"}}));
  EXPECT_TRUE(MayBeAfter(kSequence, before, effect, {{"", "x"}, {"", "1"}, {"", "2"}}));
  EXPECT_FALSE(MayBeAfter(kSequence, before, effect, {{"", "x"}, {"", "2"}}));
  EXPECT_FALSE(MayBeAfter(kSequence, before, effect, {{"", "x"}, {"", "1"}, {"", "1"}}));
  EXPECT_FALSE(MayBeAfter(kSequence, before, effect, {{"", "x"}, {"", "1"}, {"", "2"}, {"", "2"}}));
  EXPECT_FALSE(MayBeAfter(kSequence, before, effect, {}));
}

TEST(ContentsTest, WhatIsTakenOutOfASequenceGoesTogether) {
  const Contents before = {{"", "1"}, {"", "2"}, {"", "3"}};
  Effect effect;
  effect.remaining = Contents{{"", "2"}};
  EXPECT_TRUE(MayBeAfter(kSequence, before, effect, before));
  EXPECT_TRUE(MayBeAfter(kSequence, before, effect, {{"", "2"}}));
  EXPECT_FALSE(MayBeAfter(kSequence, before, effect, {{"", "2"}, {"", "3"}}));
}

}  // namespace
}  // namespace redis_fdw::test
