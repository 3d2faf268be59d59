// The scripts that work on whole keys, run by a real Redis: with more arguments than Lua unpacks at
// once, and with keys of other types at both ends.

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

// --- Hashes, a row each -------------------------------------------------------------------------

class HashRowScriptTest : public KeyScriptTest {
 protected:
  static constexpr int kFields = 3;  // columns a, b and the rest
  // (key, a, b, rest) of the sample, the rest being `fields` fields.
  static SampleRow Row(const std::string& key, const Cell& a, const Cell& b, int fields = 0,
                       const std::string& prefix = "f") {
    std::vector<std::string> texts;
    for (int i = 0; i < fields; ++i) {
      texts.push_back(absl::StrCat(prefix, i));
      texts.push_back(absl::StrCat("v", i));
    }
    std::vector<Cell> rest;
    for (const std::string& text : texts) rest.push_back(Cell::Bytes(text));
    return SampleRow().Bytes(key).Append(a).Append(b).List(rest);
  }
  static SampleRow Identity(const std::string& key) { return SampleRow().Bytes(key); }
  std::string Length(const std::string& key) { return Cli({"HLEN", key}); }
};

INSTANTIATE_TEST_SUITE_P(Types, HashRowScriptTest, ::testing::Values("hash_row"),
                         [](const auto& info) { return info.param; });

TEST_P(HashRowScriptTest, AnyNumberOfFields) {
  ASSERT_TRUE(Insert(Row(kA, Cell::Bytes("1"), Cell::Null(), kHuge)).ok());
  EXPECT_EQ(Length(kA), absl::StrCat(kHuge + 1));
  EXPECT_EQ(Cli({"HGET", kA, "f9999"}), "v9999");
  // Replaced by as many others, by an insert and by an update.
  ASSERT_TRUE(Insert(Row(kA, Cell::Null(), Cell::Null(), kHuge, "g")).ok());
  EXPECT_EQ(Length(kA), absl::StrCat(kHuge));
  ASSERT_TRUE(Update(Identity(kA), Row(kA, Cell::Null(), Cell::Null(), kHuge + 1, "h"),
                     {false, false, false, true})
                  .ok());
  EXPECT_TRUE(results_[0].applied);
  EXPECT_EQ(Length(kA), absl::StrCat(kHuge + 1));
  EXPECT_EQ(Cli({"HGET", kA, "h10000"}), "v10000");
  auto lines = Scan(PlanAll(), {{}});
  ASSERT_TRUE(lines.ok()) << lines.status();
  ASSERT_EQ(lines->size(), 1u);
  // And by none but what is shown.
  ASSERT_TRUE(
      Update(Identity(kA), Row(kA, Cell::Bytes("1"), Cell::Null()), {false, true, false, true})
          .ok());
  EXPECT_EQ(Length(kA), "1");
}

TEST_P(HashRowScriptTest, AnyNumberOfColumns) {
  std::vector<ColumnDef> columns = {Column("key", ColumnType::kText)};
  SampleRow full = SampleRow().Bytes(kA);
  SampleRow last_only = SampleRow().Bytes(kA);
  for (int i = 0; i < kHuge; ++i) {
    columns.push_back(Column(absl::StrCat("c", i), ColumnType::kText));
    full.Bytes(absl::StrCat(i));
    i == kHuge - 1 ? last_only.Bytes("last") : last_only.Null();
  }
  for (int64_t ttl : {0, 100}) {
    Bind(columns, ttl);
    ASSERT_TRUE(Insert(full).ok());
    EXPECT_EQ(Length(kA), absl::StrCat(kHuge));
    ExpectTtl(kA, ttl == 0 ? -1 : 100);
    ASSERT_TRUE(Insert(last_only).ok());
    EXPECT_EQ(Cli({"HVALS", kA}), "last");
    ASSERT_TRUE(Update(Identity(kA), full, {}).ok());
    EXPECT_EQ(Length(kA), absl::StrCat(kHuge));
    ASSERT_TRUE(Update(Identity(kA), last_only, {}).ok());
    EXPECT_EQ(Cli({"HVALS", kA}), "last");
  }
}

