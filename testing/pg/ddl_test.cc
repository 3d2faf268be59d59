// When it is found that the columns and options of a table do not fit together: at the end of the
// statement that made them so, where PostgreSQL lets the library know.

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"
#include "testing/process.h"

namespace redis_fdw::test {
namespace {

constexpr char kSet[] = "table_type 'set', table_key_prefix 'k'";

class DdlTest : public PgRedisTest {
 protected:
  static std::string Table(const std::string& name, const std::string& columns,
                           const std::string& options = kSet,
                           const std::string& server = "redis_server") {
    return absl::StrCat("CREATE FOREIGN TABLE ", name, " (", columns, ") SERVER ", server,
                        " OPTIONS (", options, ")");
  }

  static void Refused(PgConnection& pg, const std::string& sql, const std::string& sqlstate,
                      std::initializer_list<const char*> words) {
    PgResult result = pg.Exec(sql);
    EXPECT_EQ(result.error.sqlstate, sqlstate) << sql << "\n" << result.error.ToString();
    for (const char* word : words) {
      EXPECT_TRUE(absl::StrContains(result.error.ToString(), word))
          << sql << "\nlacks " << word << "\n"
          << result.error.ToString();
    }
  }
  void Refused(const std::string& sql, const std::string& sqlstate,
               std::initializer_list<const char*> words) {
    Refused(pg(), sql, sqlstate, words);
  }

  std::string Tables() {
    return Query("SELECT ftrelid::regclass FROM pg_foreign_table ORDER BY ftrelid");
  }
  std::string ColumnsOf(const std::string& table) {
    return Query1(absl::StrCat(
        "SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '",
        table, "'::regclass AND attnum > 0 AND NOT attisdropped"));
  }
  // Makes this session load the library, as its first statement about Redis would.
  void LoadLibrary() { MustExec("SELECT redis_fdw_version()"); }

