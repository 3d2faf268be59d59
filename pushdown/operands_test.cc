#include "pushdown/operands.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Predicate On(int column, CompareOp op, int operand) {
  Predicate predicate;
  predicate.column = column;
  predicate.op = op;
  predicate.operand = operand;
  return predicate;
}

TEST(OperandsTest, OneEquality) {
  std::vector<Cell> params = {Cell::Bytes("a")};
  std::vector<Predicate> predicates = {On(0, CompareOp::kEq, 0)};
  EXPECT_THAT(ResolveKeys(predicates, 0, params), ElementsAre("a"));
  EXPECT_TRUE(HasEquality(predicates, 0));
  EXPECT_FALSE(HasEquality(predicates, 1));
}

TEST(OperandsTest, NullMatchesNothing) {
  std::vector<Cell> params = {Cell::Null()};
  EXPECT_THAT(ResolveKeys({On(0, CompareOp::kEq, 0)}, 0, params), IsEmpty());
  EXPECT_THAT(ResolveKeys({On(0, CompareOp::kIn, 0)}, 0, params), IsEmpty());
  EXPECT_THAT(ResolveIntegers({On(0, CompareOp::kIn, 0)}, 0, params), IsEmpty());
}

TEST(OperandsTest, ListsLoseNullsAndDuplicatesAndKeepTheirOrder) {
  std::vector<Cell> list = {Cell::Bytes("b"), Cell::Null(), Cell::Bytes("a"), Cell::Bytes("b"),
                            Cell::Bytes("")};
  std::vector<Cell> params = {Cell::List(list)};
  EXPECT_THAT(ResolveKeys({On(0, CompareOp::kIn, 0)}, 0, params), ElementsAre("b", "a", ""));
}

TEST(OperandsTest, AnEmptyListMatchesNothing) {
  std::vector<Cell> params = {Cell::List({})};
  EXPECT_THAT(ResolveKeys({On(0, CompareOp::kIn, 0)}, 0, params), IsEmpty());
}

TEST(OperandsTest, SeveralEqualitiesIntersect) {
  std::vector<Cell> one = {Cell::Bytes("c"), Cell::Bytes("a"), Cell::Bytes("b")};
  std::vector<Cell> two = {Cell::Bytes("b"), Cell::Null(), Cell::Bytes("c"), Cell::Bytes("z")};
  std::vector<Cell> params = {Cell::List(one), Cell::List(two), Cell::Bytes("b"), Cell::Bytes("x"),
                              Cell::Null()};
  EXPECT_THAT(ResolveKeys({On(0, CompareOp::kIn, 0), On(0, CompareOp::kIn, 1)}, 0, params),
              ElementsAre("c", "b"));
  EXPECT_THAT(
      ResolveKeys({On(0, CompareOp::kIn, 0), On(0, CompareOp::kIn, 1), On(0, CompareOp::kEq, 2)}, 0,
                  params),
      ElementsAre("b"));
  EXPECT_THAT(ResolveKeys({On(0, CompareOp::kEq, 2), On(0, CompareOp::kEq, 3)}, 0, params),
              IsEmpty());
  EXPECT_THAT(ResolveKeys({On(0, CompareOp::kEq, 2), On(0, CompareOp::kEq, 4)}, 0, params),
              IsEmpty());
  EXPECT_THAT(ResolveKeys({On(0, CompareOp::kEq, 4), On(0, CompareOp::kEq, 2)}, 0, params),
              IsEmpty());
}

TEST(OperandsTest, OtherColumnsAndComparisonsDoNotCount) {
  std::vector<Cell> params = {Cell::Bytes("a"), Cell::Bytes("b"), Cell::Bytes("c")};
  std::vector<Predicate> predicates = {On(0, CompareOp::kEq, 0), On(1, CompareOp::kEq, 1),
                                       On(0, CompareOp::kLt, 2)};
  EXPECT_THAT(ResolveKeys(predicates, 0, params), ElementsAre("a"));
  EXPECT_FALSE(HasEquality({On(0, CompareOp::kLt, 2)}, 0));
}

TEST(OperandsTest, BinaryBytes) {
  std::vector<Cell> list = {Cell::Bytes(absl::string_view("\0a", 2)),
                            Cell::Bytes(absl::string_view("\0b", 2)),
                            Cell::Bytes(absl::string_view("\0a", 2))};
  std::vector<Cell> params = {Cell::List(list)};
  EXPECT_THAT(ResolveKeys({On(0, CompareOp::kIn, 0)}, 0, params),
              ElementsAre(absl::string_view("\0a", 2), absl::string_view("\0b", 2)));
}

TEST(OperandsTest, Integers) {
  std::vector<Cell> list = {Cell::Int64(3), Cell::Int64(-1), Cell::Null(), Cell::Int64(3)};
  std::vector<Cell> params = {Cell::List(list), Cell::Int64(-1)};
  EXPECT_THAT(ResolveIntegers({On(0, CompareOp::kIn, 0)}, 0, params), ElementsAre(3, -1));
  EXPECT_THAT(ResolveIntegers({On(0, CompareOp::kIn, 0), On(0, CompareOp::kEq, 1)}, 0, params),
              ElementsAre(-1));
}

}  // namespace
}  // namespace redis_fdw