TEST_P(HashRowScriptTest, ReadingWithoutAnyOfTheFields) {
  redis().Command({"HSET", kA, "other", "x"});
  std::vector<ColumnDef> columns = {Column("key", ColumnType::kText),
                                    Column("a", ColumnType::kText)};
  Bind(columns);
  EXPECT_EQ(ScanAll(), (Lines{absl::StrCat("\"", kA, "\", NULL")}));
}

TEST_P(HashRowScriptTest, WhatIsThereStays) {
  ASSERT_TRUE(Insert(Row(kA, Cell::Bytes("1"), Cell::Bytes("2"))).ok());
  ASSERT_TRUE(Insert(Row(kA, Cell::Bytes("9"), Cell::Null()), ConflictPolicy::kIgnore).ok());
  EXPECT_FALSE(results_[0].applied);
  EXPECT_EQ(GetErrorKind(Insert(Row(kA, Cell::Bytes("9"), Cell::Null()), ConflictPolicy::kError)),
            ErrorKind::kUniqueViolation);
  EXPECT_EQ(Cli({"HMGET", kA, "a", "b"}), "1\n2");
}

TEST_P(HashRowScriptTest, ARowKeepsAField) {
  ASSERT_TRUE(Insert(Row(kA, Cell::Bytes("1"), Cell::Bytes("2"))).ok());
  absl::Status status =
      Update(Identity(kA), Row(kB, Cell::Null(), Cell::Null()), {true, true, true, true});
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kNullNotAllowed) << status;
  EXPECT_EQ(Cli({"HMGET", kA, "a", "b"}), "1\n2");
  EXPECT_EQ(Cli({"EXISTS", kB}), "0");
  // One of two.
  ASSERT_TRUE(
      Update(Identity(kA), Row(kA, Cell::Null(), Cell::Null()), {false, true, false, false}).ok());
  EXPECT_EQ(Cli({"HKEYS", kA}), "b");
  // A field that is not there is none that goes.
  ASSERT_TRUE(
      Update(Identity(kA), Row(kA, Cell::Null(), Cell::Null()), {false, true, false, false}).ok());
  EXPECT_EQ(Cli({"HKEYS", kA}), "b");
}

// --- Everything that is a row per key: moves, TTLs, other types ---------------------------------

class RowScriptTest : public KeyScriptTest {
 protected:
  // Row i, whose key is `key`.
  SampleRow Row(int i, const std::string& key) const {
    return sample().row(i).With(0, Cell::Bytes(key));
  }
  SampleRow WithTtl(const SampleRow& row, const Cell& ttl) {
    SampleRow with = row;
    return with.Append(ttl);
  }
  std::vector<bool> Changed(const std::vector<size_t>& columns) {
    std::vector<bool> changed(table().columns().size(), false);
    for (size_t column : columns) changed[column] = true;
    return changed;
  }
  std::vector<bool> ChangedTtl() { return Changed({table().columns().size() - 1}); }
  static SampleRow Identity(const std::string& key) { return SampleRow().Bytes(key); }
};

INSTANTIATE_TEST_SUITE_P(Types, RowScriptTest,
                         ::testing::Values("string_many", "hash_row", "list_row", "set_row",
                                           "zset_row"),
                         [](const auto& info) { return info.param; });

TEST_P(RowScriptTest, MovesKeepContentAndTtl) {
  Put({Row(1, kA)});
  redis().Command({"EXPIRE", kA, "100"});
  ASSERT_TRUE(Update(Identity(kA), Row(2, kB), Changed({0})).ok());
  EXPECT_TRUE(results_[0].applied);
  EXPECT_EQ(ScanAll(), LinesOf({Row(1, kB)}));
  EXPECT_EQ(Ttl(kA), -2);
  ExpectTtl(kB, 100);
  // With new content too.
  ASSERT_TRUE(Update(Identity(kB), Row(2, kA), {}).ok());
  EXPECT_EQ(ScanAll(), LinesOf({Row(2, kA)}));
  ExpectTtl(kA, 100);
}