  // A wrapper made from the handler alone, with the server `b`.
  void MakeBareWrapper() {
    MustExec("CREATE FOREIGN DATA WRAPPER bare HANDLER redis_fdw_handler");
    MustExec(absl::StrCat("CREATE SERVER b FOREIGN DATA WRAPPER bare OPTIONS (host_port '",
                          redis().host_port(), "')"));
  }
};

TEST_F(DdlTest, CreateIsCheckedInAFreshSession) {
  // Each of these is the first statement that its session runs.
  struct Case {
    const char* columns;
    const char* options;
    const char* word;
  };
  for (const Case& c :
       {Case{"a text", "table_type 'hash', table_key_prefix 'k'", "(field, value)"},
        Case{"a text, b text, c text", "table_type 'zset', table_key_prefix 'k'",
             "(member, score)"},
        Case{"", kSet, "(member)"}, Case{"a text OPTIONS (redis 'score')", kSet, "score"},
        Case{"a text, b date", "table_type 'zset', table_key_prefix 'k'", "score"}}) {
    PgConnection fresh = Connect();
    Refused(fresh, Table("t", c.columns, c.options), "HV005", {c.word, "\"t\""});
  }
  EXPECT_EQ(Tables(), "");
}

TEST_F(DdlTest, CreateIsCheckedWhenTheLibraryIsThere) {
  LoadLibrary();
  Refused(Table("t", "a text", "table_type 'hash', table_key_prefix 'k'"), "HV005",
          {"(field, value)"});
  Refused(Table("t", "a text, b text", "table_type 'string', table_key_prefix 'k'"), "HV005",
          {"(value)"});
  Refused(Table("t", "a text, b text", "table_type 'list', table_key_prefix 'k'"), "HV005",
          {"index"});
  EXPECT_EQ(Tables(), "");
  // Columns' options are set after the rest: a table is judged with them.
  MustExec(Table("t", "a text OPTIONS (redis 'member')"));
  EXPECT_EQ(Tables(), "t");
}

TEST_F(DdlTest, FirstStatementOfASessionInATransactionBlock) {
  // The statement began before the library was there: it is judged when the next one ends ...
  MustExec("BEGIN");
  MustExec(Table("t1", "a text, b text"));
  Refused("CREATE TABLE other (a int)", "HV005", {"\"t1\""});
  MustExec("ROLLBACK");
  EXPECT_EQ(Tables(), "");
  // ... or the transaction.
  PgConnection fresh = Connect();
  fresh.MustExec("BEGIN");
  fresh.MustExec(Table("t2", "a text, b text"));
  Refused(fresh, "COMMIT", "HV005", {"\"t2\""});
  EXPECT_EQ(Tables(), "");
  // What was dropped or undone meanwhile is nobody's concern.
  PgConnection another = Connect();
  another.MustExec("BEGIN");
  another.MustExec("SAVEPOINT s");
  another.MustExec(Table("t3", "a text, b text"));
  another.MustExec("ROLLBACK TO s");
  another.MustExec("COMMIT");
  PgConnection third = Connect();
  third.MustExec("BEGIN");
  third.MustExec(Table("t4", "a text, b text"));
  third.MustExec("DROP FOREIGN TABLE t4");
  third.MustExec("COMMIT");
  PgConnection fourth = Connect();
  fourth.MustExec("BEGIN");
  fourth.MustExec(Table("t5", "a text, b text"));
  fourth.MustExec("ROLLBACK");
  EXPECT_EQ(Tables(), "");
}

TEST_F(DdlTest, EachStatementOfATransactionIsChecked) {
  LoadLibrary();
  MustExec("BEGIN");
  MustExec(Table("t", "a text"));
  MustExec("SAVEPOINT s");
  Refused("ALTER FOREIGN TABLE t ADD COLUMN b text", "HV005", {"(member)"});
  MustExec("ROLLBACK TO s");
  MustExec("COMMIT");
  EXPECT_EQ(ColumnsOf("t"), "a");
}

TEST_F(DdlTest, AlterIsChecked) {
  MustExec(Table("t", "a text"));
  Refused("ALTER FOREIGN TABLE t ADD COLUMN b text", "HV005", {"(member)"});
  Refused("ALTER TABLE t ADD COLUMN b text", "HV005", {"(member)"});
  Refused("ALTER FOREIGN TABLE t DROP COLUMN a", "HV005", {"(member)"});
  Refused("ALTER FOREIGN TABLE t ALTER COLUMN a OPTIONS (ADD redis 'score')", "HV005", {"score"});
  Refused("ALTER FOREIGN TABLE t OPTIONS (SET table_type 'hash')", "HV005", {"(field, value)"});
  EXPECT_EQ(ColumnsOf("t"), "a");
  // One statement may do what two could not.
  MustExec("ALTER FOREIGN TABLE t ADD COLUMN b text, DROP COLUMN a");
  EXPECT_EQ(ColumnsOf("t"), "b");
  MustExec("ALTER FOREIGN TABLE t RENAME COLUMN b TO c");
  redis().Cli({"SADD", "k", "m"});
  EXPECT_EQ(Query("SELECT c FROM t"), "m");
  // Types, and names where they mean something.
  MustExec(Table("z", "m text, s float8", "table_type 'zset', table_key_prefix 'z'"));
  Refused("ALTER FOREIGN TABLE z ALTER COLUMN s TYPE date", "HV005", {"\"s\"", "score"});
  MustExec("ALTER FOREIGN TABLE z ALTER COLUMN s TYPE numeric");
  MustExec(Table("x", "id text, a text, b text OPTIONS (field 'c')",
                 "table_type 'stream', table_key_prefix 'x'"));
  Refused("ALTER FOREIGN TABLE x RENAME COLUMN a TO c", "HV005", {"\"c\"", "two columns"});
  Refused("ALTER FOREIGN TABLE x ALTER COLUMN b OPTIONS (SET field 'a')", "HV005", {"\"a\""});
}

TEST_F(DdlTest, AlterOfOptionsIsCheckedInAFreshSession) {
  MustExec(Table("t", "a text"));
  for (const char* alter : {"ALTER FOREIGN TABLE t OPTIONS (SET table_type 'zset')",
                            "ALTER FOREIGN TABLE t ALTER COLUMN a OPTIONS (ADD redis 'score')"}) {
    PgConnection fresh = Connect();
    Refused(fresh, alter, "HV005", {"\"t\""});
  }
  redis().Cli({"SADD", "k", "m"});
  EXPECT_EQ(Query("SELECT * FROM t"), "m");
}

// Advice of a table type is given when a table is made, also by a session's first statement, and
// not when it is changed.
TEST_F(DdlTest, CreateGivesAdvice) {
  const std::string kStream = "table_type 'stream', table_key_prefix 'x'";
  PgConnection fresh = Connect();
  fresh.MustExec(Table("x1", "id text, a text", kStream));
  std::vector<PgMessage> notices = fresh.TakeNotices();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].severity, "NOTICE");
  EXPECT_TRUE(absl::StrContains(notices[0].message, "redis_stream_id")) << notices[0].message;
  LoadLibrary();
  MustExec(Table("x2", "id text, a text", kStream));
  EXPECT_EQ(pg().TakeNotices().size(), 1u);
  MustExec("ALTER FOREIGN TABLE x2 ADD COLUMN b text, OPTIONS (SET table_key_prefix 'y')");
  MustExec(Table("x3", "id redis_stream_id, a text", kStream));
  MustExec("SET check_function_bodies = off");
  MustExec(Table("x4", "id text, a text", kStream));
  EXPECT_EQ(pg().TakeNotices().size(), 0u);
}

