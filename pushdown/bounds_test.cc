#include "pushdown/bounds.h"

#include <cmath>
#include <limits>
#include <vector>

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kMinInt = std::numeric_limits<int64_t>::min();
constexpr int64_t kMaxInt = std::numeric_limits<int64_t>::max();
constexpr int kColumn = 1;

struct Comparison {
  CompareOp op;
  Cell operand;
};

std::vector<Predicate> PredicatesOf(const std::vector<Comparison>& comparisons) {
  std::vector<Predicate> predicates;
  for (size_t i = 0; i < comparisons.size(); ++i) {
    Predicate predicate;
    predicate.column = kColumn;
    predicate.op = comparisons[i].op;
    predicate.operand = static_cast<int>(i);
    predicates.push_back(predicate);
  }
  return predicates;
}

std::vector<Cell> CellsOf(const std::vector<Comparison>& comparisons) {
  std::vector<Cell> cells;
  for (const Comparison& comparison : comparisons) cells.push_back(comparison.operand);
  return cells;
}

DoubleRange Doubles(const std::vector<Comparison>& comparisons) {
  return ResolveDoubleRange(PredicatesOf(comparisons), kColumn, CellsOf(comparisons));
}

IntRange Ints(const std::vector<Comparison>& comparisons) {
  return ResolveIntRange(PredicatesOf(comparisons), kColumn, CellsOf(comparisons));
}

bool Holds(const DoubleRange& range, double value) {
  if (range.empty) return false;
  bool above = range.min_exclusive ? value > range.min : value >= range.min;
  bool below = range.max_exclusive ? value < range.max : value <= range.max;
  return above && below;
}

TEST(DoubleRangeTest, NothingIsEverything) {
  DoubleRange range = Doubles({});
  EXPECT_FALSE(range.empty);
  EXPECT_TRUE(Holds(range, -kInf));
  EXPECT_TRUE(Holds(range, kInf));
}

TEST(DoubleRangeTest, OtherColumnsDoNotCount) {
  std::vector<Comparison> one = {{CompareOp::kGt, Cell::Double(5)}};
  DoubleRange range = ResolveDoubleRange(PredicatesOf(one), kColumn + 1, CellsOf(one));
  EXPECT_TRUE(Holds(range, -kInf));
}

TEST(DoubleRangeTest, EachComparison) {
  struct Case {
    CompareOp op;
    bool below, at, above;
  };
  for (const Case& c :
       {Case{CompareOp::kEq, false, true, false}, Case{CompareOp::kLt, true, false, false},
        Case{CompareOp::kLe, true, true, false}, Case{CompareOp::kGt, false, false, true},
        Case{CompareOp::kGe, false, true, true}}) {
    for (Cell operand : {Cell::Double(2), Cell::Int64(2)}) {
      DoubleRange range = Doubles({{c.op, operand}});
      EXPECT_EQ(Holds(range, std::nextafter(2, 1)), c.below) << OpName(c.op);
      EXPECT_EQ(Holds(range, 2), c.at) << OpName(c.op);
      EXPECT_EQ(Holds(range, std::nextafter(2, 3)), c.above) << OpName(c.op);
    }
  }
}

TEST(DoubleRangeTest, TheTighterBoundWins) {
  DoubleRange range = Doubles({{CompareOp::kGe, Cell::Double(1)},
                               {CompareOp::kGt, Cell::Double(1)},
                               {CompareOp::kGe, Cell::Double(0)},
                               {CompareOp::kLt, Cell::Double(9)},
                               {CompareOp::kLe, Cell::Double(9)},
                               {CompareOp::kLe, Cell::Double(10)}});
  EXPECT_EQ(range.min, 1);
  EXPECT_TRUE(range.min_exclusive);
  EXPECT_EQ(range.max, 9);
  EXPECT_TRUE(range.max_exclusive);
  EXPECT_FALSE(range.empty);
}

TEST(DoubleRangeTest, ContradictionsAreEmpty) {
  EXPECT_TRUE(
      Doubles({{CompareOp::kGt, Cell::Double(2)}, {CompareOp::kLt, Cell::Double(1)}}).empty);
  EXPECT_TRUE(
      Doubles({{CompareOp::kGt, Cell::Double(1)}, {CompareOp::kLe, Cell::Double(1)}}).empty);
  EXPECT_TRUE(
      Doubles({{CompareOp::kEq, Cell::Double(1)}, {CompareOp::kEq, Cell::Double(2)}}).empty);
  DoubleRange point =
      Doubles({{CompareOp::kGe, Cell::Double(1)}, {CompareOp::kLe, Cell::Double(1)}});
  EXPECT_FALSE(point.empty);
}

TEST(DoubleRangeTest, NullIsEmpty) {
  for (CompareOp op :
       {CompareOp::kEq, CompareOp::kLt, CompareOp::kLe, CompareOp::kGt, CompareOp::kGe}) {
    EXPECT_TRUE(Doubles({{op, Cell::Null()}}).empty) << OpName(op);
  }
  EXPECT_TRUE(Doubles({{CompareOp::kGt, Cell::Double(1)}, {CompareOp::kLt, Cell::Null()}}).empty);
}