TEST_P(RowScriptTest, MovesOntoAKeyAreRefused) {
  Put({Row(1, kA), Row(2, kB)});
  for (const std::vector<size_t>& columns : {std::vector<size_t>{0}, std::vector<size_t>{0, 1}}) {
    absl::Status status = Update(Identity(kA), Row(3, kB), Changed(columns));
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kUniqueViolation) << status;
    EXPECT_EQ(Sorted(ScanAll()), Sorted(LinesOf({Row(1, kA), Row(2, kB)})));
  }
  // Whatever it holds.
  redis().Command({"DEL", kB});
  redis().Command({"XADD", kB, "1-1", "f", "v"});
  EXPECT_EQ(GetErrorKind(Update(Identity(kA), Row(3, kB), {})), ErrorKind::kUniqueViolation);
  EXPECT_EQ(ScanAll(), LinesOf({Row(1, kA)}));
  EXPECT_EQ(Cli({"XLEN", kB}), "1");
}

TEST_P(RowScriptTest, WhatIsGoneOrOfAnotherTypeIsNotUpdated) {
  ASSERT_TRUE(Update(Identity(kA), Row(1, kB), {}).ok());
  EXPECT_FALSE(results_[0].applied);
  EXPECT_FALSE(AnyKey());
  redis().Command({"XADD", kA, "1-1", "f", "v"});
  ASSERT_TRUE(Update(Identity(kA), Row(1, kB), {}).ok());
  EXPECT_FALSE(results_[0].applied);
  EXPECT_EQ(Cli({"XLEN", kA}), "1");
  EXPECT_EQ(Cli({"EXISTS", kB}), "0");
}

TEST_P(RowScriptTest, UpdatesKeepTheTtl) {
  Put({Row(1, kA)});
  redis().Command({"EXPIRE", kA, "100"});
  ASSERT_TRUE(Update(Identity(kA), Row(2, kA), {}).ok());
  EXPECT_EQ(ScanAll(), LinesOf({Row(2, kA)}));
  ExpectTtl(kA, 100);
}

TEST_P(RowScriptTest, UpdatesSetTheTtl) {
  BindWithTtl();
  Put({Row(1, kA)});
  ASSERT_TRUE(Update(Identity(kA), WithTtl(Row(1, kA), Cell::Int64(50)), ChangedTtl()).ok());
  ExpectTtl(kA, 50);
  // The content and the TTL in one step; then a move that takes it along.
  ASSERT_TRUE(Update(Identity(kA), WithTtl(Row(2, kA), Cell::Int64(70)), {}).ok());
  ExpectTtl(kA, 70);
  ASSERT_TRUE(Update(Identity(kA), WithTtl(Row(2, kB), Cell::Int64(90)), {}).ok());
  ExpectTtl(kB, 90);
  EXPECT_EQ(Ttl(kA), -2);
  ASSERT_TRUE(Update(Identity(kB), WithTtl(Row(2, kB), Cell::Int64(-1)), ChangedTtl()).ok());
  EXPECT_EQ(Ttl(kB), -1);
  // NULL is the table's option; without one, none.
  redis().Command({"EXPIRE", kB, "100"});
  ASSERT_TRUE(Update(Identity(kB), WithTtl(Row(2, kB), Cell::Null()), ChangedTtl()).ok());
  EXPECT_EQ(Ttl(kB), -1);
  BindWithTtl(30);
  ASSERT_TRUE(Update(Identity(kB), WithTtl(Row(2, kB), Cell::Null()), ChangedTtl()).ok());
  ExpectTtl(kB, 30);
  EXPECT_EQ(ScanAll().size(), 1u);
}

TEST_P(RowScriptTest, InsertsSetTheTtl) {
  BindWithTtl(60);
  ASSERT_TRUE(Insert(WithTtl(Row(1, kA), Cell::Null())).ok());
  ExpectTtl(kA, 60);
  ASSERT_TRUE(Insert(WithTtl(Row(2, kA), Cell::Int64(90))).ok());
  ExpectTtl(kA, 90);
  ASSERT_TRUE(Insert(WithTtl(Row(3, kA), Cell::Int64(-1))).ok());
  EXPECT_EQ(Ttl(kA), -1);
  // What is there stays as it is.
  ASSERT_TRUE(Insert(WithTtl(Row(4, kA), Cell::Int64(40)), ConflictPolicy::kIgnore).ok());
  EXPECT_FALSE(results_[0].applied);
  EXPECT_EQ(Ttl(kA), -1);
  EXPECT_EQ(GetErrorKind(Insert(WithTtl(Row(4, kA), Cell::Int64(40)), ConflictPolicy::kError)),
            ErrorKind::kUniqueViolation);
  EXPECT_EQ(Ttl(kA), -1);
  ASSERT_TRUE(Insert(WithTtl(Row(4, kB), Cell::Int64(40)), ConflictPolicy::kError).ok());
  ExpectTtl(kB, 40);
  Lines lines = Sorted(ScanAll());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(absl::EndsWith(lines[0], ", -1")) << lines[0];
  EXPECT_TRUE(absl::EndsWith(lines[1], ", 40") || absl::EndsWith(lines[1], ", 39")) << lines[1];
}

