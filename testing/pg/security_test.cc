// What docs/security.md promises: who gets at what, and that no secret is ever shown.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

constexpr char kDenied[] = "42501";

class SecurityTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    // (Roles outlive a test's database.)
    MustExec(
        "DO $$ BEGIN CREATE ROLE bob LOGIN; EXCEPTION WHEN duplicate_object THEN END $$; "
        "GRANT CREATE ON SCHEMA public TO bob, alice");
    MustExec(
        "CREATE FOREIGN TABLE h (f text, v text) SERVER redis_server "
        "OPTIONS (table_type 'hash', table_key_prefix 'h')");
    redis().Cli({"HSET", "h", "a", "1"});
  }

  // How often Redis was connected to.
  std::string Connections() {
    const std::string info = redis().Cli({"INFO", "stats"});
    const size_t at = info.find("total_connections_received:");
    return info.substr(at, info.find('\r', at) - at);
  }

  void ExpectDenied(PgConnection& session, const std::vector<std::string>& statements) {
    for (const std::string& sql : statements) {
      const PgResult result = session.Exec(sql);
      EXPECT_EQ(result.error.sqlstate, kDenied) << sql << "\n" << result;
    }
  }
};

TEST_F(SecurityTest, ARoleWithoutPrivilegesGetsNothing) {
  MustExec("CREATE USER MAPPING FOR alice SERVER redis_server OPTIONS (password 'hers')");
  PgConnection bob = Connect("bob");
  const std::string before = Connections();
  ExpectDenied(bob,
               {
                   // the table
                   "SELECT * FROM h",
                   "SELECT count(*) FROM h",
                   "INSERT INTO h VALUES ('x', 'y')",
                   "UPDATE h SET v = '2'",
                   "DELETE FROM h",
                   "TRUNCATE h",
                   "COPY h FROM STDIN",
                   "EXPLAIN SELECT * FROM h",
                   // the server
                   "CREATE FOREIGN TABLE mine (f text, v text) SERVER redis_server "
                   "OPTIONS (table_type 'hash', table_key_prefix 'h')",
                   "IMPORT FOREIGN SCHEMA \"*\" FROM SERVER redis_server INTO public",
                   "CREATE USER MAPPING FOR bob SERVER redis_server",
                   "ALTER USER MAPPING FOR alice SERVER redis_server OPTIONS (SET password 'x')",
                   "ALTER SERVER redis_server OPTIONS (SET host_port 'elsewhere')",
                   "SELECT redis_fdw_disconnect('redis_server')",
                   // the wrapper
                   "CREATE SERVER mine FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port 'x')",
                   // the functions
                   "SELECT redis_command('redis_server', 'PING')",
                   "SELECT redis_command_bytea('redis_server', 'PING')",
                   "SELECT redis_fdw_stats_reset()",
                   // the mappings
                   "SELECT umoptions FROM pg_user_mapping",
               });
  // ANALYZE leaves it out, with a warning.
  bob.MustExec("ANALYZE h");
  // Of mappings of others no options are shown.
  EXPECT_EQ(bob.Query1("SELECT umoptions FROM pg_user_mappings WHERE srvname = 'redis_server'"),
            "(null)");
  EXPECT_EQ(bob.Query1("SELECT redis_fdw_disconnect_all()"), "f");
  EXPECT_EQ(Connections(), before);
  EXPECT_EQ(redis().Cli({"HGETALL", "h"}), "a\n1");
}

TEST_F(SecurityTest, AFunctionIsNotAServer) {
  MustExec(
      "GRANT EXECUTE ON FUNCTION redis_command(text, text[]), redis_command_bytea(text, bytea[]) "
      "TO bob");
  PgConnection bob = Connect("bob");
  ExpectDenied(bob, {"SELECT redis_command('redis_server', 'PING')",
                     "SELECT redis_command_bytea('redis_server', 'PING')"});
  MustExec("GRANT USAGE ON FOREIGN SERVER redis_server TO bob");
  EXPECT_EQ(bob.Query1("SELECT redis_command('redis_server', 'PING')"), "\"PONG\"");
}

class MappingsTest : public SecurityTest {
 protected:
  void SetUp() override {
    SecurityTest::SetUp();
    RedisOptions options;
    options.tcp = true;
    options.users = {"for_alice on >a-hunter2 ~* +@all", "for_bob on >b-hunter2 ~* +@all",
                     "for_all on >p-hunter2 ~* +@all"};
    auto started = RedisServer::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    guarded_ = *std::move(started);
    MustExec(absl::StrCat("CREATE SERVER g FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port '",
                          "127.0.0.1:", guarded_->port(), "')"));
    MustExec("GRANT USAGE ON FOREIGN SERVER g TO alice, bob");
    MustExec("GRANT EXECUTE ON FUNCTION redis_command(text, text[]) TO alice, bob");
  }

