#include "tables/list/list_positions.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

TEST(ListPositionsTest, NothingDeleted) {
  ListPositions positions;
  EXPECT_FALSE(positions.Deleted(0));
  EXPECT_EQ(positions.Current(0), 0);
  EXPECT_EQ(positions.Current(7), 7);
}

TEST(ListPositionsTest, WhatIsBehindMovesForward) {
  ListPositions positions;
  positions.Delete({3, 1});
  EXPECT_TRUE(positions.Deleted(1));
  EXPECT_TRUE(positions.Deleted(3));
  EXPECT_EQ(positions.Current(0), 0);
  EXPECT_EQ(positions.Current(2), 1);
  EXPECT_EQ(positions.Current(4), 2);
  positions.Delete({0, 4});
  EXPECT_EQ(positions.Current(2), 0);
  EXPECT_EQ(positions.Current(5), 1);
}

// Against a list that is really edited.
TEST(ListPositionsTest, FollowsAList) {
  constexpr int64_t kSize = 300;
  std::vector<int64_t> list;
  for (int64_t i = 0; i < kSize; ++i) list.push_back(i);
  ListPositions positions;
  int64_t next = 17;
  for (int round = 0; round < 40; ++round) {
    std::vector<int64_t> batch;
    for (int i = 0; i < 5; ++i) {
      next = (next * 73 + 11) % kSize;
      bool twice = std::find(batch.begin(), batch.end(), next) != batch.end();
      if (!positions.Deleted(next) && !twice) batch.push_back(next);
    }
    for (int64_t original : batch) {
      ASSERT_EQ(list[static_cast<size_t>(positions.Current(original))], original);
    }
    for (int64_t original : batch) list.erase(std::find(list.begin(), list.end(), original));
    positions.Delete(batch);
    for (size_t i = 0; i < list.size(); ++i) {
      ASSERT_EQ(positions.Current(list[i]), static_cast<int64_t>(i));
    }
  }
}

}  // namespace
}  // namespace redis_fdw
