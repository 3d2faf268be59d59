// IMPORT FOREIGN SCHEMA where many keys make one table: what is imported is read and written.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class ImportManyTest : public PgRedisTest {
 protected:
  void Import(const std::string& pattern, const std::string& options = "",
              const std::string& list = "") {
    MustExec(absl::StrCat("IMPORT FOREIGN SCHEMA \"", pattern, "\" ", list,
                          " FROM SERVER redis_server INTO public",
                          options.empty() ? "" : absl::StrCat(" OPTIONS (", options, ")")));
  }
  std::string Columns(const std::string& table) {
    return Query(
        absl::StrCat("SELECT attname, format_type(atttypid, atttypmod), attfdwoptions "
                     "FROM pg_attribute WHERE attrelid = '",
                     table, "'::regclass AND attnum > 0 ORDER BY attnum"));
  }
  std::string Options(const std::string& table) {
    return Query1(absl::StrCat("SELECT ftoptions FROM pg_foreign_table WHERE ftrelid = '", table,
                               "'::regclass"));
  }
};

TEST_F(ImportManyTest, HashesAreRows) {
  redis().Cli({"HSET", "user:1", "name", "Ann", "age", "41", "isAdmin", "t", "tags", "[1, 2]"});
  redis().Cli({"HSET", "user:2", "name", "Bob", "age", "7", "isAdmin", "f", "tags", "[]"});
  redis().Cli({"HSET", "user:3", "name", "Cid", "age", "9", "nick", "C"});
  redis().Cli({"EXPIRE", "user:2", "1000"});
  Import("user:*");
  EXPECT_EQ(Options("\"user\""), "{table_type=hash,table_key_prefix=user:*,row_per=key}");
  EXPECT_EQ(Columns("\"user\""),
            "key|text|(null)\nname|text|(null)\nage|bigint|(null)\n"
            "isadmin|boolean|{field=isAdmin}\ntags|jsonb|(null)\nothers|jsonb|{redis=*}\n"
            "ttl|bigint|{redis=ttl}");
  EXPECT_EQ(Query("SELECT name FROM \"user\" WHERE age > 8 ORDER BY age"), "Cid\nAnn");
  EXPECT_EQ(Query("SELECT isadmin, tags, others FROM \"user\" WHERE key = 'user:3'"),
            "(null)|(null)|{\"nick\": \"C\"}");
  EXPECT_EQ(Query("SELECT key FROM \"user\" WHERE ttl > 0"), "user:2");
  MustExec(
      "INSERT INTO \"user\" (key, name, age, isadmin, tags, others, ttl) "
      "VALUES ('user:4', 'Dee', 5, true, '{\"a\": 1}', '{\"nick\": \"D\"}', 500)");
  EXPECT_EQ(redis().Cli({"HMGET", "user:4", "name", "age", "isAdmin", "tags", "nick"}),
            "Dee\n5\nt\n{\"a\": 1}\nD");
  // (It is getting less.)
  EXPECT_EQ(Query1("SELECT ttl BETWEEN 400 AND 500 FROM \"user\" WHERE key = 'user:4'"), "t");
  MustExec("UPDATE \"user\" SET tags = '{\"b\": 2}', age = age + 1 WHERE key = 'user:4'");
  EXPECT_EQ(redis().Cli({"HMGET", "user:4", "age", "tags"}), "6\n{\"b\": 2}");
  MustExec("DELETE FROM \"user\" WHERE name = 'Dee'");
  EXPECT_EQ(redis().Cli({"EXISTS", "user:4"}), "0");
}

TEST_F(ImportManyTest, FieldsThatAreCalledLikeColumnsOfOurs) {
  for (const char* key : {"a:1", "a:2"}) {
    redis().Cli({"HSET", key, "key", "k", "ttl", "5", "ctid", "c", "others", "o"});
  }
  Import("a:*");
  EXPECT_EQ(Columns("a"),
            "key|text|(null)\nkey_2|text|{field=key}\nttl|bigint|{field=ttl}\n"
            "ctid_2|text|{field=ctid}\nothers|text|(null)");
  EXPECT_EQ(Query("SELECT key_2, ttl, ctid_2, others FROM a WHERE key = 'a:1'"), "k|5|c|o");
}

TEST_F(ImportManyTest, HashesOfUnlikeFields) {
  for (int i = 1; i <= 3; ++i) {
    redis().Cli({"HSET", absl::StrCat("visits:", i), absl::StrCat("day", i), absl::StrCat(i)});
  }
  Import("*");
  EXPECT_EQ(Columns("visits"), "key|text|(null)\nfield|text|(null)\nvalue|bigint|(null)");
  EXPECT_EQ(Query("SELECT * FROM visits ORDER BY 1"),
            "visits:1|day1|1\nvisits:2|day2|2\nvisits:3|day3|3");
}

