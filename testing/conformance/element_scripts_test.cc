// The scripts that move elements between keys and that set the TTLs of keys of many rows, run by a
// real Redis: with more arguments than Lua unpacks at once, and with keys of other types at both
// ends.

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gtest/gtest.h"
#include "testing/conformance/key_scripts_fixture.h"

namespace redis_fdw::test {
namespace {

// --- Elements that move between keys ------------------------------------------------------------

class MoveTest : public KeyScriptTest {
 protected:
  // Row i of the sample in another key.
  SampleRow In(const std::string& key, int i) const {
    return sample().row(i).With(0, Cell::Bytes(key));
  }
  absl::Status Move(const std::vector<int>& rows, const std::string& from, const std::string& to) {
    std::vector<SampleRow> targets;
    std::vector<std::vector<Cell>> identities;
    std::vector<SampleRow> sources;
    for (int i : rows) {
      sources.push_back(In(from, i));
      targets.push_back(In(to, i));
    }
    std::vector<WriteOp> ops;
    identities.reserve(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      identities.push_back(IdentityOf(sources[i]));
      WriteOp op;
      op.kind = WriteKind::kUpdate;
      op.old.cells = identities.back();
      op.new_cells = targets[i].cells();
      op.changed.assign(table().columns().size(), false);
      op.changed[0] = true;
      ops.push_back(op);
    }
    return Write(ops, true);
  }
  // Rows whose elements differ whatever their key is.
  static int Nth(int i) { return i * 5; }
};

INSTANTIATE_TEST_SUITE_P(Types, MoveTest, ::testing::Values("hash_many", "set_many", "zset_many"),
                         [](const auto& info) { return info.param; });

TEST_P(MoveTest, ToAnotherKey) {
  Put({In(kA, Nth(0)), In(kA, Nth(1)), In(kB, Nth(2))});
  redis().Command({"EXPIRE", kA, "100"});
  ASSERT_TRUE(Move({Nth(0)}, kA, kB).ok());
  EXPECT_TRUE(results_[0].applied);
  EXPECT_EQ(Sorted(ScanAll()), Sorted(LinesOf({In(kB, Nth(0)), In(kA, Nth(1)), In(kB, Nth(2))})));
  // The TTLs are the keys' own.
  ExpectTtl(kA, 100);
  EXPECT_EQ(Ttl(kB), -1);
  // The last one takes the key away; an absent target comes to be.
  ASSERT_TRUE(Move({Nth(1)}, kA, "key under test c").ok());
  EXPECT_EQ(Ttl(kA), -2);
  EXPECT_EQ(Ttl("key under test c"), -1);
}

TEST_P(MoveTest, OfWhatIsGone) {
  Put({In(kA, Nth(0))});
  ASSERT_TRUE(Move({Nth(1), Nth(0), Nth(2)}, kA, kB).ok());
  EXPECT_FALSE(results_[0].applied);
  EXPECT_TRUE(results_[1].applied);
  EXPECT_FALSE(results_[2].applied);
  EXPECT_EQ(ScanAll(), LinesOf({In(kB, Nth(0))}));
}

TEST_P(MoveTest, OntoAnElementThatIsThere) {
  Put({In(kA, Nth(0)), In(kB, Nth(0)), In(kA, Nth(1))});
  absl::Status status = Move({Nth(0)}, kA, kB);
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kUniqueViolation) << status;
  EXPECT_EQ(Sorted(ScanAll()), Sorted(LinesOf({In(kA, Nth(0)), In(kB, Nth(0)), In(kA, Nth(1))})));
  // The row of the batch is named.
  status = Move({Nth(1), Nth(0)}, kA, kB);
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kUniqueViolation) << status;
  EXPECT_TRUE(absl::StrContains(GetErrorInfo(status).detail, "Row 2 ")) << status;
}

// Where rows go, such a key is an error; where they come from, there is no row. Neither changes.
TEST_P(MoveTest, KeysOfAnotherType) {
  Put({In(kA, Nth(0))});
  redis().Command({"XADD", kB, "1-1", "f", "v"});
  absl::Status status = Move({Nth(0)}, kA, kB);
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kWrongType) << status;
  EXPECT_EQ(ScanAll(), LinesOf({In(kA, Nth(0))}));
  EXPECT_EQ(Cli({"XLEN", kB}), "1");
  status = Move({Nth(0)}, kB, kA);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_FALSE(results_[0].applied);
  EXPECT_EQ(ScanAll(), LinesOf({In(kA, Nth(0))}));
  EXPECT_EQ(Cli({"XLEN", kB}), "1");
}

// --- TTLs of keys that hold many rows -----------------------------------------------------------

class ElementTtlTest : public KeyScriptTest {
 protected:
  SampleRow With(int i) { return SampleRow(sample().row(i)).Null(); }
};

