// redis_command() and redis_command_bytea(): what their replies become, what they refuse, and what
// they are used for.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg/command_fixture.h"

namespace redis_fdw::test {
namespace {

// --- Replies ------------------------------------------------------------------------------------

TEST_F(CommandTest, KindsOfReplies) {
  EXPECT_EQ(Run("'SET', 'k', 'v'"), "\"OK\"");
  EXPECT_EQ(redis().Cli({"GET", "k"}), "v");
  EXPECT_EQ(Run("'GET', 'k'"), "\"v\"");
  EXPECT_EQ(Run("'GET', 'none'"), "(null)");
  EXPECT_EQ(Run("'INCR', 'n'"), "1");
  EXPECT_EQ(Run("'incrby', 'n', '9223372036854775806'"), "9223372036854775807");
  EXPECT_EQ(Run("'DECRBY', 'm', '9223372036854775807'"), "-9223372036854775807");
  EXPECT_EQ(Run("'RPUSH', 'l', 'a', '', 'c'"), "3");
  EXPECT_EQ(Run("'LRANGE', 'l', '0', '-1'"), "[\"a\", \"\", \"c\"]");
  EXPECT_EQ(Run("'LRANGE', 'none', '0', '-1'"), "[]");
  EXPECT_EQ(Run("'MGET', 'k', 'none', 'n'"), "[\"v\", null, \"9223372036854775807\"]");
  EXPECT_EQ(Run("'SET', 'empty', ''"), "\"OK\"");
  EXPECT_EQ(Run("'GET', 'empty'"), "\"\"");
  EXPECT_EQ(Query1("SELECT jsonb_typeof(redis_command('redis_server', 'STRLEN', 'k'))"), "number");
  EXPECT_EQ(Query1("SELECT redis_command('redis_server', 'STRLEN', 'k')::int + 1"), "2");
  EXPECT_EQ(Query1("SELECT redis_command('redis_server', 'GET', 'k') #>> '{}'"), "v");
}

TEST_F(CommandTest, NestedReplies) {
  EXPECT_EQ(Run("'EVAL', 'return {1, {\"a\", {}, {{}}}, false, \"x\", {{2}, 3}}', '0'"),
            "[1, [\"a\", [], [[]]], null, \"x\", [[2], 3]]");
  EXPECT_EQ(Run("'EVAL', 'return {{}, {}}', '0'"), "[[], []]");
  EXPECT_EQ(Run("'EVAL', 'return {ok=\"fine\"}', '0'"), "\"fine\"");
  EXPECT_EQ(Run("'EVAL', 'return {{ok=\"fine\"}, KEYS[1], ARGV[1]}', '1', 'k', 'arg'"),
            "[\"fine\", \"k\", \"arg\"]");
  EXPECT_EQ(Run("'EVAL', 'return false', '0'"), "(null)");
  const std::string nested =
      "'EVAL', 'local a = {1} for i = 1, tonumber(ARGV[1]) do a = {a} end "
      "return a', '0', ";
  EXPECT_EQ(Run(nested + "'7'"), "[[[[[[[[1]]]]]]]]");
  EXPECT_TRUE(absl::StrContains(Fails(Call(nested + "'8'"), "54000"), "nested"));
}

TEST_F(CommandTest, LargeArrays) {
  redis().Cli({"EVAL", "for i = 1, 200000 do redis.call('RPUSH', 'l', i) end", "0"});
  EXPECT_EQ(Query("WITH r AS MATERIALIZED (SELECT redis_command('redis_server', 'LRANGE', 'l', "
                  "'0', '-1') AS v) SELECT jsonb_array_length(v), v ->> 0, v ->> -1 FROM r"),
            "200000|1|200000");
}

TEST_F(CommandTest, TextIsKept) {
  redis().Cli({"SET", "k", "quote\" back\\slash\ttab\nline\x01 \xc3\xa9 \xf0\x9f\x98\x80"});
  EXPECT_EQ(Query1("SELECT redis_command('redis_server', 'GET', 'k') #>> '{}'"),
            "quote\" back\\slash\ttab\nline\x01 \xc3\xa9 \xf0\x9f\x98\x80");
  MustExec("SELECT redis_command('redis_server', 'SET', E'k\\n\u00e9', E'a b\\t\"\\\\')");
  EXPECT_EQ(redis().Cli({"GET", "k\n\xc3\xa9"}), "a b\t\"\\");
}

TEST_F(CommandTest, BytesThatAreNoText) {
  MustExec("SELECT redis_command_bytea('redis_server', 'SET', '\\x00ff6b', '\\x00ff0a0d00')");
  const std::string key("\x00\xffk", 3);
  EXPECT_EQ(redis().Command({"GET", key}).text, std::string("\x00\xff\n\r\x00", 5));
  EXPECT_EQ(RunBytes("'GET', '\\x00ff6b'"), "\\x00ff0a0d00");

  redis().Cli({"SET", "latin", "caf\xe9"});
  redis().Command({"SET", "nul", std::string("a\0b", 3)});
  for (const char* name : {"latin", "nul"}) {
    const std::string error = Fails(Call(absl::StrCat("'GET', '", name, "'")), "22021");
    EXPECT_TRUE(absl::StrContains(error, "not valid UTF8 text")) << error;
    EXPECT_TRUE(absl::StrContains(error, "redis_command_bytea")) << error;
    EXPECT_TRUE(absl::StrContains(error, "has carried out")) << error;
  }
  EXPECT_EQ(RunBytes("'GET', 'latin'"), "\\x636166e9");
  const std::string nested = Fails(Call("'MGET', 'none', 'latin', 'nul'"), "22021");
  EXPECT_TRUE(absl::StrContains(nested, "no array")) << nested;
}

TEST_F(CommandTest, RepliesAsBytes) {
  EXPECT_EQ(RunBytes("'SET', 'k', 'v'"), "\\x4f4b");
  EXPECT_EQ(RunBytes("'GET', 'k'"), "\\x76");
  EXPECT_EQ(RunBytes("'GET', 'none'"), "(null)");
  EXPECT_EQ(RunBytes("'DECR', 'n'"), "\\x2d31");
  EXPECT_EQ(RunBytes("'APPEND', 'empty', ''"), "\\x30");
  EXPECT_EQ(RunBytes("'GETRANGE', 'k', '5', '6'"), "\\x");
  redis().Cli({"RPUSH", "l", "a"});
  const std::string error = Fails(BytesCall("'LRANGE', 'l', '0', '-1'"), "0A000");
  EXPECT_TRUE(absl::StrContains(error, "redis_command returns arrays")) << error;
  Fails(BytesCall("'LRANGE', 'none', '0', '-1'"), "0A000");
}

TEST_F(CommandTest, RepliesBeyondTheLimit) {
  redis().Cli({"SETRANGE", "big", "280000000", "x"});
  const std::string error = Fails(Call("'GET', 'big'"), "54000");
  EXPECT_TRUE(absl::StrContains(error, "256 MB")) << error;
  EXPECT_EQ(Query1("SELECT length(redis_command_bytea('redis_server', 'GET', 'big'))"),
            "280000001");
  EXPECT_EQ(Run("'STRLEN', 'big'"), "280000001");
}

// --- Arguments ----------------------------------------------------------------------------------

TEST_F(CommandTest, NullIsRefused) {
  std::string error = Fails("SELECT redis_command(NULL, 'PING')", "22004");
  EXPECT_TRUE(absl::StrContains(error, "foreign server")) << error;
  error = Fails(Call("'SET', 'k', NULL"), "22004");
  EXPECT_TRUE(absl::StrContains(error, "argument 2")) << error;
  error = Fails(Call("NULL, 'k'"), "22004");
  EXPECT_TRUE(absl::StrContains(error, "the Redis command must not be null")) << error;
  Fails(Call("VARIADIC NULL::text[]"), "22004");
  Fails(BytesCall("'SET', 'k', NULL"), "22004");
  Fails(BytesCall("VARIADIC NULL::bytea[]"), "22004");
  EXPECT_EQ(redis().Cli({"EXISTS", "k"}), "0");
}

TEST_F(CommandTest, ArraysOfArguments) {
  EXPECT_EQ(Run("VARIADIC ARRAY['MSET', 'a', '1', 'b', '2']"), "\"OK\"");
  EXPECT_EQ(Run("VARIADIC array_prepend('MGET', ARRAY(SELECT chr(97 + i) FROM "
                "generate_series(0, 2) i))"),
            "[\"1\", \"2\", null]");
  Fails(Call("VARIADIC '{}'::text[]"), "22023");
  Fails(Call("VARIADIC ARRAY[['SET', 'k'], ['GET', 'k']]"), "2202E");
  const std::string error = Fails(Call("'GET k'"), "22023");
  EXPECT_TRUE(absl::StrContains(error, "argument of its own")) << error;
  Fails(Call("''"), "22023");
  Fails(BytesCall("'\\x474554ff', 'k'"), "22023");
  EXPECT_EQ(Query1("SELECT redis_command('redis_server', 'ECHO', repeat('x', 3000000)) #>> '{}' = "
                   "repeat('x', 3000000)"),
            "t");
}

// --- Errors -------------------------------------------------------------------------------------

TEST_F(CommandTest, ErrorReplies) {
  redis().Cli({"SET", "k", "v"});
  std::string error = Fails(Call("'LPUSH', 'k', 'x'"), "42809");
  EXPECT_TRUE(absl::StrContains(error, "WRONGTYPE")) << error;
  EXPECT_TRUE(absl::StrContains(error, "LPUSH")) << error;
  EXPECT_FALSE(absl::StrContains(error, "table_type")) << error;
  error = Fails(Call("'NOSUCHCOMMAND', 'secret'"), "0A000");
  EXPECT_TRUE(absl::StrContains(error, "NOSUCHCOMMAND")) << error;
  EXPECT_FALSE(absl::StrContains(error, "secret")) << error;
  error = Fails(Call("'GET'"), "HV000");
  EXPECT_TRUE(absl::StrContains(error, "wrong number of arguments")) << error;
  error = Fails(Call("'COPY', 'k', 'k', 'DB', '99'"), "HV000");
  EXPECT_FALSE(absl::StrContains(error, "option")) << error;
  Fails(BytesCall("'LPUSH', 'k', 'x'"), "42809");
  // They are the command's, and leave the session as it was.
  EXPECT_EQ(Run("'GET', 'k'"), "\"v\"");
}

TEST_F(CommandTest, ErrorsWithinAReply) {
  const std::string error = Fails(Call("'EVAL', 'redis.call(\"SET\", \"done\", 1) return {1, "
                                       "redis.error_reply(\"WRONGTYPE of ours\"), 2}', '0'"),
                                  "42809");
  EXPECT_TRUE(absl::StrContains(error, "WRONGTYPE of ours")) << error;
  EXPECT_TRUE(absl::StrContains(error, "has carried out")) << error;
  EXPECT_EQ(redis().Cli({"GET", "done"}), "1");
}

TEST_F(CommandTest, Servers) {
  Fails("SELECT redis_command('nowhere', 'PING')", "42704");
  MustExec("CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw");
  std::string error = Fails("SELECT redis_command('files', 'PING')", "42809");
  EXPECT_TRUE(absl::StrContains(error, "not a Redis server")) << error;
  // A wrapper made by hand, reached by TCP.
  MustExec("CREATE FOREIGN DATA WRAPPER mine HANDLER redis_fdw_handler");
  MustExec(absl::StrCat("CREATE SERVER by_tcp FOREIGN DATA WRAPPER mine OPTIONS (host_port ",
                        "'127.0.0.1:", redis().port(), "')"));
  EXPECT_EQ(Query1("SELECT redis_command('by_tcp', 'PING')"), "\"PONG\"");
  MustExec("ALTER SERVER by_tcp OPTIONS (SET host_port '127.0.0.1:1')");
  error = Fails("SELECT redis_command('by_tcp', 'PING')", "08001");
  EXPECT_TRUE(absl::StrContains(error, "127.0.0.1:1")) << error;
}

TEST_F(CommandTest, RefusedCommands) {
  ResetCalls();
  for (const char* words : {"'BLPOP', 'k', '0'",
                            "'brpop', 'k', '0'",
                            "'BLMOVE', 'a', 'b', 'LEFT', 'LEFT', '0'",
                            "'BZPOPMIN', 'k', '0'",
                            "'WAIT', '1', '0'",
                            "'XREAD', 'BLOCK', '0', 'STREAMS', 's', '$'",
                            "'XREADGROUP', 'GROUP', 'g', 'c', 'block', '0', 'STREAMS', 's', '>'",
                            "'SUBSCRIBE', 'c'",
                            "'psubscribe', 'c*'",
                            "'MONITOR'",
                            "'SYNC'",
                            "'MULTI'",
                            "'EXEC'",
                            "'WATCH', 'k'",
                            "'AUTH', 'p'",
                            "'HELLO', '3'",
                            "'SELECT', '1'",
                            "'RESET'",
                            "'QUIT'",
                            "'CLIENT', 'REPLY', 'OFF'",
                            "'DEBUG', 'SLEEP', '1'",
                            "'FAILOVER'",
                            "'SHUTDOWN'"}) {
    for (const std::string& sql : {Call(words), BytesCall(words)}) {
      PgResult result = Exec(sql);
      EXPECT_EQ(result.error.sqlstate, "0A000") << sql << "\n" << result;
      EXPECT_TRUE(absl::StrContains(result.error.message, "cannot be run alone")) << result;
    }
  }
  // Nothing was even connected to.
  EXPECT_EQ(Calls("info"), 0);
  EXPECT_EQ(Run("'XADD', 'BLOCK', '1-1', 'f', 'v'"), "\"1-1\"");
  EXPECT_EQ(Run("'XREAD', 'STREAMS', 'BLOCK', '0'"), "[[\"BLOCK\", [[\"1-1\", [\"f\", \"v\"]]]]]");
}

// --- In use -------------------------------------------------------------------------------------

TEST_F(CommandTest, Geo) {
  EXPECT_EQ(Run("'GEOADD', 'sicily', '13.361389', '38.115556', 'Palermo', '15.087269', "
                "'37.502669', 'Catania'"),
            "2");
  EXPECT_EQ(Query("SELECT m FROM jsonb_array_elements_text(redis_command('redis_server', "
                  "'GEOSEARCH', 'sicily', 'FROMLONLAT', '15', '37', 'BYRADIUS', '100', 'km')) m"),
            "Catania");
  EXPECT_EQ(Query("SELECT r ->> 0, round((r ->> 1)::numeric) FROM jsonb_array_elements("
                  "redis_command('redis_server', 'GEOSEARCH', 'sicily', 'FROMLONLAT', '15', '37', "
                  "'BYRADIUS', '200', 'km', 'ASC', 'WITHDIST')) r"),
            "Catania|56\nPalermo|190");
}

TEST_F(CommandTest, PublishAndOtherThings) {
  EXPECT_EQ(Run("'PUBLISH', 'channel', 'message'"), "0");
  EXPECT_EQ(Run("'PFADD', 'p', 'a', 'b'"), "1");
  EXPECT_EQ(Run("'SETBIT', 'bits', '7', '1'"), "0");
  EXPECT_EQ(redis().Cli({"PFCOUNT", "p"}), "2");
  redis().Cli({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(Run("'CONFIG', 'GET', 'maxmemory'"), "[\"maxmemory\", \"0\"]");
  // As the hint on SELECT says.
  EXPECT_EQ(Run("'EVAL', 'redis.call(\"SELECT\", 3) return redis.call(\"SET\", \"k\", 1)', '0'"),
            "\"OK\"");
  EXPECT_EQ(redis().Cli({"EXISTS", "k"}), "0");
  EXPECT_EQ(Run("'SWAPDB', '0', '3'"), "\"OK\"");
  EXPECT_EQ(redis().Cli({"GET", "k"}), "1");
}

TEST_F(CommandTest, FromFunctionsAndPreparedStatements) {
  MustExec(
      "CREATE FUNCTION next_number(name text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN "
      "RETURN redis_command('redis_server', 'INCR', 'seq:' || name)::bigint; END $$");
  EXPECT_EQ(Query1("SELECT next_number('a')"), "1");
  EXPECT_EQ(Query1("SELECT next_number('a')"), "2");
  EXPECT_EQ(Query("SELECT next_number('b') FROM generate_series(1, 3)"), "1\n2\n3");
  MustExec(
      "SET plan_cache_mode = force_generic_plan; "
      "PREPARE add(text, text) AS SELECT redis_command('redis_server', 'SADD', $1, $2)");
  EXPECT_EQ(Query("EXECUTE add('s', 'x')"), "1");
  EXPECT_EQ(Query("EXECUTE add('s', 'x')"), "0");
  EXPECT_EQ(Query("EXECUTE add('s', 'y')"), "1");
  Fails("EXECUTE add('s', NULL)", "22004");
  EXPECT_EQ(redis().Cli({"SCARD", "s"}), "2");
}

TEST_F(CommandTest, ComesAfterWritesThatAreStillCollected) {
  MustExec(
      "CREATE FOREIGN TABLE h (f text, v text) SERVER redis_server "
      "OPTIONS (table_type 'hash', table_key_prefix 'h')");
  MustExec(
      "INSERT INTO h SELECT 'f' || i, redis_command('redis_server', 'HLEN', 'h')::text "
      "FROM generate_series(1, 4) i");
  EXPECT_EQ(redis().Cli({"HMGET", "h", "f1", "f2", "f3", "f4"}), "0\n1\n2\n3");
  EXPECT_EQ(Query("SELECT f, redis_command('redis_server', 'HGET', 'h', f) #>> '{}' FROM h "
                  "ORDER BY f LIMIT 2"),
            "f1|0\nf2|1");
}

TEST_F(CommandTest, IsDeclaredWithCare) {
  EXPECT_EQ(Query("SELECT proname, provolatile, proparallel, proisstrict, "
                  "has_function_privilege('alice', oid, 'EXECUTE') FROM pg_proc "
                  "WHERE proname LIKE 'redis\\_command%' ORDER BY 1"),
            "redis_command|v|u|f|f\nredis_command_bytea|v|u|f|f");
}

}  // namespace
}  // namespace redis_fdw::test
