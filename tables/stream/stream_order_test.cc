// Ranges and order of streams: by ids, and by their texts.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/base/row_batch.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pushdown/stream_id.h"
#include "pushdown/stream_id_range.h"
#include "tables/common/table_test_util.h"
#include "tables/stream/stream_table.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kId = StreamElements::kId;

std::string Entry(const std::string& id) { return Array({Bulk(id), Bulks({"a", "v" + id})}); }

std::string Entries(const Lines& ids) {
  Lines entries;
  for (const std::string& id : ids) entries.push_back(Entry(id));
  return Array(entries);
}

// Answers as Redis does for a stream of these ids, in order.
FakeServer::Handler Stream(std::vector<StreamId> ids) {
  return [ids](const FakeServer::Argv& argv) {
    if (argv[0] == "XLEN") return Int(static_cast<int64_t>(ids.size()));
    const bool down = argv[0] == "XREVRANGE";
    const std::string& low = argv[down ? 3 : 2];
    const std::string& high = argv[down ? 2 : 3];
    StreamIdRange range;
    EXPECT_TRUE(low == "-" || ParseStreamId(low, &range.min)) << low;
    EXPECT_TRUE(high == "+" || ParseStreamId(high, &range.max)) << high;
    Lines found;
    for (const StreamId& id : ids) {
      if (!(id < range.min) && !(range.max < id)) found.push_back(id.ToString());
    }
    if (down) std::reverse(found.begin(), found.end());
    const size_t count = argv.size() > 5 ? std::stoul(argv[5]) : found.size();
    if (found.size() > count) found.resize(count);
    return Entries(found);
  };
}

class StreamOrderTest : public ::testing::Test {
 protected:
  StreamOrderTest() {
    t_.Bind("stream", {"id:redis_stream_id", "a"});
    t_.options.fetch_size = 2;
  }

  static Predicate Id(CompareOp op, int operand, Semantics semantics = Semantics::kStreamId) {
    return Where(kId, op, semantics, operand);
  }

  ScanRequest Request(const std::vector<Predicate>& predicates, bool ordered = false,
                      bool descending = false) {
    ScanRequest request;
    request.predicates = predicates;
    request.output.columns = {kId};
    if (ordered) request.order.column = kId;
    request.order.descending = descending;
    return request;
  }
  ScanPlan Plan(const std::vector<Predicate>& predicates, bool ordered = false,
                bool descending = false) {
    return t_.table().Plan(Request(predicates, ordered, descending));
  }
  Lines Describe(const ScanPlan& plan) {
    return t_.table().Describe(plan, t_.options, Lines{"$1", "$2"});
  }

  TableTester t_;
};

using StreamTextOrderTest = StreamOrderTest;

TEST_F(StreamOrderTest, RangesOfIdsAreExact) {
  ScanPlan plan = Plan({Id(CompareOp::kGt, 0), Id(CompareOp::kLe, 1)});
  EXPECT_EQ(plan.op, ScanOp::kRange);
  ASSERT_THAT(plan.predicates, SizeIs(2));
  EXPECT_EQ(plan.predicates[0].answer, Answer::kExact);
  EXPECT_THAT(Describe(plan), ElementsAre("XRANGE k ($1 $2 COUNT 2"));
  t_.Reply("XRANGE k 5-2 7-0 COUNT 2", Entries({"5-2", "6-0"}));
  t_.Reply("XREVRANGE k + - COUNT 1", Entries({"9-9"}));
  t_.Reply("XRANGE k 6-1 7-0 COUNT 2", Entries({"7-0"}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("5-1"), Cell::Bytes("7-0")}}),
              ElementsAre("0: \"5-2\"", "0: \"6-0\"", "0: \"7-0\""));
}

TEST_F(StreamOrderTest, NothingIsAskedForAnEmptyRange) {
  ScanPlan plan = Plan({Id(CompareOp::kGt, 0), Id(CompareOp::kLt, 1)});
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("5-0"), Cell::Bytes("5-1")},
                             {Cell::Null(), Cell::Bytes("9-0")},
                             {Cell::Bytes("1-0"), Cell::Bytes("0-0")}}),
              IsEmpty());
  EXPECT_THAT(t_.server().commands(), IsEmpty());
}

TEST_F(StreamOrderTest, ScansUpToTheLastIdFromALowerBound) {
  t_.Reply("XRANGE k 2-0 + COUNT 2", Entries({"2-0", "3-0"}));
  t_.Reply("XREVRANGE k + - COUNT 1", Entries({"5-0"}));
  t_.Reply("XRANGE k 3-1 + COUNT 2", Entries({"4-0", "5-0"}));
  EXPECT_THAT(t_.Scan(Plan({Id(CompareOp::kGe, 0)}), {{Cell::Bytes("2-0")}}), SizeIs(4));
  EXPECT_THAT(t_.server().commands(), SizeIs(3));
}

