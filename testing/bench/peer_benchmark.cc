// Scans and writes beside a plain hiredis client doing the same. Prints the median time of each and
// the median of the ratios.
//
//   REDIS_FDW_BENCH_ROWS=1000000 REDIS_FDW_BENCH_PAIRS=7 bazel run //testing/bench:peer_benchmark

#include <hiredis/hiredis.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "testing/bench/peer.h"
#include "testing/bench/peer_fixture.h"

namespace redis_fdw::test {
namespace {

// MGET of a page's keys.
int AppendMget(redisContext* context, const std::vector<std::string>& page) {
  std::vector<const char*> argv = {"MGET"};
  for (const std::string& key : page) argv.push_back(key.c_str());
  redisAppendCommandArgv(context, static_cast<int>(argv.size()), argv.data(), nullptr);
  return 1;
}

// A command for each of a page's keys.
Peer::Append ForEachKey(const char* format) {
  return [format](redisContext* context, const std::vector<std::string>& page) {
    for (const std::string& key : page) redisAppendCommand(context, format, key.c_str());
    return static_cast<int>(page.size());
  };
}

// The count of a column's values, each of which is fetched: a plain count would be a command that
// counts, of which planner_benchmark tells.
std::string CountValues(const std::string& column, const std::string& table) {
  return absl::StrCat("SELECT count(", column, ") FILTER (WHERE true) FROM ", table);
}

class PeerBenchmark : public PeerFixture {
 protected:
  void SetUp() override {
    PeerFixture::SetUp();
    Table("h", "f text, v text", "hash", "snapshot");
    Table("hc", "f text, v text", "hash", "cursor", "h");
    Table("s", "m text", "set", "snapshot");
    Table("z", "m text, s float8", "zset", "snapshot");
    Table("l", "e text", "list");
    Table("x", "id text, f text", "stream");
    Table("w", "f text, v text", "hash");
    Table("strings", "key text, value text", "string", "auto", "app:*");
    Table("users", "key text, name text, age int, mail text", "hash', row_per 'key", "auto",
          "user:*");
    Table("u", "f text, v text", "hash");
  }