  std::string WhoAmI() { return Query1("SELECT redis_command('g', 'ACL', 'WHOAMI') #>> '{}'"); }

  std::unique_ptr<RedisServer> guarded_;
};

// One session that plays several roles: connections of one are idle when another comes.
TEST_F(MappingsTest, AnotherRolesMappingIsNeverUsed) {
  MustExec(
      "CREATE USER MAPPING FOR alice SERVER g OPTIONS (username 'for_alice', password 'a-hunter2');"
      "CREATE USER MAPPING FOR bob SERVER g OPTIONS (username 'for_bob', password 'b-hunter2')");
  MustExec(
      "CREATE FOREIGN TABLE s (m text) SERVER g OPTIONS (table_type 'set', table_key_prefix 's');"
      "GRANT SELECT, INSERT ON s TO alice, bob");
  guarded_->Cli({"ACL", "SETUSER", "for_bob", "-@write"});
  for (int i = 0; i < 3; ++i) {
    MustExec("SET ROLE alice");
    EXPECT_EQ(WhoAmI(), "for_alice");
    MustExec(absl::StrCat("INSERT INTO s VALUES ('", i, "')"));
    MustExec("SET ROLE bob");
    EXPECT_EQ(WhoAmI(), "for_bob");
    EXPECT_EQ(Exec("INSERT INTO s VALUES ('by bob')").error.sqlstate, kDenied);
    EXPECT_EQ(Query1("SELECT count(*) FROM s"), absl::StrCat(i + 1));
    MustExec("RESET ROLE");
    EXPECT_EQ(WhoAmI(), "default");
  }
  // PUBLIC's is for whoever has none.
  MustExec(
      "CREATE USER MAPPING FOR PUBLIC SERVER g OPTIONS (username 'for_all', password 'p-hunter2')");
  EXPECT_EQ(WhoAmI(), "for_all");
  MustExec("SET ROLE alice");
  EXPECT_EQ(WhoAmI(), "for_alice");
  MustExec("RESET ROLE; DROP USER MAPPING FOR alice SERVER g; SET ROLE alice");
  EXPECT_EQ(WhoAmI(), "for_all");
  // A function with the rights of its owner has his mapping too, while it runs.
  MustExec(
      "RESET ROLE; SET ROLE bob; CREATE FUNCTION as_bob() RETURNS text SECURITY DEFINER LANGUAGE "
      "sql "
      "AS $$ SELECT redis_command('g', 'ACL', 'WHOAMI') #>> '{}' $$; RESET ROLE; SET ROLE alice");
  EXPECT_EQ(Query1("SELECT as_bob()"), "for_bob");
  EXPECT_EQ(WhoAmI(), "for_all");
}

TEST_F(SecurityTest, FilesAndSocketsAreForSuperusers) {
  MustExec("GRANT USAGE ON FOREIGN DATA WRAPPER redis_fdw TO alice");
  PgConnection alice = Connect("alice");
  alice.MustExec(
      "CREATE SERVER hers FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port "
      "'rediss://127.0.0.1:1')");
  const std::string socket = absl::StrCat("'unix://", redis().unix_socket(), "'");
  ExpectDenied(alice, {
                          "CREATE SERVER s FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port " +
                              socket + ")",
                          "ALTER SERVER hers OPTIONS (SET host_port " + socket + ")",
                          "ALTER SERVER hers OPTIONS (ADD tls_ca_file '/etc/passwd')",
                          "ALTER SERVER hers OPTIONS (ADD tls_cert_file '/etc/passwd', ADD "
                          "tls_key_file '/etc/group')",
                      });
  // A mapping cannot name any.
  EXPECT_EQ(
      alice.Exec("CREATE USER MAPPING FOR alice SERVER hers OPTIONS (tls_ca_file '/etc/passwd')")
          .error.sqlstate,
      "HV00D");
  // Nor is a superuser's server of use to its new owner.
  MustExec("GRANT alice TO postgres");
  MustExec(
      "GRANT EXECUTE ON FUNCTION redis_command(text, text[]) TO alice; "
      "CREATE SERVER given FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port " +
      socket +
      "); "
      "CREATE FOREIGN TABLE t (f text, v text) SERVER given "
      "OPTIONS (table_type 'hash', table_key_prefix 'h'); ALTER TABLE t OWNER TO alice; "
      "ALTER SERVER given OWNER TO alice");
  const std::string before = Connections();
  ExpectDenied(alice, {
                          "SELECT * FROM t",
                          "INSERT INTO t VALUES ('x', 'y')",
                          "TRUNCATE t",
                          "ANALYZE t",
                          "SELECT redis_command('given', 'PING')",
                          "IMPORT FOREIGN SCHEMA \"*\" FROM SERVER given INTO public",
                          "ALTER SERVER given OPTIONS (ADD fetch_size '10')",
                      });
  EXPECT_EQ(Connections(), before);
  // What a wrong file holds is not told to anyone.
  MustExec(
      "CREATE SERVER wrong FOREIGN DATA WRAPPER redis_fdw "
      "OPTIONS (host_port 'rediss://127.0.0.1:1', tls_ca_file '/etc/passwd')");
  MustExec(
      "CREATE FOREIGN TABLE w (m text) SERVER wrong "
      "OPTIONS (table_type 'set', table_key_prefix 's')");
  const PgResult result = Exec("SELECT * FROM w");
  EXPECT_FALSE(result.ok());
  EXPECT_FALSE(absl::StrContains(result.error.ToString(), "root:")) << result;
}