TEST_F(StreamOrderTest, DeliversTheOrderOfIds) {
  ScanPlan up = Plan({}, true);
  EXPECT_EQ(up.order, (Ordering{kId, false, false}));
  EXPECT_THAT(Describe(up), ElementsAre("XRANGE k - + COUNT 2"));
  ScanPlan down = Plan({Id(CompareOp::kLt, 0)}, true, true);
  EXPECT_EQ(down.order, (Ordering{kId, true, false}));
  EXPECT_THAT(Describe(down), ElementsAre("XREVRANGE k ($1 - COUNT 2"));
  t_.Reply("XREVRANGE k 8-18446744073709551615 - COUNT 2", Entries({"7-0", "6-0"}));
  t_.Reply("XREVRANGE k 5-18446744073709551615 - COUNT 2", Entries({"5-3"}));
  EXPECT_THAT(t_.Scan(down, {{Cell::Bytes("9-0")}}),
              ElementsAre("0: \"7-0\"", "0: \"6-0\"", "0: \"5-3\""));
  EXPECT_THAT(t_.server().commands(), SizeIs(2));
}

TEST_F(StreamOrderTest, ThereIsNothingBelowTheLeastId) {
  t_.options.fetch_size = 1;
  t_.Reply("XREVRANGE k + - COUNT 1", Entries({"0-0"}));
  EXPECT_THAT(t_.Scan(Plan({}, true, true)), ElementsAre("0: \"0-0\""));
}

TEST_F(StreamOrderTest, PagesAreNoLargerThanTheLimitNeeds) {
  t_.options.fetch_size = 1000;
  ScanPlan plan = Plan({}, true, true);
  plan.limit = 2;
  EXPECT_THAT(Describe(plan), ElementsAre("XREVRANGE k + - COUNT 2"));
  t_.Reply("XREVRANGE k + - COUNT 2", Entries({"9-0", "8-0"}));
  EXPECT_THAT(t_.Scan(plan), SizeIs(2));
  // What the offset passes over has to come as well.
  plan.offset_operand = 0;
  t_.Reply("XREVRANGE k + - COUNT 3", Entries({"9-0", "8-0", "7-0"}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(1)}}), ElementsAre("0: \"8-0\"", "0: \"7-0\""));
  EXPECT_THAT(t_.server().commands(), SizeIs(2));
}

TEST_F(StreamOrderTest, AnExpectationMakesTheFirstPagesSmall) {
  t_.options.fetch_size = 30;
  ScanPlan plan = Plan({}, true, true);
  plan.expected_rows = 2;
  std::vector<StreamId> ids;
  for (uint64_t ms = 1; ms <= 60; ++ms) ids.push_back({ms, 0});
  t_.Handle(Stream(ids));
  EXPECT_THAT(t_.Scan(plan), SizeIs(60));
  EXPECT_THAT(
      t_.server().CommandLines(),
      ElementsAre("XREVRANGE k + - COUNT 12", "XREVRANGE k 48-18446744073709551615 - COUNT 24",
                  "XREVRANGE k 24-18446744073709551615 - COUNT 30"));
}

// Whoever takes what was expected, and no more, causes no second page.
TEST_F(StreamOrderTest, NothingIsAskedForBeyondAnExpectation) {
  t_.options.fetch_size = 30;
  ScanPlan plan = Plan({}, true, true);
  plan.expected_rows = 2;
  std::vector<StreamId> ids;
  for (uint64_t ms = 1; ms <= 60; ++ms) ids.push_back({ms, 0});
  t_.Handle(Stream(ids));
  auto scan = t_.table().OpenScan(plan, t_.options, &t_.pipeline());
  ASSERT_TRUE(scan.ok()) << scan.status();
  for (int run = 0; run < 2; ++run) {
    absl::Span<const Cell> none;
    ASSERT_TRUE((*scan)->Start(absl::MakeConstSpan(&none, 1)).ok());
    RowBatch batch(1, 100, 1 << 20);
    ASSERT_TRUE((*scan)->NextBatch(&batch).ok());
    EXPECT_EQ(batch.rows(), 12u);
    EXPECT_THAT(t_.server().commands(), SizeIs(1));
    t_.server().ClearCommands();
  }
  RowBatch batch(1, 100, 1 << 20);
  ASSERT_TRUE((*scan)->NextBatch(&batch).ok());
  EXPECT_EQ(batch.rows(), 48u);
  (*scan)->Stop();
}

