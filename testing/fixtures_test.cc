// The fixtures themselves: if these fail, no other failure means anything.

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"
#include "testing/process.h"
#include "testing/redis_server.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::Optional;
using ::testing::StartsWith;

bool Exists(pid_t pid) { return kill(pid, 0) == 0 || errno != ESRCH; }

TEST(TempDirTest, IsShortAndRemoved) {
  std::string path;
  {
    const TempDir dir;
    path = dir.path();
    EXPECT_THAT(path.size(), Lt(40u));
    ASSERT_TRUE(WriteFile(dir.File("x"), std::string("a\0b", 3)).ok());
    EXPECT_EQ(*ReadFile(dir.File("x")), std::string("a\0b", 3));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ProcessTest, GivesOutputInOrderAndExitCode) {
  Process::Options options;
  options.argv = {"sh", "-c", "echo out; echo err >&2; echo $WORD; exit 3"};
  options.env = {"WORD=again"};
  const absl::StatusOr<CommandResult> result = RunCommand(options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->output, "out\nerr\nagain\n");
}

TEST(ProcessTest, MissingProgramIsAnError) {
  Process::Options options;
  options.argv = {"/no/such/program"};
  EXPECT_THAT(std::string(Process::Start(options).status().message()), HasSubstr("/no/such"));
}

TEST(ProcessTest, StopKillsWhatDoesNotListen) {
  Process::Options options;
  options.argv = {"sh", "-c", "trap '' TERM; while :; do sleep 0.01; done"};
  auto process = *Process::Start(options);
  const pid_t pid = process->pid();
  absl::SleepFor(absl::Milliseconds(100));
  process->Stop(absl::Milliseconds(200));
  EXPECT_FALSE(process->Running());
  EXPECT_FALSE(Exists(pid));
}

TEST(ProcessTest, UnprivilegedIsNotRoot) {
  Process::Options options;
  options.argv = {"id", "-u"};
  options.identity = Identity::Unprivileged();
  options.cwd = "/";
  const absl::StatusOr<CommandResult> result = RunCommand(options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 0);
  EXPECT_NE(result->output, "0\n");
}

// A killed test must not leave servers behind.
TEST(ProcessTest, ChildDiesWithItsParent) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    Process::Options options;
    options.argv = {"sleep", "1000"};
    options.identity = Identity::Unprivileged();
    options.cwd = "/";
    auto process = *Process::Start(options);
    const pid_t child = process->pid();
    (void)!write(ends[1], &child, sizeof(child));
    pause();
    _exit(0);
  }
  pid_t child = 0;
  ASSERT_EQ(read(ends[0], &child, sizeof(child)), static_cast<ssize_t>(sizeof(child)));
  absl::SleepFor(absl::Milliseconds(200));
  EXPECT_TRUE(Exists(child));
  kill(parent, SIGKILL);
  const std::string stat = absl::StrCat("/proc/", child, "/stat");
  // Gone, or a zombie that whoever adopted it has not collected yet.
  EXPECT_TRUE(WaitUntil([&] {
    const std::string line = ReadFile(stat).value_or("");
    return line.empty() || absl::StrContains(line, ") Z ");
  }));
}

// Not even by a test that runs beside this one, whether or not somebody listens there by now.
TEST(ProcessTest, PortsAreGivenOnce) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t other = fork();
  if (other == 0) {
    for (int i = 0; i < 300; ++i) {
      const int port = FreePort();
      (void)!write(ends[1], &port, sizeof(port));
    }
    pause();
    _exit(0);
  }
  std::set<int> ports;
  for (int i = 0; i < 300; ++i) {
    int port = 0;
    ASSERT_EQ(read(ends[0], &port, sizeof(port)), static_cast<ssize_t>(sizeof(port)));
    EXPECT_TRUE(ports.insert(port).second) << port;
    EXPECT_TRUE(ports.insert(FreePort()).second);
  }
  EXPECT_EQ(ports.count(0), 0u);
  kill(other, SIGKILL);
  EXPECT_EQ(waitpid(other, nullptr, 0), other);
}

TEST(RedisServerTest, IsBinarySafe) {
  auto redis = *RedisServer::Start();
  const std::string value("a\0\r\n\xff", 5);
  EXPECT_EQ(redis->Cli({"SET", "k", value}), "OK");
  EXPECT_EQ(redis->Cli({"GET", "k"}), value);
  EXPECT_EQ(redis->Cli({"GET", "none"}), "(nil)");
  EXPECT_EQ(redis->Cli({"RPUSH", "l", "x", "y"}), "2");
  EXPECT_EQ(redis->Cli({"LRANGE", "l", "0", "-1"}), "x\ny");
  EXPECT_EQ(redis->Cli({"SMEMBERS", "none"}), "(empty)");
  EXPECT_THAT(redis->Cli({"NOSUCH"}), StartsWith("(error) ERR unknown command"));
  EXPECT_EQ(redis->ClientCount(), 0);
  redis->FlushAll();
  EXPECT_EQ(redis->Cli({"DBSIZE"}), "0");
}

