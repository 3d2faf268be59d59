// What is refused when servers, mappings and tables are made, and what is said.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class OptionsTest : public PgRedisTest {
 protected:
  // Expects an error of that SQLSTATE which says all of `words`, somewhere.
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
  void RefusedTable(const std::string& columns, const std::string& options,
                    const std::string& sqlstate, std::initializer_list<const char*> words) {
    Refused(absl::StrCat("CREATE FOREIGN TABLE t (", columns, ") SERVER redis_server OPTIONS (",
                         options, ")"),
            sqlstate, words);
  }
};

TEST_F(OptionsTest, Version) { EXPECT_EQ(Query1("SELECT redis_fdw_version()"), "1.0"); }

TEST_F(OptionsTest, ServerOptions) {
  auto server = [](const std::string& options) {
    return absl::StrCat("CREATE SERVER x FOREIGN DATA WRAPPER redis_fdw OPTIONS (", options, ")");
  };
  Refused("CREATE SERVER x FOREIGN DATA WRAPPER redis_fdw", "HV00J", {"host_port"});
  Refused(server("host_prt 'a:1'"), "HV00D", {"host_prt", "Perhaps", "host_port"});
  Refused(server("table_type 'hash'"), "HV00D", {"table_type", "connect_timeout_ms"});
  Refused(server("host_port 'a:99999'"), "HV00D", {"99999"});
  Refused(server("host_port ''"), "HV00D", {"host_port"});
  Refused(server("host_port 'redis://me:secret@h:1'"), "HV00D", {"user mapping"});
  EXPECT_FALSE(absl::StrContains(Exec(server("host_port 'redis://me:secret@h:1'")).error.ToString(),
                                 "secret"));
  Refused(server("host_port 'a:1', connect_timeout_ms 'soon'"), "HV024",
          {"connect_timeout_ms", "soon", "integer"});
  Refused(server("host_port 'a:1', fetch_size '0'"), "HV024", {"fetch_size"});
  Refused(server("host_port 'a:1', scan_mode 'fast'"), "HV024", {"snapshot"});
  Refused(server("host_port 'a:1', scan_mode 'auto, cursor'"), "HV024", {"snapshot"});
  Refused(server("host_port 'a:1', scan_mode ''"), "HV024", {"snapshot"});
  Refused(server("host_port 'a:1', fdw_startup_cost '-1'"), "HV024",
          {"fdw_startup_cost", "-1", "not negative"});
  Refused(server("host_port 'a:1', fdw_tuple_cost 'cheap'"), "HV024", {"fdw_tuple_cost", "cheap"});
  Refused(server("host_port 'a:1', fdw_tuple_cost 'NaN'"), "HV024", {"fdw_tuple_cost"});
  Refused(server("host_port 'a:1', use_remote_estimate 'maybe'"), "HV024",
          {"use_remote_estimate", "true"});
  Refused(server("host_port 'a:1', updatable 'maybe'"), "HV024", {"updatable", "true"});
  Refused("ALTER SERVER redis_server OPTIONS (DROP host_port)", "HV00J", {"host_port"});
  pg().TakeNotices();
  MustExec(server("host_port '[::1]:6379', password 'open'"));
  auto notices = pg().TakeNotices();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_TRUE(absl::StrContains(notices[0].ToString(), "user mapping"));
  EXPECT_FALSE(absl::StrContains(notices[0].ToString(), "open"));
}

TEST_F(OptionsTest, OptionsOfOtherObjectsAndMisspelledOnes) {
  const auto server = [](const std::string& option) {
    return absl::StrCat("CREATE SERVER x FOREIGN DATA WRAPPER redis_fdw OPTIONS (", option,
                        " '1')");
  };
  const auto table = [](const std::string& option) {
    return absl::StrCat("CREATE FOREIGN TABLE t (a text) SERVER redis_server OPTIONS (", option,
                        " '1')");
  };
  Refused(server("table_type"), "HV00D", {"It is an option of foreign tables."});
  Refused(server("field"), "HV00D", {"It is an option of columns of foreign tables."});
  Refused(table("password"), "HV00D", {"It is an option of servers and user mappings."});
  Refused("CREATE USER MAPPING FOR PUBLIC SERVER redis_server OPTIONS (fetch_size '1')", "HV00D",
          {"It is an option of servers and foreign tables."});
  Refused("ALTER FOREIGN DATA WRAPPER redis_fdw OPTIONS (ADD host_port 'a:1')", "HV00D",
          {"It is an option of servers.", "no valid options"});
  Refused(server("host"), "HV00D", {"Perhaps you meant the option \"host_port\"."});
  Refused(server("port"), "HV00D", {"Perhaps you meant the option \"host_port\"."});
  Refused(table("key_prefix"), "HV00D", {"Perhaps you meant the option \"table_key_prefix\"."});
  Refused(table("batchsize"), "HV00D", {"Perhaps you meant the option \"batch_size\"."});
  EXPECT_FALSE(absl::StrContains(Exec(table("foo")).error.ToString(), "Perhaps"));
}

