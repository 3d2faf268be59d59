// The ACL rules of docs/security.md are enough, on a single server and in a cluster: they are read
// from that page.

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"
#include "testing/redis_cluster.h"

namespace redis_fdw::test {
namespace {

// The users of the page, as words: indented lines from "ACL SETUSER" on, as far as they are
// indented more.
std::vector<std::vector<std::string>> UsersOfThePage() {
  std::vector<std::vector<std::string>> users;
  const std::string page = ReadFile("docs/security.md").value_or("");
  bool inside = false;
  for (absl::string_view line : absl::StrSplit(page, '\n')) {
    const bool begins = absl::StartsWith(line, "    ACL SETUSER ");
    inside = begins || (inside && absl::StartsWith(line, "      "));
    if (!inside) continue;
    if (begins) users.emplace_back();
    for (absl::string_view word : absl::StrSplit(line, ' ', absl::SkipEmpty())) {
      users.back().emplace_back(word);
    }
  }
  return users;
}

class AclTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    users_ = UsersOfThePage();
    ASSERT_EQ(users_.size(), 2u) << "docs/security.md has a reader and a writer";
    MustExec("SET timezone = 'UTC'");
  }

  // The page's users, on a server. What it does not know yet is left out, as the page says.
  void MakeUsers(RedisServer& server) {
    for (std::vector<std::string> user : users_) {
      for (int left = 3; left > 0; --left) {
        const std::string answer = server.Cli(user);
        if (answer == "OK") break;
        const size_t at = answer.find("modifier '");
        ASSERT_NE(at, std::string::npos) << answer;
        const std::string word = answer.substr(at + 10, answer.find('\'', at + 10) - at - 10);
        ASSERT_EQ(word, "+client|setinfo") << answer;
        user.erase(std::find(user.begin(), user.end(), word));
      }
    }
  }

  void MakeTables(const std::string& host_port) {
    MustExec(absl::StrCat("CREATE SERVER s FOREIGN DATA WRAPPER redis_fdw OPTIONS (host_port '",
                          host_port, "')"));
    Become("reader");
    MustExec("GRANT USAGE ON FOREIGN SERVER s TO alice");
    MustExec(R"(
      CREATE FOREIGN TABLE one (v text, ttl bigint OPTIONS (redis 'ttl')) SERVER s OPTIONS (table_type 'string', table_key_prefix 'app:one');
      CREATE FOREIGN TABLE str (key text, v text, ttl bigint OPTIONS (redis 'ttl')) SERVER s OPTIONS (table_type 'string', table_key_prefix 'app:str:*');
      CREATE FOREIGN TABLE hash (f text, v text) SERVER s OPTIONS (table_type 'hash', table_key_prefix 'app:hash');
      CREATE FOREIGN TABLE hashes (key text, f text, v text) SERVER s OPTIONS (table_type 'hash', table_key_prefix 'app:hash*');
      CREATE FOREIGN TABLE rows (id text OPTIONS (redis 'key'), a text, b int, ttl bigint OPTIONS (redis 'ttl')) SERVER s OPTIONS (table_type 'hash', row_per 'key', key_template 'app:row:{id}');
      CREATE FOREIGN TABLE list (i bigint OPTIONS (redis 'index'), e text) SERVER s OPTIONS (table_type 'list', table_key_prefix 'app:list');
      CREATE FOREIGN TABLE lists (key text, e text) SERVER s OPTIONS (table_type 'list', table_key_prefix 'app:list*');
      CREATE FOREIGN TABLE set (m text) SERVER s OPTIONS (table_type 'set', table_key_prefix 'app:set');
      CREATE FOREIGN TABLE sets (key text, m text[] ) SERVER s OPTIONS (table_type 'set', table_key_prefix 'app:set*', row_per 'key');
      CREATE FOREIGN TABLE zset (m text, score float8) SERVER s OPTIONS (table_type 'zset', table_key_prefix 'app:zset');
      CREATE FOREIGN TABLE zsets (key text, m text, score float8) SERVER s OPTIONS (table_type 'zset', table_key_prefix 'app:zset*');
      CREATE FOREIGN TABLE stream (id redis_stream_id OPTIONS (redis 'stream_id'), a text) SERVER s OPTIONS (table_type 'stream', table_key_prefix 'app:stream');
      CREATE FOREIGN TABLE streams (key text, id redis_stream_id OPTIONS (redis 'stream_id'), a text) SERVER s OPTIONS (table_type 'stream', table_key_prefix 'app:stream*');
    )");
  }