TEST(RedisServerTest, ListensOnBothLoopbacks) {
  RedisOptions options;
  options.ipv6 = true;
  auto redis = RedisServer::Start(options);
  // Not every container has IPv6.
  if (!redis.ok() && absl::StrContains(redis.status().message(), "::1")) GTEST_SKIP();
  ASSERT_TRUE(redis.ok()) << redis.status();
  EXPECT_EQ((*redis)->host_port(), absl::StrCat("127.0.0.1:", (*redis)->port()));
  for (const char* host : {"127.0.0.1", "::1"}) {
    Process::Options ping;
    ping.argv = {"redis-cli", "-h", host, "-p", absl::StrCat((*redis)->port()), "PING"};
    EXPECT_EQ(RunCommand(ping)->output, "PONG\n") << host;
  }
}

TEST(RedisServerTest, SpeaksTls) {
  RedisOptions options;
  options.tls = true;
  auto redis = *RedisServer::Start(options);
  Process::Options ping;
  ping.argv = {"redis-cli", "--tls",
               "--cacert",  redis->authority().ca_file(),
               "-p",        absl::StrCat(redis->tls_port()),
               "PING"};
  EXPECT_EQ(RunCommand(ping)->output, "PONG\n");
  // Another authority, and no TLS at all.
  TlsAuthority other;
  ping.argv[3] = other.ca_file();
  EXPECT_THAT(RunCommand(ping)->output, HasSubstr("certificate verify failed"));
  ping.argv = {"redis-cli", "-p", absl::StrCat(redis->tls_port()), "PING"};
  EXPECT_NE(RunCommand(ping)->output, "PONG\n");
  EXPECT_TRUE(absl::StartsWith(redis->host_port(), "unix://"));
}

TEST(RedisServerTest, MayWantClientCertificates) {
  RedisOptions options;
  options.tls = true;
  options.tls_auth_clients = true;
  auto redis = *RedisServer::Start(options);
  Process::Options ping;
  ping.argv = {"redis-cli", "--tls",
               "--cacert",  redis->authority().ca_file(),
               "-p",        absl::StrCat(redis->tls_port()),
               "PING"};
  EXPECT_NE(RunCommand(ping)->output, "PONG\n");
  const TlsCertificate client = redis->authority().Issue();
  ping.argv.insert(ping.argv.begin() + 1, {"--cert", client.cert_file, "--key", client.key_file});
  EXPECT_EQ(RunCommand(ping)->output, "PONG\n");
}

TEST(RedisServerTest, HasPasswordAndUsers) {
  RedisOptions options;
  options.password = "secret";
  options.users = {"alice on >other ~app:* +@all"};
  auto redis = *RedisServer::Start(options);
  EXPECT_EQ(redis->Cli({"SET", "k", "v"}), "OK");
  EXPECT_EQ(redis->Cli({"AUTH", "alice", "other"}), "OK");
  EXPECT_THAT(redis->Cli({"GET", "k"}), HasSubstr("NOPERM"));
  EXPECT_EQ(redis->Cli({"SET", "app:1", "v"}), "OK");
}

TEST(RedisServerTest, DiesAndComesBackInTheSamePlace) {
  RedisOptions options;
  options.tcp = true;
  auto redis = *RedisServer::Start(options);
  const int port = redis->port();
  EXPECT_EQ(redis->Cli({"SET", "k", "v"}), "OK");
  redis->Kill();
  EXPECT_THAT(redis->Cli({"GET", "k"}), StartsWith("(error) client: "));
  ASSERT_TRUE(redis->Restart().ok());
  EXPECT_EQ(redis->port(), port);
  EXPECT_EQ(redis->Cli({"GET", "k"}), "(nil)");
  redis->Stop();
  redis->Continue();
  EXPECT_EQ(redis->Cli({"PING"}), "PONG");
}

