// What every table type does alike when it is read, against a real Redis. It runs over whatever is
// registered; changing_test.cc reads keys that change, writing_test.cc writes.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/row_batch.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/registry.h"
#include "testing/conformance/conformance_fixture.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(AllTypes, ConformanceTest, ::testing::ValuesIn(TableTypeNames()),
                         [](const auto& info) { return info.param; });

constexpr int kMany = 12000;

constexpr ScanMode kModes[] = {ScanMode::kAuto, ScanMode::kSnapshot, ScanMode::kCursor};

TEST_P(ConformanceTest, AnAbsentKeyHasNoRows) {
  for (ScanMode mode : kModes) {
    options_.mode = mode;
    EXPECT_THAT(ScanAll(), IsEmpty());
  }
}

TEST_P(ConformanceTest, AnEmptiedKeyHasNoRows) {
  Put(Rows(3));
  std::vector<SampleRow> keep;
  ASSERT_TRUE(Write(Deletes(&keep, [](const std::string&) { return true; })).ok());
  EXPECT_THAT(ScanAll(), IsEmpty());
}

TEST_P(ConformanceTest, One) {
  Put(Rows(1));
  for (ScanMode mode : kModes) {
    options_.mode = mode;
    EXPECT_EQ(ScanAll(), LinesOf(Rows(1)));
  }
}

TEST_P(ConformanceTest, ManyEachOnce) {
  std::vector<SampleRow> rows = Rows(kMany);
  Put(rows);
  Lines expected = Sorted(LinesOf(rows));
  for (ScanMode mode : kModes) {
    options_.mode = mode;
    for (int64_t fetch_size : {100, 1000, 100000}) {
      options_.fetch_size = fetch_size;
      EXPECT_EQ(Sorted(ScanAll()), expected) << "fetch_size " << fetch_size;
    }
  }
}

TEST_P(ConformanceTest, BatchesAreBounded) {
  Put(Rows(kMany));
  batch_rows_ = 50;
  for (ScanMode mode : kModes) {
    options_.mode = mode;
    ScanAll();
    // A batch may be overshot by one chunk of input, of some thousand elements of this size.
    EXPECT_LE(largest_batch_, 50u + 32 * 1024 / 10);
  }
}

TEST_P(ConformanceTest, BinaryBytesAndEmptyStrings) {
  std::vector<std::vector<SampleRow>> keys = {sample().odd_rows};
  if (sample().max_rows == 1) {
    keys.clear();
    for (const SampleRow& row : sample().odd_rows) keys.push_back({row});
  }
  for (const std::vector<SampleRow>& rows : keys) {
    ASSERT_TRUE(Write(Inserts(rows)).ok());
    for (ScanMode mode : kModes) {
      options_.mode = mode;
      EXPECT_EQ(Sorted(ScanAll()), Sorted(LinesOf(rows)));
    }
    std::vector<SampleRow> keep;
    ASSERT_TRUE(Write(Deletes(&keep, [](const std::string&) { return true; })).ok());
    EXPECT_TRUE(KeyEmpty());
  }
}

TEST_P(ConformanceTest, AWrongTypeIsAnErrorAndNothingElse) {
  Argv other = sample().replaces_other_types ? Argv{"RPUSH", kKey, "x"} : Argv{"SET", kKey, "x"};
  redis().Command(other);
  for (ScanMode mode : kModes) {
    options_.mode = mode;
    auto lines = Scan(PlanAll(), {{}});
    ASSERT_FALSE(lines.ok());
    EXPECT_EQ(GetErrorKind(lines.status()), ErrorKind::kWrongType) << lines.status();
    EXPECT_TRUE(absl::StrContains(lines.status().message(), kKey)) << lines.status();
  }
  if (!sample().replaces_other_types) {
    absl::Status status = Write(Inserts(Rows(2)));
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kWrongType) << status;
  }
  // One connection was made, and it serves on.
  EXPECT_EQ(pool().idle(), 1u);
  EXPECT_EQ(pool().leased(), 0u);
  EXPECT_EQ(redis().ClientCount(), 1);
  redis().FlushAll();
  Put(Rows(1));
  EXPECT_EQ(ScanAll(), LinesOf(Rows(1)));
  EXPECT_EQ(redis().ClientCount(), 1);
}

TEST_P(ConformanceTest, WritesOfAWrongTypeAreErrorsOfTheirKind) {
  if (sample().replaces_other_types) return;
  redis().Command({"SET", kKey, "x"});
  SampleRow row = sample().row(0);
  std::vector<Cell> identity = IdentityOf(row);
  for (WriteKind kind : {WriteKind::kUpdate, WriteKind::kDelete}) {
    if (!table().CanWrite(kind).ok()) continue;
    WriteOp op;
    op.kind = kind;
    op.old.cells = identity;
    op.old.row_number = 0;
    op.new_cells = row.cells();
    absl::Status status = Write({op});
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kWrongType) << status;
  }
  EXPECT_EQ(redis().Cli({"GET", kKey}), "x");
}

