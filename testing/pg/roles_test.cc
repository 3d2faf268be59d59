// As whom a connection is made: user mappings, none, views, and what only superusers may name.

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class RolesTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    if (guarded_ == nullptr) {
      RedisOptions options;
      options.tcp = true;
      options.users = {"reader on >reader-pw ~* +@read +@connection",
                       "writer on >writer-pw ~* +@all"};
      auto started = RedisServer::Start(options);
      ASSERT_TRUE(started.ok()) << started.status();
      guarded_ = *std::move(started);
    }
    guarded_->FlushAll();
    guarded_->Cli({"SADD", "s", "member"});
    MustExec(absl::StrCat("CREATE SERVER g FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port '",
                          "127.0.0.1:", guarded_->port(), "')"));
    MustExec(
        "CREATE FOREIGN TABLE s (m text) SERVER g "
        "OPTIONS (table_type 'set', table_key_prefix 's')");
  }
  static void TearDownTestSuite() { guarded_.reset(); }

  static std::unique_ptr<RedisServer> guarded_;
};

std::unique_ptr<RedisServer> RolesTest::guarded_;

TEST_F(RolesTest, NoUserMappingWorks) { EXPECT_EQ(Query("SELECT * FROM s"), "member"); }

TEST_F(RolesTest, MappingsOfDifferentUsersAreDifferentConnections) {
  MustExec(
      "CREATE USER MAPPING FOR CURRENT_USER SERVER g "
      "OPTIONS (username 'writer', password 'writer-pw')");
  MustExec(
      "CREATE USER MAPPING FOR PUBLIC SERVER g "
      "OPTIONS (username 'reader', password 'reader-pw')");
  MustExec("GRANT SELECT, INSERT ON s TO alice");
  MustExec("INSERT INTO s VALUES ('by writer')");
  MustExec("SET ROLE alice");
  EXPECT_EQ(Query("SELECT count(*) FROM s"), "2");
  PgResult result = Exec("INSERT INTO s VALUES ('by reader')");
  EXPECT_EQ(result.error.sqlstate, "42501") << result.error.ToString();
  MustExec("RESET ROLE");
  MustExec("INSERT INTO s VALUES ('by writer again')");
  EXPECT_EQ(guarded_->Cli({"SCARD", "s"}), "3");
}

TEST_F(RolesTest, ViewsConnectAsTheirOwner) {
  MustExec(
      "CREATE USER MAPPING FOR CURRENT_USER SERVER g "
      "OPTIONS (username 'writer', password 'writer-pw')");
  MustExec("CREATE USER MAPPING FOR alice SERVER g OPTIONS (username 'nobody', password 'x')");
  MustExec("CREATE VIEW v AS SELECT m FROM s");
  MustExec("GRANT SELECT, INSERT, DELETE ON v TO alice; GRANT SELECT ON s TO alice");
  MustExec("SET ROLE alice");
  EXPECT_EQ(Query("SELECT * FROM v"), "member");
  MustExec("INSERT INTO v VALUES ('through the view')");
  MustExec("DELETE FROM v WHERE m = 'member'");
  EXPECT_EQ(guarded_->Cli({"SMEMBERS", "s"}), "through the view");
  EXPECT_EQ(Exec("SELECT * FROM s").error.sqlstate, "28P01");
}

TEST_F(RolesTest, AUnixSocketOfASuperusersServerServesEveryone) {
  MustExec(
      "CREATE FOREIGN TABLE shared (m text) SERVER redis_server "
      "OPTIONS (table_type 'set', table_key_prefix 'shared')");
  MustExec("GRANT SELECT, INSERT, DELETE ON shared TO alice");
  MustExec("SET ROLE alice");
  MustExec("INSERT INTO shared VALUES ('by alice')");
  EXPECT_EQ(Query("SELECT * FROM shared"), "by alice");
  MustExec("DELETE FROM shared");
  EXPECT_EQ(redis().Cli({"EXISTS", "shared"}), "0");
}

TEST_F(RolesTest, UnixSocketsNeedASuperuser) {
  MustExec("GRANT USAGE ON FOREIGN DATA WRAPPER redis_fdw TO alice");
  MustExec("GRANT CREATE ON SCHEMA public TO alice");
  MustExec("SET ROLE alice");
  PgResult result = Exec(absl::StrCat("CREATE SERVER a FOREIGN DATA WRAPPER redis_fdw OPTIONS ",
                                      "(host_port 'unix://", redis().unix_socket(), "')"));
  EXPECT_EQ(result.error.sqlstate, "42501") << result.error.ToString();
  MustExec("RESET ROLE");
  // Without a validator it is caught at use.
  MustExec("CREATE FOREIGN DATA WRAPPER bare HANDLER redis_fdw_handler");
  MustExec("GRANT USAGE ON FOREIGN DATA WRAPPER bare TO alice");
  MustExec("SET ROLE alice");
  MustExec(absl::StrCat("CREATE SERVER a FOREIGN DATA WRAPPER bare OPTIONS (host_port 'unix://",
                        redis().unix_socket(), "')"));
  MustExec(
      "CREATE FOREIGN TABLE t (m text) SERVER a "
      "OPTIONS (table_type 'set', table_key_prefix 's')");
  EXPECT_EQ(Exec("SELECT * FROM t").error.sqlstate, "42501");
  MustExec("RESET ROLE");
}