// --- Secrets ------------------------------------------------------------------------------------

constexpr char kSecret[] = "hunter2";

// On a PostgreSQL that logs all it can. Every password here has "hunter2" in it.
class SecretsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    PostgresOptions options;
    options.extension_files = ExtensionFiles();
    options.config = {"log_min_messages=debug5",
                      "log_error_verbosity=verbose",
                      "log_connections=on",
                      "log_duration=on",
                      "debug_print_plan=on",
                      "debug_print_parse=on",
                      "debug_print_rewritten=on",
                      "client_min_messages=debug5",
                      "shared_preload_libraries=redis_fdw"};
    auto started = PostgresServer::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    postgres_ = *std::move(started);
    pg_.emplace(*postgres_->Connect());
    Declare("CREATE EXTENSION redis_fdw");
    RedisOptions redis;
    redis.tls = true;
    redis.tcp = true;
    redis.users = {"app on >right-hunter2 ~* +@all -@dangerous +info -hset",
                   "default on >default-hunter2 ~* +@all"};
    redis.password = "default-hunter2";
    auto redis_started = RedisServer::Start(redis);
    ASSERT_TRUE(redis_started.ok()) << redis_started.status();
    redis_ = *std::move(redis_started);
    redis_->Cli({"SADD", "s", "m"});
  }

  // Statements that hold passwords: PostgreSQL itself logs the texts of statements, whoever's.
  void Declare(const std::string& sql) {
    pg_->MustExec("SET log_min_messages = panic; SET client_min_messages = warning");
    pg_->MustExec(
        "SET debug_print_parse = off; SET debug_print_rewritten = off; "
        "SET debug_print_plan = off; SET log_duration = off");
    pg_->MustExec(sql);
    pg_->MustExec("RESET ALL");
    (void)pg_->TakeNotices();
  }

  void MakeServer(const std::string& name, const std::string& options, const std::string& mapping) {
    Declare(absl::StrCat(
        "CREATE SERVER ", name, " FOREIGN DATA WRAPPER redis_fdw OPTIONS (", options,
        "); CREATE USER MAPPING FOR CURRENT_USER SERVER ", name, " OPTIONS (", mapping,
        "); CREATE SCHEMA ", name, "; CREATE FOREIGN TABLE ", name, ".s (m text) SERVER ", name,
        " OPTIONS (table_type 'set', table_key_prefix 's'); CREATE FOREIGN TABLE ", name,
        ".h (f text, v text) SERVER ", name, " OPTIONS (table_type 'hash', table_key_prefix 'h')"));
  }

  void ExpectNoSecret(const std::string& text, const std::string& where) {
    const size_t at = text.find(kSecret);
    if (at == std::string::npos) return;
    ADD_FAILURE() << where << ": ..." << text.substr(at < 200 ? 0 : at - 200, 400);
  }

  // Runs it, and looks at all that comes of it. The SQLSTATE.
  std::string Run(const std::string& sql) {
    const PgResult result = pg_->Exec(sql);
    ExpectNoSecret(result.error.ToString(), sql);
    ExpectNoSecret(result.Text(), sql);
    for (const PgMessage& notice : pg_->TakeNotices()) ExpectNoSecret(notice.ToString(), sql);
    return result.error.sqlstate;
  }

  std::unique_ptr<PostgresServer> postgres_;
  std::optional<PgConnection> pg_;
  std::unique_ptr<RedisServer> redis_;
};

