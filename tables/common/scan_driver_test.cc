#include "tables/common/scan_driver.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The driver is the same for all types; the hash shows most of it.
class ScanDriverTest : public ::testing::Test {
 protected:
  ScanDriverTest() { t_.Bind("hash", {"field", "value"}); }

  ScanPlan Lookup() { return t_.Plan({Where(0, CompareOp::kIn, Semantics::kBytes, 0)}); }
  // A hash of `n` fields, as HGETALL gives it.
  static std::string Fields(int n) {
    Lines parts;
    for (int i = 0; i < n; ++i) {
      parts.push_back(absl::StrCat("f", i));
      parts.push_back(absl::StrCat("v", i));
    }
    return Bulks(parts);
  }
  static Lines FieldRows(int n) {
    Lines rows;
    for (int i = 0; i < n; ++i) rows.push_back(absl::StrCat("0: \"f", i, "\", \"v", i, "\""));
    return rows;
  }
  std::unique_ptr<Scan> Open(const ScanPlan& plan) {
    auto scan = t_.table().OpenScan(plan, t_.options, &t_.pipeline());
    EXPECT_TRUE(scan.ok()) << scan.status();
    return std::move(scan).value();
  }
  static absl::Status StartWithout(Scan* scan) {
    absl::Span<const Cell> none;
    return scan->Start(absl::MakeConstSpan(&none, 1));
  }

  TableTester t_;
};

TEST_F(ScanDriverTest, ThreeParameterRowsAreAnsweredEachOnItsOwn) {
  t_.Handle([](const FakeServer::Argv& argv) {
    if (argv[0] == "HGET") return argv[2] == "gone" ? Nil() : Bulk("one " + argv[2]);
    Lines answers;
    for (size_t i = 2; i < argv.size(); ++i) answers.push_back(Bulk("many " + argv[i]));
    return Array(answers);
  });
  std::vector<Cell> list = {Cell::Bytes("b"), Cell::Null(), Cell::Bytes("a"), Cell::Bytes("b")};
  Params params = {{Cell::List(list)}, {Cell::Null()}, {Cell::Bytes("a")}};
  EXPECT_THAT(t_.Scan(Lookup(), params),
              ElementsAre("0: \"b\", \"many b\"", "0: \"a\", \"many a\"", "2: \"a\", \"one a\""));
  EXPECT_THAT(t_.server().CommandLines(), ElementsAre("HMGET k b a", "HGET k a"));
  EXPECT_EQ(t_.pipeline().counters().round_trips, 1);
}

TEST_F(ScanDriverTest, ManyParameterRowsAreAsked) {
  t_.Handle([](const FakeServer::Argv& argv) { return Bulk(argv[2]); });
  Params params;
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back(absl::StrCat(i));
  for (const std::string& name : names) params.push_back({Cell::Bytes(name)});
  t_.batch_rows = 7;
  Lines rows = t_.Scan(Lookup(), params);
  ASSERT_EQ(rows.size(), 1000u);
  EXPECT_EQ(rows[999], "999: \"999\", \"999\"");
}

TEST_F(ScanDriverTest, NoParameterRowsNoRows) {
  EXPECT_THAT(t_.Scan(Lookup(), {}), IsEmpty());
  EXPECT_EQ(t_.server().connections_made(), 0);
}

TEST_F(ScanDriverTest, WhatCannotMatchConnectsToNobody) {
  EXPECT_THAT(t_.Scan(Lookup(), {{Cell::Null()}, {Cell::List({})}}), IsEmpty());
  EXPECT_EQ(t_.server().connections_made(), 0);
}

TEST_F(ScanDriverTest, BatchesAreBoundedByRows) {
  t_.options.mode = ScanMode::kSnapshot;
  t_.batch_rows = 10;
  t_.server().options.read_at_most = 64;
  t_.Reply("HGETALL k", Fields(1000));
  EXPECT_EQ(t_.Scan(t_.Plan({})), FieldRows(1000));
  EXPECT_LE(t_.largest_batch, 20u);
}

