// Lists in the order of indexes, both ways: limits, counts, and elements that are looked for.

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"
#include "tables/list/list_scan.h"
#include "tables/list/list_table.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Ordering kUp = {ListElements::kIndex, false};
constexpr Ordering kDown = {ListElements::kIndex, true};

class ListOrderTest : public ::testing::Test {
 protected:
  ListOrderTest() {
    Bind({"i:integer", "element"});
    t_.Handle([this](const FakeServer::Argv& argv) { return Answer(argv); });
  }
  void Bind(const Lines& columns) { t_.Bind("list", columns); }
  static Predicate Index(CompareOp op, int operand) {
    return Where(0, op, Semantics::kInteger, operand);
  }
  static Predicate Element(CompareOp op, int operand, int column = 1) {
    return Where(column, op, Semantics::kBytes, operand);
  }
  static ScanRequest Request(std::vector<Predicate> predicates, Ordering order = {},
                             double rows_wanted = -1) {
    ScanRequest request;
    request.predicates = std::move(predicates);
    request.order = order;
    request.rows_wanted = rows_wanted;
    request.rows_in_key = 1000000;
    return request;
  }
  ScanPlan Plan(const ScanRequest& request) {
    ScanPlan plan = t_.table().Plan(request);
    for (size_t i = 0; i < t_.table().columns().size(); ++i) {
      plan.output.columns.push_back(static_cast<int>(i));
    }
    return plan;
  }
  ScanPlan PlanCount(std::vector<Predicate> predicates) {
    ScanRequest request = Request(std::move(predicates));
    request.output.kind = OutputKind::kCount;
    return t_.table().Plan(request);
  }
  std::string Describe(const ScanPlan& plan) {
    Lines names = {"$1", "$2", "$3"};
    Lines lines = t_.table().Describe(plan, t_.options, names);
    EXPECT_THAT(lines, SizeIs(1));
    return lines[0];
  }
  // A server of replies by lines in which scripts are shown as SCRIPT.
  std::string Answer(FakeServer::Argv argv) {
    if (argv[0] == "EVAL") argv[1] = "SCRIPT";
    commands_.push_back(absl::StrJoin(argv, " "));
    auto found = replies_.find(commands_.back());
    return found == replies_.end() ? Error("ERR unexpected " + commands_.back()) : found->second;
  }
  void Reply(const std::string& line, const std::string& resp) { replies_[line] = resp; }

  TableTester t_;
  std::map<std::string, std::string> replies_;
  Lines commands_;
};

double TotalOf(const ScanPlan& plan) {
  return plan.cost.startup + plan.cost.rows * plan.cost.per_row;
}

// --- Order and limit ----------------------------------------------------------------------------

TEST_F(ListOrderTest, PlansTheDescendingOrderForFewRows) {
  EXPECT_EQ(Plan(Request({}, kUp)).order, kUp);
  EXPECT_EQ(Plan(Request({}, kDown, 10)).order, kDown);
  EXPECT_EQ(Plan(Request({Index(CompareOp::kGt, 0)}, kDown, 10)).order, kDown);
  EXPECT_EQ(Plan(Request({}, kDown)).order, kUp);
  EXPECT_EQ(Plan(Request({}, kDown, kMaxReversed + 1)).order, kUp);
  // Then the limit does not reach Redis.
  EXPECT_EQ(Plan(Request({Element(CompareOp::kLike, 0)}, kDown, 10)).order, kUp);
  EXPECT_EQ(Plan(Request({Index(CompareOp::kEq, 0)}, kDown)).order, kDown);
  EXPECT_EQ(Plan(Request({Index(CompareOp::kIn, 0)}, kUp)).order.column, -1);
  Bind({"element"});
  EXPECT_EQ(Plan(Request({})).order.column, -1);
}

TEST_F(ListOrderTest, CostsOfLimits) {
  ScanPlan all = Plan(Request({}));
  EXPECT_GT(all.cost.startup, 0.5 * TotalOf(all));
  for (const Ordering& order : {kUp, kDown}) {
    ScanRequest top = Request({}, order, 10);
    EXPECT_LT(TotalOf(Plan(top)), top.round_trip_cost + 1);
  }
}

