// IMPORT FOREIGN SCHEMA: which tables come of which keys, that they work, what is refused and what
// is said, and that a large keyspace is looked at with few commands.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class ImportTest : public PgRedisTest {
 protected:
  static std::string Statement(const std::string& pattern, const std::string& options = "",
                               const std::string& list = "") {
    return absl::StrCat("IMPORT FOREIGN SCHEMA \"", pattern, "\" ", list,
                        " FROM SERVER redis_server INTO public",
                        options.empty() ? "" : absl::StrCat(" OPTIONS (", options, ")"));
  }
  void Import(const std::string& pattern, const std::string& options = "",
              const std::string& list = "") {
    pg().TakeNotices();
    MustExec(Statement(pattern, options, list));
    notices_.clear();
    for (const PgMessage& notice : pg().TakeNotices()) {
      absl::StrAppend(&notices_, notice.ToString(), "\n");
    }
  }
  // What the latest Import() said.
  const std::string& notices() const { return notices_; }

  // "name type prefix" of each foreign table.
  std::string Tables() {
    return Query(
        "SELECT c.relname, (SELECT string_agg(option_value, ' ' ORDER BY n) "
        "FROM pg_options_to_table(t.ftoptions) WITH ORDINALITY o (option_name, option_value, n)) "
        "FROM pg_foreign_table t JOIN pg_class c ON c.oid = ftrelid ORDER BY 1");
  }
  // "column type {options}" of each column of a table.
  std::string Columns(const std::string& table) {
    return Query(
        absl::StrCat("SELECT attname, format_type(atttypid, atttypmod), attfdwoptions "
                     "FROM pg_attribute WHERE attrelid = '",
                     table, "'::regclass AND attnum > 0 ORDER BY attnum"));
  }
  void Refused(const std::string& sql, const std::string& sqlstate,
               std::initializer_list<const char*> words) {
    PgResult result = Exec(sql);
    EXPECT_EQ(result.error.sqlstate, sqlstate) << sql << "\n" << result.error.ToString();
    for (const char* word : words) {
      EXPECT_TRUE(absl::StrContains(result.error.ToString(), word))
          << sql << "\nlacks " << word << "\n"
          << result.error.ToString();
    }
  }
  void ExpectNotice(absl::string_view text) {
    EXPECT_TRUE(absl::StrContains(notices_, text)) << text << "\n" << notices_;
  }

 private:
  std::string notices_;
};

// --- One key each -------------------------------------------------------------------------------

TEST_F(ImportTest, OneKeyOfEachType) {
  redis().Cli({"SET", "counter", "41"});
  redis().Cli({"HSET", "Config", "host", "a", "port", "1"});
  redis().Cli({"RPUSH", "jobs", "{\"a\": 1}", "[]"});
  redis().Cli({"SADD", "ids", "1", "2"});
  redis().Cli({"ZADD", "board", "1.5", "ann"});
  redis().Cli({"XADD", "events", "1-1", "user", "5", "at", "2024-01-01 00:00:00+00"});
  Import("*");
  EXPECT_EQ(notices(), "");
  EXPECT_EQ(Tables(),
            "board|zset board\nconfig|hash Config\ncounter|string counter\nevents|stream events\n"
            "ids|set ids\njobs|list jobs");
  EXPECT_EQ(Columns("counter"), "value|bigint|(null)");
  EXPECT_EQ(Columns("config"), "field|text|(null)\nvalue|text|(null)");
  EXPECT_EQ(Columns("jobs"), "index|bigint|(null)\nelement|jsonb|(null)");
  EXPECT_EQ(Columns("ids"), "member|bigint|(null)");
  EXPECT_EQ(Columns("board"), "member|text|(null)\nscore|double precision|(null)");
  EXPECT_EQ(
      Columns("events"),
      "stream_id|redis_stream_id|(null)\nuser|bigint|(null)\nat|timestamp with time zone|(null)");

  EXPECT_EQ(Query("SELECT value + 1 FROM counter"), "42");
  EXPECT_EQ(Query("SELECT value FROM config WHERE field = 'host'"), "a");
  EXPECT_EQ(Query("SELECT element->>'a' FROM jobs WHERE index = 0"), "1");
  EXPECT_EQ(Query("SELECT sum(member) FROM ids"), "3");
  EXPECT_EQ(Query("SELECT * FROM board"), "ann|1.5");
  EXPECT_EQ(Query("SELECT stream_id, \"user\" FROM events WHERE at < '2025-01-01'"), "1-1|5");
}

