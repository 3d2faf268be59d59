#include "tables/common/row_writer.h"

#include <cstdint>
#include <limits>
#include <vector>

#include "gtest/gtest.h"

namespace redis_fdw::test {
namespace {

// Rows of one text column.
class RowWriterTest : public ::testing::Test {
 protected:
  RowWriterTest() : batch_(1, 100, 1 << 20) { target_.SetBatch(&batch_); }
  static OutputShape OneColumn() {
    OutputShape output;
    output.columns = {0};
    return output;
  }
  static void Write(RowWriter* rows, int count) {
    const Cell cell = Cell::Bytes("x");
    for (int i = 0; i < count; ++i) rows->Write(absl::MakeConstSpan(&cell, 1));
  }

  const std::vector<int> part_of_ = {0};
  RowBatch batch_;
  RowTarget target_{OneColumn(), part_of_, 1};
};

TEST_F(RowWriterTest, LimitAndOffset) {
  RowWriter rows(&target_, 0, 3, 2);
  EXPECT_EQ(rows.needed(), 5);
  Write(&rows, 4);
  EXPECT_EQ(batch_.rows(), 2u);
  EXPECT_EQ(rows.left(), 1);
  EXPECT_EQ(rows.to_skip(), 0);
  Write(&rows, 4);
  EXPECT_EQ(batch_.rows(), 3u);
  EXPECT_TRUE(rows.limit_reached());
}

TEST_F(RowWriterTest, MoreThanAnyKeyHasIsNoLimit) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(RowWriter(&target_, 0, kMax, 1).needed(), -1);
  EXPECT_EQ(RowWriter(&target_, 0, kMax - 1, 1).needed(), kMax);
  EXPECT_EQ(RowWriter(&target_, 0, kMax, kMax).needed(), -1);
}

TEST_F(RowWriterTest, RedisMayPassOverRows) {
  RowWriter rows(&target_, 0, 3, 2);
  EXPECT_EQ(rows.TakeSkip(), 2);
  EXPECT_EQ(rows.TakeSkip(), 0);
  EXPECT_EQ(rows.needed(), 3);
  Write(&rows, 4);
  EXPECT_EQ(batch_.rows(), 3u);
}

// Any of several keys may have fewer rows than are to be passed over, so none can do it for all.
TEST_F(RowWriterTest, OfSeveralKeysNoneTakesTheSkip) {
  RowWriter rows(&target_, 0, 3, 2);
  RowWriter first = rows.ForKey();
  RowWriter second = rows.ForKey();
  EXPECT_EQ(first.TakeSkip(), 0);
  EXPECT_EQ(second.TakeSkip(), 0);
  EXPECT_EQ(first.needed(), 5);
  EXPECT_EQ(second.needed(), 5);
  Write(&first, 1);
  EXPECT_EQ(batch_.rows(), 0u);
  EXPECT_EQ(second.needed(), 4);
  Write(&second, 9);
  EXPECT_EQ(batch_.rows(), 3u);
  EXPECT_TRUE(first.limit_reached());
  EXPECT_EQ(first.written(), 0);
  EXPECT_EQ(second.written(), 3);
}

TEST_F(RowWriterTest, AKeyThatBeginsAgainGivesItsSkipBack) {
  RowWriter rows(&target_, 0, -1, 4);
  RowWriter first = rows.ForKey();
  RowWriter second = rows.ForKey();
  Write(&first, 1);
  Write(&second, 4);
  EXPECT_EQ(batch_.rows(), 1u);
  first.BeginAgain();
  first.BeginAgain();
  EXPECT_EQ(rows.to_skip(), 1);
  Write(&first, 2);
  EXPECT_EQ(batch_.rows(), 2u);
}

TEST_F(RowWriterTest, OneKeyAloneTakesTheSkip) {
  RowWriter rows(&target_, 0, 3, 2);
  RowWriter only = rows.ForKey(true);
  EXPECT_EQ(only.TakeSkip(), 2);
  EXPECT_EQ(rows.to_skip(), 0);
  EXPECT_EQ(only.needed(), 3);
  Write(&only, 9);
  EXPECT_EQ(batch_.rows(), 3u);
}

TEST_F(RowWriterTest, CountsOfKeysAddUp) {
  OutputShape output;
  output.kind = OutputKind::kCount;
  RowTarget counts(output, part_of_, 1);
  RowBatch batch(1, 100, 1 << 20);
  counts.SetBatch(&batch);
  RowWriter rows(&counts, 0, 100, 5);
  RowWriter first = rows.ForKey();
  RowWriter second = rows.ForKey();
  first.WriteMany(3);
  second.WriteMany(7);
  Write(&second, 2);
  EXPECT_EQ(rows.counted(), 7);
  EXPECT_EQ(rows.left(), 93);
  first.WriteMany(1000);
  EXPECT_EQ(rows.counted(), 100);
  EXPECT_TRUE(second.limit_reached());
  EXPECT_EQ(batch.rows(), 0u);
}

}  // namespace
}  // namespace redis_fdw::test