TEST_F(ListOrderTest, LimitsGoIntoTheCommand) {
  ScanPlan plan = Plan(Request({}, kUp));
  plan.limit = 10;
  EXPECT_EQ(Describe(plan), "LRANGE k 0 9");
  Reply("LRANGE k 0 9", Bulks({"a"}));
  EXPECT_THAT(t_.Scan(plan), ElementsAre("0: 0, \"a\" #0"));
  plan = Plan(Request({Index(CompareOp::kGe, 0), Index(CompareOp::kLe, 1)}, kUp));
  plan.limit = 5;
  plan.offset_operand = 2;
  EXPECT_EQ(Describe(plan), "LRANGE k START STOP (index >= $1 AND <= $2, offset $3, limit 5)");
  Reply("LRANGE k 7 11", Bulks({"h", "i"}));
  Reply("LRANGE k 7 9", Bulks({"h"}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(4), Cell::Int64(99), Cell::Int64(3)},
                             {Cell::Int64(4), Cell::Int64(9), Cell::Int64(3)},
                             {Cell::Int64(4), Cell::Int64(3), Cell::Int64(3)}}),
              ElementsAre("0: 7, \"h\" #7", "0: 8, \"i\" #8", "1: 7, \"h\" #7"));
}

TEST_F(ListOrderTest, PositionsDoNotOverflow) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  ScanPlan plan = Plan(Request({Index(CompareOp::kGe, 0)}, kUp));
  plan.limit_operand = 1;
  plan.offset_operand = 2;
  Reply(absl::StrCat("LRANGE k ", kMax, " -1"), Bulks({}));
  Reply(absl::StrCat("LRANGE k ", kMax - 5, " ", kMax - 4), Bulks({}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(kMax - 5), Cell::Int64(kMax), Cell::Int64(kMax)},
                             {Cell::Int64(0), Cell::Int64(2), Cell::Int64(kMax - 5)}}),
              IsEmpty());
  EXPECT_THAT(commands_, SizeIs(2));
}

TEST_F(ListOrderTest, TheLastIndexesAreOneScript) {
  ScanPlan plan = Plan(Request({}, kDown, 2));
  plan.limit = 2;
  EXPECT_EQ(Describe(plan), "EVAL (LLEN, LRANGE) k (backwards, limit 2)");
  Reply("EVAL SCRIPT 1 k 0 -1 0 2", Array({Int(8), Bulk("i"), Bulk("h")}));
  EXPECT_THAT(t_.Scan(plan), ElementsAre("0: 8, \"i\" #8", "0: 7, \"h\" #7"));
  Reply("EVAL SCRIPT 1 k 0 -1 0 2", Array({Int(-1)}));
  EXPECT_THAT(t_.Scan(plan), IsEmpty());
  plan = Plan(Request({Index(CompareOp::kLt, 0)}, kDown, 2));
  plan.limit = 2;
  plan.offset_operand = 1;
  EXPECT_EQ(Describe(plan), "EVAL (LLEN, LRANGE) k (backwards, index < $1, offset $2, limit 2)");
  Reply("EVAL SCRIPT 1 k 0 6 3 2", Array({Int(3), Bulk("d"), Bulk("c")}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(7), Cell::Int64(3)}, {Cell::Int64(0), Cell::Int64(3)}}),
              ElementsAre("0: 3, \"d\" #3", "0: 2, \"c\" #2"));
}

// A plan for a few may be run for all.
TEST_F(ListOrderTest, ManyAreReversedHere) {
  ScanPlan plan = Plan(Request({Index(CompareOp::kGe, 0)}, kDown, 2));
  plan.limit_operand = 1;
  plan.offset_operand = 2;
  Reply("LRANGE k 2 -1", Bulks({"c", "d", "e"}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(2), Cell::Null(), Cell::Null()},
                             {Cell::Int64(2), Cell::Int64(kMaxReversed + 1), Cell::Int64(2)}}),
              ElementsAre("0: 4, \"e\" #4", "0: 3, \"d\" #3", "0: 2, \"c\" #2", "1: 2, \"c\" #2"));
}

