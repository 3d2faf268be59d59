// redis_command() and redis_command_bytea(): who may call them, that nothing of a call is left
// behind, and how a call ends that Redis does not answer.

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "testing/pg/command_fixture.h"
#include "testing/process.h"

namespace redis_fdw::test {
namespace {

// --- Who may ------------------------------------------------------------------------------------

TEST_F(CommandTest, OnlySuperusersByDefault) {
  MustExec("SET ROLE alice");
  Fails(Call("'PING'"), "42501");
  Fails(BytesCall("'PING'"), "42501");
  MustExec("RESET ROLE; GRANT EXECUTE ON FUNCTION redis_command TO alice; SET ROLE alice");
  EXPECT_EQ(Run("'PING'"), "\"PONG\"");
  Fails(BytesCall("'PING'"), "42501");
}

TEST_F(CommandTest, NeedsUsageOfTheServer) {
  MustExec(
      "GRANT EXECUTE ON FUNCTION redis_command, redis_command_bytea TO alice; "
      "REVOKE USAGE ON FOREIGN SERVER redis_server FROM alice; SET ROLE alice");
  for (const std::string& sql : {Call("'SET', 'k', 'v'"), BytesCall("'SET', 'k', 'v'")}) {
    const std::string error = Fails(sql, "42501");
    EXPECT_TRUE(absl::StrContains(error, "foreign server redis_server")) << error;
  }
  EXPECT_EQ(redis().Cli({"EXISTS", "k"}), "0");
  // A function that runs as its owner lends the privilege.
  MustExec(
      "RESET ROLE; CREATE FUNCTION ping() RETURNS jsonb LANGUAGE sql SECURITY DEFINER AS "
      "$$ SELECT redis_command('redis_server', 'PING') $$; SET ROLE alice");
  EXPECT_EQ(Query1("SELECT ping()"), "\"PONG\"");
}

TEST_F(CommandTest, UnixSocketsNeedASuperusersServer) {
  MustExec(absl::StrCat("CREATE FOREIGN DATA WRAPPER unchecked HANDLER redis_fdw_handler; ",
                        "GRANT USAGE ON FOREIGN DATA WRAPPER unchecked TO alice; ",
                        "GRANT EXECUTE ON FUNCTION redis_command TO alice; SET ROLE alice; ",
                        "CREATE SERVER hers FOREIGN DATA WRAPPER unchecked OPTIONS (host_port ",
                        "'unix://", redis().unix_socket(), "')"));
  const std::string error = Fails(Call("'PING'", "hers"), "42501");
  EXPECT_TRUE(absl::StrContains(error, "unix socket")) << error;
}

TEST_F(CommandTest, ConnectsByTheUserMapping) {
  RedisOptions options;
  options.tcp = true;
  options.password = "letmein";
  options.users = {"reader on >reader-pw ~* +@read +@connection"};
  auto guarded = RedisServer::Start(options);
  ASSERT_TRUE(guarded.ok()) << guarded.status();
  MustExec(absl::StrCat("CREATE SERVER g FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port '",
                        "127.0.0.1:", (*guarded)->port(), "')"));
  Fails(Call("'GET', 'k'", "g"), "28P01");
  MustExec("CREATE USER MAPPING FOR CURRENT_USER SERVER g OPTIONS (password 'wrong')");
  const std::string error = Fails(Call("'GET', 'k'", "g"), "28P01");
  EXPECT_FALSE(absl::StrContains(error, "'wrong'")) << error;
  MustExec("ALTER USER MAPPING FOR CURRENT_USER SERVER g OPTIONS (SET password 'letmein')");
  EXPECT_EQ(Query1(Call("'SET', 'k', 'v'", "g")), "\"OK\"");
  MustExec(
      "CREATE USER MAPPING FOR alice SERVER g OPTIONS (username 'reader', password 'reader-pw'); "
      "GRANT USAGE ON FOREIGN SERVER g TO alice; "
      "GRANT EXECUTE ON FUNCTION redis_command TO alice; SET ROLE alice");
  EXPECT_EQ(Query1(Call("'GET', 'k'", "g")), "\"v\"");
  Fails(Call("'SET', 'k', 'w'", "g"), "42501");
  MustExec("RESET ROLE");
}

// --- What is left behind ------------------------------------------------------------------------

// Redis notices a moment later that a client has closed: waits until there are `expected` at most.
class CommandLeftoversTest : public CommandTest {
 protected:
  static int ClientsInTheEnd(int expected) {
    int clients = 0;
    WaitUntil([&] { return (clients = redis().ClientCount()) <= expected; });
    return clients;
  }
};

TEST_F(CommandLeftoversTest, TheConnectionIsClosed) {
  MustExec(
      "CREATE FOREIGN TABLE s (m text) SERVER redis_server "
      "OPTIONS (table_type 'set', table_key_prefix 's')");
  EXPECT_EQ(Query("SELECT count(*) FROM s"), "0");
  const int clients = ClientsInTheEnd(1);  // the scan's
  const int sockets = pg().BackendSockets();
  const std::string first = Run("'CLIENT', 'ID'");
  EXPECT_NE(Run("'CLIENT', 'ID'"), first);
  Run("'CLIENT', 'SETNAME', 'someone'");
  EXPECT_NE(Run("'CLIENT', 'GETNAME'"), "\"someone\"");
  redis().Cli({"SET", "k", "v"});
  Fails(Call("'LPUSH', 'k', 'x'"), "42809");
  Fails(BytesCall("'MGET', 'k'"), "0A000");
  redis().Cli({"SET", "latin", "\xe9"});
  Fails(Call("'GET', 'latin'"), "22021");
  MustExec("SELECT redis_command('redis_server', 'INCR', 'n') FROM generate_series(1, 50)");
  EXPECT_EQ(redis().Cli({"GET", "n"}), "50");
  EXPECT_LE(ClientsInTheEnd(clients), clients);
  EXPECT_EQ(pg().BackendSockets(), sockets);
  // A subtransaction that fails leaves nothing either.
  MustExec(
      "DO $$ BEGIN FOR i IN 1 .. 20 LOOP BEGIN PERFORM redis_command('redis_server', 'LPUSH', 'k', "
      "'x'); EXCEPTION WHEN wrong_object_type THEN NULL; END; END LOOP; END $$");
  EXPECT_LE(ClientsInTheEnd(clients), clients);
  EXPECT_EQ(pg().BackendSockets(), sockets);
}

TEST_F(CommandLeftoversTest, MemoryIsFlat) {
  redis().Cli({"SETRANGE", "k", "1000000", "x"});
  redis().Cli({"EVAL", "for i = 1, 20000 do redis.call('RPUSH', 'l', i) end", "0"});
  const std::string many =
      "SELECT sum(length(redis_command_bytea('redis_server', 'GET', 'k'))), "
      "sum(jsonb_array_length(redis_command('redis_server', 'LRANGE', 'l', '0', '-1'))) "
      "FROM generate_series(1, 30)";
  EXPECT_EQ(Query(many), "30000030|600000");
  const int64_t before = pg().BackendPrivateKib();
  EXPECT_EQ(Query(many), "30000030|600000");
  EXPECT_EQ(Query(many), "30000030|600000");
  EXPECT_LT(pg().BackendPrivateKib() - before, 8 * 1024);
}

// --- Cancelling ---------------------------------------------------------------------------------

class CommandCancelTest : public CommandTest {
 protected:
  void SetUp() override {
    CommandTest::SetUp();
    redis().Cli({"CONFIG", "SET", "lua-time-limit", "50"});
  }
  void TearDown() override {
    redis().Continue();
    EndScript();
    redis().Cli({"CONFIG", "SET", "lua-time-limit", "5000"});
    CommandTest::TearDown();
  }