TEST_F(OptionsTest, WhatAServerIs) {
  auto server = [](const std::string& options) {
    return absl::StrCat("CREATE SERVER x FOREIGN DATA WRAPPER redis_fdw OPTIONS (", options, ")");
  };
  Refused(server("host_port 'a:1', mode 'clustre'"), "HV024",
          {"clustre", "auto, standalone, cluster, sentinel"});
  Refused(server("host_port 'a:1', mod 'auto'"), "HV00D", {"Perhaps", "\"mode\""});
  Refused(server("host_port 'a:1', mode 'sentinel'"), "HV00J", {"sentinel_master"});
  Refused(server("host_port 'a:1', mode 'sentinel', sentinel_master ''"), "HV024",
          {"sentinel_master"});
  for (const char* option : {"sentinel_master 'm'", "sentinel_username 'u'",
                             "sentinel_password 'p'", "mode 'cluster', sentinel_master 'm'"}) {
    Refused(server(absl::StrCat("host_port 'a:1', ", option)), "HV00D",
            {"sentinel_master", "mode 'sentinel'"});
  }
  Refused(server("host_port 'a:1,b:2', mode 'standalone'"), "HV00D", {"several", "standalone"});
  Refused(server("host_port 'a:1', read_from 'slave'"), "HV024",
          {"primary, prefer_replica, replica"});
  Refused(server("host_port 'a:1', mode 'standalone', read_from 'replica'"), "HV00D",
          {"read_from", "standalone"});
  Refused(server("host_port 'unix:///a,unix:///b'"), "HV00D", {"unix socket", "only address"});
  Refused(server("host_port 'unix:///a,b:1', mode 'cluster'"), "HV00D", {"unix socket"});
  Refused(server("host_port 'unix:///a', mode 'sentinel', sentinel_master 'm'"), "HV00D",
          {"unix socket"});
  Refused(server("host_port 'a:1', pool_connection_timeout_ms '86400001'"), "HV024",
          {"pool_connection_timeout_ms"});
  // Both objects are seen together when one option changes.
  MustExec(
      server("host_port 'a:1,b:2', mode 'sentinel', sentinel_master 'm', "
             "read_from 'prefer_replica', pool_connection_timeout_ms '0'"));
  Refused("ALTER SERVER x OPTIONS (SET mode 'cluster')", "HV00D", {"sentinel_master"});
  Refused("ALTER SERVER x OPTIONS (DROP sentinel_master)", "HV00J", {"sentinel_master"});
  MustExec("ALTER SERVER x OPTIONS (SET mode 'cluster', DROP sentinel_master)");
  Refused("ALTER SERVER x OPTIONS (SET mode 'standalone', DROP read_from)", "HV00D", {"several"});
  pg().TakeNotices();
  MustExec(
      "ALTER SERVER x OPTIONS (SET mode 'sentinel', ADD sentinel_master 'm', "
      "ADD sentinel_password 'open')");
  auto notices = pg().TakeNotices();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_TRUE(absl::StrContains(notices[0].ToString(), "sentinel_password"));
  EXPECT_FALSE(absl::StrContains(notices[0].ToString(), "open"));
}