INSTANTIATE_TEST_SUITE_P(Types, ElementTtlTest,
                         ::testing::Values("hash", "set", "zset", "list", "stream"),
                         [](const auto& info) { return info.param; });

TEST_P(ElementTtlTest, IsSetByInsertAndKeptByUpdateAndDelete) {
  BindWithTtl(100);
  ASSERT_TRUE(Write(Inserts({With(0), With(1), With(2)})).ok());
  ExpectTtl(kKey, 100);
  EXPECT_EQ(ScanAll().size(), 3u);
  redis().Command({"EXPIRE", kKey, "50"});
  if (table().CanWrite(WriteKind::kUpdate).ok()) {
    std::vector<bool> changed(table().columns().size(), false);
    changed[static_cast<size_t>(sample().update_column)] = true;
    const SampleRow row = With(2);
    SampleRow identity;
    for (const Cell& cell : IdentityOf(row)) identity.Append(cell);
    SampleRow other =
        row.With(static_cast<size_t>(sample().update_column),
                 sample().row(9).cells()[static_cast<size_t>(sample().update_column)]);
    ASSERT_TRUE(Update(identity, other, changed).ok());
    EXPECT_TRUE(results_[0].applied);
    ExpectTtl(kKey, 50);
  }
  ASSERT_TRUE(Write(Inserts({With(3)})).ok());
  ExpectTtl(kKey, 100);
}

TEST_P(ElementTtlTest, IsSetOnlyByWhatWasInserted) {
  if (!sample().ignores_conflicts) return;
  BindWithTtl(100);
  ASSERT_TRUE(Write(Inserts({With(0)})).ok());
  redis().Command({"EXPIRE", kKey, "50"});
  ASSERT_TRUE(Write(Inserts({With(0)}, ConflictPolicy::kIgnore), true).ok());
  EXPECT_FALSE(results_[0].applied);
  ExpectTtl(kKey, 50);
  EXPECT_EQ(GetErrorKind(Write(Inserts({With(0)}, ConflictPolicy::kError), true)),
            ErrorKind::kUniqueViolation);
  ExpectTtl(kKey, 50);
  ASSERT_TRUE(Write(Inserts({With(1)}, ConflictPolicy::kIgnore), true).ok());
  EXPECT_TRUE(results_[0].applied);
  ExpectTtl(kKey, 100);
}

TEST_P(ElementTtlTest, OtherTypesAreRefusedAsEver) {
  BindWithTtl(100);
  redis().Command({"SET", kKey, "x"});
  absl::Status status = Write(Inserts({With(0)}));
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kWrongType) << status;
  EXPECT_EQ(Cli({"GET", kKey}), "x");
  EXPECT_EQ(Ttl(kKey), -1);
}

// As many as a batch has, beyond what one command takes.
TEST_P(ElementTtlTest, AnyNumberOfRows) {
  BindWithTtl(100);
  std::vector<SampleRow> rows;
  rows.reserve(kHuge);
  for (int i = 0; i < kHuge; ++i) rows.push_back(With(i));
  ASSERT_TRUE(Write(Inserts(rows)).ok());
  ExpectTtl(kKey, 100);
  EXPECT_EQ(ScanAll().size(), rows.size());
}

// --- Stream entries of many fields --------------------------------------------------------------

class StreamEntryTest : public KeyScriptTest {};

INSTANTIATE_TEST_SUITE_P(Types, StreamEntryTest, ::testing::Values("stream"),
                         [](const auto& info) { return info.param; });

TEST_P(StreamEntryTest, AnyNumberOfFields) {
  std::vector<std::string> texts;
  for (int i = 0; i < kHuge; ++i) texts.push_back(absl::StrCat("f", i));
  std::vector<Cell> rest;
  for (const std::string& text : texts) {
    rest.push_back(Cell::Bytes(text));
    rest.push_back(Cell::Bytes(text));
  }
  std::vector<ColumnDef> columns = {Column("id", ColumnType::kText),
                                    Column("all", ColumnType::kJson, "*")};
  Bind(columns);
  SampleRow row = SampleRow().Bytes("1-1").List(rest);
  ASSERT_TRUE(Insert(row).ok());
  EXPECT_EQ(results_[0].generated_id, "1-1");
  EXPECT_EQ(ScanAll(), LinesOf({row}));
  // No script can write an entry of so many, and nothing else does so together with the TTL.
  Bind(columns, 100);
  SampleRow second = row.With(0, Cell::Bytes("1-2"));
  absl::Status status = Insert(second);
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kUnsupported) << status;
  EXPECT_EQ(ScanAll(), LinesOf({row}));
  SampleRow third = SampleRow().Bytes("1-3").List(absl::MakeSpan(rest).subspan(0, 7490));
  ASSERT_TRUE(Insert(third).ok());
  EXPECT_EQ(Sorted(ScanAll()), Sorted(LinesOf({row, third})));
  ExpectTtl(kKey, 100);
}

}  // namespace
}  // namespace redis_fdw::test
