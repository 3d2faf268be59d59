// What is left of a query that failed, where its memory outlives its savepoint: cursors, and SQL
// functions that PL/pgSQL calls in expressions.

#include <string>

#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class FailedQueriesTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    MustExec(
        "CREATE FOREIGN TABLE h (field text, value text) SERVER redis_server "
        "OPTIONS (table_type 'hash', table_key_prefix 'h');"
        "CREATE FOREIGN TABLE other (member text) SERVER redis_server "
        "OPTIONS (table_type 'set', table_key_prefix 'other');"
        "INSERT INTO other VALUES ('a'), ('b');"
        "CREATE FUNCTION upto(i bigint, most bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN "
        "  IF i > most THEN RAISE 'too many'; END IF; RETURN i; END $$;"
        "CREATE SEQUENCE calls;"
        // Writes rows, of which the third fails.
        "CREATE FUNCTION write() RETURNS bigint LANGUAGE sql AS $$ "
        "  INSERT INTO h SELECT 'new' || i, upto(i, 2) FROM generate_series(1, 5) i; "
        "  SELECT 1::bigint $$;");
  }

  // More than a batch, and than work_mem.
  void Fill() {
    MustExec("SET work_mem = '64kB'");
    MustExec("INSERT INTO h SELECT i, repeat('x', 100) FROM generate_series(1, 50000) i");
  }

  std::string Connections() { return Query1("SELECT count(*) FROM redis_fdw_connections()"); }
};

TEST_F(FailedQueriesTest, ACursorThatFailedLetsGoOfItsConnection) {
  Fill();
  MustExec("ALTER SERVER redis_server OPTIONS (ADD pool_max_size '1')");
  MustExec("BEGIN; DECLARE c CURSOR FOR SELECT upto(nextval('calls'), 10) FROM h");
  MustExec("FETCH 5 FROM c; SAVEPOINT a");
  EXPECT_EQ(Exec("FETCH 10 FROM c").error.message, "too many");
  MustExec("ROLLBACK TO a");
  EXPECT_EQ(Connections(), "0");
  // What the cursor has not read must not be set aside: its resource owner is gone.
  EXPECT_EQ(Query1("SELECT count(*) FROM (SELECT * FROM other OFFSET 0) o"), "2");
  EXPECT_EQ(Exec("FETCH 1 FROM c").error.sqlstate, "55000");
  MustExec("ROLLBACK");
  EXPECT_EQ(Query1("SELECT count(*) FROM h"), "50000");
}

TEST_F(FailedQueriesTest, AFunctionThatFailedLetsGoOfItsConnection) {
  Fill();
  MustExec("ALTER SERVER redis_server OPTIONS (ADD pool_max_size '1')");
  MustExec(
      "CREATE FUNCTION scan() RETURNS bigint LANGUAGE sql AS $$ "
      "  SELECT count(*) FROM h WHERE upto(nextval('calls'), 5) IS NOT NULL $$");
  MustExec(
      "DO $$ DECLARE n bigint; BEGIN"
      "  FOR i IN 1..3 LOOP"
      "    BEGIN n := scan(); EXCEPTION WHEN raise_exception THEN NULL; END;"
      "    ASSERT (SELECT count(*) = 0 FROM redis_fdw_connections());"
      "  END LOOP;"
      "  ASSERT (SELECT count(*) = 2 FROM (SELECT * FROM other OFFSET 0) o);"
      "END $$");
  EXPECT_EQ(Query1("SELECT count(*) FROM h"), "50000");
}

TEST_F(FailedQueriesTest, ACursorThatFailedWritesNothingAfterwards) {
  MustExec("BEGIN; DECLARE c CURSOR FOR SELECT write(); SAVEPOINT a");
  EXPECT_EQ(Exec("FETCH 1 FROM c").error.message, "too many");
  MustExec("ROLLBACK TO a");
  // Reading sends what is in batches.
  EXPECT_EQ(Query1("SELECT count(*) FROM h"), "0");
  MustExec("INSERT INTO h VALUES ('one', '1')");
  MustExec("COMMIT");
  EXPECT_EQ(redis().Cli({"HKEYS", "h"}), "one");
}

TEST_F(FailedQueriesTest, AFunctionThatFailedWritesNothingAfterwards) {
  MustExec(
      "DO $$ DECLARE n bigint; BEGIN"
      "  BEGIN n := write(); EXCEPTION WHEN raise_exception THEN NULL; END;"
      "  ASSERT (SELECT count(*) = 0 FROM h);"
      "  INSERT INTO h VALUES ('one', '1');"
      "END $$");
  EXPECT_EQ(redis().Cli({"HKEYS", "h"}), "one");
}

}  // namespace
}  // namespace redis_fdw::test
