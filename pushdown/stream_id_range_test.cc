#include "pushdown/stream_id_range.h"

#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

constexpr int kColumn = 1;
constexpr uint64_t kMax = StreamId::kMaxPart;

struct Comparison {
  CompareOp op;
  Semantics semantics;
  Cell operand;
};

std::vector<Predicate> PredicatesOf(const std::vector<Comparison>& comparisons) {
  std::vector<Predicate> predicates;
  for (size_t i = 0; i < comparisons.size(); ++i) {
    predicates.push_back(
        {kColumn, comparisons[i].op, comparisons[i].semantics, static_cast<int>(i)});
  }
  return predicates;
}

std::vector<Cell> ParamsOf(const std::vector<Comparison>& comparisons) {
  std::vector<Cell> params;
  for (const Comparison& comparison : comparisons) params.push_back(comparison.operand);
  return params;
}

std::string Show(const StreamIdRange& range) {
  return range.empty() ? "nothing" : range.min.ToString() + " to " + range.max.ToString();
}

std::string Resolve(const std::vector<Comparison>& comparisons) {
  return Show(ResolveStreamIdRange(PredicatesOf(comparisons), kColumn, ParamsOf(comparisons)));
}

std::string Id(CompareOp op, const char* id) {
  return Resolve({{op, Semantics::kStreamId, Cell::Bytes(id)}});
}

// Of ids that have so many digits.
std::string ByText(int digits, const std::vector<Comparison>& comparisons) {
  StreamIdRange range;
  NarrowByText(ResolveStreamTextBounds(PredicatesOf(comparisons), kColumn, ParamsOf(comparisons)),
               digits, &range);
  return Show(range);
}

std::string Text(CompareOp op, const char* text) {
  return ByText(2, {{op, Semantics::kText, Cell::Bytes(text)}});
}

const std::string kLeast = "0-0";
const std::string kGreatest = StreamId::Greatest().ToString();
const std::string kAll = kLeast + " to " + kGreatest;

TEST(StreamIdRangeTest, EndsAreInclusive) {
  EXPECT_EQ(Resolve({}), kAll);
  EXPECT_EQ(Id(CompareOp::kEq, "5-1"), "5-1 to 5-1");
  EXPECT_EQ(Id(CompareOp::kGe, "5-1"), "5-1 to " + kGreatest);
  EXPECT_EQ(Id(CompareOp::kGt, "5-1"), "5-2 to " + kGreatest);
  EXPECT_EQ(Id(CompareOp::kLe, "5-1"), "0-0 to 5-1");
  EXPECT_EQ(Id(CompareOp::kLt, "5-1"), "0-0 to 5-0");
  EXPECT_EQ(Id(CompareOp::kLt, "5-0"), "0-0 to 4-18446744073709551615");
  EXPECT_EQ(Id(CompareOp::kGt, "5-18446744073709551615"), "6-0 to " + kGreatest);
}

TEST(StreamIdRangeTest, NothingIsBelowTheLeastAndAboveTheGreatest) {
  EXPECT_EQ(Id(CompareOp::kLt, "0-0"), "nothing");
  EXPECT_EQ(Id(CompareOp::kLe, "0-0"), "0-0 to 0-0");
  EXPECT_EQ(Id(CompareOp::kGt, kGreatest.c_str()), "nothing");
  EXPECT_EQ(Id(CompareOp::kGe, kGreatest.c_str()), kGreatest + " to " + kGreatest);
}

TEST(StreamIdRangeTest, TheNarrowerOfSeveralCounts) {
  auto id = [](CompareOp op, const char* text) {
    return Comparison{op, Semantics::kStreamId, Cell::Bytes(text)};
  };
  EXPECT_EQ(Resolve({id(CompareOp::kGt, "5-1"), id(CompareOp::kGe, "9-0"),
                     id(CompareOp::kLe, "10-5"), id(CompareOp::kLt, "10-5")}),
            "9-0 to 10-4");
  EXPECT_EQ(Resolve({id(CompareOp::kGt, "5-1"), id(CompareOp::kLt, "5-2")}), "nothing");
  EXPECT_EQ(Resolve({id(CompareOp::kGt, "10-0"), id(CompareOp::kLt, "9-0")}), "nothing");
}

TEST(StreamIdRangeTest, ComparisonsWithNullAreTrueOfNothing) {
  EXPECT_EQ(Resolve({{CompareOp::kGt, Semantics::kStreamId, Cell::Null()}}), "nothing");
  EXPECT_EQ(Resolve({{CompareOp::kGe, Semantics::kStreamId, Cell::Bytes("1-0")},
                     {CompareOp::kLt, Semantics::kText, Cell::Null()}}),
            "nothing");
  EXPECT_EQ(Resolve({{CompareOp::kLt, Semantics::kBytes, Cell::Null()}}), "nothing");
}

TEST(StreamIdRangeTest, OtherPredicatesAreNoBounds) {
  const Cell id = Cell::Bytes("5-0");
  std::vector<Cell> params = {id};
  EXPECT_EQ(Show(ResolveStreamIdRange(PredicatesOf({{CompareOp::kGt, Semantics::kStreamId, id}}),
                                      kColumn + 1, params)),
            kAll);
  EXPECT_EQ(Resolve({{CompareOp::kGe, Semantics::kText, id},
                     {CompareOp::kEq, Semantics::kBytes, id},
                     {CompareOp::kPrefix, Semantics::kBytes, id}}),
            kAll);
  std::vector<Cell> list = {Cell::Null()};
  EXPECT_EQ(Resolve({{CompareOp::kIn, Semantics::kBytes, Cell::List(list)}}), kAll);
}