  void Become(const std::string& user) {
    MustExec(
        absl::StrCat("DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER s; "
                     "CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (username '",
                     user, "', password 'secret')"));
  }

  // All of them, and what Redis has refused meanwhile.
  void Run(const std::vector<std::string>& statements, const std::vector<RedisServer*>& servers) {
    for (const std::string& sql : statements) {
      const PgResult result = Exec(sql);
      EXPECT_TRUE(result.ok()) << sql << "\n" << result.error.ToString();
      for (RedisServer* server : servers) {
        const std::string refused = server->Cli({"ACL", "LOG"});
        EXPECT_EQ(refused, "(empty)") << sql;
        server->Cli({"ACL", "LOG", "RESET"});
      }
    }
  }

  std::vector<std::vector<std::string>> users_;
};

const char* const kTables[] = {"one", "str",  "hash", "hashes", "rows",   "list",   "lists",
                               "set", "sets", "zset", "zsets",  "stream", "streams"};

std::vector<std::string> Reads() {
  std::vector<std::string> all;
  for (const char* table : kTables) {
    all.push_back(absl::StrCat("SELECT * FROM ", table));
    all.push_back(absl::StrCat("SELECT count(*) FROM ", table));
    all.push_back(absl::StrCat("SELECT * FROM ", table, " LIMIT 1"));
    all.push_back(absl::StrCat("ANALYZE ", table));
    all.push_back(absl::StrCat("EXPLAIN SELECT * FROM ", table));
    all.push_back(
        absl::StrCat("ALTER FOREIGN TABLE ", table,
                     " OPTIONS (ADD use_remote_estimate 'true', ADD scan_mode 'cursor')"));
    all.push_back(absl::StrCat("EXPLAIN SELECT * FROM ", table));
    all.push_back(absl::StrCat("SELECT * FROM ", table));
    all.push_back(absl::StrCat("ALTER FOREIGN TABLE ", table, " OPTIONS (SET scan_mode 'auto')"));
  }
  for (const char* sql : {
           "SELECT length(v) FROM str",
           "SELECT v FROM str WHERE key IN ('app:str:1', 'app:str:2')",
           "SELECT key FROM str WHERE key LIKE 'app:str:1%'",
           "SELECT v FROM hash WHERE f = 'a'",
           "SELECT v FROM hash WHERE f IN ('a', 'b')",
           "SELECT f FROM hash WHERE f LIKE 'a%'",
           "SELECT v FROM hashes WHERE key = 'app:hash' AND f = 'a'",
           "SELECT a FROM rows WHERE id = '1'",
           "SELECT e FROM list WHERE i = 0",
           "SELECT e FROM list WHERE i = -1",
           "SELECT e FROM list WHERE i BETWEEN 0 AND 1",
           "SELECT i FROM list WHERE e = 'x'",
           "SELECT e FROM list ORDER BY i DESC LIMIT 1",
           "SELECT m FROM set WHERE m = 'x'",
           "SELECT m FROM set WHERE m IN ('x', 'y')",
           "SELECT score FROM zset WHERE m = 'x'",
           "SELECT score FROM zset WHERE m IN ('x', 'y')",
           "SELECT m FROM zset WHERE score > 1",
           "SELECT m FROM zset WHERE score IN (1, 2)",
           "SELECT count(*) FROM zset WHERE score > 1",
           "SELECT m FROM zset ORDER BY score DESC LIMIT 1",
           "SELECT m FROM zset ORDER BY score, m COLLATE \"C\" LIMIT 1",
           "SELECT max(score) FROM zset",
           "SELECT a FROM stream WHERE id > '1-0'",
           "SELECT a FROM stream ORDER BY id DESC LIMIT 1",
           "SELECT max(id) FROM stream",
       }) {
    all.push_back(sql);
  }
  return all;
}

