#include "testing/differential/maker.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/differential/world.h"

namespace redis_fdw::test {
namespace {

TEST(MakerTest, TheSameSeedMakesTheSame) {
  std::string texts[2];
  for (std::string& text : texts) {
    Random random(7);
    const World world = MakeWorld(&random);
    text = world.ToString();
    Maker maker(world, &random);
    for (int i = 0; i < 50; ++i) absl::StrAppend(&text, maker.Next().Sql(), "\n");
  }
  EXPECT_EQ(texts[0], texts[1]);
}

TEST(MakerTest, MakesAllTableTypes) {
  std::string options;
  Random random(1);
  for (int i = 0; i < 200; ++i)
    absl::StrAppend(&options, MakeTable("t", false, &random).options, "\n");
  for (const char* wanted :
       {"'string'", "'hash'", "'list'", "'set'", "'zset'", "'stream'", "row_per 'key'",
        "key_template", "fetch_size '1'", "scan_mode 'cursor'", "database '1'"}) {
    EXPECT_TRUE(absl::StrContains(options, wanted)) << wanted;
  }
}

TEST(MakerTest, RowsHaveAllColumns) {
  Random random(2);
  for (int i = 0; i < 200; ++i) {
    const Table table = MakeTable("t", i % 2 == 0, &random);
    for (const Cells& row : table.rows) ASSERT_EQ(row.size(), table.columns.size());
  }
}

TEST(MakerTest, MakesAllKindsOfQueries) {
  Random random(3);
  const World world = MakeWorld(&random);
  Maker maker(world, &random);
  std::string all;
  for (int i = 0; i < 3000; ++i) absl::StrAppend(&all, maker.Next().Sql(), "\n");
  for (const char* wanted :
       {" LIMIT ",    " OFFSET ",  "WITH TIES",  " LIKE ",    " IN (",        " = ANY (",
        " <> ALL (",  "EXISTS (",  "NOT EXISTS", "LATERAL",   "FULL JOIN",    "LEFT JOIN",
        "RIGHT JOIN", "UNION ALL", "EXCEPT",     "INTERSECT", "MATERIALIZED", "DISTINCT ON",
        "OVER (",     "GROUP BY",  "HAVING",     "count(*)",  "max(",         "BETWEEN",
        "IS NULL",    "$1",        "NULLS LAST", "COLLATE",   "starts_with",  "VALUES"}) {
    EXPECT_TRUE(absl::StrContains(all, wanted)) << wanted;
  }
}

}  // namespace
}  // namespace redis_fdw::test
