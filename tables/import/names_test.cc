#include "tables/import/names.h"

#include <string>

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

TEST(NamesTest, SqlName) {
  EXPECT_EQ(SqlName("user", "x"), "user");
  EXPECT_EQ(SqlName("firstName", "x"), "firstname");
  EXPECT_EQ(SqlName("e-mail (home)", "x"), "e_mail_home_");
  EXPECT_EQ(SqlName("_id", "x"), "_id");
  EXPECT_EQ(SqlName("a__b", "x"), "a__b");
  EXPECT_EQ(SqlName("2fa", "x"), "_2fa");
  EXPECT_EQ(SqlName("größe", "x"), "gr_e");
  EXPECT_EQ(SqlName("\"; DROP TABLE t; --", "x"), "_drop_table_t_");
  EXPECT_EQ(SqlName(std::string("a\0b", 3), "x"), "a_b");
  for (const char* text : {"", "_", "日本", "--"}) EXPECT_EQ(SqlName(text, "x"), "x") << text;
  EXPECT_EQ(SqlName(std::string(100, 'a'), "x"), std::string(63, 'a'));
}

TEST(NamesTest, NamesDiffer) {
  NameSet names({"ctid"});
  EXPECT_EQ(names.Add("ctid"), "ctid_2");
  EXPECT_EQ(names.Add("user", "hash"), "user");
  EXPECT_EQ(names.Add("user", "set"), "user_set");
  EXPECT_EQ(names.Add("user", "set"), "user_set_2");
  EXPECT_EQ(names.Add("user"), "user_2");
  EXPECT_EQ(names.Add("user"), "user_3");
  const std::string longest(63, 'a');
  EXPECT_EQ(names.Add(longest), longest);
  EXPECT_EQ(names.Add(longest, "set"), std::string(59, 'a') + "_set");
  EXPECT_EQ(names.Add(longest, "set"), std::string(57, 'a') + "_set_2");
}

}  // namespace
}  // namespace redis_fdw
