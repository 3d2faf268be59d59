// Cursor scans of keys, and of the keyspace, that another client changes meanwhile.

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/conformance/conformance_fixture.h"

namespace redis_fdw::test {
namespace {

using ::testing::IsEmpty;

// One row in `stable_step` is there throughout; the others come and go between pages, so that the
// key's hash tables grow and shrink.
class ChangingTest : public ConformanceTest {
 protected:
  // A command that makes the key one of a type that is not the table's.
  Argv OfAnotherType(const std::string& key) const {
    if (sample().type == "stream") return {"SADD", key, "x"};
    return {"XADD", key, "1-1", "never", "shown"};
  }

  void CheckStableRowsOnce(int total, int stable_step, int64_t fetch_size) {
    redis().FlushAll();
    if (sample().many_keys && sample().row_is_key) total /= 4;  // a reply each, so that will do
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
      if (there) {
        Remove(volatile_rows);
      } else {
        Put(volatile_rows);
      }
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

INSTANTIATE_TEST_SUITE_P(AllLayouts, ChangingTest, ::testing::ValuesIn(LayoutNames()),
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

// Keys that expire, that turn into another type, and that come to be while the keyspace is scanned.
TEST_P(ChangingTest, KeysComeGoAndChange) {
  if (!sample().many_keys) return;
  options_.fetch_size = 20;
  batch_rows_ = 1;
  // A row for each key, so that replies are of many keys whatever a row is.
  std::vector<SampleRow> rows;
  for (int i = 0; i < 1000; ++i) {
    std::string key = absl::StrCat(kKeyPrefix, " stable ", i);
    rows.push_back(sample().row(0).With(0, Cell::Bytes(key)));
  }
  Put(rows);
  const std::string model(rows[0].cells()[0].bytes());
  std::set<std::string> stable;
  for (const std::string& line : LinesOf(rows)) stable.insert(line);
  int changes = 0;
  auto change = [&] {
    const int i = changes++;
    if (i > 200) return;
    // Other keys than those above; half of them turn into another type.
    std::string key = absl::StrCat(kKeyPrefix, "_", i);
    std::string before = absl::StrCat(kKeyPrefix, "_", i - 10);
    redis().Command({"COPY", model, key});
    redis().Command({"DEL", before});
    if (i % 2 == 0) redis().Command(OfAnotherType(before));
    if (i % 3 == 0) redis().Command({"PEXPIRE", key, "1"});
  };
  auto lines = Scan(PlanAll(), {{}}, change);
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_GT(changes, 20);
  std::set<std::string> all;
  for (const std::string& line : *lines) {
    EXPECT_TRUE(all.insert(line).second) << line << " came twice";
    stable.erase(line);
  }
  EXPECT_THAT(stable, IsEmpty());
}

// Nothing is read of keys that are gone before they are read, and no type but its own.
TEST_P(ChangingTest, OtherKeysAreNotShown) {
  if (!sample().many_keys) return;
  Put(Rows(20));
  for (int i = 0; i < 50; ++i) {
    redis().Command(OfAnotherType(absl::StrCat(kKeyPrefix, "_", i)));
    redis().Command({"COPY", FirstKey(), absl::StrCat("another ", i)});
  }
  EXPECT_EQ(Sorted(ScanAll()), Sorted(LinesOf(Rows(20))));
  // Nor where they are named.
  Predicate in;
  in.column = 0;
  in.op = CompareOp::kIn;
  std::string other = absl::StrCat(kKeyPrefix, "_1");
  std::string outside = "another 1";
  std::vector<Cell> keys = {Cell::Bytes(other), Cell::Bytes(outside)};
  auto lines = Scan(PlanAll({in}), {{Cell::List(keys)}});
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_THAT(*lines, IsEmpty());
}

}  // namespace
}  // namespace redis_fdw::test
