// What every table type does alike, against a real Redis. It runs over whatever is registered.

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

// --- Reading ------------------------------------------------------------------------------------

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

// --- Reading what changes meanwhile -------------------------------------------------------------

// One row in `stable_step` is there throughout; the others come and go between pages, so that the
// key's hash tables grow and shrink.
class ChangingTest : public ConformanceTest {
 protected:
  void CheckStableRowsOnce(int total, int stable_step, int64_t fetch_size) {
    redis().FlushAll();
    options_.mode = ScanMode::kCursor;
    options_.fetch_size = fetch_size;
    batch_rows_ = 1;
    std::vector<SampleRow> volatile_rows;
    std::set<std::string> stable;
    const std::vector<SampleRow> rows = Rows(total);
    for (size_t i = 0; i < rows.size(); ++i) {
      if (i % static_cast<size_t>(stable_step) == 0) {
        stable.insert(rows[i].Line());
      } else {
        volatile_rows.push_back(rows[i]);
      }
    }
    Put(rows);
    bool there = true;
    int changes = 0;
    auto change = [&] {
      if (++changes > 60) return;
      redis().Command(there ? sample().remove(kKey, volatile_rows)
                            : sample().write(kKey, volatile_rows));
      there = !there;
    };
    auto lines = Scan(PlanAll(), {{}}, change);
    ASSERT_TRUE(lines.ok()) << lines.status();
    EXPECT_GT(changes, 10);
    std::set<std::string> all;
    for (const std::string& line : *lines) {
      EXPECT_TRUE(all.insert(line).second) << line << " came twice";
      stable.erase(line);
    }
    EXPECT_THAT(stable, IsEmpty());
  }
};

INSTANTIATE_TEST_SUITE_P(AllTypes, ChangingTest, ::testing::ValuesIn(TableTypeNames()),
                         [](const auto& info) { return info.param; });

TEST_P(ChangingTest, HalfComesAndGoes) {
  if (sample().remove == nullptr) return;
  CheckStableRowsOnce(8000, 2, 50);
  CheckStableRowsOnce(8000, 2, 500);
}

// So much that Redis shrinks its tables as well, which half does not make it do; that is when a
// cursor returns elements again.
TEST_P(ChangingTest, NearlyAllComesAndGoes) {
  if (sample().remove == nullptr) return;
  CheckStableRowsOnce(8000, 20, 10);
}

// --- Writing ------------------------------------------------------------------------------------

TEST_P(ConformanceTest, InsertsAndDeletes) {
  for (bool want_results : {false, true}) {
    state_ = table().NewWriteState();
    std::vector<SampleRow> rows = Rows(2500);
    ASSERT_TRUE(Write(Inserts(rows), want_results).ok());
    for (const WriteResult& result : results_) EXPECT_TRUE(result.applied);
    for (const SampleRow& row : rows) ASSERT_TRUE(Present(row)) << row.Line();
    EXPECT_EQ(Sorted(ScanAll()), Sorted(LinesOf(rows)));

    // Some of them, in batches, then the rest.
    std::vector<SampleRow> keep;
    std::set<std::string> doomed;
    for (size_t i = 0; i < rows.size(); i += 3) doomed.insert(rows[i].Line());
    std::vector<WriteOp> deletes =
        Deletes(&keep, [&](const std::string& line) { return doomed.count(line) > 0; });
    ASSERT_EQ(deletes.size(), doomed.size());
    for (size_t i = 0; i < deletes.size(); i += 100) {
      size_t end = std::min(i + 100, deletes.size());
      std::vector<WriteOp> batch(deletes.begin() + static_cast<ptrdiff_t>(i),
                                 deletes.begin() + static_cast<ptrdiff_t>(end));
      absl::Status status = Write(batch, want_results);
      ASSERT_TRUE(status.ok()) << status;
      for (const WriteResult& result : results_) EXPECT_TRUE(result.applied);
    }
    if (sample().duplicates != Sample::Duplicates::kKept) {  // a list's rows have moved
      Lines left;
      for (const SampleRow& row : rows) {
        if (doomed.count(row.Line()) == 0) left.push_back(row.Line());
      }
      EXPECT_EQ(Sorted(ScanAll()), Sorted(left));
    }
    EXPECT_EQ(ScanAll().size(), rows.size() - doomed.size());
    state_ = table().NewWriteState();
    std::vector<SampleRow> keep_rest;
    deletes = Deletes(&keep_rest, [](const std::string&) { return true; });
    ASSERT_TRUE(Write(deletes, want_results).ok());
    EXPECT_TRUE(KeyEmpty());
    redis().FlushAll();
  }
}

TEST_P(ConformanceTest, ManyInsertsAreFewRoundTrips) {
  std::vector<SampleRow> rows = Rows(5000);
  ASSERT_TRUE(Write(Inserts(rows)).ok());
  EXPECT_LE(pipeline().counters().round_trips, 3);
}

TEST_P(ConformanceTest, DeletingWhatIsGoneIsNotApplied) {
  if (sample().duplicates == Sample::Duplicates::kKept) return;  // a list has changed, then
  Put(Rows(2));
  std::vector<SampleRow> keep;
  std::vector<WriteOp> deletes = Deletes(&keep, [](const std::string&) { return true; });
  redis().FlushAll();
  ASSERT_TRUE(Write(deletes, true).ok());
  for (const WriteResult& result : results_) EXPECT_FALSE(result.applied);
}