  // Keeps Redis busy until EndScript(): sent, and not answered.
  const std::string endless_ = Call("'EVAL', 'while true do end', '0'");
  void EndScript() {
    EXPECT_TRUE(WaitUntil([] {
      return absl::StrContains(redis().Cli({"SCRIPT", "KILL"}), "NOTBUSY");
    }));
  }
  // A script has begun: it was sent, and takes longer than lua-time-limit.
  static bool RunsAScript(RedisServer& server) {
    return WaitUntil([&] { return absl::StrContains(server.Cli({"PING"}), "BUSY"); });
  }
};

TEST_F(CommandCancelTest, CancelIsPrompt) {
  absl::Duration best = absl::InfiniteDuration();
  // A busy machine may be late, and not always.
  for (int i = 0; i < 3 || (i < 10 && best >= absl::Milliseconds(100)); ++i) {
    pg().Send(endless_);
    ASSERT_TRUE(RunsAScript(redis()));
    ASSERT_TRUE(WaitsForRedis(pg()));
    absl::Time start = absl::Now();
    pg().Cancel();
    PgResult result = pg().Wait();
    best = std::min(best, absl::Now() - start);
    EXPECT_EQ(result.error.sqlstate, "57014") << result;
    EXPECT_TRUE(absl::StrContains(result.error.context, "EVAL, which may have been applied"))
        << result.error.ToString();
    EndScript();
  }
  EXPECT_LT(best, absl::Milliseconds(100));
  EXPECT_EQ(Run("'PING'"), "\"PONG\"");
}

TEST_F(CommandCancelTest, WhileRedisIsStopped) {
  // Long enough to come to where it waits for Redis.
  const absl::Duration timeout = absl::Seconds(1);
  Run("'PING'");  // all is loaded
  redis().Stop();
  MustExec(absl::StrCat("SET statement_timeout = ", absl::ToInt64Milliseconds(timeout)));
  absl::Duration best = absl::InfiniteDuration();
  for (int i = 0; i < 1 || (i < 5 && best >= absl::Milliseconds(100)); ++i) {
    for (const std::string& sql : {Call("'INCR', 'n'"), BytesCall("'INCR', 'n'")}) {
      absl::Time start = absl::Now();
      PgResult result = Exec(sql);
      best = std::min(best, absl::Now() - start - timeout);
      EXPECT_EQ(result.error.sqlstate, "57014") << result;
      // The handshake was not answered, so the command was not sent.
      EXPECT_FALSE(absl::StrContains(result.error.ToString(), "may have been applied"));
      EXPECT_TRUE(absl::StrContains(result.error.context, "connecting to")) << result;
    }
  }
  EXPECT_LT(best, absl::Milliseconds(100));
  MustExec("RESET statement_timeout");
  redis().Continue();
  EXPECT_EQ(Run("'INCR', 'n'"), "1");
}

TEST_F(CommandCancelTest, TimeoutsOfTheServer) {
  MustExec("ALTER SERVER redis_server OPTIONS (ADD command_timeout_ms '300')");
  std::string error = Fails(endless_, "57014");
  EXPECT_TRUE(absl::StrContains(error, "command_timeout_ms")) << error;
  EXPECT_TRUE(absl::StrContains(error, "may have been applied")) << error;
  EndScript();
  MustExec("ALTER SERVER redis_server OPTIONS (ADD connect_timeout_ms '300')");
  redis().Stop();
  error = Fails(Call("'INCR', 'n'"), "08001");
  EXPECT_TRUE(absl::StrContains(error, "connect_timeout_ms")) << error;
  redis().Continue();
  MustExec("ALTER SERVER redis_server OPTIONS (DROP command_timeout_ms, DROP connect_timeout_ms)");
  EXPECT_EQ(Run("'INCR', 'n'"), "1");
}

TEST_F(CommandCancelTest, ALostAnswerIsNotAskedForAgain) {
  // A server that carries a command out and then, finding its answer too long, hangs up.
  RedisOptions options;
  options.config = {"client-output-buffer-limit normal 100000 0 0", "lua-time-limit 50"};
  auto curt = RedisServer::Start(options);
  ASSERT_TRUE(curt.ok()) << curt.status();
  MustExec(absl::StrCat("CREATE SERVER curt FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port '",
                        (*curt)->host_port(), "')"));
  const std::string words =
      "'EVAL', 'redis.call(\"INCR\", \"n\") return string.rep(\"x\", 10000000)', '0'";
  const std::string error = Fails(Call(words, "curt"), "08007");
  EXPECT_TRUE(absl::StrContains(error, "may have been applied")) << error;
  EXPECT_EQ((*curt)->Cli({"GET", "n"}), "1");

  pg().Send(Call("'EVAL', 'while true do end', '0'", "curt"));
  ASSERT_TRUE(RunsAScript(**curt));
  (*curt)->Kill();
  EXPECT_EQ(pg().Wait().error.sqlstate, "08007");
}

}  // namespace
}  // namespace redis_fdw::test