TEST_F(ScanDriverTest, BatchesAreBoundedByBytes) {
  t_.options.mode = ScanMode::kSnapshot;
  t_.batch_bytes = 1000;
  t_.server().options.read_at_most = 64;
  t_.Reply("HGETALL k", Fields(1000));
  EXPECT_EQ(t_.Scan(t_.Plan({})), FieldRows(1000));
  EXPECT_LE(t_.largest_batch, 250u);
}

// Wherever the reply is cut and a batch ends, a field meets its own value.
TEST_F(ScanDriverTest, HalfDecodedRowsSurviveBatches) {
  t_.options.mode = ScanMode::kSnapshot;
  t_.Reply("HGETALL k", Fields(20));
  for (size_t bytes : {1, 2, 3, 5, 7, 11, 13}) {
    t_.server().options.read_at_most = bytes;
    for (size_t rows : {1, 2, 3}) {
      t_.batch_rows = rows;
      EXPECT_EQ(t_.Scan(t_.Plan({})), FieldRows(20)) << bytes << " bytes, " << rows << " rows";
      EXPECT_LE(t_.largest_batch, rows);
    }
  }
}

TEST_F(ScanDriverTest, TheNextStepIsAskedForBeforeABatchIsReturned) {
  t_.options.mode = ScanMode::kCursor;
  t_.Reply("HSCAN k 0 COUNT 1000", Array({Bulk("7"), Bulks({"a", "1", "b", "2"})}));
  t_.Reply("HSCAN k 7 COUNT 1000", Array({Bulk("0"), Bulks({"c", "3"})}));
  std::unique_ptr<Scan> scan = Open(t_.Plan({}));
  RowBatch batch(2, 2, 1 << 20);
  ASSERT_TRUE(StartWithout(scan.get()).ok());
  ASSERT_TRUE(scan->NextBatch(&batch).ok());
  EXPECT_EQ(batch.rows(), 2u);
  EXPECT_EQ(t_.server().commands().size(), 2u);
  // What was asked ahead is not decoded into a batch that PostgreSQL reads.
  EXPECT_EQ(RowLines(batch), (Lines{"0: \"a\", \"1\"", "0: \"b\", \"2\""}));
  ASSERT_TRUE(scan->NextBatch(&batch).ok());
  EXPECT_EQ(RowLines(batch), (Lines{"0: \"c\", \"3\""}));
  ASSERT_TRUE(scan->NextBatch(&batch).ok());
  EXPECT_EQ(batch.rows(), 0u);
  ASSERT_TRUE(scan->NextBatch(&batch).ok());
  EXPECT_EQ(batch.rows(), 0u);
  EXPECT_EQ(scan->counters().rows_decoded, 3);
  EXPECT_EQ(scan->counters().commands, 2);
}

TEST_F(ScanDriverTest, StopsEarlyAndLeavesNothingBehind) {
  t_.options.mode = ScanMode::kSnapshot;
  t_.server().options.read_at_most = 100;
  t_.Reply("HGETALL k", Fields(100000));
  {
    std::unique_ptr<Scan> scan = Open(t_.Plan({}));
    RowBatch batch(2, 10, 1 << 20);
    ASSERT_TRUE(StartWithout(scan.get()).ok());
    ASSERT_TRUE(scan->NextBatch(&batch).ok());
    EXPECT_LE(batch.rows(), 20u);
    scan->Stop();
    EXPECT_EQ(t_.pool().leased(), 0u);
    ASSERT_TRUE(scan->NextBatch(&batch).ok());
    EXPECT_EQ(batch.rows(), 0u);
  }
  t_.Reply("HGETALL k", Fields(3));
  EXPECT_EQ(t_.Scan(t_.Plan({})), FieldRows(3));
}

