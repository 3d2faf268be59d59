// A scan's rest is set aside when its connection is wanted for something else: whenever that
// happens, every row comes once, and whole.

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class SetAsideTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    MustExec("ALTER SERVER redis_server OPTIONS (ADD pool_max_size '1')");
    Table("h", "field text, value text", "h");
    MustExec("INSERT INTO h SELECT i, repeat('x', 100) || i FROM generate_series(1, 20000) i");
  }

  void Table(const std::string& name, const std::string& columns, const std::string& key,
             const std::string& options = "") {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE ", name, " (", columns,
                          ") SERVER redis_server OPTIONS (table_type 'hash', table_key_prefix '",
                          key, "'", options, ")"));
  }
};

// The writes are sent when the cursor reads on, and want its connection then.
TEST_F(SetAsideTest, ACursorGivesWayToWritesOfTheStatementThatReadsIt) {
  Table("copies", "field text, value text", "copies", ", batch_size '100000'");
  MustExec(
      "CREATE FUNCTION next() RETURNS text LANGUAGE plpgsql AS $$ "
      "DECLARE c refcursor := 'c'; r record; BEGIN FETCH c INTO r; RETURN r.field; END $$");
  MustExec("BEGIN; DECLARE c CURSOR FOR SELECT * FROM h");
  MustExec("INSERT INTO copies SELECT next(), i FROM generate_series(1, 20000) i");
  EXPECT_EQ(Query1("SELECT count(*) FROM copies"), "20000");
  EXPECT_EQ(Query1("SELECT next()"), "(null)");
  MustExec("COMMIT");
}

// What PostgreSQL calls to make a value may itself read from Redis.
TEST_F(SetAsideTest, ARowIsNotTornByWhatItsValuesCall) {
  MustExec(
      "CREATE FUNCTION reads() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN "
      "  IF nextval('calls') = 5 THEN PERFORM value FROM other WHERE field = 'a'; END IF;"
      "  RETURN true; END $$;"
      "CREATE SEQUENCE calls;"
      "CREATE DOMAIN checked AS text CHECK (reads())");
  Table("other", "field text, value text", "other");
  Table("torn", "field checked, value text", "h");
  const std::string torn =
      "SELECT count(*), count(*) FILTER (WHERE value = repeat('x', 100) || field) "
      "FROM (SELECT * FROM torn OFFSET 0) t";
  EXPECT_EQ(Exec(torn).error.sqlstate, "53300");
  MustExec("ALTER SERVER redis_server OPTIONS (SET pool_max_size '2')");
  MustExec("ALTER SEQUENCE calls RESTART");
  EXPECT_EQ(Query(torn), "20000|20000");
}

}  // namespace
}  // namespace redis_fdw::test