TEST(DoubleRangeTest, NanIsAboveEverythingAndNeverStored) {
  EXPECT_TRUE(Doubles({{CompareOp::kEq, Cell::Double(kNan)}}).empty);
  EXPECT_TRUE(Doubles({{CompareOp::kGt, Cell::Double(kNan)}}).empty);
  EXPECT_TRUE(Doubles({{CompareOp::kGe, Cell::Double(kNan)}}).empty);
  for (CompareOp op : {CompareOp::kLt, CompareOp::kLe}) {
    DoubleRange range = Doubles({{op, Cell::Double(kNan)}});
    EXPECT_TRUE(Holds(range, -kInf));
    EXPECT_TRUE(Holds(range, kInf));
  }
}

TEST(DoubleRangeTest, Infinities) {
  EXPECT_TRUE(Doubles({{CompareOp::kGt, Cell::Double(kInf)}}).empty);
  EXPECT_TRUE(Doubles({{CompareOp::kLt, Cell::Double(-kInf)}}).empty);
  DoubleRange at = Doubles({{CompareOp::kEq, Cell::Double(kInf)}});
  EXPECT_TRUE(Holds(at, kInf));
  EXPECT_FALSE(Holds(at, std::numeric_limits<double>::max()));
  DoubleRange below = Doubles({{CompareOp::kLt, Cell::Double(kInf)}});
  EXPECT_FALSE(Holds(below, kInf));
  EXPECT_TRUE(Holds(below, -kInf));
  DoubleRange above = Doubles({{CompareOp::kGt, Cell::Double(-kInf)}});
  EXPECT_FALSE(Holds(above, -kInf));
  EXPECT_TRUE(Holds(above, kInf));
}

TEST(DoubleRangeTest, ZeroHasOneValue) {
  EXPECT_TRUE(Holds(Doubles({{CompareOp::kEq, Cell::Double(-0.0)}}), 0.0));
  EXPECT_FALSE(Holds(Doubles({{CompareOp::kGt, Cell::Double(-0.0)}}), 0.0));
}

// What an integer comparison holds of, the range must hold of.
TEST(DoubleRangeTest, IntegersThatNoDoubleEqualsWidenOutward) {
  constexpr int64_t k53 = int64_t{1} << 53;
  struct Case {
    int64_t operand;
    double below;  // the double next below the operand
    double above;
  };
  for (const Case& c : {Case{k53 + 1, 9007199254740992.0, 9007199254740994.0},
                        Case{-k53 - 1, -9007199254740994.0, -9007199254740992.0},
                        Case{kMaxInt, 9223372036854774784.0, 9223372036854775808.0},
                        Case{kMaxInt - 1, 9223372036854774784.0, 9223372036854775808.0}}) {
    Cell operand = Cell::Int64(c.operand);
    EXPECT_TRUE(Holds(Doubles({{CompareOp::kGt, operand}}), c.above)) << c.operand;
    EXPECT_TRUE(Holds(Doubles({{CompareOp::kGe, operand}}), c.above)) << c.operand;
    EXPECT_TRUE(Holds(Doubles({{CompareOp::kLt, operand}}), c.below)) << c.operand;
    EXPECT_TRUE(Holds(Doubles({{CompareOp::kLe, operand}}), c.below)) << c.operand;
    DoubleRange at = Doubles({{CompareOp::kEq, operand}});
    EXPECT_FALSE(at.empty) << c.operand;
    EXPECT_LE(at.min, c.below) << c.operand;
    EXPECT_GE(at.max, c.above) << c.operand;
    // But not far.
    EXPECT_FALSE(Holds(Doubles({{CompareOp::kGt, operand}}), std::nextafter(c.below, -kInf)));
    EXPECT_FALSE(Holds(Doubles({{CompareOp::kLt, operand}}), std::nextafter(c.above, kInf)));
  }
}

TEST(DoubleRangeTest, IntegersThatADoubleEqualsAreExact) {
  for (int64_t v :
       {int64_t{0}, int64_t{1} << 53, -(int64_t{1} << 53), kMinInt, (int64_t{1} << 62)}) {
    double d = static_cast<double>(v);
    EXPECT_FALSE(Holds(Doubles({{CompareOp::kGt, Cell::Int64(v)}}), d)) << v;
    EXPECT_FALSE(Holds(Doubles({{CompareOp::kLt, Cell::Int64(v)}}), d)) << v;
    DoubleRange at = Doubles({{CompareOp::kEq, Cell::Int64(v)}});
    EXPECT_EQ(at.min, d);
    EXPECT_EQ(at.max, d);
  }
}

