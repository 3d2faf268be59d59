// The extension beside a plain hiredis client doing the same, in pairs: A B A B ..., each pair on
// the same servers within seconds, so that a busy machine slows both. Prints the median time of
// each and the median of the ratios.
//
//   REDIS_FDW_BENCH_ROWS=1000000 REDIS_FDW_BENCH_PAIRS=7 bazel run //testing/bench:peer_benchmark

#include <hiredis/hiredis.h>
#include <stdlib.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

int FromEnv(const char* name, int otherwise) {
  const char* text = getenv(name);
  int value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

// The peer: a blocking hiredis connection to the same socket.
class Peer {
 public:
  explicit Peer(const std::string& socket) : context_(redisConnectUnix(socket.c_str())) {}
  ~Peer() { redisFree(context_); }

  // One command whose whole reply is read, made into objects and freed.
  void Run(const std::string& command) { freeReplyObject(redisCommand(context_, command.c_str())); }
  // SCAN commands by pages of 1000.
  void RunCursor(const std::string& name, const std::string& key) {
    std::string cursor = "0";
    do {
      auto* reply = static_cast<redisReply*>(
          redisCommand(context_, "%s %s %s COUNT 1000", name.c_str(), key.c_str(), cursor.c_str()));
      cursor = reply->element[0]->str;
      freeReplyObject(reply);
    } while (cursor != "0");
  }
  void RunStreamPages(const std::string& key) {
    std::string from = "-";
    while (true) {
      auto* reply = static_cast<redisReply*>(
          redisCommand(context_, "XRANGE %s %s + COUNT 1000", key.c_str(), from.c_str()));
      size_t n = reply->elements;
      if (n > 0) from = absl::StrCat("(", reply->element[n - 1]->element[0]->str);
      freeReplyObject(reply);
      if (n < 1000) return;
    }
  }
  void PipelineHset(const std::string& key, int rows) {
    constexpr int kBatch = 1000;
    for (int i = 0; i < rows; i += kBatch) {
      for (int j = i; j < i + kBatch; ++j) {
        redisAppendCommand(context_, "HSET %s field%d value%d", key.c_str(), j, j);
      }
      for (int j = 0; j < kBatch; ++j) {
        void* reply = nullptr;
        redisGetReply(context_, &reply);
        freeReplyObject(reply);
      }
    }
  }
  // All keys of a pattern by SCAN; `append` queues the command for one of a page's keys, or for all
  // of them, and says how many replies that makes.
  using Append = std::function<int(redisContext*, const std::vector<std::string>& page)>;
  void ScanKeys(const std::string& pattern, const std::string& type, const Append& append) {
    std::string cursor = "0";
    do {
      auto* reply =
          static_cast<redisReply*>(redisCommand(context_, "SCAN %s MATCH %s COUNT 1000 TYPE %s",
                                                cursor.c_str(), pattern.c_str(), type.c_str()));
      cursor = reply->element[0]->str;
      std::vector<std::string> page;
      for (size_t i = 0; i < reply->element[1]->elements; ++i) {
        page.emplace_back(reply->element[1]->element[i]->str);
      }
      freeReplyObject(reply);
      Take(page.empty() ? 0 : append(context_, page));
    } while (cursor != "0");
  }
  // `rows` commands in pipelines of 1000.
  void Pipeline(int rows, const std::function<void(redisContext*, int)>& append) {
    constexpr int kBatch = 1000;
    for (int i = 0; i < rows; i += kBatch) {
      for (int j = i; j < i + kBatch; ++j) append(context_, j);
      Take(kBatch);
    }
  }
  void LookUp(const std::string& key, int count) {
    for (int i = 0; i < count; ++i) {
      freeReplyObject(redisCommand(context_, "HGET %s field%d", key.c_str(), i));
    }
  }

 private:
  void Take(int replies) {
    for (int i = 0; i < replies; ++i) {
      void* reply = nullptr;
      redisGetReply(context_, &reply);
      freeReplyObject(reply);
    }
  }

  redisContext* context_;
};

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

class PeerBenchmark : public PgRedisTest {
 protected:
  struct Pairs {
    std::vector<double> ours, peers, ratios;
  };

  void SetUp() override {
    PgRedisTest::SetUp();
    rows_ = FromEnv("REDIS_FDW_BENCH_ROWS", 20000);
    pairs_ = FromEnv("REDIS_FDW_BENCH_PAIRS", 1);
    Table("h", "f text, v text", "hash", "snapshot");
    Table("hc", "f text, v text", "hash", "cursor", "h");
    Table("s", "m text", "set", "snapshot");
    Table("z", "m text, s float8", "zset", "snapshot");
    Table("l", "e text", "list", "auto");
    Table("x", "id text, f text", "stream", "auto");
    Table("w", "f text, v text", "hash", "auto");
    Table("strings", "key text, value text", "string", "auto", "app:*");
    Table("users", "key text, name text, age int, mail text", "hash', row_per 'key", "auto",
          "user:*");
    Table("u", "f text, v text", "hash", "auto");
  }
  void Table(const std::string& name, const std::string& columns, const std::string& type,
             const std::string& mode, const std::string& key = "") {
    MustExec(absl::StrCat(
        "CREATE FOREIGN TABLE ", name, " (", columns, ") SERVER redis_server OPTIONS (table_type '",
        type, "', table_key_prefix '", key.empty() ? name : key, "', scan_mode '", mode, "')"));
  }

  static double Seconds(const std::function<void()>& work) {
    absl::Time start = absl::Now();
    work();
    return absl::ToDoubleSeconds(absl::Now() - start);
  }
  static double Median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }

  void Compare(const std::string& what, const std::function<void()>& ours,
               const std::function<void()>& peers) {
    Pairs p;
    for (int i = 0; i < pairs_; ++i) {
      p.ours.push_back(Seconds(ours));
      p.peers.push_back(Seconds(peers));
      p.ratios.push_back(p.ours.back() / p.peers.back());
    }
    std::cout << absl::StrFormat("| %-44s | %8.3f | %8.3f | %5.2f | %5.2f to %5.2f |\n", what,
                                 Median(p.ours), Median(p.peers), Median(p.ratios),
                                 *std::min_element(p.ratios.begin(), p.ratios.end()),
                                 *std::max_element(p.ratios.begin(), p.ratios.end()));
  }

  int rows_ = 0;
  int pairs_ = 0;
};

