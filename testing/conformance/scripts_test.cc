// The writes that are scripts, run by a real Redis: renames, and everything that checks a list
// first.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gtest/gtest.h"
#include "testing/conformance/conformance_fixture.h"

namespace redis_fdw::test {
namespace {

WriteOp Update(const std::vector<Cell>& identity, const std::vector<Cell>& cells,
               const std::vector<bool>& changed, int64_t row_number = -1) {
  WriteOp op;
  op.kind = WriteKind::kUpdate;
  op.old.cells = identity;
  op.old.row_number = row_number;
  op.new_cells = cells;
  op.changed = changed;
  return op;
}

WriteOp Delete(const std::vector<Cell>& identity, int64_t row_number = -1) {
  WriteOp op;
  op.kind = WriteKind::kDelete;
  op.old.cells = identity;
  op.old.row_number = row_number;
  return op;
}

// --- Renames ------------------------------------------------------------------------------------

class RenameTest : public ConformanceTest {
 protected:
  void SetUp() override {
    ConformanceTest::SetUp();
    Put({sample().row(0), sample().row(1)});
  }
  // Renames row `from` to the identity of row `to`.
  absl::Status Rename(int from, int to) {
    SampleRow old = sample().row(from);
    SampleRow target = sample().row(to);
    std::vector<Cell> identity = {old.cells()[0]};
    std::vector<bool> changed(old.cells().size(), false);
    changed[0] = true;
    return Write({Update(identity, target.cells(), changed)}, true);
  }
  // Row `content` under the identity of row `name`.
  SampleRow Renamed(int content, int name) {
    return sample().row(content).With(0, sample().row(name).cells()[0]);
  }
};

INSTANTIATE_TEST_SUITE_P(Types, RenameTest, ::testing::Values("hash", "set", "zset"),
                         [](const auto& info) { return info.param; });

TEST_P(RenameTest, KeepsWhatItDoesNotSet) {
  ASSERT_TRUE(Rename(0, 7).ok());
  EXPECT_TRUE(results_[0].applied);
  EXPECT_EQ(Sorted(ScanAll()), Sorted({Renamed(0, 7).Line(), sample().row(1).Line()}));
}

TEST_P(RenameTest, OntoAnExistingIdentityIsRefused) {
  absl::Status status = Rename(0, 1);
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kUniqueViolation) << status;
  EXPECT_EQ(Sorted(ScanAll()), Sorted(LinesOf(Rows(2))));
}

TEST_P(RenameTest, ToItselfChangesNothing) {
  ASSERT_TRUE(Rename(0, 0).ok());
  EXPECT_TRUE(results_[0].applied);
  EXPECT_EQ(Sorted(ScanAll()), Sorted(LinesOf(Rows(2))));
}

TEST_P(RenameTest, OfWhatIsGoneCreatesNothing) {
  ASSERT_TRUE(Rename(5, 7).ok());
  EXPECT_FALSE(results_[0].applied);
  EXPECT_EQ(Sorted(ScanAll()), Sorted(LinesOf(Rows(2))));
}

TEST_P(RenameTest, SeveralInOneBatch) {
  std::vector<SampleRow> keep = Rows(20);
  Put(keep);
  std::vector<SampleRow> targets;
  std::vector<std::vector<Cell>> identities;
  std::vector<WriteOp> ops;
  targets.reserve(keep.size());
  identities.reserve(keep.size());
  for (int i = 0; i < 20; ++i) {
    targets.push_back(Renamed(i, i + 100));
    identities.push_back({keep[static_cast<size_t>(i)].cells()[0]});
    ops.push_back(Update(identities.back(), targets.back().cells(), {}));
  }
  ASSERT_TRUE(Write(ops, true).ok());
  for (const WriteResult& result : results_) EXPECT_TRUE(result.applied);
  EXPECT_EQ(Sorted(ScanAll()), Sorted(LinesOf(targets)));
}

// --- Lists --------------------------------------------------------------------------------------

class ListScriptTest : public ConformanceTest {
 protected:
  void Fill(const std::vector<std::string>& elements) {
    Argv argv = {"RPUSH", kKey};
    argv.insert(argv.end(), elements.begin(), elements.end());
    redis().Command(argv);
  }
  std::string List() { return redis().Cli({"LRANGE", kKey, "0", "-1"}); }
  static std::vector<Cell> Row(int64_t index, absl::string_view element) {
    return {Cell::Int64(index), Cell::Bytes(element)};
  }
};

INSTANTIATE_TEST_SUITE_P(Types, ListScriptTest, ::testing::Values("list"),
                         [](const auto& info) { return info.param; });

TEST_P(ListScriptTest, InsertsAtTheEndOnly) {
  SampleRow zero = SampleRow().Int(0).Bytes("a");
  SampleRow any = SampleRow().Null().Bytes("b");
  SampleRow two = SampleRow().Int(2).Bytes("c");
  ASSERT_TRUE(Write(Inserts({zero, any, two})).ok());
  EXPECT_EQ(List(), "a\nb\nc");
  absl::Status status =
      Write(Inserts({SampleRow().Int(3).Bytes("d"), SampleRow().Int(9).Bytes("e")}));
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidData);
  EXPECT_TRUE(absl::StrContains(status.message(), "9 was given where 4 is the next")) << status;
  EXPECT_EQ(List(), "a\nb\nc");
}