// The nearest double of a numeric may be above it or below.
TEST(DoubleRangeTest, NumericsWidenOutward) {
  auto range = [](CompareOp op, double nearest) {
    const Predicate predicate{kColumn, op, Semantics::kNumeric, 0};
    const Cell operand = Cell::Double(nearest);
    return ResolveDoubleRange(absl::MakeConstSpan(&predicate, 1), kColumn,
                              absl::MakeConstSpan(&operand, 1));
  };
  const double below = std::nextafter(0.1, -kInf);
  const double above = std::nextafter(0.1, kInf);
  for (CompareOp op : {CompareOp::kGt, CompareOp::kGe, CompareOp::kEq}) {
    EXPECT_TRUE(Holds(range(op, 0.1), below));
    EXPECT_FALSE(Holds(range(op, 0.1), std::nextafter(below, -kInf)));
  }
  for (CompareOp op : {CompareOp::kLt, CompareOp::kLe, CompareOp::kEq}) {
    EXPECT_TRUE(Holds(range(op, 0.1), above));
    EXPECT_FALSE(Holds(range(op, 0.1), std::nextafter(above, kInf)));
  }
  // One beyond all doubles.
  EXPECT_TRUE(Holds(range(CompareOp::kLt, kInf), std::numeric_limits<double>::max()));
  EXPECT_TRUE(Holds(range(CompareOp::kGe, kInf), kInf));
  EXPECT_FALSE(Holds(range(CompareOp::kGt, kInf), 1e300));
  EXPECT_TRUE(Holds(range(CompareOp::kGt, 0), 0));
  EXPECT_TRUE(range(CompareOp::kGe, kNan).empty);
  EXPECT_FALSE(range(CompareOp::kLt, kNan).empty);
}

TEST(IntRangeTest, EachComparison) {
  EXPECT_EQ(Ints({{CompareOp::kEq, Cell::Int64(3)}}).min, 3);
  EXPECT_EQ(Ints({{CompareOp::kEq, Cell::Int64(3)}}).max, 3);
  EXPECT_EQ(Ints({{CompareOp::kGt, Cell::Int64(3)}}).min, 4);
  EXPECT_EQ(Ints({{CompareOp::kGe, Cell::Int64(3)}}).min, 3);
  EXPECT_EQ(Ints({{CompareOp::kLt, Cell::Int64(3)}}).max, 2);
  EXPECT_EQ(Ints({{CompareOp::kLe, Cell::Int64(3)}}).max, 3);
  EXPECT_EQ(Ints({}).min, kMinInt);
  EXPECT_EQ(Ints({}).max, kMaxInt);
}

TEST(IntRangeTest, EdgesDoNotOverflow) {
  EXPECT_TRUE(Ints({{CompareOp::kGt, Cell::Int64(kMaxInt)}}).empty());
  EXPECT_TRUE(Ints({{CompareOp::kLt, Cell::Int64(kMinInt)}}).empty());
  EXPECT_FALSE(Ints({{CompareOp::kGe, Cell::Int64(kMaxInt)}}).empty());
  EXPECT_TRUE(Ints({{CompareOp::kGt, Cell::Int64(kMaxInt)}, {CompareOp::kLe, Cell::Int64(kMaxInt)}})
                  .empty());
}

TEST(IntRangeTest, NullAndContradictionsAreEmpty) {
  EXPECT_TRUE(Ints({{CompareOp::kGe, Cell::Null()}}).empty());
  EXPECT_TRUE(Ints({{CompareOp::kGe, Cell::Null()}, {CompareOp::kLe, Cell::Int64(5)}}).empty());
  EXPECT_TRUE(Ints({{CompareOp::kGt, Cell::Int64(5)}, {CompareOp::kLt, Cell::Int64(6)}}).empty());
}

TEST(BytesRangeTest, KeepsTheNarrowerEnds) {
  BytesRange range;
  EXPECT_FALSE(range.bounded());
  range.RaiseMin("b", false);
  range.RaiseMin("a", true);
  EXPECT_EQ(*range.min, "b");
  EXPECT_FALSE(range.min_exclusive);
  range.RaiseMin("b", true);
  range.RaiseMin("b", false);
  EXPECT_TRUE(range.min_exclusive);
  EXPECT_FALSE(range.bounded());
  range.LowerMax("d\xff", false);
  range.LowerMax("d", true);
  range.LowerMax("e", false);
  EXPECT_EQ(*range.max, "d");
  EXPECT_TRUE(range.max_exclusive);
  EXPECT_TRUE(range.bounded());
}

TEST(BytesRangeTest, Empty) {
  auto empty = [](absl::string_view min, bool min_exclusive, absl::string_view max) {
    BytesRange range;
    range.RaiseMin(min, min_exclusive);
    range.LowerMax(max, false);
    return range.empty();
  };
  EXPECT_FALSE(BytesRange().empty());
  EXPECT_FALSE(empty("a", false, "a"));
  EXPECT_TRUE(empty("a", true, "a"));
  EXPECT_TRUE(empty("b", false, "a"));
  EXPECT_FALSE(empty("", false, ""));
  EXPECT_FALSE(empty("a", true, "\x80"));  // bytes have no sign
}

}  // namespace
}  // namespace redis_fdw
