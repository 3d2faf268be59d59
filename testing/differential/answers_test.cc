#include "testing/differential/answers.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace redis_fdw::test {
namespace {

using Rows = std::vector<ResultRow>;

// Rows with ranks: a and b are equal to the order, and so are c and d.
Rows Ranked() {
  return {{{"c"}, {"3"}}, {{"a"}, {"1"}}, {{"d"}, {"3"}}, {{"b"}, {"1"}}, {{"e"}, {"5"}}};
}

Rows Of(const std::string& letters) {
  Rows rows;
  for (char c : letters) rows.push_back({std::string(1, c)});
  return rows;
}

TEST(AnswersTest, WithoutAnOrderRowsAreABag) {
  const Answers answers(Of("aab"), false);
  EXPECT_EQ(answers.Check(Of("aba")), "");
  EXPECT_NE(answers.Check(Of("abb")), "");
  EXPECT_NE(answers.Check(Of("ab")), "");
  EXPECT_NE(answers.Check(Of("aabc")), "");
}

TEST(AnswersTest, NullIsNotItsName) {
  const Answers answers({{std::nullopt}}, false);
  EXPECT_EQ(answers.Check({{std::nullopt}}), "");
  EXPECT_NE(answers.Check({{"NULL"}}), "");
  EXPECT_NE(answers.Check({{""}}), "");
}

TEST(AnswersTest, LimitWithoutAnOrderTakesAnyRows) {
  Answers answers(Of("abc"), false);
  answers.Limit(std::nullopt, 2, false);
  EXPECT_EQ(answers.Check(Of("ca")), "");
  EXPECT_NE(answers.Check(Of("aa")), "");
  EXPECT_NE(answers.Check(Of("a")), "");
  EXPECT_NE(answers.Check(Of("ax")), "");
}

TEST(AnswersTest, EqualRowsMayChangePlaces) {
  const Answers answers(Ranked(), true);
  EXPECT_EQ(answers.Check(Of("abcde")), "");
  EXPECT_EQ(answers.Check(Of("badce")), "");
  EXPECT_NE(answers.Check(Of("acbde")), "");
  EXPECT_NE(answers.Check(Of("aacde")), "");
}

TEST(AnswersTest, LimitCutsThroughEqualRows) {
  Answers answers(Ranked(), true);
  answers.Limit(1, 2, false);
  EXPECT_EQ(answers.Check(Of("ac")), "");
  EXPECT_EQ(answers.Check(Of("bd")), "");
  EXPECT_NE(answers.Check(Of("cd")), "");
  EXPECT_NE(answers.Check(Of("ae")), "");
}

TEST(AnswersTest, TiesAreTaken) {
  Answers answers(Ranked(), true);
  answers.Limit(std::nullopt, 3, true);
  EXPECT_EQ(answers.Check(Of("abdc")), "");
  EXPECT_NE(answers.Check(Of("abc")), "");
}

TEST(AnswersTest, BeyondTheEndThereIsNothing) {
  Answers answers(Ranked(), true);
  answers.Limit(9, 2, false);
  EXPECT_EQ(answers.Check({}), "");
  answers.Limit(std::nullopt, 0, true);
  EXPECT_EQ(answers.Check({}), "");
}

TEST(AnswersTest, ACursorGivesTheSameRowsBackwards) {
  const Answers answers(Ranked(), true);
  const std::vector<Fetch> fetches = {{"FORWARD 3", false, 3},
                                      {"BACKWARD 2", false, -2},
                                      {"ALL", false, INT32_MAX},
                                      {"PRIOR", false, -1},
                                      {"ABSOLUTE 2", true, 2}};
  EXPECT_EQ(answers.CheckFetches(fetches, {Of("bac"), Of("ab"), Of("acde"), Of("e"), Of("a")}), "");
  EXPECT_NE(answers.CheckFetches(fetches, {Of("bac"), Of("ba"), Of("acde"), Of("e"), Of("a")}), "");
  EXPECT_NE(answers.CheckFetches(fetches, {Of("bac"), Of("ab"), Of("acde"), {}, Of("a")}), "");
  EXPECT_NE(answers.CheckFetches(fetches, {Of("bac"), Of("ab"), Of("bcde"), Of("e"), Of("b")}), "");
}

}  // namespace
}  // namespace redis_fdw::test