TEST_P(ConformanceTest, Rescans) {
  std::vector<SampleRow> rows = Rows(3000);
  Put(rows);
  batch_rows_ = 100;
  for (ScanMode mode : kModes) {
    options_.mode = mode;
    std::unique_ptr<redis_fdw::Scan> scan = Open(PlanAll());
    RowBatch batch(table().columns().size(), batch_rows_, 1 << 20);
    for (int round = 0; round < 4; ++round) {
      ASSERT_TRUE(StartWithout(scan.get()).ok());
      ASSERT_TRUE(scan->NextBatch(&batch).ok());  // and in the middle begins again
      EXPECT_GT(batch.rows(), 0u);
    }
    ASSERT_TRUE(StartWithout(scan.get()).ok());
    std::set<std::string> seen;
    size_t count = 0;
    do {
      ASSERT_TRUE(scan->NextBatch(&batch).ok());
      for (size_t i = 0; i < batch.rows(); ++i) seen.insert(RowLine(batch.row(i)));
      count += batch.rows();
    } while (batch.rows() > 0);
    EXPECT_EQ(count, rows.size());
    EXPECT_EQ(seen.size(), rows.size());
  }
}

TEST_P(ConformanceTest, StopsEarly) {
  std::vector<SampleRow> rows = Rows(kMany);
  Put(rows);
  batch_rows_ = 10;
  for (ScanMode mode : kModes) {
    options_.mode = mode;
    std::unique_ptr<redis_fdw::Scan> scan = Open(PlanAll());
    RowBatch batch(table().columns().size(), batch_rows_, 1 << 20);
    ASSERT_TRUE(StartWithout(scan.get()).ok());
    ASSERT_TRUE(scan->NextBatch(&batch).ok());
    EXPECT_GT(batch.rows(), 0u);
    scan->Stop();
    EXPECT_EQ(pool().leased(), 0u);
    EXPECT_GT(scan->counters().commands, 0);
    EXPECT_GT(scan->counters().bytes_received, 0);
    EXPECT_GE(scan->counters().rows_decoded, static_cast<int64_t>(batch.rows()));
    // Whether that connection was drained or replaced, the next scan finds a clean one.
    EXPECT_EQ(Sorted(ScanAll()), Sorted(LinesOf(rows)));
  }
}

TEST_P(ConformanceTest, StopsBeforeItStarts) {
  std::unique_ptr<redis_fdw::Scan> scan = Open(PlanAll());
  scan->Stop();
  RowBatch batch(table().columns().size(), 10, 1 << 20);
  ASSERT_TRUE(scan->NextBatch(&batch).ok());
  EXPECT_EQ(batch.rows(), 0u);
  EXPECT_EQ(redis().ClientCount(), 0);
}

TEST_P(ConformanceTest, LimitsAreKept) {
  Put(Rows(kMany));
  for (ScanMode mode : kModes) {
    options_.mode = mode;
    for (int64_t limit : {0, 1, 7, 3000, kMany + 5}) {
      ScanPlan plan = PlanAll();
      plan.limit = limit;
      auto lines = Scan(plan, {{}});
      ASSERT_TRUE(lines.ok()) << lines.status();
      EXPECT_EQ(static_cast<int64_t>(lines->size()),
                std::min(limit, static_cast<int64_t>(Rows(kMany).size())));
      EXPECT_EQ(pool().leased(), 0u);
    }
  }
}

TEST_P(ConformanceTest, ThreeParameterRows) {
  std::vector<SampleRow> rows = Rows(3);
  Put(rows);
  if (sample().lookup_column < 0) {
    auto lines = Scan(PlanAll(), {{}, {}, {}});
    ASSERT_TRUE(lines.ok()) << lines.status();
    Lines expected;
    for (int ordinal = 0; ordinal < 3; ++ordinal) {
      for (const SampleRow& row : rows) expected.push_back(absl::StrCat(ordinal, ": ", row.Line()));
    }
    EXPECT_EQ(Sorted(*lines), Sorted(expected));
    return;
  }
  Predicate in;
  in.column = sample().lookup_column;
  in.op = CompareOp::kIn;
  in.semantics = sample().lookup_semantics;
  size_t column = static_cast<size_t>(in.column);
  Cell first = rows[0].cells()[column];
  Cell third = rows[2].cells()[column];
  std::vector<Cell> list = {third, Cell::Null(), first, third};
  auto lines = Scan(PlanAll({in}), {{Cell::List(list)}, {Cell::Null()}, {first}});
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_THAT(*lines,
              ElementsAre("0: " + rows[2].Line(), "0: " + rows[0].Line(), "2: " + rows[0].Line()));
}

TEST_P(ConformanceTest, ALookupIsAScanWithAFilter) {
  if (sample().lookup_column < 0) return;
  std::vector<SampleRow> rows = Rows(500);
  Put(rows);
  Predicate equal;
  equal.column = sample().lookup_column;
  equal.op = CompareOp::kEq;
  equal.semantics = sample().lookup_semantics;
  Predicate in = equal;
  in.op = CompareOp::kIn;
  size_t column = static_cast<size_t>(equal.column);
  std::vector<SampleRow> wanted = Rows(200, 400);  // half of them are not there
  std::vector<Cell> list;
  for (const SampleRow& row : wanted) {
    const Cell& operand = row.cells()[column];
    list.push_back(operand);
    Lines filtered;
    for (const SampleRow& there : rows) {
      if (there.cells()[column] == operand) filtered.push_back(there.Line());
    }
    auto found = Scan(PlanAll({equal}), {{operand}});
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(*found, filtered);
  }
  for (int64_t fetch_size : {7, 1000}) {
    options_.fetch_size = fetch_size;
    auto found = Scan(PlanAll({in}), {{Cell::List(list)}});
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(*found, LinesOf(Rows(100, 400)));
  }
}

}  // namespace
}  // namespace redis_fdw::test