std::vector<std::string> Writes() {
  return {
      "INSERT INTO one VALUES ('x', 3600)",
      "UPDATE one SET v = 'y'",
      "UPDATE one SET ttl = NULL",
      "INSERT INTO str VALUES ('app:str:3', 'x', NULL), ('app:str:4', 'y', 86400)",
      "INSERT INTO str VALUES ('app:str:3', 'x', NULL) ON CONFLICT DO NOTHING",
      "UPDATE str SET v = v || '!'",
      "UPDATE str SET ttl = 3600 WHERE key = 'app:str:3'",
      "UPDATE str SET ttl = NULL WHERE key = 'app:str:3'",
      "DELETE FROM str WHERE key = 'app:str:4'",
      "INSERT INTO hash VALUES ('n', '1'), ('o', '2')",
      "INSERT INTO hash VALUES ('n', '1') ON CONFLICT DO NOTHING",
      "UPDATE hash SET v = '2' WHERE f = 'n'",
      "UPDATE hash SET f = 'm' WHERE f = 'n'",
      "DELETE FROM hash WHERE f = 'm'",
      "INSERT INTO rows VALUES ('7', 'x', 1, NULL), ('8', 'y', 2, 86400)",
      "UPDATE rows SET a = 'z', b = NULL WHERE id = '7'",
      "UPDATE rows SET ttl = 3600 WHERE id = '7'",
      "DELETE FROM rows WHERE id = '7'",
      "INSERT INTO list (e) VALUES ('p'), ('q')",
      "UPDATE list SET e = 'r' WHERE i = 0",
      "UPDATE list SET e = e || '!'",
      "DELETE FROM list WHERE i = 0",
      "INSERT INTO lists VALUES ('app:list2', 'x')",
      "DELETE FROM lists WHERE key = 'app:list2'",
      "INSERT INTO set VALUES ('p'), ('q')",
      "UPDATE set SET m = 'r' WHERE m = 'p'",
      "DELETE FROM set WHERE m = 'r'",
      "INSERT INTO sets VALUES ('app:set2', '{a,b}')",
      "UPDATE sets SET m = '{c}' WHERE key = 'app:set2'",
      "DELETE FROM sets WHERE key = 'app:set2'",
      "INSERT INTO zset VALUES ('p', 1), ('q', 2)",
      "INSERT INTO zset VALUES ('p', 1) ON CONFLICT DO NOTHING",
      "UPDATE zset SET score = 3 WHERE m = 'p'",
      "UPDATE zset SET m = 'r' WHERE m = 'p'",
      "DELETE FROM zset WHERE m = 'r'",
      "DELETE FROM zset WHERE score > 100",
      "INSERT INTO stream (a) VALUES ('x')",
      "DELETE FROM stream WHERE id > '9-0'",
      "INSERT INTO str SELECT 'app:str:n' || i, 'v', NULL FROM generate_series(1, 50) i",
      "TRUNCATE str",
      "TRUNCATE hash, rows, list, zset, stream, sets",
  };
}

void Fill(const std::function<void(const std::vector<std::string>&)>& run) {
  run({"SET", "app:one", "x", "EX", "1000"});
  for (const char* key : {"app:str:1", "app:str:2"}) run({"SET", key, "x"});
  run({"HSET", "app:hash", "a", "1", "b", "2"});
  run({"HSET", "app:row:1", "a", "x", "b", "1"});
  run({"RPUSH", "app:list", "x", "y", "z"});
  run({"SADD", "app:set", "x", "y"});
  run({"ZADD", "app:zset", "1", "x", "2", "y"});
  for (const char* id : {"1-1", "2-1"}) run({"XADD", "app:stream", id, "a", "x"});
}