  void Compare(const std::string& what, const std::function<void()>& ours,
               const std::function<void()>& peers) {
    std::vector<double> ours_s, peers_s, ratios;
    for (int i = 0; i < pairs(); ++i) {
      ours_s.push_back(Seconds(ours));
      peers_s.push_back(Seconds(peers));
      ratios.push_back(ours_s.back() / peers_s.back());
    }
    std::cout << absl::StrFormat("| %-44s | %8.3f | %8.3f | %5.2f | %s |\n", what, Median(ours_s),
                                 Median(peers_s), Median(ratios), Range(ratios));
  }
};

TEST_F(PeerBenchmark, AllPairs) {
  const std::string n = absl::StrCat(rows());
  const std::string series = absl::StrCat("generate_series(0, ", rows() - 1, ") i");
  MustExec("INSERT INTO h SELECT 'field' || i, 'value' || i FROM " + series);
  MustExec("INSERT INTO s SELECT 'member' || i FROM " + series);
  MustExec("INSERT INTO z SELECT 'member' || i, i FROM " + series);
  MustExec("INSERT INTO l SELECT 'element' || i FROM " + series);
  MustExec("INSERT INTO x SELECT NULL, 'value' || i FROM " + series);
  Peer peer(redis().unix_socket());
  auto values = [&](const std::string& column, const std::string& table) {
    return [=] { EXPECT_EQ(Query1(CountValues(column, table)), n) << table; };
  };

  std::cout << absl::StrFormat(
      "| %s rows, %d pairs; seconds %20s |   SQL    | hiredis  | ratio |"
      "      range     |\n|---|---|---|---|---|\n",
      n, pairs(), "");
  Compare("scan of a hash, HGETALL", values("v", "h"), [&] { peer.Run("HGETALL h"); });
  Compare("scan of a hash, HSCAN", values("v", "hc"), [&] { peer.RunCursor("HSCAN", "h"); });
  Compare("scan of a set, SMEMBERS", values("m", "s"), [&] { peer.Run("SMEMBERS s"); });
  Compare("scan of a sorted set, ZRANGE", values("s", "z"),
          [&] { peer.Run("ZRANGE z 0 -1 WITHSCORES"); });
  Compare("scan of a list, LRANGE", values("e", "l"), [&] { peer.Run("LRANGE l 0 -1"); });
  Compare("scan of a stream, XRANGE pages", values("f", "x"), [&] { peer.RunStreamPages("x"); });
  Compare(
      "INSERT ... SELECT into a hash, pipelined HSET",
      [&] { MustExec("INSERT INTO w SELECT 'field' || i, 'value' || i FROM " + series); },
      [&] {
        peer.Pipeline(rows(), [](redisContext* context, int i) {
          redisAppendCommand(context, "HSET w2 field%d value%d", i, i);
        });
      });
  const int lookups = std::min(rows(), 20000);
  MustExec(absl::StrCat(
      "CREATE FUNCTION look() RETURNS int LANGUAGE plpgsql AS $$ BEGIN FOR i IN 0..", lookups - 1,
      " LOOP PERFORM v FROM h WHERE f = 'field' || i; END LOOP; ", "RETURN 1; END $$"));
  Compare(
      absl::StrCat(lookups, " lookups in PL/pgSQL, HGET each"), [&] { Query1("SELECT look()"); },
      [&] {
        for (int i = 0; i < lookups; ++i) peer.Run(absl::StrCat("HGET h field", i));
      });
}

// Tables of many keys, and updates, at a tenth of the rows.
TEST_F(PeerBenchmark, KeysAndUpdates) {
  const int keys = std::max(rows() / 10 / 1000, 1) * 1000;
  const std::string n = absl::StrCat(keys);
  const std::string series = absl::StrCat("generate_series(0, ", keys - 1, ") i");
  Peer peer(redis().unix_socket());
  auto count = [&](const std::string& sql) { return [=] { EXPECT_EQ(Query1(sql), n) << sql; }; };
  auto run = [&](const std::string& sql) { return [=] { MustExec(sql); }; };

  Compare("INSERT of strings, pipelined SET",
          run("INSERT INTO strings SELECT 'app:' || i, 'value' || i FROM " + series), [&] {
            peer.Pipeline(keys, [](redisContext* context, int i) {
              redisAppendCommand(context, "SET app:%d value%d", i, i);
            });
          });
  Compare("INSERT of hashes as rows, pipelined HSET",
          run("INSERT INTO users SELECT 'user:' || i, 'name' || i, i, 'mail' || i FROM " + series),
          [&] {
            peer.Pipeline(keys, [](redisContext* context, int i) {
              redisAppendCommand(context, "HSET user:%d name name%d age %d mail mail%d", i, i, i,
                                 i);
            });
          });
  Compare("scan of strings, SCAN and MGET", count(CountValues("value", "strings")),
          [&] { peer.ScanKeys("app:*", "string", &AppendMget); });
  Compare("scan of hashes as rows, SCAN and HMGET",
          count("SELECT count(name) + 0 * sum(age) FROM users"),
          [&] { peer.ScanKeys("user:*", "hash", ForEachKey("HMGET %s name age")); });
  Compare("count of keys, SCAN", count("SELECT count(*) FROM strings"), [&] {
    peer.ScanKeys("app:*", "string",
                  [](redisContext*, const std::vector<std::string>&) { return 0; });
  });
  MustExec("INSERT INTO u SELECT 'field' || i, 'value' || i FROM " + series);
  Compare("UPDATE of fields, HGETALL and HSET", run("UPDATE u SET v = v || 'x'"), [&] {
    peer.Run("HGETALL u");
    peer.Pipeline(keys, [](redisContext* context, int i) {
      redisAppendCommand(context, "HSET u field%d value%d", i, i);
    });
  });
  Compare("UPDATE of hashes as rows, SCAN, HMGET, HSET", run("UPDATE users SET age = age + 1"),
          [&] {
            peer.ScanKeys("user:*", "hash", ForEachKey("HMGET %s name age mail"));
            peer.Pipeline(keys, [](redisContext* context, int i) {
              redisAppendCommand(context, "HSET user:%d age %d", i, i + 1);
            });
          });
}

}  // namespace
}  // namespace redis_fdw::test