TEST_F(OptionsTest, Tls) {
  auto server = [](const std::string& options) {
    return absl::StrCat("CREATE SERVER x FOREIGN DATA WRAPPER redis_fdw OPTIONS (", options, ")");
  };
  for (const char* option : {"tls_ca_file '/ca'", "tls_server_name 'n'", "tls_verify 'on'",
                             "tls_verify 'off'", "tls_cert_file '/c', tls_key_file '/k'"}) {
    Refused(server(absl::StrCat("host_port 'redis://a:1', ", option)), "HV00D", {"rediss://"});
    MustExec(server(absl::StrCat("host_port 'rediss://a:1', ", option)));
    MustExec("DROP SERVER x");
  }
  Refused(server("host_port 'rediss://a:1,b:2'"), "HV00D", {"rediss://", "each"});
  Refused(server("host_port 'rediss://a:1', tls_cert_file '/c'"), "HV00J", {"tls_key_file"});
  Refused(server("host_port 'rediss://a:1', tls_key_file '/k'"), "HV00J", {"tls_cert_file"});
  Refused(server("host_port 'rediss://a:1', tls_ca_file ''"), "HV024", {"tls_ca_file"});
  Refused(server("host_port 'rediss://a:1', tls_verify 'maybe'"), "HV024", {"tls_verify", "true"});
  MustExec(server("host_port 'rediss://a:1,rediss://b:2', mode 'cluster', tls_ca_file '/ca'"));
  Refused("ALTER SERVER x OPTIONS (SET host_port 'a:1')", "HV00D", {"rediss://"});
}

// A wrapper made by hand may have no validator.
TEST_F(OptionsTest, CombinationsAreCheckedAtUseToo) {
  MustExec("CREATE FOREIGN DATA WRAPPER bare HANDLER redis_fdw_handler");
  MustExec(
      "CREATE SERVER x FOREIGN DATA WRAPPER bare OPTIONS (host_port 'a:1,b:2', mode 'standalone')");
  MustExec(
      "CREATE FOREIGN TABLE t (m text) SERVER x "
      "OPTIONS (table_type 'set', table_key_prefix 's')");
  Refused("SELECT * FROM t", "HV00D", {"several", "standalone"});
  MustExec("ALTER SERVER x OPTIONS (SET host_port 'a:1', SET mode 'fast')");
  Refused("SELECT * FROM t", "HV024", {"fast", "sentinel"});
}

TEST_F(OptionsTest, UserMappingOptions) {
  Refused("CREATE USER MAPPING FOR alice SERVER redis_server OPTIONS (tls_verify 'off')", "HV00D",
          {"tls_verify", "sentinel_password"});
  Refused("CREATE USER MAPPING FOR alice SERVER redis_server OPTIONS (user 'x')", "HV00D",
          {"user", "username", "password"});
  MustExec("CREATE USER MAPPING FOR alice SERVER redis_server OPTIONS (password 'x')");
}

TEST_F(OptionsTest, TableOptions) {
  RefusedTable("a text", "table_key_prefix 'k'", "HV00J", {"table_type", "hash", "zset"});
  RefusedTable("a text", "table_type 'string'", "HV00J", {"table_key_prefix"});
  RefusedTable("a text", "table_type 'sett', table_key_prefix 'k'", "HV00D",
               {"sett", "hash", "list", "set", "stream", "string", "zset"});
  RefusedTable("a text", "table_type 'set', table_key_prefix ''", "HV024", {"table_key_prefix"});
  RefusedTable("a text", "table_type 'set', table_key_prefix 'k', database '-1'", "HV024",
               {"database"});
  RefusedTable("a text", "table_type 'set', table_key_prefix 'k', database 'one'", "HV024",
               {"database", "one"});
  RefusedTable("a text", "table_type 'set', table_key_prefix 'user:*'", "HV005", {"many keys"});
  RefusedTable("a text", "table_type 'set', table_key_prefix 'user:[1'", "HV00D", {"backslash"});
  RefusedTable("a text", "table_type 'set', table_key_prefix 'k', tabel_type 'x'", "HV00D",
               {"Perhaps", "table_type"});
}

TEST_F(OptionsTest, KeysAndTemplatesExcludeEachOther) {
  RefusedTable("a text", "table_type 'set', table_key_prefix 'k', key_template 'k:{id}'", "HV00D",
               {"table_key_prefix", "key_template"});
  RefusedTable("a text", "table_type 'set', key_template ''", "HV024", {"key_template"});
  RefusedTable("a text", "table_type 'set'", "HV00J", {"table_key_prefix", "key_template"});
}