TEST_F(ImportManyTest, OtherTypes) {
  for (const char* id : {"1", "2"}) {
    const std::string n = id;
    redis().Cli({"SET", "counter:" + n, n});
    redis().Cli({"RPUSH", "jobs:" + n, "j" + n, "k"});
    redis().Cli({"SADD", "tags:" + n, "t" + n});
    redis().Cli({"ZADD", "board:" + n, n, "m"});
    redis().Cli({"XADD", "events:" + n, "1-" + n, "user", n});
  }
  redis().Cli({"EXPIRE", "counter:2", "1000"});
  Import("*");
  EXPECT_EQ(Query("SELECT key, value, ttl > 0 FROM counter ORDER BY key"),
            "counter:1|1|f\ncounter:2|2|t");
  EXPECT_EQ(Query("SELECT key, element FROM jobs WHERE index = 0 ORDER BY key"),
            "jobs:1|j1\njobs:2|j2");
  EXPECT_EQ(Query("SELECT * FROM tags ORDER BY key"), "tags:1|t1\ntags:2|t2");
  EXPECT_EQ(Query("SELECT * FROM board WHERE score > 1"), "board:2|m|2");
  EXPECT_EQ(Query("SELECT * FROM events WHERE \"user\" = 2"), "events:2|1-2|2");
  EXPECT_EQ(Query("SELECT sum(value) FROM counter"), "3");
}

TEST_F(ImportManyTest, OneKeyThatExpires) {
  redis().Cli({"SET", "lock", "x", "EX", "1000"});
  Import("lock");
  EXPECT_EQ(Columns("lock"), "value|text|(null)\nttl|bigint|{redis=ttl}");
  EXPECT_EQ(Query("SELECT value, ttl BETWEEN 1 AND 1000 FROM lock"), "x|t");
}

TEST_F(ImportManyTest, StreamsWithFurtherFields) {
  for (int i = 1; i <= 3; ++i) {
    redis().Cli({"XADD", "log", absl::StrCat(i, "-1"), "level", "1", absl::StrCat("x", i), "y"});
  }
  Import("log");
  EXPECT_EQ(Columns("log"),
            "stream_id|redis_stream_id|(null)\nlevel|bigint|(null)\nothers|jsonb|{redis=*}");
  EXPECT_EQ(Query("SELECT level, others FROM log WHERE stream_id = '2-1'"), "1|{\"x2\": \"y\"}");
}

// Two tables of one pattern, hash tags, and characters that mean something in patterns.
TEST_F(ImportManyTest, Patterns) {
  for (const char* id : {"1", "2", "3"}) {
    const std::string n = id;
    redis().Cli({"SET", "p:" + n, n});
    redis().Cli({"SADD", "p:s" + n, n});
    redis().Cli({"SET", "{cart:" + n + "}:x", n});
    redis().Cli({"SET", "q?[" + n, n});
    redis().Cli({"SET", "qx[" + n + "x", n});  // not of q?[*
    redis().Cli({"SET", "path/" + n + "/size", n});
  }
  Import("*", "delimiter '/'", "LIMIT TO (path_size, q_)");
  EXPECT_EQ(Query("SELECT * FROM path_size ORDER BY 1"),
            "path/1/size|1\npath/2/size|2\npath/3/size|3");
  EXPECT_EQ(Query("SELECT count(*) FROM q_"), "3");
  Import("*", "", "EXCEPT (path_size, q_)");
  EXPECT_EQ(Query("SELECT count(*) FROM p"), "3");
  EXPECT_EQ(Query("SELECT count(*) FROM p_string"), "3");
  EXPECT_EQ(Query("SELECT * FROM cart_x ORDER BY 1"), "{cart:1}:x|1\n{cart:2}:x|2\n{cart:3}:x|3");
}

TEST_F(ImportManyTest, ALargeKeyspace) {
  redis().Cli({"EVAL",
               "for i = 1, 100000 do redis.call('HSET', 'user:' .. i, 'name', 'n', 'n', i) "
               "redis.call('SET', 'session:' .. redis.sha1hex(i), i) end",
               "0"});
  ResetCalls();
  Import("*");
  EXPECT_LE(Calls("scan"), 11);
  EXPECT_LE(Calls("type"), 10000);
  EXPECT_LE(Calls("hget") + Calls("hmget") + Calls("getrange"), 60);
  EXPECT_LE(Calls("hstrlen"), 60);
  EXPECT_EQ(Calls("keys") + Calls("hgetall") + Calls("get"), 0);
  EXPECT_EQ(Query("SELECT relname FROM pg_class WHERE relkind = 'f' ORDER BY 1"), "session\nuser");
  EXPECT_EQ(Query("SELECT sum(n) FROM \"user\""), "5000050000");
  EXPECT_EQ(Query("SELECT count(*) FROM session"), "100000");
}

}  // namespace
}  // namespace redis_fdw::test
