#include "core/exec/slot.h"

#include "absl/strings/string_view.h"
#include "core/exec/keyspace.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

TEST(SlotTest, KnownValues) {
  EXPECT_EQ(KeySlot("123456789"), 0x31C3);  // the specification's own check value
  EXPECT_EQ(KeySlot(""), 0);
  EXPECT_EQ(KeySlot("foo"), 12182);  // as CLUSTER KEYSLOT answers
  EXPECT_EQ(KeySlot("bar"), 5061);
  EXPECT_EQ(KeySlot("hello"), 866);
  EXPECT_EQ(KeySlot("somekey"), 11058);
}

TEST(SlotTest, HashTags) {
  EXPECT_EQ(KeySlot("{foo}bar"), KeySlot("foo"));
  EXPECT_EQ(KeySlot("a{foo}"), KeySlot("foo"));
  EXPECT_EQ(KeySlot("foo{hash_tag}"), 2515);
  EXPECT_EQ(KeySlot("foo{bar}{zap}"), KeySlot("bar"));  // the first pair counts
  EXPECT_EQ(KeySlot("foo{{bar}}zap"), KeySlot("{bar"));
  EXPECT_EQ(KeySlot("}{foo}"), KeySlot("foo"));
}

// Where there is no tag, the whole key counts.
TEST(SlotTest, NoHashTag) {
  EXPECT_EQ(KeySlot("foo{}{bar}"), 8363);
  EXPECT_NE(KeySlot("foo{}{bar}"), KeySlot("bar"));
  EXPECT_NE(KeySlot("{foo"), KeySlot("foo"));
  EXPECT_NE(KeySlot("foo}"), KeySlot("foo"));
  EXPECT_NE(KeySlot("}foo{"), KeySlot("foo"));
}

TEST(SlotTest, BytesNotText) {
  const absl::string_view key("\0\xff\x80{\0}", 6);
  EXPECT_EQ(KeySlot(key), KeySlot(absl::string_view("\0", 1)));
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    const int slot = KeySlot(absl::string_view(&byte, 1));
    EXPECT_GE(slot, 0);
    EXPECT_LT(slot, kSlots);
  }
}

}  // namespace
}  // namespace redis_fdw