TEST_F(ListOrderTest, OnlyWhatIsNeededIsKept) {
  std::vector<std::string> elements;
  for (int i = 0; i < 3 * kMaxReversed; ++i) elements.push_back(absl::StrCat(i));
  Reply("LRANGE k 0 -1", Bulks(elements));
  ScanPlan plan = Plan(Request({}, kDown, 2));
  plan.limit_operand = 0;
  plan.offset_operand = 1;
  Lines lines = t_.Scan(plan, {{Cell::Int64(kMaxReversed + 1), Cell::Int64(100)}});
  ASSERT_THAT(lines, SizeIs(kMaxReversed + 1));
  EXPECT_EQ(lines.front(), "0: 29899, \"29899\" #29899");
  EXPECT_EQ(lines.back(), "0: 19899, \"19899\" #19899");
}

// --- Counts -------------------------------------------------------------------------------------

TEST_F(ListOrderTest, Counts) {
  Reply("LLEN k", Int(10));
  ScanPlan plan = PlanCount({});
  EXPECT_EQ(plan.op, ScanOp::kCount);
  EXPECT_EQ(Describe(plan), "LLEN k");
  EXPECT_THAT(t_.Scan(plan), ElementsAre("0: 10"));
  plan = PlanCount({Index(CompareOp::kGt, 0), Index(CompareOp::kLe, 1)});
  EXPECT_EQ(plan.op, ScanOp::kCount);
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(-5), Cell::Int64(3)},
                             {Cell::Int64(7), Cell::Int64(100)},
                             {Cell::Int64(10), Cell::Int64(100)},
                             {Cell::Int64(3), Cell::Null()}}),
              ElementsAre("0: 4", "1: 2", "2: 0", "3: 0"));
  EXPECT_EQ(PlanCount({Index(CompareOp::kIn, 0)}).op, ScanOp::kLookup);
  EXPECT_EQ(PlanCount({Index(CompareOp::kGt, 0), Element(CompareOp::kLike, 1)}).op, ScanOp::kRange);
  Bind({"element"});
  EXPECT_THAT(t_.Scan(PlanCount({})), ElementsAre("0: 10"));
}

// --- Elements -----------------------------------------------------------------------------------

TEST_F(ListOrderTest, LooksForElements) {
  ScanPlan plan = Plan(Request({Element(CompareOp::kEq, 0)}, kUp));
  EXPECT_EQ(plan.op, ScanOp::kLookup);
  ASSERT_THAT(plan.predicates, SizeIs(1));
  EXPECT_EQ(plan.predicates[0].answer, Answer::kExact);
  EXPECT_EQ(plan.order, kUp);
  EXPECT_EQ(Describe(plan), "LPOS k $1 COUNT 0");
  Reply("LPOS k a COUNT 0", Array({Int(0), Int(5)}));
  Reply("LPOS k b COUNT 0", Array({}));
  Reply("LPOS k c COUNT 0", Nil());
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("a")}, {Cell::Bytes("b")}, {Cell::Bytes("c")}}),
              ElementsAre("0: 0, \"a\" #0", "0: 5, \"a\" #5"));
  ScanRequest several = Request({Element(CompareOp::kIn, 0)}, kUp);
  several.stats = {{-1, 2}};
  plan = Plan(several);
  EXPECT_EQ(plan.op, ScanOp::kLookup);
  EXPECT_EQ(plan.order.column, -1);
  std::vector<Cell> list = {Cell::Bytes("a"), Cell::Null(), Cell::Bytes("b"), Cell::Bytes("a")};
  EXPECT_THAT(t_.Scan(plan, {{Cell::List(list)}}), ElementsAre("0: 0, \"a\" #0", "0: 5, \"a\" #5"));
  EXPECT_THAT(t_.Scan(PlanCount({Element(CompareOp::kEq, 0)}), {{Cell::Bytes("a")}}),
              ElementsAre("0: 2"));
  Bind({"element"});
  EXPECT_THAT(t_.Scan(Plan(Request({Element(CompareOp::kEq, 0, 0)})), {{Cell::Bytes("a")}}),
              ElementsAre("0: \"a\" #0", "0: \"a\" #5"));
}

