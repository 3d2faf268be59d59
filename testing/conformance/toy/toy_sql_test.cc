// The seventh table type through SQL: found in the registry of a redis_fdw.so that it was linked
// into.

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

using ToySqlTest = PgRedisTest;

TEST_F(ToySqlTest, WorksLikeTheOthers) {
  MustExec(
      "CREATE FOREIGN TABLE visits (n bigint) SERVER redis_server "
      "OPTIONS (table_type 'counter', table_key_prefix 'visits')");
  EXPECT_EQ(Query("SELECT * FROM visits"), "");
  MustExec("INSERT INTO visits VALUES (41)");
  EXPECT_EQ(redis().Cli({"GET", "visits"}), "41");
  EXPECT_EQ(Query("SELECT n + 1 FROM visits"), "42");
  MustExec("DELETE FROM visits");
  EXPECT_EQ(redis().Cli({"EXISTS", "visits"}), "0");
}

TEST_F(ToySqlTest, IsAmongTheAllowedTypes) {
  PgResult result = Exec(
      "CREATE FOREIGN TABLE t (n bigint) SERVER redis_server "
      "OPTIONS (table_type 'countre', table_key_prefix 'k')");
  EXPECT_TRUE(
      absl::StrContains(result.error.hint, "counter, hash, list, set, stream, string, zset"))
      << result.error.ToString();
}

}  // namespace
}  // namespace redis_fdw::test
