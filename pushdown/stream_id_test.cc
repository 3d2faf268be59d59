#include "pushdown/stream_id.h"

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

TEST(StreamIdTest, ParsesWhatRedisWrites) {
  StreamId id;
  ASSERT_TRUE(ParseStreamId("1640995200000-7", &id));
  EXPECT_EQ(id.ms, 1640995200000u);
  EXPECT_EQ(id.seq, 7u);
  EXPECT_EQ(id.ToString(), "1640995200000-7");
  ASSERT_TRUE(ParseStreamId("18446744073709551615-18446744073709551615", &id));
  EXPECT_EQ(id.ToString(), "18446744073709551615-18446744073709551615");
  EXPECT_TRUE(ParseStreamId("0-0", &id));
}

TEST(StreamIdTest, RefusesWhatNoEntryIsCalled) {
  StreamId id;
  for (const char* text : {"",
                           "-",
                           "+",
                           "*",
                           "$",
                           "5",
                           "5-",
                           "-5",
                           "05-1",
                           "5-01",
                           "00-1",
                           "5-1-1",
                           " 5-1",
                           "5-1 ",
                           "+5-1",
                           "5-+1",
                           "5-*",
                           "(5-1",
                           "18446744073709551616-0",
                           "0-18446744073709551616",
                           "a-b"}) {
    EXPECT_FALSE(ParseStreamId(text, &id)) << text;
  }
  EXPECT_FALSE(ParseStreamId(absl::string_view("5-1\0", 4), &id));
}

TEST(StreamIdTest, IncrementsWithCarry) {
  StreamId id{5, 1};
  ASSERT_TRUE(id.Increment());
  EXPECT_EQ(id, (StreamId{5, 2}));
  id = StreamId{5, 18446744073709551615u};
  ASSERT_TRUE(id.Increment());
  EXPECT_EQ(id, (StreamId{6, 0}));
  id = StreamId{18446744073709551615u, 18446744073709551615u};
  EXPECT_FALSE(id.Increment());
}

TEST(StreamIdTest, DecrementsWithBorrow) {
  StreamId id{5, 1};
  ASSERT_TRUE(id.Decrement());
  EXPECT_EQ(id, (StreamId{5, 0}));
  ASSERT_TRUE(id.Decrement());
  EXPECT_EQ(id, (StreamId{4, 18446744073709551615u}));
  id = StreamId::Least();
  EXPECT_FALSE(id.Decrement());
  EXPECT_EQ(id, StreamId::Least());
}

TEST(StreamIdTest, ReadsWhatRedisAccepts) {
  StreamId id;
  ASSERT_TRUE(ReadStreamId("05-010", &id));
  EXPECT_EQ(id, (StreamId{5, 10}));
  ASSERT_TRUE(ReadStreamId("7", &id));
  EXPECT_EQ(id, (StreamId{7, 0}));
  ASSERT_TRUE(ReadStreamId("18446744073709551615-18446744073709551615", &id));
  EXPECT_EQ(id, StreamId::Greatest());
  for (const char* text : {"", "-", "+", "*", "$", "5-", "-5", "5-*", "5-1-1", " 5", "5 ", "+5",
                           "(5-1", "18446744073709551616", "5-18446744073709551616", "0x5"}) {
    EXPECT_FALSE(ReadStreamId(text, &id)) << text;
  }
}

TEST(StreamIdTest, TheLongestFits) {
  EXPECT_EQ(StreamId::Greatest().ToString().size(), StreamId::kMaxLength);
}

TEST(StreamIdTest, InsertableIds) {
  for (const char* text : {"*", "5", "5-1", "5-*", "0005"})
    EXPECT_TRUE(IsInsertableId(text)) << text;
  for (const char* text : {"", "MAXLEN", "NOMKSTREAM", "-", "5-", "-1", "*-1", "5-x", "5 1"}) {
    EXPECT_FALSE(IsInsertableId(text)) << text;
  }
}

}  // namespace
}  // namespace redis_fdw