TEST_F(ListOrderTest, IndexesNarrowElements) {
  ScanPlan plan = Plan(Request(
      {Element(CompareOp::kEq, 0), Index(CompareOp::kGt, 1), Index(CompareOp::kLt, 2)}, kUp));
  // A narrow range is the cheaper; then elements are PostgreSQL's.
  EXPECT_EQ(plan.op, ScanOp::kRange);
  EXPECT_THAT(plan.predicates, SizeIs(2));
  plan = Plan(Request({Element(CompareOp::kEq, 0), Index(CompareOp::kGt, 1)}, kUp));
  EXPECT_EQ(plan.op, ScanOp::kLookup);
  EXPECT_THAT(plan.predicates, SizeIs(2));
  EXPECT_EQ(Describe(plan), "LPOS k $1 COUNT 0 (index > $2)");
  plan.limit = 1;
  Reply("LPOS k a COUNT 0", Array({Int(0), Int(5), Int(7)}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("a"), Cell::Int64(0)},
                             {Cell::Bytes("a"), Cell::Int64(7)},
                             {Cell::Bytes("a"), Cell::Null()}}),
              ElementsAre("0: 5, \"a\" #5"));
  EXPECT_THAT(commands_, SizeIs(2));
  // An index that is named is looked at first.
  plan = Plan(Request({Element(CompareOp::kEq, 0), Index(CompareOp::kEq, 1)}));
  EXPECT_EQ(Describe(plan), "LINDEX k $2");
}

TEST_F(ListOrderTest, ElementsEndAtTheLimit) {
  ScanPlan plan = Plan(Request({Element(CompareOp::kEq, 0)}, kUp));
  plan.limit = 1;
  EXPECT_EQ(Describe(plan), "LPOS k $1 COUNT 1");
  plan.offset_operand = 1;
  EXPECT_EQ(Describe(plan), "LPOS k $1 COUNT 1 + $2");
  Reply("LPOS k a COUNT 3", Array({Int(0), Int(5), Int(7)}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("a"), Cell::Int64(2)}}), ElementsAre("0: 7, \"a\" #7"));
}

TEST_F(ListOrderTest, OldServersSendTheList) {
  t_.server().options.version = "6.0.5";
  ScanRequest request = Request({Element(CompareOp::kIn, 0), Index(CompareOp::kGe, 1)});
  request.stats = {{-1, 2}};
  ScanPlan plan = Plan(request);
  EXPECT_EQ(plan.op, ScanOp::kLookup);
  std::vector<Cell> list = {Cell::Bytes("a"), Cell::Bytes("c"), Cell::Bytes("none")};
  Reply("LRANGE k 3 -1", Bulks({"a", "b", "c", "a"}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::List(list), Cell::Int64(3)}}),
              ElementsAre("0: 3, \"a\" #3", "0: 5, \"c\" #5", "0: 6, \"a\" #6"));
}

TEST_F(ListOrderTest, ManyElementsAreNotWorthASearchEach) {
  ScanRequest request = Request({Element(CompareOp::kIn, 0)});
  request.stats = {{0.5, 1000}};
  EXPECT_EQ(Plan(request).op, ScanOp::kScan);
  request.stats = {{0.00001, 3}};
  EXPECT_EQ(Plan(request).op, ScanOp::kLookup);
  EXPECT_DOUBLE_EQ(Plan(request).cost.rows, 10);
}

TEST_F(ListOrderTest, OddReplies) {
  for (const std::string& reply : {Int(1), Bulks({"1"})}) {
    Reply("LPOS k a COUNT 0", reply);
    EXPECT_EQ(
        GetErrorKind(
            t_.TryScan(Plan(Request({Element(CompareOp::kEq, 0)})), {{Cell::Bytes("a")}}).status()),
        ErrorKind::kProtocol);
  }
  ScanPlan plan = Plan(Request({}, kDown, 2));
  plan.limit = 2;
  for (const std::string& reply : {Int(1), Bulks({"1"}), Array({Int(1), Int(2)})}) {
    Reply("EVAL SCRIPT 1 k 0 -1 0 2", reply);
    EXPECT_EQ(GetErrorKind(t_.TryScan(plan).status()), ErrorKind::kProtocol);
  }
  Reply("LLEN k", Bulk("1"));
  EXPECT_EQ(GetErrorKind(t_.TryScan(PlanCount({})).status()), ErrorKind::kProtocol);
}

}  // namespace
}  // namespace redis_fdw::test