TEST_P(ListScriptTest, DeletesByIndexAmongEqualElements) {
  Fill({"x", "y", "x", "x", "y"});
  std::vector<Cell> second = Row(2, "x");
  std::vector<Cell> last = Row(4, "y");
  ASSERT_TRUE(Write({Delete(second), Delete(last)}).ok());
  EXPECT_EQ(List(), "x\ny\nx");
  // The row that was third is the second now.
  std::vector<Cell> third = Row(3, "x");
  ASSERT_TRUE(Write({Delete(third), Delete(second)}).ok());
  EXPECT_EQ(List(), "x\ny");
}

TEST_P(ListScriptTest, NothingIsWrittenIfOneElementDiffers) {
  Fill({"a", "b", "c"});
  std::vector<Cell> good = Row(0, "a");
  std::vector<Cell> bad = Row(2, "changed");
  std::vector<Cell> beyond = Row(3, "d");
  SampleRow set = SampleRow().Int(0).Bytes("new");
  for (const std::vector<Cell>& mismatch : {bad, beyond}) {
    absl::Status status = Write({Delete(good), Delete(mismatch)});
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kSerialization) << status;
    EXPECT_EQ(List(), "a\nb\nc");
    state_ = table().NewWriteState();
    status = Write(
        {Update(good, set.cells(), {false, true}), Update(mismatch, set.cells(), {false, true})});
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kSerialization) << status;
    EXPECT_EQ(List(), "a\nb\nc");
  }
}

TEST_P(ListScriptTest, AConcurrentPushInFrontIsNoticed) {
  Fill({"a", "b"});
  std::vector<Cell> row = Row(0, "a");
  redis().Command({"LPUSH", kKey, "new"});
  EXPECT_EQ(GetErrorKind(Write({Delete(row)})), ErrorKind::kSerialization);
  state_ = table().NewWriteState();  // that statement is over
  redis().FlushAll();
  EXPECT_EQ(GetErrorKind(Write({Delete(row)})), ErrorKind::kSerialization);
}

TEST_P(ListScriptTest, EmptyAndBinaryElements) {
  std::string binary("\0\xff", 2);
  Fill({"", binary, "z"});
  std::vector<Cell> empty = Row(0, "");
  std::vector<Cell> bytes = Row(1, binary);
  ASSERT_TRUE(Write({Delete(empty), Delete(bytes)}).ok());
  EXPECT_EQ(List(), "z");
}

TEST_P(ListScriptTest, WithoutAnIndexColumnTheRowNumberNames) {
  ColumnDef element;
  element.name = "element";
  Bind({element});
  Fill({"a", "b", "a"});
  std::vector<Cell> a = {Cell::Bytes("a")};
  std::vector<Cell> b = {Cell::Bytes("b")};
  std::vector<Cell> c = {Cell::Bytes("c")};
  ASSERT_TRUE(Write({Update(a, c, {}, 2)}).ok());
  EXPECT_EQ(List(), "a\nb\nc");
  ASSERT_TRUE(Write({Delete(b, 1), Delete(a, 0)}).ok());
  EXPECT_EQ(List(), "c");
}

TEST_P(ListScriptTest, ThousandsInBatches) {
  std::vector<std::string> elements;
  for (int i = 0; i < 10000; ++i) elements.push_back(absl::StrCat(i % 7));
  Fill(elements);
  std::vector<std::vector<Cell>> identities;
  identities.reserve(elements.size());
  std::vector<WriteOp> ops;
  for (size_t i = 0; i < elements.size(); ++i) {
    if (i % 2 == 0) continue;
    identities.push_back(Row(static_cast<int64_t>(i), elements[i]));
    ops.push_back(Delete(identities.back()));
    if (ops.size() == 500) {
      ASSERT_TRUE(Write(ops).ok());
      ops.clear();
    }
  }
  EXPECT_EQ(redis().Cli({"LLEN", kKey}), "5000");
  std::string expected;
  for (size_t i = 0; i < elements.size(); i += 2) {
    absl::StrAppend(&expected, i == 0 ? "" : "\n", elements[i]);
  }
  EXPECT_EQ(List(), expected);
}

// --- Strings ------------------------------------------------------------------------------------

class StringWriteTest : public ConformanceTest {};

INSTANTIATE_TEST_SUITE_P(Types, StringWriteTest, ::testing::Values("string"),
                         [](const auto& info) { return info.param; });

TEST_P(StringWriteTest, UpdateKeepsTheTtlAndInsertDoesNot) {
  redis().Command({"SET", kKey, "a", "EX", "1000"});
  SampleRow b = SampleRow().Bytes("b");
  ASSERT_TRUE(Write({Update({}, b.cells(), {})}, true).ok());
  EXPECT_TRUE(results_[0].applied);
  EXPECT_NE(redis().Cli({"TTL", kKey}), "-1");
  ASSERT_TRUE(Write(Inserts({b})).ok());
  EXPECT_EQ(redis().Cli({"TTL", kKey}), "-1");
}

}  // namespace
}  // namespace redis_fdw::test
