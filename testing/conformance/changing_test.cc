// Cursor scans of keys that another client changes meanwhile.

#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/registry.h"
#include "testing/conformance/conformance_fixture.h"

namespace redis_fdw::test {
namespace {

using ::testing::IsEmpty;

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

}  // namespace
}  // namespace redis_fdw::test
