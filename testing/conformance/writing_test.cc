// What every table type does alike when it is written, against a real Redis.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/status.h"
#include "gtest/gtest.h"
#include "testing/conformance/conformance_fixture.h"

namespace redis_fdw::test {
namespace {

INSTANTIATE_TEST_SUITE_P(AllLayouts, ConformanceTest, ::testing::ValuesIn(LayoutNames()),
                         [](const auto& info) { return info.param; });

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
    EXPECT_TRUE(KeysEmpty());
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
    again = again.With(static_cast<size_t>(sample().position_column), Cell::Int64(1));
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
    changed = changed.With(column, another.cells()[column]);
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
    if (!table().columns()[i].nullable) bad.push_back(rows[0].With(i, Cell::Null()));
    all_null = all_null.With(i, Cell::Null());
  }
  bad.push_back(all_null);
  for (const SampleRow& row : bad) {
    std::vector<SampleRow> batch = {rows[0], row};
    absl::Status status = Write(Inserts(batch));
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kNullNotAllowed) << status << row.Line();
    EXPECT_TRUE(absl::StrContains(status.message(), "\"t\"")) << status;
    EXPECT_FALSE(AnyKey());
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
  SampleRow changed = rows.back().With(column, another.cells()[column]);
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
  EXPECT_FALSE(AnyKey());
}

}  // namespace
}  // namespace redis_fdw::test
