#include "tables/write_runner.h"

#include <string>
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
using ::testing::SizeIs;

// Streams have a command a row, which shows best what a batch is.
class WriteRunnerTest : public ::testing::Test {
 protected:
  WriteRunnerTest() {
    t_.Bind("stream", {"id", "a"});
    for (int i = 0; i < 300; ++i) values_.push_back(absl::StrCat("v", i));
    for (const std::string& value : values_) rows_.push_back({Cell::Null(), Cell::Bytes(value)});
  }
  std::vector<WriteOp> Ops(size_t count) {
    std::vector<WriteOp> ops;
    for (size_t i = 0; i < count; ++i) ops.push_back(InsertOp(rows_[i]));
    return ops;
  }
  absl::Status Run(size_t count, int64_t first_row) {
    return RunWrites(t_.table(), Ops(count), false, first_row, nullptr, &t_.pipeline(), &results_);
  }

  TableTester t_;
  std::vector<std::string> values_;
  std::vector<std::vector<Cell>> rows_;
  std::vector<WriteResult> results_;
};

TEST_F(WriteRunnerTest, ABatchIsOneRoundTrip) {
  t_.Handle([](const FakeServer::Argv&) { return Bulk("1-0"); });
  ASSERT_TRUE(Run(100, 1).ok());
  EXPECT_THAT(t_.server().commands(), SizeIs(100));
  EXPECT_EQ(t_.pipeline().counters().round_trips, 1);
  EXPECT_THAT(results_, SizeIs(100));
  EXPECT_EQ(t_.pool().leased(), 0u);
}

TEST_F(WriteRunnerTest, LargeBatchesArriveInOrder) {
  t_.server().options.write_at_most = 100;
  t_.server().options.buffer = 2000;
  t_.Handle([](const FakeServer::Argv&) { return Bulk("1-0"); });
  ASSERT_TRUE(Run(300, 1).ok());
  ASSERT_THAT(t_.server().commands(), SizeIs(300));
  for (size_t i = 0; i < 300; ++i) EXPECT_EQ(t_.server().commands()[i].back(), values_[i]);
}

// A script is sent once; where Redis has forgotten it meanwhile, again.
TEST_F(WriteRunnerTest, ScriptsAreSentWholeOnlyWhereTheyMustBe) {
  t_.Bind("string", {"k", "v"}, [] {
    TableDef def;
    def.key = "u:*";
    return def;
  }());
  std::vector<std::vector<Cell>> names = {
      {Cell::Bytes("u:1")}, {Cell::Bytes("u:2")}, {Cell::Bytes("u:3")}};
  std::vector<WriteOp> deletes;
  for (const std::vector<Cell>& name : names) deletes.push_back(DeleteOp(name));
  auto sent = [&] {
    Lines lines;
    for (const FakeServer::Argv& argv : t_.server().commands()) {
      lines.push_back(absl::StrCat(argv[0], " ", argv[3]));
    }
    t_.server().ClearCommands();
    return lines;
  };
  t_.Handle([](const FakeServer::Argv& argv) { return Int(argv[3] == "u:2" ? 0 : 1); });
  ASSERT_TRUE(t_.Write(deletes, true).ok());
  EXPECT_THAT(sent(), ElementsAre("EVAL u:1", "EVALSHA u:2", "EVALSHA u:3"));
  EXPECT_FALSE(t_.results()[1].applied);
  t_.Handle([](const FakeServer::Argv& argv) {
    return argv[0] == "EVAL" ? Int(1) : Error("NOSCRIPT No matching script. Please use EVAL.");
  });
  ASSERT_TRUE(t_.Write(deletes, true).ok());
  EXPECT_THAT(sent(),
              ElementsAre("EVAL u:1", "EVALSHA u:2", "EVALSHA u:3", "EVAL u:2", "EVAL u:3"));
  for (const WriteResult& result : t_.results()) EXPECT_TRUE(result.applied);
}

// What is sent again comes after everything else, so nothing that follows may be about its key.
TEST_F(WriteRunnerTest, AScriptThatIsForgottenIsNotSentAfterALaterWrite) {
  TableDef def;
  def.key = "u:*";
  t_.Bind("string", {"k", "v"}, def);
  const std::vector<Cell> first = {Cell::Bytes("u:1")};
  const std::vector<Cell> second = {Cell::Bytes("u:2")};
  const std::vector<Cell> row = {Cell::Bytes("u:2"), Cell::Bytes("new")};
  std::string last;
  t_.Handle([&](const FakeServer::Argv& argv) {
    if (argv[0] == "EVALSHA") return Error("NOSCRIPT No matching script. Please use EVAL.");
    last = argv[0];
    return argv[0] == "EVAL" ? Int(1) : Ok();
  });
  ASSERT_TRUE(t_.Write({DeleteOp(first), DeleteOp(second), InsertOp(row)}, true).ok());
  EXPECT_EQ(last, "SET");
  for (const WriteResult& result : t_.results()) EXPECT_TRUE(result.applied);
}