TEST_P(RowScriptTest, InstantsOfExpiry) {
  std::vector<ColumnDef> columns = sample().columns;
  columns.push_back(Column("until", ColumnType::kTimestamp, "expires_at"));
  Bind(columns);
  constexpr int64_t kFarAway = 4102444800123;  // ms
  ASSERT_TRUE(Insert(WithTtl(Row(1, kA), Cell::Int64(kFarAway))).ok());
  EXPECT_EQ(Cli({"PEXPIRETIME", kA}), absl::StrCat(kFarAway));
  EXPECT_EQ(ScanAll(), LinesOf({WithTtl(Row(1, kA), Cell::Int64(kFarAway))}));
  ASSERT_TRUE(
      Update(Identity(kA), WithTtl(Row(1, kA), Cell::Int64(kFarAway + 1)), ChangedTtl()).ok());
  EXPECT_EQ(Cli({"PEXPIRETIME", kA}), absl::StrCat(kFarAway + 1));
  ASSERT_TRUE(Update(Identity(kA), WithTtl(Row(1, kA), Cell::Null()), ChangedTtl()).ok());
  EXPECT_EQ(ScanAll(), LinesOf({WithTtl(Row(1, kA), Cell::Null())}));
}

TEST_P(RowScriptTest, DeletesAreOfTheTypeOnly) {
  Put({Row(1, kA)});
  redis().Command({"XADD", kB, "1-1", "f", "v"});
  std::vector<WriteOp> ops(3);
  SampleRow a = Identity(kA);
  SampleRow b = Identity(kB);
  SampleRow none = Identity("key under test none");
  const SampleRow* identities[] = {&a, &b, &none};
  for (size_t i = 0; i < ops.size(); ++i) {
    ops[i].kind = WriteKind::kDelete;
    ops[i].old.cells = identities[i]->cells();
  }
  ASSERT_TRUE(Write(ops, true).ok());
  EXPECT_TRUE(results_[0].applied);
  EXPECT_FALSE(results_[1].applied);
  EXPECT_FALSE(results_[2].applied);
  EXPECT_EQ(Cli({"KEYS", "*"}), kB);
}

// --- Collections, a row each --------------------------------------------------------------------

class CollectionScriptTest : public KeyScriptTest {
 protected:
  SampleRow Row(const std::string& key, int elements, const std::string& prefix) {
    std::vector<std::string> texts;
    for (int i = 0; i < elements; ++i) texts.push_back(absl::StrCat(prefix, 100000 + i));
    std::vector<Cell> cells;
    std::vector<Cell> scores;
    for (const std::string& text : texts) {
      cells.push_back(Cell::Bytes(text));
      scores.push_back(Cell::Double(static_cast<double>(scores.size())));
    }
    SampleRow row = SampleRow().Bytes(key).List(cells);
    return sample().columns.size() == 3 ? row.List(scores) : row;
  }
};

INSTANTIATE_TEST_SUITE_P(Types, CollectionScriptTest,
                         ::testing::Values("list_row", "set_row", "zset_row"),
                         [](const auto& info) { return info.param; });

TEST_P(CollectionScriptTest, AnyNumberOfElements) {
  SampleRow huge = Row(kA, kHuge, "x");
  ASSERT_TRUE(Insert(huge).ok());
  EXPECT_EQ(ScanAll(), LinesOf({huge}));
  SampleRow larger = Row(kB, kHuge + 1, "y");
  ASSERT_TRUE(Update(SampleRow().Bytes(kA), larger, {}).ok());
  EXPECT_EQ(ScanAll(), LinesOf({larger}));
  // An insert replaces all.
  SampleRow small = Row(kB, 1, "z");
  ASSERT_TRUE(Insert(small).ok());
  EXPECT_EQ(ScanAll(), LinesOf({small}));
}

}  // namespace
}  // namespace redis_fdw::test
