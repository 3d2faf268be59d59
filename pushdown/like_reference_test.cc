#include "pushdown/like_reference.h"

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

bool Matches(absl::string_view pattern, absl::string_view text) {
  return LikeMatches(pattern, text, true) == LikeResult::kYes;
}

TEST(LikeReferenceTest, IsLike) {
  EXPECT_TRUE(Matches("", ""));
  EXPECT_FALSE(Matches("", "a"));
  EXPECT_TRUE(Matches("%", ""));
  EXPECT_TRUE(Matches("a%c", "abbc"));
  EXPECT_FALSE(Matches("a%c", "abbcd"));
  EXPECT_TRUE(Matches("a_c",
                      "a\xe2\x82\xac"
                      "c"));
  EXPECT_FALSE(Matches("a_", "a"));
  EXPECT_TRUE(Matches("\\%\\_\\\\", "%_\\"));
  EXPECT_FALSE(Matches("\\%", "a"));
}

TEST(LikeReferenceTest, CharactersAreBytesOfBytea) {
  EXPECT_EQ(LikeMatches("_", "\xc3\xa9", false), LikeResult::kNo);
  EXPECT_EQ(LikeMatches("__", "\xc3\xa9", false), LikeResult::kYes);
}

// As PostgreSQL has it: only where the text goes on.
TEST(LikeReferenceTest, EndingWithTheEscapeIsAnError) {
  EXPECT_EQ(LikeMatches("a\\", "ab", true), LikeResult::kError);
  EXPECT_EQ(LikeMatches("a\\", "a", true), LikeResult::kNo);
  EXPECT_EQ(LikeMatches("a\\", "b", true), LikeResult::kNo);
}

}  // namespace
}  // namespace redis_fdw