TEST_F(DdlTest, WithoutTheLibraryFirstUseIsTheJudge) {
  MustExec(Table("t", "a text"));
  PgConnection fresh = Connect();
  fresh.MustExec("ALTER FOREIGN TABLE t ADD COLUMN b text");
  Refused(fresh, "SELECT * FROM t", "HV005", {"(member)"});
  fresh.MustExec("ALTER FOREIGN TABLE t DROP COLUMN a");
  redis().Cli({"SADD", "k", "m"});
  EXPECT_EQ(fresh.Query1("SELECT * FROM t"), "m");
}

TEST_F(DdlTest, StatementsWithinStatements) {
  LoadLibrary();
  // Partitions are judged with their parents.
  MustExec("CREATE TABLE parent (a text) PARTITION BY LIST (a)");
  MustExec(absl::StrCat("CREATE FOREIGN TABLE child PARTITION OF parent DEFAULT SERVER ",
                        "redis_server OPTIONS (", kSet, ")"));
  Refused("ALTER TABLE parent ADD COLUMN b text", "HV005", {"\"child\""});
  EXPECT_EQ(ColumnsOf("parent"), "a");
  Refused(absl::StrCat("CREATE FOREIGN TABLE other PARTITION OF parent FOR VALUES IN ('x') SERVER ",
                       "redis_server OPTIONS (table_type 'hash', table_key_prefix 'k')"),
          "HV005", {"\"other\""});
  // In functions each statement is judged by itself, and its failure can be caught.
  EXPECT_EQ(Exec(absl::StrCat("DO $$ BEGIN EXECUTE $c$", Table("t", "a text, b text"),
                              "$c$; RAISE EXCEPTION 'not reached'; END $$"))
                .error.sqlstate,
            "HV005");
  MustExec(absl::StrCat(
      "DO $$ BEGIN BEGIN EXECUTE $c$", Table("t", "a text, b text"),
      "$c$; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'caught %', SQLSTATE; END; EXECUTE $c$",
      Table("t", "a text"), "$c$; END $$"));
  EXPECT_EQ(Tables(), "child\nt");
}

TEST_F(DdlTest, EventTriggersMayAlterWhatWasMade) {
  LoadLibrary();
  MustExec(
      "CREATE FUNCTION amend() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
      "ALTER FOREIGN TABLE t ADD COLUMN added text; END $$");
  MustExec(
      "CREATE EVENT TRIGGER amend ON ddl_command_end WHEN TAG IN ('CREATE FOREIGN TABLE') "
      "EXECUTE FUNCTION amend()");
  MustExec(Table("t", "a text, s text OPTIONS (field 'f')",
                 "table_type 'stream', table_key_prefix 'k'"));
  EXPECT_EQ(ColumnsOf("t"), "a,s,added");
}

TEST_F(DdlTest, DumpsCanBeRestored) {
  LoadLibrary();
  // pg_dump sets columns' options by statements of their own, and turns this off beforehand. So a
  // table that would be refused otherwise comes back as it was.
  MustExec("SET check_function_bodies = false");
  MustExec(Table("incomplete", "a text, b text"));
  MustExec("RESET check_function_bodies");
  MustExec(Table("x", "id text OPTIONS (redis 'stream_id'), a text OPTIONS (field 'c')",
                 "table_type 'stream', table_key_prefix 'x'"));
  TempDir dir;
  const std::string dump = dir.File("dump.sql");
  auto run = [&](const std::string& program, std::vector<std::string> arguments) {
    Process::Options options;
    options.argv = {postgres().Program(program)};
    for (std::string& argument : arguments) options.argv.push_back(std::move(argument));
    options.env = {"PGHOST=" + postgres().socket_dir(), "PGUSER=postgres",
                   "PGDATABASE=" + database()};
    absl::StatusOr<CommandResult> result = RunCommand(options, absl::Minutes(1));
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->exit_code, 0) << result->output;
  };
  run("pg_dump", {"--schema-only", "--table=incomplete", "--table=x", "--file=" + dump});
  MustExec("DROP FOREIGN TABLE incomplete, x");
  run("psql", {"-X", "-v", "ON_ERROR_STOP=1", "-f", dump});
  EXPECT_EQ(Tables(), "incomplete\nx");
  redis().Cli({"XADD", "x", "1-0", "c", "shown"});
  EXPECT_EQ(Query("SELECT * FROM x"), "1-0|shown");
  Refused("SELECT * FROM incomplete", "HV005", {"(member)"});
}