// Whatever keys are called, they are quoted: as identifiers, as literals, and as patterns.
TEST_F(ImportTest, NamesAreQuoted) {
  redis().Cli({"SET", "a'b\"c\\d; DROP TABLE x", "1"});
  redis().Cli({"SET", "glob*[x]?", "2"});
  redis().Cli({"SET", "select", "3"});
  redis().Cli({"SET", "größe", "4"});
  redis().Cli({"SET", "日本", "5"});
  redis().Cli({"SET", std::string(100, 'x'), "6"});
  redis().Cli({"SET", "line\nbreak", "7"});
  Import("*");
  EXPECT_EQ(Query("SELECT relname FROM pg_class WHERE relkind = 'f' ORDER BY 1"),
            absl::StrCat("a_b_c_d_drop_table_x\nglob_x_\ngr_e\nkeys\nline_break\nselect\n",
                         std::string(63, 'x')));
  EXPECT_EQ(Query("SELECT * FROM a_b_c_d_drop_table_x"), "1");
  EXPECT_EQ(Query("SELECT * FROM glob_x_"), "2");
  EXPECT_EQ(Query("SELECT * FROM \"select\""), "3");
  EXPECT_EQ(Query("SELECT * FROM gr_e"), "4");
  EXPECT_EQ(Query("SELECT * FROM keys"), "5");
  EXPECT_EQ(Query(absl::StrCat("SELECT * FROM ", std::string(63, 'x'))), "6");
  EXPECT_EQ(Query("SELECT * FROM line_break"), "7");
}

TEST_F(ImportTest, LimitToAndExcept) {
  for (const char* key : {"a", "b", "c"}) redis().Cli({"SET", key, "1"});
  ResetCalls();
  Import("*", "", "LIMIT TO (a, c, nothing)");
  EXPECT_EQ(Tables(), "a|string a\nc|string c");
  EXPECT_EQ(Calls("getrange"), 2);
  ExpectNotice("\"nothing\"");
  Import("*", "", "EXCEPT (a, c)");
  EXPECT_EQ(Tables(), "a|string a\nb|string b\nc|string c");
  EXPECT_EQ(notices(), "");
}

TEST_F(ImportTest, OtherDatabases) {
  redis().Cli({"SELECT", "3"});
  redis().Cli({"SET", "three", "3"});
  redis().Cli({"SELECT", "0"});
  Import("*");
  ExpectNotice("no key that matches \"*\" was found");
  Import("*", "database '3'");
  EXPECT_EQ(Tables(), "three|string three 3");
  EXPECT_EQ(Query("SELECT * FROM three"), "3");
}

TEST_F(ImportTest, BinaryValuesAndKeys) {
  redis().Cli({"SET", "blob", "\xff\xfe"});
  redis().Cli({"SADD", "set", "\xff", "a"});
  redis().Cli({"SET", "\xff", "x"});
  Import("*");
  EXPECT_EQ(Tables(), "blob|string blob\nset|set set");
  EXPECT_EQ(Columns("blob"), "value|bytea|(null)");
  EXPECT_EQ(Columns("set"), "member|bytea|(null)");
  EXPECT_EQ(Query("SELECT value FROM blob"), "\\xfffe");
  ExpectNotice("no valid UTF8 text");
}

// --- What is refused ----------------------------------------------------------------------------

TEST_F(ImportTest, Options) {
  Refused(Statement("*", "sample_sise '5'"), "HV00D", {"sample_sise", "sample_size", "delimiter"});
  Refused(Statement("*", "sample_size 'many'"), "HV024", {"sample_size", "many", "1000000"});
  Refused(Statement("*", "sample_size '0'"), "HV024", {"sample_size"});
  Refused(Statement("*", "scan_limit '-1'"), "HV024", {"scan_limit"});
  Refused(Statement("*", "max_tables '0'"), "HV024", {"max_tables"});
  Refused(Statement("*", "delimiter ''"), "HV024", {"delimiter"});
  Refused(Statement("*", "database 'x'"), "HV024", {"database"});
  Refused(Statement("*", "database '99999'"), "HV00D", {"DB index", "database"});
}

