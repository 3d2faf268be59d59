// What every table type does alike when it is read, against a real Redis. It runs over whatever is
// registered, in every layout; changing_test.cc reads keys that change, writing_test.cc writes.

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
#include "testing/conformance/conformance_fixture.h"

namespace redis_fdw::test {
namespace {

using ::testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(AllLayouts, ConformanceTest, ::testing::ValuesIn(LayoutNames()),
                         [](const auto& info) { return info.param; });

// More than a page. A row in many keys takes Redis and us longer.
int Many(const Sample& sample) { return sample.many_keys ? 4000 : 12000; }

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
  std::vector<SampleRow> rows = Rows(Many(sample()));
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
  Put(Rows(Many(sample())));
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
    EXPECT_TRUE(KeysEmpty());
  }
}

// A table of one key refuses it; one of many passes it over. Neither writes to it.
TEST_P(ConformanceTest, KeysOfAWrongType) {
  Argv other =
      sample().replaces_other_types ? Argv{"RPUSH", FirstKey(), "x"} : Argv{"SET", FirstKey(), "x"};
  redis().Command(other);
  for (ScanMode mode : kModes) {
    options_.mode = mode;
    auto lines = Scan(PlanAll(), {{}});
    if (sample().many_keys) {
      ASSERT_TRUE(lines.ok()) << lines.status();
      EXPECT_THAT(*lines, IsEmpty());
      continue;
    }
    ASSERT_FALSE(lines.ok());
    EXPECT_EQ(GetErrorKind(lines.status()), ErrorKind::kWrongType) << lines.status();
    EXPECT_TRUE(absl::StrContains(lines.status().message(), kKey)) << lines.status();
  }
  if (!sample().replaces_other_types) {
    absl::Status status = Write(Inserts(Rows(1)));
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kWrongType) << status;
    EXPECT_EQ(redis().Cli({"GET", FirstKey()}), "x");
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

// Of one key that is an error; in a table of many such a row is not there.
TEST_P(ConformanceTest, WritesOfAWrongType) {
  Argv other =
      sample().replaces_other_types ? Argv{"RPUSH", FirstKey(), "x"} : Argv{"SET", FirstKey(), "x"};
  redis().Command(other);
  SampleRow row = sample().row(0);
  std::vector<Cell> identity = IdentityOf(row);
  for (WriteKind kind : {WriteKind::kUpdate, WriteKind::kDelete}) {
    if (!table().CanWrite(kind).ok()) continue;
    WriteOp op;
    op.kind = kind;
    op.old.cells = identity;
    op.old.row_number = 0;
    op.new_cells = row.cells();
    absl::Status status = Write({op}, true);
    if (sample().many_keys) {
      ASSERT_TRUE(status.ok()) << status;
      EXPECT_FALSE(results_[0].applied);
    } else {
      EXPECT_EQ(GetErrorKind(status), ErrorKind::kWrongType) << status;
    }
  }
  EXPECT_EQ(redis().Cli({"TYPE", FirstKey()}), sample().replaces_other_types ? "list" : "string");
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
  std::vector<SampleRow> rows = Rows(Many(sample()));
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
  Put(Rows(Many(sample())));
  for (ScanMode mode : kModes) {
    options_.mode = mode;
    for (int64_t limit : {0, 1, 7, 3000, Many(sample()) + 5}) {
      ScanPlan plan = PlanAll();
      plan.limit = limit;
      auto lines = Scan(plan, {{}});
      ASSERT_TRUE(lines.ok()) << lines.status();
      EXPECT_EQ(static_cast<int64_t>(lines->size()),
                std::min(limit, static_cast<int64_t>(Rows(Many(sample())).size())));
      EXPECT_EQ(pool().leased(), 0u);
    }
  }
}

// The rows that have one of `operands` in the column.
std::vector<SampleRow> Having(const std::vector<SampleRow>& rows, int column,
                              const std::vector<Cell>& operands) {
  std::vector<SampleRow> having;
  for (const SampleRow& row : rows) {
    const Cell& cell = row.cells()[static_cast<size_t>(column)];
    if (std::find(operands.begin(), operands.end(), cell) != operands.end()) having.push_back(row);
  }
  return having;
}

Predicate On(const SampleLookup& lookup, CompareOp op) {
  Predicate predicate;
  predicate.column = lookup.column;
  predicate.op = op;
  predicate.semantics = lookup.semantics;
  return predicate;
}

TEST_P(ConformanceTest, ThreeParameterRows) {
  std::vector<SampleRow> rows = Rows(3);
  Put(rows);
  auto lines = Scan(PlanAll(), {{}, {}, {}});
  ASSERT_TRUE(lines.ok()) << lines.status();
  Lines expected;
  for (int ordinal = 0; ordinal < 3; ++ordinal) {
    for (const SampleRow& row : rows) expected.push_back(absl::StrCat(ordinal, ": ", row.Line()));
  }
  EXPECT_EQ(Sorted(*lines), Sorted(expected));
  for (const SampleLookup& lookup : sample().lookups) {
    Cell first = rows[0].cells()[static_cast<size_t>(lookup.column)];
    Cell third = rows[2].cells()[static_cast<size_t>(lookup.column)];
    std::vector<Cell> list = {third, Cell::Null(), first, third};
    ScanPlan plan = PlanAll({On(lookup, CompareOp::kIn)});
    lines = Scan(plan, {{Cell::List(list)}, {Cell::Null()}, {first}});
    ASSERT_TRUE(lines.ok()) << lines.status();
    expected.clear();
    for (const SampleRow& row : Having(rows, lookup.column, {first, third})) {
      expected.push_back("0: " + row.Line());
    }
    for (const SampleRow& row : Having(rows, lookup.column, {first})) {
      expected.push_back("2: " + row.Line());
    }
    EXPECT_EQ(Sorted(*lines), Sorted(expected));
  }
}

TEST_P(ConformanceTest, ManyParameterRows) {
  std::vector<SampleRow> rows = Rows(40);
  Put(rows);
  batch_rows_ = 7;
  for (const SampleLookup& lookup : sample().lookups) {
    std::vector<std::vector<Cell>> params;
    Lines expected;
    for (size_t i = 0; i < rows.size(); ++i) {
      params.push_back({rows[i].cells()[static_cast<size_t>(lookup.column)]});
      for (const SampleRow& row : Having(rows, lookup.column, params.back())) {
        expected.push_back(absl::StrCat(i, ": ", row.Line()));
      }
    }
    auto lines = Scan(PlanAll({On(lookup, CompareOp::kEq)}), params);
    ASSERT_TRUE(lines.ok()) << lines.status();
    EXPECT_EQ(Sorted(*lines), Sorted(expected));
  }
}

TEST_P(ConformanceTest, ALookupIsAScanWithAFilter) {
  std::vector<SampleRow> rows = Rows(500);
  Put(rows);
  std::vector<SampleRow> wanted = Rows(200, 400);  // half of them are not there
  for (const SampleLookup& lookup : sample().lookups) {
    std::vector<Cell> list;
    for (const SampleRow& row : wanted) {
      const Cell& operand = row.cells()[static_cast<size_t>(lookup.column)];
      list.push_back(operand);
      auto found = Scan(PlanAll({On(lookup, CompareOp::kEq)}), {{operand}});
      ASSERT_TRUE(found.ok()) << found.status();
      EXPECT_EQ(Sorted(*found), Sorted(LinesOf(Having(rows, lookup.column, {operand}))));
    }
    for (int64_t fetch_size : {7, 1000}) {
      options_.fetch_size = fetch_size;
      auto found = Scan(PlanAll({On(lookup, CompareOp::kIn)}), {{Cell::List(list)}});
      ASSERT_TRUE(found.ok()) << found.status();
      EXPECT_EQ(Sorted(*found), Sorted(LinesOf(Having(rows, lookup.column, list))));
    }
  }
}

}  // namespace
}  // namespace redis_fdw::test