TEST_F(DdlTest, DropsOfOtherThingsDoNotFail) {
  MustExec("CREATE TYPE mood AS ENUM ('sad', 'happy')");
  MustExec(Table("h", "f text, v mood", "table_type 'hash', table_key_prefix 'h'"));
  MustExec("DROP TYPE mood CASCADE");
  EXPECT_EQ(ColumnsOf("h"), "f");
  Refused("SELECT * FROM h", "HV005", {"(field, value)"});
  // What does not concern columns and options may be done to a table that is no good.
  MustExec("ALTER FOREIGN TABLE h RENAME TO h2");
  MustExec("ALTER FOREIGN TABLE h2 ADD COLUMN v text");
  EXPECT_EQ(Query("SELECT * FROM h2"), "");
  MustExec("DROP FOREIGN TABLE h2");
}

TEST_F(DdlTest, WrapperWithoutValidatorIsCheckedAtFirstUse) {
  MakeBareWrapper();
  MustExec("CREATE SERVER broken FOREIGN DATA WRAPPER bare OPTIONS (host_prt 'x')");
  PgConnection fresh = Connect();  // without the library
  fresh.MustExec(Table("ok", "a text", kSet, "b"));
  fresh.MustExec(Table("t1", "a text, b text", kSet, "b"));
  fresh.MustExec(Table("t2", "a text", "table_type 'sett', table_key_prefix 'k'", "b"));
  fresh.MustExec(Table("t3", "a text", "table_key_prefix 'k'", "b"));
  fresh.MustExec(Table("t4", "a text", absl::StrCat(kSet, ", database 'x'"), "b"));
  fresh.MustExec(Table("t5", "a text", kSet, "broken"));
  fresh.MustExec(Table("t6", "a text OPTIONS (redis 'members')", kSet, "b"));
  fresh.MustExec(Table("t7", "a text OPTIONS (what 'x')", kSet, "b"));
  fresh.MustExec(Table("t8", "a text", absl::StrCat(kSet, ", key_template 'k:{id}'"), "b"));
  fresh.MustExec("INSERT INTO ok VALUES ('m')");
  EXPECT_EQ(fresh.Query1("SELECT * FROM ok"), "m");
  Refused(fresh, "SELECT * FROM t1", "HV005", {"(member)"});
  Refused(fresh, "SELECT * FROM t2", "HV00D", {"sett", "\"t2\""});
  Refused(fresh, "SELECT * FROM t3", "HV00J", {"table_type", "\"t3\""});
  Refused(fresh, "SELECT * FROM t4", "HV024", {"database"});
  Refused(fresh, "SELECT * FROM t5", "HV00D", {"host_prt"});
  Refused(fresh, "SELECT * FROM t6", "HV024", {"redis", "members", "\"a\"", "\"t6\""});
  Refused(fresh, "SELECT * FROM t7", "HV00D", {"what", "field", "\"a\"", "\"t7\""});
  Refused(fresh, "SELECT * FROM t8", "HV00D", {"key_template"});
}

TEST_F(DdlTest, WrapperWithoutValidatorIsCheckedWhenTheLibraryIsThere) {
  MakeBareWrapper();
  LoadLibrary();
  Refused(Table("t", "a text, b text", kSet, "b"), "HV005", {"(member)"});
  Refused(Table("t", "a text", "table_type 'sett', table_key_prefix 'k'", "b"), "HV00D", {"sett"});
  Refused(Table("t", "a text OPTIONS (redis 'members')", kSet, "b"), "HV024", {"members"});
  EXPECT_EQ(Tables(), "");
  MustExec(Table("t", "a text OPTIONS (redis 'member')", kSet, "b"));
  Refused("ALTER FOREIGN TABLE t ADD COLUMN b text", "HV005", {"(member)"});
}

TEST_F(DdlTest, OtherWrappersAreLeftAlone) {
  LoadLibrary();
  MustExec("CREATE FOREIGN DATA WRAPPER nothing");
  MustExec("CREATE SERVER n FOREIGN DATA WRAPPER nothing");
  MustExec("CREATE FOREIGN TABLE t (a text) SERVER n OPTIONS (whatever 'x')");
  MustExec("ALTER FOREIGN TABLE t ADD COLUMN b text OPTIONS (redis 'nonsense')");
  MustExec("ALTER FOREIGN TABLE t DROP COLUMN a");
  EXPECT_EQ(ColumnsOf("t"), "b");
}

}  // namespace
}  // namespace redis_fdw::test
