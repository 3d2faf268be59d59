// A statement does not read what it writes itself, wherever in it the reading stands.

#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

using OwnWritesTest = PgRedisTest;

// A subquery that names rows by each row around it would find what the rows before have become.
TEST_F(OwnWritesTest, SubqueriesReadWhatWasThereBefore) {
  MustExec(
      "CREATE FOREIGN TABLE h (f int, v text) SERVER redis_server "
      "OPTIONS (table_type 'hash', table_key_prefix 'h', batch_size '2')");
  MustExec(
      "CREATE FOREIGN TABLE l (i int, e text) SERVER redis_server "
      "OPTIONS (table_type 'list', table_key_prefix 'l', batch_size '2')");
  MustExec("INSERT INTO h SELECT g, g FROM generate_series(1, 6) g");
  MustExec("INSERT INTO l (e) SELECT g FROM generate_series(1, 6) g");
  MustExec("UPDATE h SET v = (SELECT a.v FROM h a WHERE a.f = h.f % 6 + 1)");
  EXPECT_EQ(Query("SELECT string_agg(v, '' ORDER BY f) FROM h"), "234561");
  EXPECT_EQ(MustExec("UPDATE h SET v = (SELECT a.v FROM h a WHERE a.f IN (h.f % 6 + 1, 0)) "
                     "WHERE f < (SELECT 9) RETURNING f")
                .tag,
            "UPDATE 6");
  EXPECT_EQ(Query("SELECT string_agg(v, '' ORDER BY f) FROM h"), "345612");
  MustExec("UPDATE l SET e = (SELECT a.e FROM l a ORDER BY a.i OFFSET (l.i + 5) % 6 LIMIT 1)");
  EXPECT_EQ(Query("SELECT string_agg(e, '' ORDER BY i) FROM l"), "612345");
  EXPECT_EQ(
      MustExec("DELETE FROM h WHERE 1 = (SELECT count(*) FROM h a WHERE a.f = h.f % 6 + 1)").tag,
      "DELETE 6");
  // What is the same for all rows is still looked up.
  EXPECT_TRUE(absl::StrContains(
      Query("EXPLAIN (COSTS OFF) WITH d AS (DELETE FROM h WHERE f = (SELECT 1)) SELECT 1"),
      "Redis Direct Delete"));
}

// Parts of a plan that run late read what was there before the first write too.
TEST_F(OwnWritesTest, LateScansReadWhatWasThereBefore) {
  MustExec(
      "CREATE FOREIGN TABLE h (f text, v text) SERVER redis_server "
      "OPTIONS (table_type 'hash', table_key_prefix 'h', batch_size '1')");
  const std::string rows = "SELECT string_agg(f || v, ' ' ORDER BY f) FROM h";
  MustExec("INSERT INTO h VALUES ('a', '1'), ('b', '2')");
  MustExec("INSERT INTO h SELECT f || 'x', v FROM h UNION ALL SELECT f || 'y', v FROM h");
  EXPECT_EQ(Query(rows), "a1 ax1 ay1 b2 bx2 by2");
  EXPECT_EQ(Query("WITH d AS (DELETE FROM h WHERE f LIKE '_y' RETURNING f) "
                  "SELECT count(*), (SELECT count(*) FROM h) FROM d"),
            "2|6");
  EXPECT_EQ(Query("WITH d AS (DELETE FROM h WHERE f = 'ax') SELECT string_agg(f, ' ' ORDER BY f) "
                  "FROM h"),
            "a ax b bx");
  EXPECT_EQ(Query("UPDATE h SET v = v || '!' RETURNING (" + rows + ")"),
            "a1 b2 bx2\na1 b2 bx2\na1 b2 bx2");
  MustExec("UPDATE h SET v = CASE WHEN f = 'bx' THEN (" + rows + ") ELSE '' END");
  EXPECT_EQ(Query(rows), "a b bxa1! b2! bx2!");
}

// Looking up row by row stays where the statement writes other things, partitions among them.
TEST_F(OwnWritesTest, SubqueriesLookUpWhatIsNotWritten) {
  MustExec(
      "CREATE FOREIGN TABLE h (f text, v text) SERVER redis_server "
      "OPTIONS (table_type 'hash', table_key_prefix 'h')");
  MustExec("CREATE TABLE p (f text, v text) PARTITION BY LIST (f)");
  MustExec("CREATE TABLE p_local PARTITION OF p FOR VALUES IN ('a')");
  const std::string update =
      "EXPLAIN (COSTS OFF) UPDATE p SET v = (SELECT h.v FROM h WHERE h.f = p.f)";
  EXPECT_TRUE(absl::StrContains(Query(update), "Redis Operation: Lookup")) << Query(update);
  MustExec(
      "CREATE FOREIGN TABLE p_h PARTITION OF p FOR VALUES IN ('b') SERVER redis_server "
      "OPTIONS (table_type 'hash', table_key_prefix 'h')");
  EXPECT_FALSE(absl::StrContains(Query(update), "Redis Operation: Lookup")) << Query(update);
}

}  // namespace
}  // namespace redis_fdw::test
