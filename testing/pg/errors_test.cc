// What goes wrong with servers and data: the message says what, where and for which key, the
// session works on, and nothing stays behind.

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"
#include "testing/process.h"

namespace redis_fdw::test {
namespace {

class ErrorsTest : public PgRedisTest {
 protected:
  // A server and a hash table `h_NAME` on it.
  void Server(const std::string& name, const std::string& host_port,
              const std::string& table_options = "", const std::string& server_options = "") {
    MustExec(absl::StrCat("CREATE SERVER ", name, " FOREIGN DATA WRAPPER redis_fdw OPTIONS ",
                          "(host_port '", host_port, "'", server_options, ")"));
    MustExec(absl::StrCat("CREATE FOREIGN TABLE h_", name, " (f text, v text) SERVER ", name,
                          " OPTIONS (table_type 'hash', table_key_prefix 'h'", table_options, ")"));
  }
  PgResult Fails(const std::string& sql, const std::string& sqlstate,
                 std::initializer_list<std::string> words) {
    PgResult result = Exec(sql);
    EXPECT_EQ(result.error.sqlstate, sqlstate) << sql << "\n" << result.error.ToString();
    for (const std::string& word : words) {
      EXPECT_TRUE(absl::StrContains(result.error.ToString(), word))
          << sql << "\nlacks " << word << "\n"
          << result.error.ToString();
    }
    return result;
  }
};

TEST_F(ErrorsTest, RefusedConnectionNamesHostAndPort) {
  Server("r", "127.0.0.1:1");
  Fails("SELECT * FROM h_r", "08001", {"127.0.0.1:1", "refused"});
  Fails("INSERT INTO h_r VALUES ('a', 'b')", "08001", {"127.0.0.1:1"});
  Server("nosocket", "unix:///nowhere/redis.sock");
  Fails("SELECT * FROM h_nosocket", "08001", {"/nowhere/redis.sock"});
}

TEST_F(ErrorsTest, NoSuchHost) {
  Server("n", "no-such-host.invalid:6379", "", ", connect_timeout_ms '2000'");
  Fails("SELECT * FROM h_n", "08001", {"no-such-host.invalid"});
}

TEST_F(ErrorsTest, PlanningDoesNotNeedRedis) {
  Server("r", "127.0.0.1:1");
  EXPECT_TRUE(absl::StrContains(Explain("SELECT * FROM h_r WHERE f = 'x'"), "HGET h 'x'"));
}

TEST_F(ErrorsTest, PasswordsAreHeededAndNeverShown) {
  RedisOptions options;
  options.tcp = true;
  options.password = "right-secret";
  options.users = {"bob on >bobs-secret ~app:* +@all"};
  auto guarded = RedisServer::Start(options);
  ASSERT_TRUE(guarded.ok()) << guarded.status();
  Server("g", absl::StrCat("127.0.0.1:", (*guarded)->port()));
  Fails("SELECT * FROM h_g", "28P01", {"127.0.0.1", "password"});
  MustExec("CREATE USER MAPPING FOR CURRENT_USER SERVER g OPTIONS (password 'wrong-secret')");
  PgResult wrong = Fails("SELECT * FROM h_g", "28P01", {"127.0.0.1"});
  EXPECT_FALSE(absl::StrContains(wrong.error.ToString(), "wrong-secret"));
  MustExec("ALTER USER MAPPING FOR CURRENT_USER SERVER g OPTIONS (SET password 'right-secret')");
  MustExec("INSERT INTO h_g VALUES ('a', 'b')");
  EXPECT_EQ(Query("SELECT * FROM h_g"), "a|b");
  MustExec(
      "ALTER USER MAPPING FOR CURRENT_USER SERVER g OPTIONS (SET password 'bobs-secret', "
      "ADD username 'bob')");
  PgResult denied = Fails("SELECT * FROM h_g", "42501", {"\"h\""});
  EXPECT_FALSE(absl::StrContains(denied.error.ToString(), "bobs-secret"));
  MustExec(
      "CREATE FOREIGN TABLE app (f text, v text) SERVER g "
      "OPTIONS (table_type 'hash', table_key_prefix 'app:1')");
  MustExec("INSERT INTO app VALUES ('x', 'y')");
  EXPECT_EQ(Query("SELECT * FROM app"), "x|y");
  EXPECT_FALSE(absl::StrContains(Explain("SELECT * FROM h_g"), "secret"));
  EXPECT_FALSE(absl::StrContains(postgres().log(), "ERROR:  right-secret"));
}

TEST_F(ErrorsTest, PasswordThatIsNotWantedIsAnError) {
  Server("p", redis().host_port(), "", ", password 'unasked'");
  PgResult result = Fails("SELECT * FROM h_p", "28P01", {});
  EXPECT_FALSE(absl::StrContains(result.error.ToString(), "unasked"));
}

TEST_F(ErrorsTest, DatabaseOutOfRange) {
  Server("d", absl::StrCat("127.0.0.1:", redis().port()), ", database '99'");
  Fails("SELECT * FROM h_d", "HV00D", {"99", "127.0.0.1", "\"database\""});
  Server("d3", absl::StrCat("127.0.0.1:", redis().port()), ", database '3'");
  MustExec("INSERT INTO h_d3 VALUES ('a', 'b')");
  EXPECT_EQ(redis().Cli({"EXISTS", "h"}), "0");
  EXPECT_EQ(Query("SELECT * FROM h_d3"), "a|b");
}

TEST_F(ErrorsTest, WrongTypeNamesTheKey) {
  Server("w", redis().host_port());
  redis().Cli({"SET", "h", "string"});
  for (const char* sql :
       {"SELECT * FROM h_w", "SELECT * FROM h_w WHERE f = 'a'",
        "SELECT * FROM h_w WHERE f IN ('a', 'b')", "INSERT INTO h_w VALUES ('a', 'b')"}) {
    Fails(sql, "42809", {"\"h\"", "table_type"});
  }
  redis().Cli({"DEL", "h"});
  EXPECT_EQ(Query("SELECT * FROM h_w"), "");
}

TEST_F(ErrorsTest, NotRedisAtAll) {
  // Our own PostgreSQL, say, or any server that speaks something else: the fixture's socket answers
  // RESP only.
  Server("pg", absl::StrCat("unix://", postgres().socket_dir(), "/.s.PGSQL.5432"), "",
         ", connect_timeout_ms '3000'");
  PgResult result = Exec("SELECT * FROM h_pg");
  EXPECT_TRUE(absl::StartsWith(result.error.sqlstate, "08")) << result.error.ToString();
}

TEST_F(ErrorsTest, TwentyFailuresLeaveNothingBehind) {
  Server("w", redis().host_port());
  Server("r", "127.0.0.1:1");
  redis().Cli({"SET", "h", "string"});
  redis().Command({"HSET", "bad", "x", "\xff"});
  MustExec(
      "CREATE FOREIGN TABLE bad (f text, v text) SERVER w "
      "OPTIONS (table_type 'hash', table_key_prefix 'bad')");
  auto fail_all = [&] {
    EXPECT_FALSE(Exec("SELECT * FROM h_w").ok());
    EXPECT_FALSE(Exec("SELECT * FROM h_r").ok());
    EXPECT_FALSE(Exec("SELECT * FROM bad").ok());
    EXPECT_FALSE(Exec("INSERT INTO h_w VALUES ('a', 'b')").ok());
    EXPECT_FALSE(Exec("SELECT 1 / 0 FROM bad").ok());
  };
  for (int i = 0; i < 4; ++i) fail_all();
  int sockets = pg().BackendSockets();
  int clients = redis().ClientCount();
  int64_t memory = pg().BackendPrivateKib();
  for (int i = 0; i < 20; ++i) fail_all();
  EXPECT_LE(pg().BackendSockets(), sockets);
  // Redis hears a moment later of those that were closed.
  EXPECT_TRUE(WaitUntil([&] { return redis().ClientCount() <= clients; }));
  EXPECT_LE(pg().BackendPrivateKib(), memory + 512);
  redis().Cli({"DEL", "h"});
  EXPECT_EQ(Query("SELECT * FROM h_w"), "");
}

TEST_F(ErrorsTest, RestartCostsOneErrorAtMost) {
  Server("w", redis().host_port());
  MustExec("INSERT INTO h_w VALUES ('a', 'b')");
  redis().Kill();
  Fails("SELECT * FROM h_w", "08001", {});
  ASSERT_TRUE(redis().Restart().ok());
  MustExec("INSERT INTO h_w VALUES ('a', 'c')");
  EXPECT_EQ(Query("SELECT * FROM h_w"), "a|c");
  // Nothing was in flight: nobody need notice.
  redis().Kill();
  ASSERT_TRUE(redis().Restart().ok());
  EXPECT_EQ(Query("SELECT * FROM h_w"), "");
}

TEST_F(ErrorsTest, ScansInsideCaughtExceptions) {
  Server("w", redis().host_port());
  redis().Cli({"HSET", "h", "a", "1", "b", "2"});
  MustExec(
      "CREATE FUNCTION risky(t text) RETURNS text LANGUAGE plpgsql AS $$ "
      "DECLARE r record; BEGIN FOR r IN SELECT * FROM h_w LOOP "
      "  BEGIN PERFORM r.v::int / (r.v::int - t::int); "
      "  EXCEPTION WHEN division_by_zero THEN RETURN r.f; END; "
      "END LOOP; RETURN 'none'; END $$");
  for (int i = 0; i < 30; ++i) EXPECT_EQ(Query1("SELECT risky('2')"), "b");
  EXPECT_TRUE(WaitUntil([] { return redis().ClientCount() <= 3; }));
}

}  // namespace
}  // namespace redis_fdw::test