TEST_F(OptionsTest, OptionsOfWriting) {
  const std::string set = "table_type 'set', table_key_prefix 'k', ";
  for (const char* ttl : {"0", "-1", "soon", "1.5", "", "99999999999"}) {
    RefusedTable("a text", absl::StrCat(set, "ttl '", ttl, "'"), "HV024", {"\"ttl\"", "from 1 to"});
  }
  RefusedTable("a text", set + "strict_key_prefix 'perhaps'", "HV024", {"strict_key_prefix"});
  RefusedTable("a text", set + "strict_insert '2'", "HV024", {"strict_insert"});
  RefusedTable("a text", set + "updatable 'x'", "HV024", {"updatable"});
  RefusedTable("a text", set + "row_per 'hash'", "HV024", {"row_per", "element, key"});
  RefusedTable("a text", set + "strict_inserts 'on'", "HV00D", {"Perhaps", "strict_insert"});
  MustExec(absl::StrCat("CREATE FOREIGN TABLE t (a text) SERVER redis_server OPTIONS (", set,
                        "strict_key_prefix 'off', strict_insert 'off', updatable 'true', ",
                        "row_per 'element')"));
  Refused("ALTER FOREIGN TABLE t OPTIONS (SET strict_insert 'x')", "HV024", {"strict_insert"});
  Refused("ALTER FOREIGN TABLE t OPTIONS (ADD ttl '0')", "HV024", {"ttl"});
}

TEST_F(OptionsTest, ColumnOptions) {
  const std::string set = "table_type 'set', table_key_prefix 'k'";
  RefusedTable("a text OPTIONS (redis 'members')", set, "HV024",
               {"redis", "members", "stream_id", "expires_at", "*"});
  RefusedTable("a text OPTIONS (redis '')", set, "HV024", {"redis"});
  RefusedTable("a text OPTIONS (feild 'x')", set, "HV00D", {"Perhaps", "\"field\"", "redis"});
  RefusedTable("a text OPTIONS (field '')", set, "HV024", {"field"});
  // A role that does not fit the position, one that does.
  RefusedTable("a text OPTIONS (redis 'score')", set, "HV005", {"\"a\"", "member", "score"});
  EXPECT_EQ(Query1("SELECT count(*) FROM pg_foreign_table"), "0");
  MustExec(
      "CREATE FOREIGN TABLE t (a text OPTIONS (redis 'member')) SERVER redis_server OPTIONS (" +
      set + ")");
  Refused("ALTER FOREIGN TABLE t ALTER COLUMN a OPTIONS (SET redis 'memver')", "HV024",
          {"redis", "memver"});
  MustExec("INSERT INTO t VALUES ('m')");
  EXPECT_EQ(Query("SELECT * FROM t"), "m");
}

TEST_F(OptionsTest, ColumnOptionFieldNamesTheField) {
  MustExec(
      "CREATE FOREIGN TABLE x (id text OPTIONS (redis 'stream_id'), a text OPTIONS (field 'b'), "
      "b int OPTIONS (field 'a')) SERVER redis_server "
      "OPTIONS (table_type 'stream', table_key_prefix 'x')");
  redis().Cli({"XADD", "x", "1-0", "a", "7", "b", "text"});
  EXPECT_EQ(Query("SELECT * FROM x"), "1-0|text|7");
}

TEST_F(OptionsTest, EscapedGlobCharactersAreTheKey) {
  MustExec(
      "CREATE FOREIGN TABLE t (a text) SERVER redis_server "
      "OPTIONS (table_type 'set', table_key_prefix 'what\\*{tag}')");
  MustExec("INSERT INTO t VALUES ('m')");
  EXPECT_EQ(redis().Cli({"SMEMBERS", "what*{tag}"}), "m");
}

TEST_F(OptionsTest, ChangedOptionsTakeEffect) {
  MustExec(
      "CREATE FOREIGN TABLE t (a text) SERVER redis_server "
      "OPTIONS (table_type 'set', table_key_prefix 'k1')");
  redis().Cli({"SADD", "k1", "one"});
  redis().Cli({"SADD", "k2", "two"});
  MustExec("PREPARE p AS SELECT * FROM t");
  EXPECT_EQ(Query("EXECUTE p"), "one");
  MustExec("ALTER FOREIGN TABLE t OPTIONS (SET table_key_prefix 'k2')");
  EXPECT_EQ(Query("EXECUTE p"), "two");
  MustExec("ALTER SERVER redis_server OPTIONS (SET host_port '127.0.0.1:1')");
  EXPECT_EQ(Exec("EXECUTE p").error.sqlstate, "08001");
}

}  // namespace
}  // namespace redis_fdw::test