TEST_F(ScanDriverTest, RescansInTheMiddle) {
  t_.options.mode = ScanMode::kSnapshot;
  t_.server().options.read_at_most = 100;
  t_.Reply("HGETALL k", Fields(100));
  std::unique_ptr<Scan> scan = Open(t_.Plan({}));
  RowBatch batch(2, 10, 1 << 20);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(StartWithout(scan.get()).ok());
    ASSERT_TRUE(scan->NextBatch(&batch).ok());
    EXPECT_EQ(RowLines(batch)[0], FieldRows(1)[0]);
  }
  ASSERT_TRUE(StartWithout(scan.get()).ok());
  size_t rows = 0;
  do {
    ASSERT_TRUE(scan->NextBatch(&batch).ok());
    rows += batch.rows();
  } while (batch.rows() > 0);
  EXPECT_EQ(rows, 100u);
}

TEST_F(ScanDriverTest, ParametersAreCopied) {
  t_.Reply("HGET k abc", Bulk("x"));
  std::unique_ptr<Scan> scan = Open(Lookup());
  RowBatch batch(2, 10, 1 << 20);
  {
    std::string operand = "abc";
    std::vector<Cell> list = {Cell::Bytes(operand)};
    std::vector<Cell> row = {Cell::List(list)};
    absl::Span<const Cell> span = row;
    ASSERT_TRUE(scan->Start(absl::MakeConstSpan(&span, 1)).ok());
    operand = "zzz";
    list[0] = Cell::Null();
  }
  ASSERT_TRUE(scan->NextBatch(&batch).ok());
  EXPECT_EQ(RowLines(batch), (Lines{"0: \"abc\", \"x\""}));
}

TEST_F(ScanDriverTest, LimitsHoldForEachParameterRow) {
  ScanPlan plan = t_.Plan({});
  plan.limit = 2;
  t_.options.mode = ScanMode::kSnapshot;
  t_.Reply("HGETALL k", Fields(5));
  EXPECT_THAT(t_.Scan(plan, {{}, {}}), ElementsAre("0: \"f0\", \"v0\"", "0: \"f1\", \"v1\"",
                                                   "1: \"f0\", \"v0\"", "1: \"f1\", \"v1\""));
  plan.limit = 0;
  EXPECT_THAT(t_.Scan(plan), IsEmpty());
}

TEST_F(ScanDriverTest, AnErrorReplyEndsTheScanAndNothingElse) {
  t_.Reply("HSCAN k 0 COUNT 1000",
           Error("WRONGTYPE Operation against a key holding the wrong kind of value"));
  auto rows = t_.TryScan(t_.Plan({}));
  EXPECT_EQ(GetErrorKind(rows.status()), ErrorKind::kWrongType);
  EXPECT_EQ(t_.pool().leased(), 0u);
  EXPECT_EQ(t_.pool().idle(), 1u);
  t_.Reply("HSCAN k 0 COUNT 1000", Array({Bulk("0"), Bulks({})}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), IsEmpty());
  EXPECT_EQ(t_.server().connections_made(), 1);
}

TEST_F(ScanDriverTest, RepliesOfAnotherShapeAreErrors) {
  for (const std::string& reply :
       {Int(5), Bulk("x"), Bulks({"a", "b", "c"}), Array({Bulk("0"), Bulks({"odd"})}),
        Array({Bulk("0"), Bulk("x")}), Array({Bulk("0"), Array({Bulks({"a"}), Bulk("b")})}),
        Array({Bulks({"0"}), Bulks({"a", "b"})}), Nil()}) {
    t_.Reply("HSCAN k 0 COUNT 1000", reply);
    EXPECT_EQ(GetErrorKind(t_.TryScan(t_.Plan({})).status()), ErrorKind::kProtocol) << reply;
  }
  for (const std::string& reply : {Int(5), Bulks({"odd"}), Array({Int(1), Bulk("x")})}) {
    t_.options.mode = ScanMode::kSnapshot;
    t_.Reply("HGETALL k", reply);
    EXPECT_EQ(GetErrorKind(t_.TryScan(t_.Plan({})).status()), ErrorKind::kProtocol) << reply;
  }
  for (const std::string& reply : {Bulk("x"), Bulks({"1"}), Bulks({"1", "2", "3"})}) {
    t_.Reply("HMGET k a b", reply);
    std::vector<Cell> list = {Cell::Bytes("a"), Cell::Bytes("b")};
    EXPECT_EQ(GetErrorKind(t_.TryScan(Lookup(), {{Cell::List(list)}}).status()),
              ErrorKind::kProtocol)
        << reply;
  }
}