TEST_F(ImportTest, Privileges) {
  redis().Cli({"SET", "a", "1"});
  MustExec("GRANT CREATE ON SCHEMA public TO alice");
  PgConnection alice = Connect("alice");
  EXPECT_TRUE(alice.Exec(Statement("*")).ok());
  MustExec("DROP FOREIGN TABLE a");
  MustExec("REVOKE USAGE ON FOREIGN SERVER redis_server FROM alice");
  EXPECT_EQ(alice.Exec(Statement("*")).error.sqlstate, "42501");
  // A server that names a unix socket and whose owner is no superuser, made without a validator.
  MustExec("CREATE FOREIGN DATA WRAPPER bare HANDLER redis_fdw_handler");
  MustExec("GRANT USAGE ON FOREIGN DATA WRAPPER bare TO alice");
  alice.MustExec(
      absl::StrCat("CREATE SERVER own FOREIGN DATA WRAPPER bare OPTIONS (host_port 'unix://",
                   redis().unix_socket(), "')"));
  EXPECT_EQ(alice.Exec("IMPORT FOREIGN SCHEMA \"*\" FROM SERVER own INTO public").error.sqlstate,
            "42501");
}

TEST_F(ImportTest, Unreachable) {
  MustExec(
      "CREATE SERVER nowhere FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port '127.0.0.1:1')");
  Refused("IMPORT FOREIGN SCHEMA \"*\" FROM SERVER nowhere INTO public", "08001", {"127.0.0.1:1"});
}

TEST_F(ImportTest, CanBeCancelled) {
  redis().Cli({"SET", "a", "1"});
  redis().Stop();
  pg().Send(Statement("*"));
  ASSERT_TRUE(WaitsForRedis(pg()));
  const absl::Time start = absl::Now();
  pg().Cancel();
  EXPECT_EQ(pg().Wait().error.sqlstate, "57014");
  EXPECT_LT(absl::Now() - start, absl::Seconds(9));  // connect_timeout_ms is 10 s
  redis().Continue();
  Import("*");
  EXPECT_EQ(Tables(), "a|string a");
}

// --- Without harm -------------------------------------------------------------------------------

// A keyspace of 200,000 keys, and a few of them large.
TEST_F(ImportTest, ManyKeysInFewCommands) {
  redis().Cli({"EVAL",
               "for i = 1, 200000 do redis.call('SET', 'user:' .. i, i) end "
               "for i = 1, 100000 do redis.call('RPUSH', 'big', i) end "
               "redis.call('SETRANGE', 'huge', 50000000, 'x')",
               "0"});
  ResetCalls();
  const int64_t before = pg().BackendPeakKib();
  // No table of a pattern needs to be made for the test to see what was sent.
  Import("*", "", "LIMIT TO (huge, big)");
  EXPECT_LE(Calls("scan"), 11);
  EXPECT_LE(Calls("type"), 10000);
  EXPECT_LE(Calls("getrange") + Calls("lrange"), 2);
  EXPECT_EQ(Calls("keys"), 0);
  EXPECT_EQ(Calls("get"), 0);
  ExpectNotice("only a sample of 10000 keys");

  MustExec("DROP FOREIGN TABLE IF EXISTS huge, big");  // where the sample had them
  ResetCalls();
  Import("*", "sample_size '1000000'", "LIMIT TO (huge, big)");
  EXPECT_EQ(Tables(), "big|list big\nhuge|string huge");
  EXPECT_LE(Calls("scan"), 201);
  EXPECT_EQ(notices(), "");
  EXPECT_LT(pg().BackendPeakKib() - before, 200 * 1024);

  // Looking for what is rare ends, too.
  ResetCalls();
  Import("nothing:*", "scan_limit '50000'");
  EXPECT_EQ(Calls("scan"), 50);
  EXPECT_EQ(Calls("type"), 0);
  ExpectNotice("scan_limit");
}

TEST_F(ImportTest, ReportsWhatItSkips) {
  for (const char* key : {"a", "b", "c"}) redis().Cli({"SET", key, "1"});
  redis().Cli({"SET", std::string(2000, 'k'), "1"});
  Import("*", "max_tables '2'");
  EXPECT_EQ(Query("SELECT count(*) FROM pg_foreign_table"), "2");
  ExpectNotice("skipped 1 table beyond the 2 with most keys");
  ExpectNotice("max_tables");
  ExpectNotice("skipped 1 key longer than 1024 bytes");
}

}  // namespace
}  // namespace redis_fdw::test