TEST_P(ConformanceTest, ASecondRowOfTheSameIdentity) {
  std::vector<SampleRow> rows = Rows(1);
  ASSERT_TRUE(Write(Inserts(rows)).ok());
  SampleRow again = rows[0];
  if (sample().duplicates == Sample::Duplicates::kKept) {
    again = again.With(0, SampleRow().Int(1));  // where it goes
  }
  absl::Status status = Write(Inserts({again}));
  switch (sample().duplicates) {
    case Sample::Duplicates::kOverwrite:
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_EQ(ScanAll().size(), 1u);
      break;
    case Sample::Duplicates::kKept:
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_EQ(ScanAll().size(), 2u);
      break;
    case Sample::Duplicates::kRefused:
      EXPECT_FALSE(status.ok());
      EXPECT_EQ(ScanAll().size(), 1u);
      break;
  }
}

TEST_P(ConformanceTest, OnConflictDoNothing) {
  if (!sample().ignores_conflicts) return;
  std::vector<SampleRow> rows = Rows(2);
  ASSERT_TRUE(Write(Inserts({rows[0]})).ok());
  SampleRow changed = rows[0];
  if (sample().update_column >= 0 && !sample().update_renames) {
    size_t column = static_cast<size_t>(sample().update_column);
    const SampleRow another = sample().row(77);
    const Cell& other = another.cells()[column];
    changed = changed.With(column, other.kind() == Cell::Kind::kDouble
                                       ? SampleRow().Double(other.dbl())
                                       : SampleRow().Bytes(other.bytes()));
  }
  std::vector<SampleRow> both = {changed};
  if (rows.size() > 1) both.push_back(rows[1]);
  ASSERT_TRUE(Write(Inserts(both, ConflictPolicy::kIgnore), true).ok());
  EXPECT_FALSE(results_[0].applied);
  EXPECT_TRUE(results_.back().applied == (both.size() > 1));
  EXPECT_EQ(Sorted(ScanAll()), Sorted(LinesOf(rows)));
  absl::Status strict = Write(Inserts(both, ConflictPolicy::kError));
  EXPECT_EQ(GetErrorKind(strict), ErrorKind::kUniqueViolation) << strict;
}

TEST_P(ConformanceTest, NullsAreRefusedAndNothingIsWritten) {
  std::vector<SampleRow> rows = Rows(2);
  std::vector<SampleRow> bad;
  SampleRow all_null = rows[0];
  for (size_t i = 0; i < table().columns().size(); ++i) {
    if (!table().columns()[i].nullable) bad.push_back(rows[0].With(i, SampleRow().Null()));
    all_null = all_null.With(i, SampleRow().Null());
  }
  bad.push_back(all_null);
  for (const SampleRow& row : bad) {
    std::vector<SampleRow> batch = {rows[0], row};
    absl::Status status = Write(Inserts(batch));
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kNullNotAllowed) << status << row.Line();
    EXPECT_TRUE(absl::StrContains(status.message(), "\"t\"")) << status;
    EXPECT_FALSE(KeyExists());
  }
}

TEST_P(ConformanceTest, Updates) {
  if (!table().CanWrite(WriteKind::kUpdate).ok()) {
    EXPECT_FALSE(GetErrorInfo(table().CanWrite(WriteKind::kUpdate)).message.empty());
    return;
  }
  ASSERT_GE(sample().update_column, 0);
  std::vector<SampleRow> rows = Rows(3);
  Put(rows);
  size_t column = static_cast<size_t>(sample().update_column);
  const SampleRow another = sample().row(77);
  const Cell& other = another.cells()[column];
  SampleRow changed = rows.back().With(column, other.kind() == Cell::Kind::kDouble
                                                   ? SampleRow().Double(other.dbl())
                                                   : SampleRow().Bytes(other.bytes()));
  std::vector<Cell> identity = IdentityOf(rows.back());
  WriteOp op;
  op.kind = WriteKind::kUpdate;
  op.old.cells = identity;
  op.old.row_number = static_cast<int64_t>(rows.size()) - 1;
  op.new_cells = changed.cells();
  op.changed.assign(table().columns().size(), false);
  op.changed[column] = true;
  ASSERT_TRUE(Write({op}, true).ok());
  EXPECT_TRUE(results_[0].applied);
  EXPECT_TRUE(Present(changed));
  EXPECT_EQ(ScanAll().size(), rows.size());
  EXPECT_TRUE(!sample().update_renames || !Present(rows.back()));
}

TEST_P(ConformanceTest, UpdatesCreateNothing) {
  if (!table().CanWrite(WriteKind::kUpdate).ok()) return;
  if (sample().duplicates == Sample::Duplicates::kKept) return;  // a list has changed, then
  SampleRow row = sample().row(0);
  std::vector<Cell> identity = IdentityOf(row);
  WriteOp op;
  op.kind = WriteKind::kUpdate;
  op.old.cells = identity;
  op.new_cells = row.cells();
  ASSERT_TRUE(Write({op}, true).ok());
  EXPECT_FALSE(results_[0].applied);
  EXPECT_FALSE(KeyExists());
}

}  // namespace
}  // namespace redis_fdw::test