TEST_F(ScanDriverTest, OnlyUsedColumnsAreCopiedInTheirOrder) {
  t_.options.mode = ScanMode::kSnapshot;
  t_.Reply("HGETALL k", Fields(1));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {1, 0})), ElementsAre("0: \"v0\", \"f0\""));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {1})), ElementsAre("0: \"v0\""));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {})), ElementsAre("0: "));
}

TEST_F(ScanDriverTest, LimitAndOffsetComeWithTheParameters) {
  ScanPlan plan = t_.Plan({});
  plan.limit_operand = 0;
  plan.offset_operand = 1;
  t_.options.mode = ScanMode::kSnapshot;
  t_.Reply("HGETALL k", Fields(5));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(2), Cell::Int64(1)}, {Cell::Null(), Cell::Int64(4)}}),
              ElementsAre("0: \"f1\", \"v1\"", "0: \"f2\", \"v2\"", "1: \"f4\", \"v4\""));
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(0), Cell::Null()}}), IsEmpty());
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(9), Cell::Int64(5)}}), IsEmpty());
  plan.limit = 1;
  EXPECT_THAT(t_.Scan(plan, {{Cell::Int64(2), Cell::Int64(1)}}), ElementsAre("0: \"f1\", \"v1\""));
}

TEST_F(ScanDriverTest, RowsAreCountedForEachParameterRow) {
  ScanPlan plan = t_.Plan({});
  plan.output.kind = OutputKind::kCount;
  t_.options.mode = ScanMode::kSnapshot;
  t_.Reply("HGETALL k", Fields(50));
  EXPECT_THAT(t_.Scan(plan, {{}, {}}), ElementsAre("0: 50", "1: 50"));
}

TEST_F(ScanDriverTest, WhatNoElementCanAnswerIsCountedAsNone) {
  ScanPlan plan = Lookup();
  plan.output = OutputShape();
  plan.output.kind = OutputKind::kCount;
  EXPECT_THAT(t_.Scan(plan, {{Cell::Null()}, {Cell::List({})}}), ElementsAre("0: 0", "1: 0"));
  EXPECT_THAT(t_.server().commands(), IsEmpty());
  plan.op = ScanOp::kNothing;
  EXPECT_THAT(t_.Scan(plan), ElementsAre("0: 0"));
}

// --- Connections that are lost ------------------------------------------------------------------

TEST_F(ScanDriverTest, ALookupThatGaveNothingYetIsAskedAgain) {
  int asked = 0;
  t_.Handle([&](const FakeServer::Argv&) {
    if (++asked == 1) {
      t_.waiter().At(absl::Milliseconds(1), [this] { t_.server().CloseAll(); });
      return std::string();
    }
    return Bulk("x");
  });
  EXPECT_THAT(t_.Scan(Lookup(), {{Cell::Bytes("a")}, {Cell::Bytes("b")}}),
              ElementsAre("0: \"a\", \"x\"", "1: \"b\", \"x\""));
}

TEST_F(ScanDriverTest, ConnectionsAreNotLostForever) {
  t_.Handle([&](const FakeServer::Argv&) {
    t_.waiter().At(absl::Milliseconds(1), [this] { t_.server().CloseAll(); });
    return std::string();
  });
  absl::Status status = t_.TryScan(Lookup(), {{Cell::Bytes("a")}}).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectionLost) << status;
  EXPECT_LE(t_.server().connections_made(), 4);
}

