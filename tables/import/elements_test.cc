#include "tables/import/elements.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

using Lines = std::vector<std::string>;

Lines Names(const std::vector<ImportColumn>& columns) {
  Lines names;
  for (const ImportColumn& column : columns) {
    names.push_back(column.name + (column.field.empty() ? "" : " field " + column.field));
  }
  return names;
}

KeySample Sized(int64_t count, int64_t bytes) {
  KeySample sample;
  sample.key = "k";
  sample.replies.resize(2);
  sample.replies[0].integer = count;
  sample.replies[1].integer = bytes;
  return sample;
}

TEST(ElementsTest, LargeElementsAreNotFetched) {
  EXPECT_EQ(ElementsToFetch(Sized(10, 1000)), 50);
  EXPECT_EQ(ElementsToFetch(Sized(1000000, 64000000)), 50);
  EXPECT_EQ(ElementsToFetch(Sized(10, 100 * 1024)), 10);
  EXPECT_EQ(ElementsToFetch(Sized(3, 3 << 20)), 0);
  EXPECT_EQ(ElementsToFetch(Sized(0, 100)), 0);
  EXPECT_EQ(ElementsToFetch(Sized(10, -1)), 0);  // MEMORY may be forbidden
  EXPECT_EQ(ElementsToFetch(KeySample{}), 0);
}

TEST(ElementsTest, LikeFieldsBecomeColumns) {
  const std::vector<Record> records = {{{"name", "a"}, {"Age", "1"}},
                                       {{"name", "b"}, {"Age", "2"}, {"nick", "x"}},
                                       {{"name", "c"}, {"city", "y"}, {"nick", "z"}}};
  const FieldColumns fields = ColumnsOfFields(records, {});
  EXPECT_TRUE(fields.alike);
  EXPECT_TRUE(fields.others);  // city is in one of three
  EXPECT_EQ(Names(fields.columns), (Lines{"name", "age field Age", "nick"}));
  EXPECT_EQ(fields.columns[0].type, ValueType::kText);
  EXPECT_EQ(fields.columns[1].type, ValueType::kBigint);
}

TEST(ElementsTest, UnlikeFields) {
  std::vector<Record> records = {{{"a", "1"}}, {{"b", "1"}}, {{"c", "1"}}};
  EXPECT_FALSE(ColumnsOfFields(records, {}).alike);
  EXPECT_FALSE(ColumnsOfFields({}, {}).alike);
  // Names that are no text cannot be columns.
  records = {{{"a", "1"}, {"\xff", "2"}}, {{"a", "1"}}};
  EXPECT_FALSE(ColumnsOfFields(records, {}).alike);
}

TEST(ElementsTest, ColumnNamesDiffer) {
  const std::vector<Record> records = {
      {{"key", "1"}, {"ttl", "2"}, {"ctid", "3"}, {"a-b", "4"}, {"a_b", "5"}, {"日本", "6"}}};
  const std::vector<ImportColumn> key = {{"key", ValueType::kText, "", ""}};
  EXPECT_EQ(Names(ColumnsOfFields(records, key).columns),
            (Lines{"key_2 field key", "ttl field ttl", "ctid_2 field ctid", "a_b field a-b",
                   "a_b_2 field a_b", "field field 日本"}));
}

TEST(ElementsTest, OthersAndTtlAvoidFields) {
  std::vector<ImportColumn> columns = {{"others", ValueType::kText, "", ""},
                                       {"ttl", ValueType::kText, "", "ttl"}};
  EXPECT_EQ(OtherFieldsColumn(columns).name, "others_2");
  EXPECT_EQ(OtherFieldsColumn(columns).role, "*");
  AppendTtlColumn({Sized(-1, 0), Sized(-2, 0)}, 0, &columns);
  EXPECT_EQ(columns.size(), 2u);
  AppendTtlColumn({Sized(-1, 0), Sized(60, 0)}, 0, &columns);
  ASSERT_EQ(columns.size(), 3u);
  EXPECT_EQ(columns[2].name, "ttl_2");
  EXPECT_EQ(columns[2].role, "ttl");
}

TEST(ElementsTest, BinaryKeys) {
  KeyGroup group;
  group.parts = {"s:", ""};
  group.keys = {"s:a"};
  EXPECT_EQ(KeyColumns(group).at(0).type, ValueType::kText);
  group.keys.push_back("s:\xff");
  EXPECT_EQ(KeyColumns(group).at(0).type, ValueType::kBytea);
  group.parts = {"s"};
  EXPECT_TRUE(KeyColumns(group).empty());
}

}  // namespace
}  // namespace redis_fdw