TEST_F(PeerBenchmark, AllPairs) {
  const std::string n = absl::StrCat(rows_);
  const std::string series = absl::StrCat("generate_series(0, ", rows_ - 1, ") i");
  MustExec("INSERT INTO h SELECT 'field' || i, 'value' || i FROM " + series);
  MustExec("INSERT INTO s SELECT 'member' || i FROM " + series);
  MustExec("INSERT INTO z SELECT 'member' || i, i FROM " + series);
  MustExec("INSERT INTO l SELECT 'element' || i FROM " + series);
  MustExec("INSERT INTO x SELECT NULL, 'value' || i FROM " + series);
  Peer peer(redis().unix_socket());
  auto count = [&](const std::string& sql) { return [=] { EXPECT_EQ(Query1(sql), n) << sql; }; };

  std::cout << absl::StrFormat(
      "| %s rows, %d pairs; seconds %20s |   SQL    | hiredis  | ratio |"
      "      range     |\n|---|---|---|---|---|\n",
      n, pairs_, "");
  Compare("scan of a hash, HGETALL", count("SELECT count(v) FROM h"),
          [&] { peer.Run("HGETALL h"); });
  Compare("scan of a hash, HSCAN", count("SELECT count(v) FROM hc"),
          [&] { peer.RunCursor("HSCAN", "h"); });
  Compare("scan of a set, SMEMBERS", count("SELECT count(m) FROM s"),
          [&] { peer.Run("SMEMBERS s"); });
  Compare("scan of a sorted set, ZRANGE", count("SELECT count(s) FROM z"),
          [&] { peer.Run("ZRANGE z 0 -1 WITHSCORES"); });
  Compare("scan of a list, LRANGE", count("SELECT count(e) FROM l"),
          [&] { peer.Run("LRANGE l 0 -1"); });
  Compare("scan of a stream, XRANGE pages", count("SELECT count(f) FROM x"),
          [&] { peer.RunStreamPages("x"); });
  Compare(
      "INSERT ... SELECT into a hash, pipelined HSET",
      [&] { MustExec("INSERT INTO w SELECT 'field' || i, 'value' || i FROM " + series); },
      [&] { peer.PipelineHset("w2", rows_); });
  const int lookups = std::min(rows_, 20000);
  MustExec(absl::StrCat(
      "CREATE FUNCTION look() RETURNS int LANGUAGE plpgsql AS $$ BEGIN FOR i IN 0..", lookups - 1,
      " LOOP PERFORM v FROM h WHERE f = 'field' || i; END LOOP; ", "RETURN 1; END $$"));
  Compare(
      absl::StrCat(lookups, " lookups in PL/pgSQL, HGET each"), [&] { Query1("SELECT look()"); },
      [&] { peer.LookUp("h", lookups); });
}

// Tables of many keys, and updates, at a tenth of the rows.
TEST_F(PeerBenchmark, KeysAndUpdates) {
  const int keys = std::max(rows_ / 10 / 1000, 1) * 1000;
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
  Compare("scan of strings, SCAN and MGET", count("SELECT count(value) FROM strings"),
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
    peer.PipelineHset("u", keys);
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
