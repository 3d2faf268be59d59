#include "core/base/arena.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

TEST(ArenaTest, StoredBytesStayWhereTheyAre) {
  Arena arena;
  std::vector<absl::string_view> views;
  std::vector<std::string> expected;
  for (int i = 0; i < 5000; ++i) {
    expected.push_back(std::string(i % 97, static_cast<char>('a' + i % 26)));
    views.push_back(arena.Store(expected.back()));
    if (i % 500 == 0) {  // larger than a block
      expected.push_back(std::string(100000, 'L'));
      views.push_back(arena.Store(expected.back()));
    }
  }
  size_t total = 0;
  for (size_t i = 0; i < views.size(); ++i) {
    EXPECT_EQ(views[i], expected[i]);
    total += expected[i].size();
  }
  EXPECT_EQ(arena.used(), total);
}

TEST(ArenaTest, EmptyIsNotNull) {
  Arena arena;
  EXPECT_NE(arena.Store("").data(), nullptr);
}

TEST(ArenaTest, CellsAreAlignedAndNull) {
  Arena arena;
  for (int i = 1; i < 50; ++i) {
    arena.Store("x");
    absl::Span<Cell> cells = arena.AllocateCells(i);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(cells.data()) % alignof(Cell), 0u);
    for (const Cell& cell : cells) EXPECT_TRUE(cell.is_null());
  }
  EXPECT_TRUE(arena.AllocateCells(0).empty());
}

TEST(ArenaTest, StoresListsDeeply) {
  Arena arena;
  Cell stored;
  {
    std::string text = "some bytes";
    const Cell inner[] = {Cell::Bytes(text)};
    const Cell outer[] = {Cell::List(inner), Cell::Int64(3)};
    stored = arena.StoreCell(Cell::List(outer));
    text.assign(text.size(), '!');
  }
  EXPECT_EQ(DebugString(stored), "[[\"some bytes\"], 3]");
}

TEST(ArenaTest, ResetForgets) {
  Arena arena;
  arena.Store(std::string(1000000, 'x'));
  arena.Store("y");
  arena.Reset();
  EXPECT_EQ(arena.used(), 0u);
  EXPECT_EQ(arena.Store("z"), "z");
  EXPECT_EQ(arena.used(), 1u);
}

}  // namespace
}  // namespace redis_fdw