TEST(StreamTextBoundTest, WidenToWholeMilliseconds) {
  EXPECT_EQ(Text(CompareOp::kGe, "50-7"), "50-0 to " + kGreatest);
  EXPECT_EQ(Text(CompareOp::kGt, "50-7"), "50-0 to " + kGreatest);
  EXPECT_EQ(Text(CompareOp::kLe, "50-7"), "0-0 to 50-18446744073709551615");
  EXPECT_EQ(Text(CompareOp::kLt, "50-7"), "0-0 to 50-18446744073709551615");
  // "50" < "50-0" in every collation, but nothing relies on it.
  EXPECT_EQ(Text(CompareOp::kLt, "50"), "0-0 to 50-18446744073709551615");
  EXPECT_EQ(Text(CompareOp::kGt, "50"), "50-0 to " + kGreatest);
  // The digits after the dash do not matter.
  EXPECT_EQ(Text(CompareOp::kGe, "50-00099999999999999999999"), "50-0 to " + kGreatest);
  EXPECT_EQ(ByText(2, {{CompareOp::kGe, Semantics::kBytes, Cell::Bytes("50-0")},
                       {CompareOp::kLt, Semantics::kText, Cell::Bytes("60-0")}}),
            "50-0 to 60-18446744073709551615");
}

TEST(StreamTextBoundTest, SayNothingOfIdsWithOtherDigits) {
  EXPECT_EQ(Text(CompareOp::kGe, "5-0"), kAll);
  EXPECT_EQ(Text(CompareOp::kGe, "500-0"), kAll);
  EXPECT_EQ(ByText(2, {{CompareOp::kGe, Semantics::kText, Cell::Bytes("500-0")},
                       {CompareOp::kLt, Semantics::kText, Cell::Bytes("60-0")}}),
            "0-0 to 60-18446744073709551615");
}

TEST(StreamTextBoundTest, OtherTextsSayNothing) {
  for (const char* text : {"", "-", "+", "*", "50-", "-50", "050", "05-0", "50x", "50-x", "50 ",
                           " 50", "50-1-1", "50-*", "5a-0", "a", "50-1 "}) {
    EXPECT_EQ(Text(CompareOp::kGe, text), kAll) << text;
  }
  EXPECT_EQ(ByText(20, {{CompareOp::kLe, Semantics::kText, Cell::Bytes("99999999999999999999")}}),
            kAll);
  EXPECT_EQ(ByText(20, {{CompareOp::kGe, Semantics::kText, Cell::Bytes("18446744073709551615")}}),
            "18446744073709551615-0 to " + kGreatest);
  // Equality and patterns are not bounds, nor are comparisons of ids.
  EXPECT_EQ(ByText(2, {{CompareOp::kEq, Semantics::kBytes, Cell::Bytes("50-0")},
                       {CompareOp::kPrefix, Semantics::kBytes, Cell::Bytes("50")},
                       {CompareOp::kGe, Semantics::kStreamId, Cell::Bytes("50-0")},
                       {CompareOp::kGe, Semantics::kText, Cell::Null()}}),
            kAll);
}

// Of all pairs of small ids and operands: what memcmp() decides is within the range.
TEST(StreamTextBoundTest, LoseNothing) {
  const uint64_t seqs[] = {0, 1, 9, 10, kMax};
  for (int digits : {1, 2}) {
    const uint64_t first = digits == 1 ? 0 : 10;
    const uint64_t last = digits == 1 ? 9 : 99;
    for (uint64_t ms = first; ms <= last; ms += digits == 1 ? 1 : 11) {
      for (const char* operand : {"5", "5-0", "5-1", "50", "55-0", "55-9", "9-9", "99-0"}) {
        for (CompareOp op : {CompareOp::kLt, CompareOp::kLe, CompareOp::kGt, CompareOp::kGe}) {
          std::vector<Comparison> comparison = {{op, Semantics::kBytes, Cell::Bytes(operand)}};
          StreamIdRange range;
          NarrowByText(
              ResolveStreamTextBounds(PredicatesOf(comparison), kColumn, ParamsOf(comparison)),
              digits, &range);
          for (uint64_t seq : seqs) {
            StreamId id{ms, seq};
            int order = id.ToString().compare(operand);
            bool is_true = op == CompareOp::kLt   ? order < 0
                           : op == CompareOp::kLe ? order <= 0
                           : op == CompareOp::kGt ? order > 0
                                                  : order >= 0;
            bool within = !(id < range.min) && !(range.max < id);
            EXPECT_TRUE(within || !is_true) << id.ToString() << " " << OpName(op) << operand;
          }
        }
      }
    }
  }
}

TEST(StreamTextBoundTest, CountsDigits) {
  EXPECT_EQ(DecimalDigits(0), 1);
  EXPECT_EQ(DecimalDigits(9), 1);
  EXPECT_EQ(DecimalDigits(10), 2);
  EXPECT_EQ(DecimalDigits(1640995200000), 13);
  EXPECT_EQ(DecimalDigits(kMax), 20);
}

}  // namespace
}  // namespace redis_fdw
