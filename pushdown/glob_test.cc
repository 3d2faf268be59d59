#include "pushdown/glob.h"

#include <vector>

#include "core/base/status.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

TEST(GlobTest, MatchesAsRedisDoes) {
  EXPECT_TRUE(GlobMatches("", ""));
  EXPECT_FALSE(GlobMatches("", "a"));
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_TRUE(GlobMatches("user:*", "user:"));
  EXPECT_TRUE(GlobMatches("user:*", "user:1"));
  EXPECT_FALSE(GlobMatches("user:*", "users:1"));
  EXPECT_TRUE(GlobMatches("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(GlobMatches("a*b*c", "aXbYbZ"));
  EXPECT_TRUE(GlobMatches("?", "x"));
  EXPECT_FALSE(GlobMatches("?", ""));
  EXPECT_TRUE(GlobMatches("h[ae]llo", "hello"));
  EXPECT_FALSE(GlobMatches("h[^e]llo", "hello"));
  EXPECT_TRUE(GlobMatches("[a-c]", "b"));
  EXPECT_TRUE(GlobMatches("[c-a]", "b"));
  EXPECT_FALSE(GlobMatches("[a-c]", "d"));
  EXPECT_TRUE(GlobMatches("[\\]]", "]"));
  EXPECT_TRUE(GlobMatches("a\\*b", "a*b"));
  EXPECT_FALSE(GlobMatches("a\\*b", "aXb"));
  EXPECT_TRUE(GlobMatches("\xff?\\", std::string("\xff\0\\", 3)));
  // No pattern takes exponential time.
  EXPECT_FALSE(GlobMatches("a*a*a*a*a*a*a*a*a*a*a*b", std::string(2000, 'a')));
}

TEST(GlobTest, EscapedMatchesItselfOnly) {
  for (const char* key : {"plain", "a*b", "[x]", "q?", "back\\slash", "{tag}:1"}) {
    EXPECT_TRUE(GlobMatches(EscapeGlob(key), key));
    EXPECT_FALSE(GlobMatches(EscapeGlob(key), std::string(key) + "x"));
  }
  EXPECT_EQ(EscapeGlob("{a}*"), "{a}\\*");
}

TEST(GlobTest, LikeBecomesASuperset) {
  EXPECT_EQ(GlobOfLike("user:1%"), "user:1*");
  EXPECT_EQ(GlobOfLike("%_%"), "*");
  EXPECT_EQ(GlobOfLike("a_b"), "a*b");
  EXPECT_EQ(GlobOfLike("50\\%*[x]"), "50%\\*\\[x]");
  EXPECT_EQ(GlobOfLike("\\\\%"), "\\\\*");
  EXPECT_EQ(GlobOfLike("a*%"), "a\\**");
  EXPECT_EQ(GlobOfLike(""), "");
  EXPECT_EQ(GlobOfLike("%"), "*");
  EXPECT_EQ(GlobOfLike("\xc3\xa9_%"), "\xc3\xa9*");
}

TEST(GlobTest, WhatALikeBeginsWith) {
  EXPECT_EQ(PrefixOfLike("user:%"), "user:");
  EXPECT_EQ(PrefixOfLike("a\\%b_c%"), "a%b");
  EXPECT_EQ(PrefixOfLike("literal*"), "literal*");
  EXPECT_EQ(PrefixOfLike("%a"), "");
  EXPECT_EQ(PrefixOfLike("ab\\"), "ab");
}

TEST(GlobTest, LikeHasTwoStarsAtMost) {
  EXPECT_EQ(GlobOfLike("a%b"), "a*b");
  EXPECT_EQ(GlobOfLike("%abc%"), "*abc*");
  EXPECT_EQ(GlobOfLike("a%b%"), "a*b*");
  EXPECT_EQ(GlobOfLike("%a%b"), "*a*b");
  EXPECT_EQ(GlobOfLike("a%b%c%d"), "a*b*d");
  EXPECT_EQ(GlobOfLike("%a%bbb%cc%"), "*bbb*");
}

// LIKE raises an error of a text that goes on where the pattern ends with its escape.
TEST(GlobTest, LikeThatEndsWithItsEscapeFindsWhatRaises) {
  EXPECT_EQ(GlobOfLike("a\\"), "a*");
  EXPECT_EQ(GlobOfLike("a\\\\"), "a\\\\");
  EXPECT_EQ(GlobOfLike("a%\\"), "a*");
  EXPECT_EQ(GlobOfLike("\\"), "*");
}

TEST(GlobTest, LongLikesAreCut) {
  const std::string a(1000, 'a');
  const std::string b(1000, 'b');
  const std::string c(1000, 'c');
  EXPECT_EQ(GlobOfLike(a), a.substr(0, 256) + "*");
  EXPECT_EQ(GlobOfLike(a.substr(0, 256)), a.substr(0, 256));
  EXPECT_EQ(GlobOfLike(a + "%" + b + "%" + c),
            a.substr(0, 256) + "*" + b.substr(0, 256) + "*" + c.substr(0, 256));
  EXPECT_TRUE(GlobMatches(GlobOfLike(a + "%" + b + "%" + c), a + b + c));
}

TEST(KeyPatternTest, ParsesLiteralsAndPatterns) {
  KeyPattern literal = *KeyPattern::Parse("a\\*b{tag}");
  EXPECT_TRUE(literal.is_literal());
  EXPECT_EQ(literal.literal(), "a*b{tag}");
  EXPECT_EQ(literal.glob(), "a\\*b{tag}");
  KeyPattern pattern = *KeyPattern::Parse("u\\?:*:x");
  EXPECT_FALSE(pattern.is_literal());
  EXPECT_EQ(pattern.literal(), "u?:");
  EXPECT_TRUE(pattern.Matches("u?:1:x"));
  EXPECT_FALSE(pattern.Matches("uu:1:x"));
  EXPECT_EQ(GetErrorKind(KeyPattern::Parse("a[b").status()), ErrorKind::kInvalidOption);
  EXPECT_EQ(KeyPattern::Parse("end\\")->literal(), "end\\");
}

TEST(KeyPatternTest, Overlap) {
  KeyPattern one = *KeyPattern::Parse("user:1");
  KeyPattern users = *KeyPattern::Parse("user:*");
  KeyPattern some = *KeyPattern::Parse("user:1*");
  KeyPattern others = *KeyPattern::Parse("order:*");
  EXPECT_TRUE(one.MayOverlap(users));
  EXPECT_TRUE(users.MayOverlap(one));
  EXPECT_TRUE(users.MayOverlap(some));
  EXPECT_FALSE(users.MayOverlap(others));
  EXPECT_FALSE(one.MayOverlap(*KeyPattern::Parse("user:2")));
}

class NarrowTest : public ::testing::Test {
 protected:
  std::string Narrow(const std::string& pattern, const std::vector<Predicate>& predicates,
                     const std::vector<Cell>& params, const std::string& prefix = "") {
    std::string glob;
    if (!NarrowPattern(*KeyPattern::Parse(pattern), predicates, 0, params, prefix, "", &glob)) {
      return "none";
    }
    return glob;
  }
};

TEST_F(NarrowTest, TakesTheLongestPrefix) {
  Predicate like{0, CompareOp::kLike, Semantics::kBytes, 0};
  Predicate prefix{0, CompareOp::kPrefix, Semantics::kBytes, 0};
  Predicate ge{0, CompareOp::kGe, Semantics::kBytes, 0};
  Predicate lt{0, CompareOp::kLt, Semantics::kBytes, 1};
  EXPECT_EQ(Narrow("user:*", {}, {}), "user:*");
  EXPECT_EQ(Narrow("user:*", {like}, {Cell::Bytes("user:1%")}), "user:1*");
  EXPECT_EQ(Narrow("user:*", {like}, {Cell::Bytes("%1")}), "user:*");
  EXPECT_EQ(Narrow("user:*", {prefix}, {Cell::Bytes("user:[")}), "user:\\[*");
  EXPECT_EQ(Narrow("*", {ge, lt}, {Cell::Bytes("ab1"), Cell::Bytes("ab3")}), "ab*");
  EXPECT_EQ(Narrow("*", {ge}, {Cell::Bytes("ab1")}), "*");
  EXPECT_EQ(Narrow("user:*", {like}, {Cell::Null()}), "none");
  EXPECT_EQ(Narrow("user:*", {like}, {Cell::Bytes("12%")}, "user:"), "user:12*");
}

TEST_F(NarrowTest, WhatNamesMoreBytesWins) {
  Predicate like{0, CompareOp::kLike, Semantics::kBytes, 0};
  EXPECT_EQ(Narrow("*", {like}, {Cell::Bytes("%abc%")}), "*abc*");
  EXPECT_EQ(Narrow("u[abcd]*", {like}, {Cell::Bytes("u_\\%%")}), "u*%*");
}

class MatchTest : public ::testing::Test {
 protected:
  // Of predicates on column 0, the n-th with operand n.
  std::string Match(const std::vector<CompareOp>& ops, const std::vector<Cell>& params,
                    Semantics semantics = Semantics::kBytes) {
    std::vector<Predicate> predicates;
    for (size_t i = 0; i < ops.size(); ++i) {
      predicates.push_back({0, ops[i], semantics, static_cast<int>(i)});
    }
    std::string glob;
    return MatchPattern(predicates, 0, params, &glob) ? glob : "none";
  }
};

TEST_F(MatchTest, TakesWhatNamesMostBytes) {
  EXPECT_EQ(Match({}, {}), "*");
  EXPECT_EQ(Match({CompareOp::kLike}, {Cell::Bytes("%abc%")}), "*abc*");
  EXPECT_EQ(Match({CompareOp::kLike}, {Cell::Bytes("%")}), "*");
  EXPECT_EQ(Match({CompareOp::kLike}, {Cell::Bytes("")}), "");
  EXPECT_EQ(Match({CompareOp::kLike, CompareOp::kPrefix}, {Cell::Bytes(""), Cell::Bytes("a")}), "");
  EXPECT_EQ(Match({CompareOp::kPrefix}, {Cell::Bytes("")}), "*");
  EXPECT_EQ(Match({CompareOp::kPrefix, CompareOp::kLike}, {Cell::Bytes("a["), Cell::Bytes("%cde")}),
            "*cde");
  EXPECT_EQ(Match({CompareOp::kEq}, {Cell::Bytes("a*")}), "a\\*");
}

TEST_F(MatchTest, BoundsHaveTheirBeginningInCommon) {
  const std::vector<CompareOp> ends = {CompareOp::kGe, CompareOp::kLt};
  EXPECT_EQ(Match(ends, {Cell::Bytes("ab1"), Cell::Bytes("ab3")}), "ab*");
  EXPECT_EQ(Match(ends, {Cell::Bytes("a"), Cell::Bytes("b")}), "*");
  EXPECT_EQ(Match({CompareOp::kGe}, {Cell::Bytes("a")}), "*");
  EXPECT_EQ(Match({CompareOp::kGe, CompareOp::kGt, CompareOp::kLe},
                  {Cell::Bytes("abc"), Cell::Bytes("a"), Cell::Bytes("abd")}),
            "ab*");
}

TEST_F(MatchTest, SaysWhatNoElementSatisfies) {
  for (CompareOp op : {CompareOp::kLike, CompareOp::kPrefix, CompareOp::kGe, CompareOp::kEq}) {
    EXPECT_EQ(Match({op}, {Cell::Null()}), "none");
  }
  EXPECT_EQ(Match({CompareOp::kGe}, {Cell::Null()}, Semantics::kText), "none");
  EXPECT_EQ(Match({CompareOp::kGt, CompareOp::kLt}, {Cell::Bytes("b"), Cell::Bytes("a")}), "none");
  EXPECT_EQ(Match({CompareOp::kGe, CompareOp::kLt}, {Cell::Bytes("a"), Cell::Bytes("a")}), "none");
  EXPECT_EQ(Match({CompareOp::kGe, CompareOp::kLe}, {Cell::Bytes("a"), Cell::Bytes("a")}), "a*");
  EXPECT_EQ(Match({CompareOp::kGe, CompareOp::kGt, CompareOp::kLe},
                  {Cell::Bytes("a"), Cell::Bytes("a"), Cell::Bytes("a")}),
            "none");
}

TEST_F(MatchTest, OtherSemanticsSayNothing) {
  EXPECT_EQ(Match({CompareOp::kGe, CompareOp::kLt}, {Cell::Bytes("ab1"), Cell::Bytes("ab3")},
                  Semantics::kText),
            "*");
  EXPECT_EQ(AnswerByMatch({0, CompareOp::kGe, Semantics::kText, 0}), Answer::kLocal);
  EXPECT_EQ(AnswerByMatch({0, CompareOp::kGe, Semantics::kBytes, 0}), Answer::kSuperset);
  EXPECT_EQ(AnswerByMatch({0, CompareOp::kPrefix, Semantics::kBytes, 0}), Answer::kSuperset);
  EXPECT_EQ(AnswerByMatch({0, CompareOp::kIn, Semantics::kBytes, 0}), Answer::kLocal);
}

}  // namespace
}  // namespace redis_fdw