TEST_F(SecretsTest, NoPasswordIsShown) {
  const std::string address = absl::StrCat("127.0.0.1:", redis_->port());
  const std::string tcp = absl::StrCat("host_port '", address, "', command_timeout_ms '3000'");
  MakeServer("good", tcp, "username 'app', password 'right-hunter2'");
  MakeServer("wrong", tcp, "username 'app', password 'wrong-hunter2'");
  MakeServer("nobody", tcp, "username 'nobody', password 'nobodys-hunter2'");
  MakeServer("unnamed", tcp, "password 'unnamed-hunter2'");
  MakeServer("untrusted", absl::StrCat("host_port '", redis_->tls_host_port(), "'"),
             "username 'app', password 'right-hunter2'");
  MakeServer("refused", "host_port '127.0.0.1:1'", "username 'app', password 'right-hunter2'");
  MakeServer("sentinel",
             absl::StrCat("host_port '", address,
                          "', mode 'sentinel', sentinel_master 'm', "
                          "pool_connection_timeout_ms '500'"),
             "password 'right-hunter2', sentinel_password 'sentinels-hunter2'");
  EXPECT_EQ(Run("SELECT * FROM good.s"), "");
  EXPECT_EQ(Run("INSERT INTO good.h VALUES ('a', 'b')"), kDenied);
  EXPECT_EQ(Run("SELECT * FROM wrong.s"), "28P01");
  EXPECT_EQ(Run("SELECT * FROM nobody.s"), "28P01");
  EXPECT_EQ(Run("SELECT * FROM unnamed.s"), "28P01");
  EXPECT_EQ(Run("SELECT * FROM untrusted.s"), "08001");
  EXPECT_EQ(Run("SELECT * FROM refused.s"), "08001");
  EXPECT_NE(Run("SELECT * FROM sentinel.s"), "");
  EXPECT_EQ(Run("SELECT redis_command('wrong', 'PING')"), "28P01");
  EXPECT_EQ(Run("SELECT redis_command('good', 'FLUSHALL')"), kDenied);
  EXPECT_NE(Run("IMPORT FOREIGN SCHEMA \"*\" FROM SERVER wrong INTO public"), "");
  for (const char* format : {"TEXT", "JSON"}) {
    EXPECT_EQ(Run(absl::StrCat("EXPLAIN (ANALYZE, VERBOSE, FORMAT ", format,
                               ") SELECT * FROM good.s WHERE m = 'm'")),
              "");
    EXPECT_EQ(
        Run(absl::StrCat("EXPLAIN (VERBOSE, FORMAT ", format, ") INSERT INTO good.s VALUES ('x')")),
        "");
  }
  EXPECT_EQ(Run("SELECT * FROM redis_fdw_connections()"), "");
  EXPECT_EQ(Run("SELECT * FROM redis_fdw_stats"), "");
  EXPECT_EQ(Run("SELECT * FROM pg_stat_activity"), "");
  EXPECT_EQ(Run("SELECT pg_log_backend_memory_contexts(pg_backend_pid())"), "");
  ExpectNoSecret(redis_->Cli({"CLIENT", "LIST"}), "CLIENT LIST");
  redis_->Stop();
  EXPECT_EQ(Run("SELECT * FROM good.s"), "57014");
  redis_->Continue();
  EXPECT_EQ(Run("SELECT * FROM good.s"), "");

  const std::string log = postgres_->log();
  EXPECT_TRUE(absl::StrContains(log, "DEBUG:  ")) << "the log is not as talkative as it should be";
  EXPECT_TRUE(absl::StrContains(log, "28P01")) << log.size();
  ExpectNoSecret(log, "PostgreSQL's log");
  ExpectNoSecret(redis_->log(), "Redis's log");
}

// Nor in the messages about options that hold one in the wrong place.
TEST_F(SecretsTest, NoPasswordInAWrongPlaceIsRepeated) {
  for (const char* options :
       {"host_port 'redis://app:hunter2@host'", "host_port 'redis://:hunter2@host:1'",
        "host_port 'redis://host?password=hunter2'", "host_port 'host', pasword 'hunter2'",
        "host_port 'host', mode 'standalone', sentinel_password 'hunter2'"}) {
    const PgResult result = pg_->Exec(
        absl::StrCat("CREATE SERVER s FOREIGN DATA WRAPPER redis_fdw OPTIONS (", options, ")"));
    EXPECT_FALSE(result.ok());
    ExpectNoSecret(result.error.ToString(), options);
  }
  const PgResult warned = pg_->Exec(
      "CREATE SERVER s FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port 'host', password "
      "'hunter2')");
  EXPECT_TRUE(warned.ok());
  bool told = false;
  for (const PgMessage& notice : pg_->TakeNotices()) {
    if (notice.severity == "WARNING") told = true;
    if (notice.severity == "WARNING") ExpectNoSecret(notice.ToString(), "the warning");
  }
  EXPECT_TRUE(told) << "a password that every user can read deserves a warning";
}

}  // namespace
}  // namespace redis_fdw::test