TEST_F(WriteRunnerTest, NothingToWriteSendsNothing) {
  ASSERT_TRUE(Run(0, 1).ok());
  EXPECT_EQ(t_.server().connections_made(), 0);
}

TEST_F(WriteRunnerTest, ARefusalInTheMiddleNamesItsRowAndItsNeighbours) {
  t_.Handle([](const FakeServer::Argv& argv) {
    return argv.back() == "v2" || argv.back() == "v4" ? Error("OOM no memory") : Bulk("1-0");
  });
  ErrorInfo error = GetErrorInfo(Run(10, 1001));
  EXPECT_TRUE(absl::StrContains(error.detail, "Row 1003 of the statement was refused"))
      << error.detail;
  EXPECT_TRUE(absl::StrContains(error.detail, "Rows before")) << error.detail;
  EXPECT_TRUE(absl::StrContains(error.detail, "up to row 1010")) << error.detail;
  EXPECT_THAT(t_.server().commands(), SizeIs(10));
  EXPECT_EQ(t_.pool().idle(), 1u);  // all replies were read
}

TEST_F(WriteRunnerTest, ARefusalOfTheOnlyRowNeedsNoNumbers) {
  t_.Handle([](const FakeServer::Argv&) { return Error("OOM no memory"); });
  EXPECT_THAT(GetErrorInfo(Run(1, 1)).detail, IsEmpty());
  EXPECT_TRUE(absl::StrContains(GetErrorInfo(Run(1, 7)).detail, "Row 7"));
}

TEST(WriteRunnerScriptTest, AScriptThatTellsWhichRowItRefusesIsBelieved) {
  TableTester t;
  t.Bind("set", {"member"});
  t.Handle([](const FakeServer::Argv&) { return Array({Int(1), Int(1), Int(-1)}); });
  const std::vector<Cell> cells = {Cell::Bytes("m")};
  std::vector<WriteOp> ops(5, UpdateOp(cells, cells));
  std::vector<WriteResult> results;
  ErrorInfo error =
      GetErrorInfo(RunWrites(t.table(), ops, false, 101, nullptr, &t.pipeline(), &results));
  EXPECT_EQ(error.kind, ErrorKind::kUniqueViolation);
  EXPECT_TRUE(absl::StrContains(error.detail, "Row 103 of the statement was refused."))
      << error.detail;
}

TEST_F(WriteRunnerTest, ARowThatCannotBeBuiltSendsNothingOfItsBatch) {
  rows_[3][1] = Cell::Null();
  ErrorInfo error = GetErrorInfo(Run(5, 11));
  EXPECT_EQ(error.kind, ErrorKind::kNullNotAllowed);
  EXPECT_TRUE(absl::StrContains(error.detail, "Row 14 of the statement was refused"))
      << error.detail;
  EXPECT_TRUE(absl::StrContains(error.detail, "earlier batches")) << error.detail;
  EXPECT_THAT(t_.server().commands(), IsEmpty());
}

TEST_F(WriteRunnerTest, AnAnswerThatNeverComesIsAmbiguous) {
  t_.Handle([&](const FakeServer::Argv&) {
    t_.waiter().At(absl::Milliseconds(1), [this] { t_.server().CloseAll(); });
    return std::string();
  });
  absl::Status status = Run(3, 1);
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kMaybeApplied) << status;
  EXPECT_EQ(GetErrorInfo(status).detail,
            "Rows of the statement up to row 3 may have been written.");
  EXPECT_THAT(t_.server().commands(), SizeIs(3));          // and is not sent again
  EXPECT_THAT(GetErrorInfo(Run(1, 1)).detail, IsEmpty());  // the message says it of the only row
  EXPECT_EQ(t_.pool().leased(), 0u);
}

TEST_F(WriteRunnerTest, WhatEarlierBatchesWroteIsToldWhenNobodyServesTheNext) {
  t_.server().options.refuse_connect = MakeError(ErrorKind::kConnectFailed, "refused");
  EXPECT_THAT(GetErrorInfo(Run(3, 1)).detail, IsEmpty());
  EXPECT_EQ(GetErrorInfo(Run(3, 1001)).detail,
            "Rows of the statement up to row 1000 may have been written.");
}

TEST_F(WriteRunnerTest, AnInterruptEndsIt) {
  t_.Handle([&](const FakeServer::Argv&) {
    t_.waiter().Interrupt(MakeError(ErrorKind::kHost, "canceling statement due to user request"));
    return std::string();
  });
  EXPECT_EQ(GetErrorKind(Run(3, 1)), ErrorKind::kHost);
  EXPECT_EQ(t_.pool().leased(), 0u);
  EXPECT_EQ(t_.pool().idle(), 0u);  // a connection with an unread reply is never used again
}

}  // namespace
}  // namespace redis_fdw::test
