#include "pushdown/predicate.h"

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

TEST(PredicateTest, OpNames) {
  EXPECT_STREQ(OpName(CompareOp::kEq), "=");
  EXPECT_STREQ(OpName(CompareOp::kLt), "<");
  EXPECT_STREQ(OpName(CompareOp::kLe), "<=");
  EXPECT_STREQ(OpName(CompareOp::kGt), ">");
  EXPECT_STREQ(OpName(CompareOp::kGe), ">=");
  EXPECT_STREQ(OpName(CompareOp::kIn), "IN");
  EXPECT_STREQ(OpName(CompareOp::kLike), "LIKE");
  EXPECT_STREQ(OpName(CompareOp::kPrefix), "^@");
}

TEST(PredicateTest, TheWeakerAnswerCounts) {
  EXPECT_EQ(Weaker(Answer::kExact, Answer::kExact), Answer::kExact);
  EXPECT_EQ(Weaker(Answer::kExact, Answer::kSuperset), Answer::kSuperset);
  EXPECT_EQ(Weaker(Answer::kLocal, Answer::kSuperset), Answer::kLocal);
}

}  // namespace
}  // namespace redis_fdw