TEST_F(StreamOrderTest, CountsByXlen) {
  ScanRequest request;
  request.output.kind = OutputKind::kCount;
  ScanPlan plan = t_.table().Plan(request);
  EXPECT_EQ(plan.op, ScanOp::kCount);
  EXPECT_THAT(Describe(plan), ElementsAre("XLEN k"));
  t_.Reply("XLEN k", Int(7));
  EXPECT_THAT(t_.Scan(plan), ElementsAre("0: 7"));
  // A range is read, but only counted.
  request.predicates = {Id(CompareOp::kGe, 0)};
  plan = t_.table().Plan(request);
  EXPECT_EQ(plan.op, ScanOp::kRange);
  t_.Handle(Stream({{1, 0}, {2, 0}, {3, 0}, {3, 1}, {4, 0}}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("2-0")}}), ElementsAre("0: 4"));
}

TEST_F(StreamOrderTest, OneEntryIsInAnyOrder) {
  ScanPlan plan = Plan({Id(CompareOp::kEq, 0, Semantics::kBytes)}, true, true);
  EXPECT_EQ(plan.op, ScanOp::kLookup);
  EXPECT_EQ(plan.order, (Ordering{kId, true, false}));
  EXPECT_EQ(Plan({Id(CompareOp::kIn, 0, Semantics::kBytes)}, true).order.column, -1);
}

TEST_F(StreamOrderTest, CostsAreThoseOfTheRowsThatAreTaken) {
  ScanRequest request = Request({Id(CompareOp::kGe, 0)}, true);
  request.rows_in_key = 3000;
  const double all = t_.table().Plan(request).cost.rows;
  EXPECT_GT(all, 500);
  request.rows_wanted = 10;
  EXPECT_EQ(t_.table().Plan(request).cost.rows, 10);
  // PostgreSQL decides on the other: any number of rows may be needed.
  request.predicates.push_back(Where(1, CompareOp::kEq, Semantics::kBytes, 1));
  EXPECT_EQ(t_.table().Plan(request).cost.rows, all);
}

TEST_F(StreamOrderTest, ALostConnectionGoesOnBelowTheLastRow) {
  int asked = 0;
  auto answer = Stream({{1, 0}, {2, 0}, {3, 0}});
  t_.Handle([&](const FakeServer::Argv& argv) {
    if (++asked == 2) {
      t_.waiter().At(absl::Milliseconds(1), [this] { t_.server().CloseAll(); });
      return std::string();
    }
    return answer(argv);
  });
  EXPECT_THAT(t_.Scan(Plan({}, true, true)), ElementsAre("0: \"3-0\"", "0: \"2-0\"", "0: \"1-0\""));
}

// --- Ids as text --------------------------------------------------------------------------------

TEST_F(StreamTextOrderTest, BoundsAreWidenedWhereAllIdsHaveThatManyDigits) {
  t_.Bind("stream", {"id", "a"});
  ScanPlan plan =
      Plan({Id(CompareOp::kGt, 0, Semantics::kText), Id(CompareOp::kLe, 1, Semantics::kBytes)});
  EXPECT_EQ(plan.op, ScanOp::kRange);
  ASSERT_THAT(plan.predicates, SizeIs(2));
  EXPECT_EQ(plan.predicates[0].answer, Answer::kSuperset);
  EXPECT_EQ(plan.predicates[1].answer, Answer::kSuperset);
  EXPECT_THAT(Describe(plan), ElementsAre("XRANGE k - + COUNT 1", "XREVRANGE k + - COUNT 1",
                                          "XRANGE k ms($1) ms($2) COUNT 2"));
  t_.Reply("XRANGE k - + COUNT 1", Entries({"10-0"}));
  t_.Reply("XREVRANGE k + - COUNT 1", Entries({"99-0"}));
  t_.Reply("XRANGE k 50-0 60-18446744073709551615 COUNT 2", Entries({"50-3", "60-1"}));
  t_.Reply("XRANGE k 60-2 60-18446744073709551615 COUNT 2", Entries({"60-9"}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("50-7"), Cell::Bytes("60")}}),
              ElementsAre("0: \"50-3\"", "0: \"60-1\"", "0: \"60-9\""));
  EXPECT_EQ(t_.pipeline().counters().round_trips, 3);
}

