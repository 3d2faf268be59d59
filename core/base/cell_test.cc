#include "core/base/cell.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

TEST(CellTest, KindsAndEquality) {
  const Cell list[] = {Cell::Int64(1), Cell::Bytes("x")};
  const Cell same_list[] = {Cell::Int64(1), Cell::Bytes("x")};
  EXPECT_TRUE(Cell().is_null());
  EXPECT_EQ(Cell(), Cell::Null());
  EXPECT_EQ(Cell::Bytes("a"), Cell::Bytes("a"));
  EXPECT_NE(Cell::Bytes("a"), Cell::Bytes("b"));
  EXPECT_NE(Cell::Bytes(""), Cell::Null());
  EXPECT_NE(Cell::Int64(1), Cell::Double(1));
  EXPECT_EQ(Cell::Double(0.0), Cell::Double(-0.0));
  EXPECT_NE(Cell::Double(std::nan("")), Cell::Double(std::nan("")));
  EXPECT_EQ(Cell::List(list), Cell::List(same_list));
  EXPECT_NE(Cell::List(list), Cell::List(absl::MakeSpan(list, 1)));
}

TEST(CellTest, DebugString) {
  const Cell list[] = {Cell::Int64(12), Cell::Bytes("a\"\n"), Cell::Double(1.5), Cell::Null()};
  EXPECT_EQ(DebugString(Cell::List(list)), "[12, \"a\\\"\\n\", 1.5, NULL]");
}

TEST(CellTest, FormatDoubleIsShortestAndExact) {
  EXPECT_EQ(FormatDouble(0), "0");
  EXPECT_EQ(FormatDouble(0.1), "0.1");
  EXPECT_EQ(FormatDouble(100000), "100000");
  EXPECT_EQ(FormatDouble(1e300), "1e+300");
  EXPECT_EQ(FormatDouble(-2.5e-7), "-2.5e-07");
  EXPECT_EQ(FormatDouble(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(FormatDouble(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(FormatDouble(std::nan("")), "nan");
}

TEST(CellTest, FormattedDoublesReadBack) {
  for (double value : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 123456789012345678.0, 1e15,
                       999999999999999.9, 0.0001, 0.00009999, -7.25}) {
    double back = 0;
    ASSERT_TRUE(ParseDouble(FormatDouble(value), &back)) << value;
    EXPECT_EQ(back, value);
  }
}

TEST(CellTest, ParseDouble) {
  double value = 0;
  EXPECT_TRUE(ParseDouble("-1e5", &value));
  EXPECT_EQ(value, -1e5);
  EXPECT_TRUE(ParseDouble("+3", &value));
  EXPECT_EQ(value, 3);
  EXPECT_TRUE(ParseDouble("-inf", &value));
  EXPECT_EQ(value, -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(ParseDouble("nan", &value));
  EXPECT_TRUE(std::isnan(value));
  for (const char* bad :
       {"", " 1", "1 ", "1x", "--1", "+-1", "+", "nan(1)", "1e999", "0x10", "."}) {
    EXPECT_FALSE(ParseDouble(bad, &value)) << bad;
  }
}

}  // namespace
}  // namespace redis_fdw