// Larger than what comes in one reply.
void FillMore(const std::function<void(const std::vector<std::string>&)>& run) {
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"HSET", "app:hash"}, {"SADD", "app:set"}, {"ZADD", "app:zset"}, {"RPUSH", "app:list"}};
  for (const auto& kind : kinds) {
    std::vector<std::string> command = {kind.first, kind.second};
    for (int i = 0; i < 4000; ++i) {
      if (kind.first == "ZADD") command.push_back(absl::StrCat(i));
      command.push_back(absl::StrCat("f", i));
      if (kind.first == "HSET") command.push_back("v");
    }
    run(command);
  }
}

TEST_F(AclTest, SingleServer) {
  RedisServer& server = redis();
  MakeUsers(server);
  MakeTables(absl::StrCat("127.0.0.1:", server.port()));
  const auto run = [&](const std::vector<std::string>& argv) { server.Cli(argv); };
  Fill(run);
  FillMore(run);
  server.Cli({"SET", "private", "x"});
  server.Cli({"ACL", "LOG", "RESET"});
  Run(Reads(), {&server});
  Run({"IMPORT FOREIGN SCHEMA \"app:*\" FROM SERVER s INTO pg_temp"}, {});
  server.Cli({"SET", "app:fades", "x", "EX", "1000"});
  MustExec("IMPORT FOREIGN SCHEMA \"app:fades\" FROM SERVER s INTO pg_temp");
  EXPECT_EQ(Query1("SELECT ttl > 0 FROM app_fades"), "t");
  server.Cli({"DEL", "app:fades"});
  // What is not granted is refused.
  EXPECT_EQ(Exec("INSERT INTO hash VALUES ('n', '1')").error.sqlstate, "42501");
  EXPECT_EQ(Exec("TRUNCATE hash").error.sqlstate, "42501");
  MustExec(
      "CREATE FOREIGN TABLE private (v text) SERVER s "
      "OPTIONS (table_type 'string', table_key_prefix 'private')");
  EXPECT_EQ(Exec("SELECT * FROM private").error.sqlstate, "42501");
  EXPECT_EQ(Exec("SELECT redis_command('s', 'CONFIG', 'GET', '*')").error.sqlstate, "42501");
  server.Cli({"ACL", "LOG", "RESET"});
  Become("writer");
  Run(Writes(), {&server});
  EXPECT_EQ(Exec("INSERT INTO private VALUES ('x')").error.sqlstate, "42501");
  EXPECT_EQ(Exec("SELECT redis_command('s', 'FLUSHALL')").error.sqlstate, "42501");
}

TEST_F(AclTest, Cluster) {
  RedisClusterOptions options;
  options.node_timeout_ms = 10000;  // a node that is late is no reason to replace it
  auto started = RedisCluster::Start(options);
  ASSERT_TRUE(started.ok()) << started.status();
  RedisCluster& cluster = **started;
  std::vector<RedisServer*> servers;
  for (int i = 0; i < cluster.size(); ++i) {
    servers.push_back(&cluster.node(i));
    MakeUsers(cluster.node(i));
  }
  MakeTables(cluster.host_port());
  const auto run = [&](const std::vector<std::string>& argv) { cluster.CommandOn(argv[1], argv); };
  Fill(run);
  Run(Reads(), servers);
  // A slot on its way to another node: ASK.
  ASSERT_TRUE(
      cluster.BeginMigration(cluster.SlotOf("app:hash"), (cluster.PrimaryOf("app:hash") + 1) % 3)
          .ok());
  ASSERT_TRUE(cluster.MigrateKeys(cluster.SlotOf("app:hash"), 10).ok());
  Run({"SELECT v FROM hash WHERE f = 'a'", "SELECT * FROM hashes"}, servers);
  ASSERT_TRUE(cluster.EndMigration(cluster.SlotOf("app:hash")).ok());
  MustExec("ALTER SERVER s OPTIONS (ADD read_from 'prefer_replica')");
  Run({"SELECT v FROM hash WHERE f = 'a'", "SELECT * FROM str"}, servers);
  MustExec("ALTER SERVER s OPTIONS (DROP read_from)");
  Become("writer");
  Run(Writes(), servers);
}

}  // namespace
}  // namespace redis_fdw::test