TEST_F(ScanDriverTest, ACursorBeginsAgainElsewhereAndRepeatsNothing) {
  t_.options.mode = ScanMode::kCursor;
  int lost = 0;
  t_.Handle([&](const FakeServer::Argv& argv) {
    if (argv[2] == "0") return Array({Bulk("7"), Bulks({"a", "1", "b", "2"})});
    if (++lost == 1) {
      t_.waiter().At(absl::Milliseconds(1), [this] { t_.server().Restart("another"); });
      return std::string();
    }
    return Array({Bulk("0"), Bulks({"b", "2", "c", "3"})});
  });
  EXPECT_THAT(t_.Scan(t_.Plan({})),
              ElementsAre("0: \"a\", \"1\"", "0: \"b\", \"2\"", "0: \"c\", \"3\""));
  EXPECT_THAT(t_.server().CommandLines(),
              ElementsAre("HSCAN k 0 COUNT 1000", "HSCAN k 7 COUNT 1000", "HSCAN k 0 COUNT 1000",
                          "HSCAN k 7 COUNT 1000"));
}

// Though the one before it ends when the next is under way.
TEST_F(ScanDriverTest, EachPageIsAskedForOnce) {
  t_.options.mode = ScanMode::kCursor;
  t_.batch_rows = 1;
  t_.server().options.read_at_most = 3;
  t_.Reply("HSCAN k 0 COUNT 1000", Array({Bulk("7"), Fields(5)}));
  t_.Reply("HSCAN k 7 COUNT 1000", Array({Bulk("8"), Bulks({"f5", "v5"})}));
  t_.Reply("HSCAN k 8 COUNT 1000", Array({Bulk("0"), Bulks({"f6", "v6"})}));
  EXPECT_EQ(t_.Scan(t_.Plan({})), FieldRows(7));
  EXPECT_THAT(t_.server().CommandLines(),
              ElementsAre("HSCAN k 0 COUNT 1000", "HSCAN k 7 COUNT 1000", "HSCAN k 8 COUNT 1000"));
}

// Wherever a page is cut, between a field and its value too.
TEST_F(ScanDriverTest, ACursorLosesNothingOfAPageThatIsCut) {
  t_.options.mode = ScanMode::kCursor;
  t_.server().options.read_at_most = 3;
  t_.Reply("HSCAN k 0 COUNT 1000", Array({Bulk("7"), Fields(5)}));
  t_.Reply("HSCAN k 7 COUNT 1000", Array({Bulk("0"), Bulks({"f5", "v5"})}));
  for (int waits = 0; waits < 60; ++waits) {
    std::unique_ptr<Scan> scan = Open(t_.Plan({}));
    RowBatch batch(2, 1, 1 << 20);
    ASSERT_TRUE(StartWithout(scan.get()).ok());
    Lines rows;
    for (int batches = 0;; ++batches) {
      ASSERT_TRUE(scan->NextBatch(&batch).ok());
      if (batch.rows() == 0) break;
      for (std::string& line : RowLines(batch)) rows.push_back(std::move(line));
      if (batches == waits % 6) t_.server().CloseAll();
      t_.server().options.read_at_most = static_cast<size_t>(1 + waits / 6);
    }
    EXPECT_EQ(rows, FieldRows(6)) << waits;
  }
}

TEST_F(ScanDriverTest, ASnapshotThatGaveRowsIsNotRepeated) {
  t_.options.mode = ScanMode::kSnapshot;
  t_.batch_rows = 1;
  t_.server().options.read_at_most = 8;
  t_.Reply("HGETALL k", Fields(50));
  std::unique_ptr<Scan> scan = Open(t_.Plan({}));
  RowBatch batch(2, 1, 1 << 20);
  ASSERT_TRUE(StartWithout(scan.get()).ok());
  ASSERT_TRUE(scan->NextBatch(&batch).ok());
  t_.server().CloseAll();
  absl::Status status = scan->NextBatch(&batch);
  while (status.ok() && batch.rows() > 0) status = scan->NextBatch(&batch);
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectionLost) << status;
  EXPECT_EQ(t_.pool().leased(), 0u);
}

}  // namespace
}  // namespace redis_fdw::test