TEST_F(RolesTest, FilesNeedASuperuser) {
  MustExec("GRANT USAGE ON FOREIGN DATA WRAPPER redis_fdw TO alice");
  MustExec("GRANT CREATE ON SCHEMA public TO alice");
  MustExec("CREATE FOREIGN DATA WRAPPER bare HANDLER redis_fdw_handler");
  MustExec("GRANT USAGE ON FOREIGN DATA WRAPPER bare TO alice");
  for (const char* files :
       {"tls_ca_file '/etc/passwd'", "tls_cert_file '/etc/passwd', tls_key_file '/etc/passwd'"}) {
    MustExec("SET ROLE alice");
    PgResult result = Exec(absl::StrCat("CREATE SERVER a FOREIGN DATA WRAPPER redis_fdw OPTIONS ",
                                        "(host_port 'rediss://127.0.0.1:1', ", files, ")"));
    EXPECT_EQ(result.error.sqlstate, "42501") << result.error.ToString();
    EXPECT_TRUE(absl::StrContains(result.error.ToString(), "a file")) << result.error.ToString();
    // Without a validator it is caught at use.
    MustExec(absl::StrCat("CREATE SERVER a FOREIGN DATA WRAPPER bare OPTIONS ",
                          "(host_port 'rediss://127.0.0.1:1', ", files, ")"));
    MustExec(
        "CREATE FOREIGN TABLE t (m text) SERVER a "
        "OPTIONS (table_type 'set', table_key_prefix 's')");
    EXPECT_EQ(Exec("SELECT * FROM t").error.sqlstate, "42501");
    MustExec("DROP SERVER a CASCADE; RESET ROLE");
  }
  // Given away, a superuser's server names files for somebody else.
  MustExec(
      "CREATE SERVER a FOREIGN DATA WRAPPER redis_fdw "
      "OPTIONS (host_port 'rediss://127.0.0.1:1', tls_ca_file '/etc/passwd')");
  MustExec(
      "CREATE FOREIGN TABLE t (m text) SERVER a OPTIONS (table_type 'set', table_key_prefix 's')");
  MustExec("ALTER SERVER a OWNER TO alice");
  EXPECT_EQ(Exec("SELECT * FROM t").error.sqlstate, "42501");
}

TEST_F(RolesTest, AMappingTakesNameAndPasswordTogether) {
  MustExec("ALTER SERVER g OPTIONS (ADD username 'reader', ADD password 'reader-pw')");
  EXPECT_EQ(Query("SELECT * FROM s"), "member");
  EXPECT_EQ(Exec("INSERT INTO s VALUES ('x')").error.sqlstate, "42501");
  // Another name is not tried with the server's password, nor its name with another password.
  MustExec("CREATE USER MAPPING FOR CURRENT_USER SERVER g OPTIONS (username 'writer')");
  EXPECT_EQ(Exec("SELECT * FROM s").error.sqlstate, "28P01");
  MustExec(
      "ALTER USER MAPPING FOR CURRENT_USER SERVER g "
      "OPTIONS (DROP username, ADD password 'reader-pw')");
  EXPECT_EQ(Exec("SELECT * FROM s").error.sqlstate, "28P01");
  MustExec(
      "ALTER USER MAPPING FOR CURRENT_USER SERVER g "
      "OPTIONS (ADD username 'writer', SET password 'writer-pw')");
  MustExec("INSERT INTO s VALUES ('x')");
}

TEST_F(RolesTest, ConnectionsAreShownToThoseWhoMadeThem) {
  MustExec("GRANT USAGE ON FOREIGN SERVER g TO alice; GRANT SELECT ON s TO alice");
  MustExec("SELECT * FROM s");
  MustExec("SET ROLE alice");
  EXPECT_EQ(Query1("SELECT count(*) FROM redis_fdw_connections()"), "0");
  MustExec("SELECT * FROM s");
  EXPECT_EQ(Query("SELECT server_name, user_name FROM redis_fdw_connections()"), "g|alice");
  MustExec("RESET ROLE");
  EXPECT_EQ(Query("SELECT server_name, user_name FROM redis_fdw_connections() ORDER BY 2"),
            "g|alice\ng|postgres");
  MustExec("GRANT pg_read_all_stats TO alice; SET ROLE alice");
  EXPECT_EQ(Query1("SELECT count(*) FROM redis_fdw_connections()"), "2");
  MustExec("RESET ROLE; REVOKE pg_read_all_stats FROM alice");
}

TEST_F(RolesTest, DisconnectingNeedsTheServer) {
  // (Changed privileges are changed servers: that comes first.)
  MustExec("REVOKE USAGE ON FOREIGN SERVER g FROM alice");
  MustExec("SELECT * FROM s");
  MustExec("SET ROLE alice");
  EXPECT_EQ(Exec("SELECT redis_fdw_disconnect('g')").error.sqlstate, "42501");
  EXPECT_EQ(Query1("SELECT redis_fdw_disconnect_all()"), "f");
  MustExec("RESET ROLE");
  EXPECT_EQ(Query1("SELECT count(*) FROM redis_fdw_connections()"), "1");
  MustExec("GRANT USAGE ON FOREIGN SERVER g TO alice");
  MustExec("SELECT * FROM s");
  MustExec("SET ROLE alice");
  EXPECT_EQ(Query1("SELECT redis_fdw_disconnect('g')"), "t");
  EXPECT_EQ(Query1("SELECT redis_fdw_disconnect('g')"), "f");
  MustExec("RESET ROLE");
}

}  // namespace
}  // namespace redis_fdw::test
