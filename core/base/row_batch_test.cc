#include "core/base/row_batch.h"

#include <string>

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

TEST(RowBatchTest, RowsAndTags) {
  RowBatch batch(2, 100, 1000);
  for (int i = 0; i < 10; ++i) {
    absl::Span<Cell> row = batch.AddRow(i % 3, 100 + i);
    EXPECT_TRUE(row[0].is_null());
    row[0] = Cell::Int64(i);
    row[1] = Cell::Bytes(batch.Store(std::to_string(i)));
  }
  ASSERT_EQ(batch.rows(), 10u);
  EXPECT_EQ(batch.row(7)[0].int64(), 7);
  EXPECT_EQ(batch.row(7)[1].bytes(), "7");
  EXPECT_EQ(batch.param_ordinal(7), 1);
  EXPECT_EQ(batch.row_number(7), 107);
}

TEST(RowBatchTest, FullByRowsOrBytes) {
  RowBatch by_rows(1, 2, 1000);
  by_rows.AddRow(0);
  EXPECT_FALSE(by_rows.Full());
  by_rows.AddRow(0);
  EXPECT_TRUE(by_rows.Full());
  by_rows.Clear();
  EXPECT_FALSE(by_rows.Full());
  EXPECT_EQ(by_rows.rows(), 0u);

  RowBatch by_bytes(1, 100, 10);
  by_bytes.AddRow(0)[0] = Cell::Bytes(by_bytes.Store("0123456789"));
  EXPECT_TRUE(by_bytes.Full());
}

TEST(RowBatchTest, NoColumns) {
  RowBatch batch(0, 10, 10);
  batch.AddRow(5);
  EXPECT_EQ(batch.rows(), 1u);
  EXPECT_TRUE(batch.row(0).empty());
  EXPECT_EQ(batch.param_ordinal(0), 5);
}

}  // namespace
}  // namespace redis_fdw