TEST_F(StreamTextOrderTest, OtherDigitsNarrowNothing) {
  t_.Bind("stream", {"id", "a"});
  t_.options.fetch_size = 100;
  ScanPlan plan = Plan({Id(CompareOp::kGe, 0, Semantics::kText)});
  // Some ids have one digit, some two.
  t_.Handle(Stream({{8, 0}, {9, 0}, {10, 0}, {11, 0}}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("9-0")}}), SizeIs(4));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("10-0")}}), SizeIs(4));
  // All have two, the operand has not, or is no id.
  t_.Handle(Stream({{10, 0}, {11, 0}}));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("9-0")}}), SizeIs(2));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("soon")}}), SizeIs(2));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("11")}}), SizeIs(1));
  // An operand that says nothing need not be asked about.
  t_.server().ClearCommands();
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("soon")}}), SizeIs(2));
  EXPECT_THAT(t_.server().CommandLines(), ElementsAre("XRANGE k - + COUNT 100"));
  // Nor NULL.
  t_.server().ClearCommands();
  EXPECT_THAT(t_.Scan(plan, {{Cell::Null()}}), IsEmpty());
  EXPECT_THAT(t_.server().commands(), IsEmpty());
}

TEST_F(StreamTextOrderTest, GroupsAreMillisecondsWhereAllIdsHaveAsManyDigits) {
  t_.Bind("stream", {"id", "a"});
  t_.Handle(Stream({{10, 9}, {10, 10}, {11, 0}, {12, 0}}));
  ScanPlan down = Plan({}, true, true);
  EXPECT_EQ(down.order, (Ordering{kId, true, true}));
  EXPECT_THAT(t_.Scan(down), ElementsAre("0: \"12-0\" #12", "0: \"11-0\" #11", "0: \"10-10\" #10",
                                         "0: \"10-9\" #10"));
  EXPECT_EQ(t_.server().CommandLines()[2], "XREVRANGE k 12-0 10-9 COUNT 2");
  ScanPlan up = Plan({}, true);
  EXPECT_EQ(up.order, (Ordering{kId, false, true}));
  EXPECT_THAT(t_.Scan(up), ElementsAre("0: \"10-9\" #10", "0: \"10-10\" #10", "0: \"11-0\" #11",
                                       "0: \"12-0\" #12"));
}

TEST_F(StreamTextOrderTest, OtherwiseTheStreamIsOneGroup) {
  t_.Bind("stream", {"id:bytea", "a"});
  t_.Handle(Stream({{9, 0}, {10, 0}, {11, 0}}));
  EXPECT_THAT(t_.Scan(Plan({}, true)),
              ElementsAre("0: \"9-0\" #0", "0: \"10-0\" #0", "0: \"11-0\" #0"));
}

// The first entry with another number of digits would break the order.
TEST_F(StreamTextOrderTest, WhatComesLaterIsNotRead) {
  t_.Bind("stream", {"id", "a"});
  std::vector<StreamId> ids = {{97, 0}, {98, 0}, {99, 0}};
  t_.Handle([&](const FakeServer::Argv& argv) {
    std::string reply = Stream(ids)(argv);
    if (argv[0] == "XREVRANGE") ids.push_back({100, 0});
    return reply;
  });
  EXPECT_THAT(t_.Scan(Plan({}, true)),
              ElementsAre("0: \"97-0\" #97", "0: \"98-0\" #98", "0: \"99-0\" #99"));
}

TEST_F(StreamTextOrderTest, EmptyStreamsEndAtOnce) {
  t_.Bind("stream", {"id", "a"});
  t_.Handle(Stream({}));
  EXPECT_THAT(t_.Scan(Plan({}, true)), IsEmpty());
  EXPECT_THAT(t_.server().commands(), SizeIs(2));
  // It was emptied and filled between the two.
  t_.Handle([&](const FakeServer::Argv& argv) {
    return Stream({argv[0] == "XRANGE" ? StreamId{50, 0} : StreamId{20, 0}})(argv);
  });
  EXPECT_THAT(t_.Scan(Plan({}, true)), IsEmpty());
}

TEST_F(StreamTextOrderTest, GroupsAreDearerThanOrder) {
  ScanRequest request = Request({}, true);
  ScanCost ids = t_.table().Plan(request).cost;
  t_.Bind("stream", {"id", "a"});
  ScanCost texts = t_.table().Plan(request).cost;
  EXPECT_GT(texts.startup, ids.startup);
  EXPECT_GT(texts.per_row, ids.per_row);
  // A limit does not reach Redis: pg_glue has to see the end of a group.
  request.rows_wanted = 1;
  EXPECT_EQ(t_.table().Plan(request).cost.rows, texts.rows);
}

TEST_F(StreamTextOrderTest, RepliesOfAnotherShapeAreErrors) {
  t_.Bind("stream", {"id", "a"});
  for (const std::string& reply : {Int(1), Entries({"nonsense"})}) {
    t_.Reply("XRANGE k - + COUNT 1", reply);
    t_.Reply("XREVRANGE k + - COUNT 1", reply);
    EXPECT_EQ(GetErrorKind(t_.TryScan(Plan({}, true)).status()), ErrorKind::kProtocol) << reply;
  }
}

}  // namespace
}  // namespace redis_fdw::test