TEST_F(PgRedisTest, RunsStatements) {
  EXPECT_EQ(Query1("SELECT 40 + 2"), "42");
  EXPECT_EQ(Query1("SELECT NULL"), "(null)");
  EXPECT_EQ(Query1("SELECT 1 WHERE false"), "(no row)");
  EXPECT_EQ(Query("SELECT i, NULL FROM generate_series(1, 2) i"), "1|(null)\n2|(null)");
  EXPECT_EQ(MustExec("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)").tag, "INSERT 0 2");
  EXPECT_EQ(pg().CopyIn("COPY t FROM STDIN", "3\n4\n").tag, "COPY 2");
  const PgResult result = pg().ExecParams("SELECT $1::int + 1 AS x, $2::text", {"4", std::nullopt});
  EXPECT_THAT(result.columns, ElementsAre("x", "text"));
  EXPECT_THAT(result.rows, ElementsAre(ElementsAre(Optional(std::string("5")), std::nullopt)));
  EXPECT_THAT(Explain("SELECT * FROM t"), HasSubstr("Seq Scan on public.t"));
}

TEST_F(PgRedisTest, EachTestHasItsOwnDatabase) {
  EXPECT_EQ(Query1("SELECT to_regclass('t')"), "(null)");
  EXPECT_EQ(Query1("SELECT current_database()"), database());
  EXPECT_EQ(Connect("alice").Query1("SELECT current_user"), "alice");
  EXPECT_EQ(redis().Cli({"DBSIZE"}), "0");
}

TEST_F(PgRedisTest, ReportsErrorsWithTheirParts) {
  const PgResult result = Exec(
      "DO $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = 'd', HINT = 'h', ERRCODE = 'HV00D'; END $$");
  EXPECT_EQ(result.error.sqlstate, "HV00D");
  EXPECT_EQ(result.error.message, "no");
  EXPECT_EQ(result.error.detail, "d");
  EXPECT_EQ(result.error.hint, "h");
  EXPECT_THAT(result.error.context, HasSubstr("inline_code_block"));
  MustExec("DO $$ BEGIN RAISE WARNING 'careful'; END $$");
  const std::vector<PgMessage> notices = pg().TakeNotices();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].severity, "WARNING");
  EXPECT_EQ(notices[0].message, "careful");
  EXPECT_THAT(postgres().log(), HasSubstr("careful"));
}

TEST_F(PgRedisTest, CancelsAndTimesOut) {
  pg().Send("SELECT pg_sleep(100)");
  ASSERT_TRUE(HasBegun(pg()));
  EXPECT_TRUE(pg().Busy());
  pg().Cancel();
  EXPECT_EQ(pg().Wait().error.sqlstate, "57014");
  EXPECT_EQ(pg().Exec("SELECT pg_sleep(100)", absl::Milliseconds(100)).error.sqlstate, "TIMEOUT");
  EXPECT_EQ(Query1("SELECT 1"), "1");
}

// Such as one on a machine that has much to do, in which the server has not even read it.
TEST_F(PgRedisTest, TimesOutBeforeTheStatementHasBegun) {
  kill(pg().backend_pid(), SIGSTOP);
  std::thread later([this] {
    absl::SleepFor(absl::Milliseconds(300));
    kill(pg().backend_pid(), SIGCONT);
  });
  EXPECT_EQ(pg().Exec("SELECT pg_sleep(100)", absl::Milliseconds(10)).error.sqlstate, "TIMEOUT");
  later.join();
  EXPECT_EQ(Query1("SELECT 1"), "1");
}

TEST_F(PgRedisTest, LostConnectionsAnswerWithErrors) {
  PgConnection lost = Connect();
  MustExec(absl::StrCat("SELECT pg_terminate_backend(", lost.backend_pid(), ", 60000)"));
  EXPECT_FALSE(lost.Exec("SELECT 1").ok());
  EXPECT_FALSE(lost.Exec("SELECT 1").ok());  // not even sent
  EXPECT_EQ(Query1("SELECT 1"), "1");
}

TEST_F(PgRedisTest, LooksIntoTheBackend) {
  EXPECT_EQ(Query1("SELECT pg_backend_pid()"), absl::StrCat(pg().backend_pid()));
  const int64_t before = pg().BackendPeakKib();
  EXPECT_GT(before, 1000);
  MustExec("SELECT length(string_agg(i::text, ',')) FROM generate_series(1, 1000000) i");
  EXPECT_GT(pg().BackendPeakKib(), before + 5000);
  EXPECT_GT(pg().BackendPrivateKib(), 100);
  EXPECT_GT(pg().BackendSockets(), 0);
}

TEST(PostgresServerTest, RestartsWithItsData) {
  PostgresOptions options;
  options.config = {"work_mem=1MB"};
  auto server = *PostgresServer::Start(options);
  server->Connect()->MustExec("CREATE TABLE t AS SELECT 1 AS a");
  ASSERT_TRUE(server->Restart().ok());
  EXPECT_EQ(server->Connect()->Query1("SELECT a FROM t"), "1");
  EXPECT_EQ(server->Connect()->Query1("SHOW work_mem"), "1MB");
  EXPECT_GE(server->major_version(), 14);
}

}  // namespace
}  // namespace redis_fdw::test
