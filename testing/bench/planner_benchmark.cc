// Queries of which the planner makes few commands, beside a plain hiredis client that sends those
// commands, and beside the same queries without pushdown. Prints the median time of each and the
// medians of the ratios.
//
//   REDIS_FDW_BENCH_ROWS=1000000 REDIS_FDW_BENCH_PAIRS=7 bazel run
//   //testing/bench:planner_benchmark

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "testing/bench/peer.h"
#include "testing/bench/peer_fixture.h"

namespace redis_fdw::test {
namespace {

// Runs without pushdown cost a scan each; so many say enough.
constexpr int kMaxOffPairs = 3;

class PlannerBenchmark : public PeerFixture {
 protected:
  // The text of the i-th run.
  using Statement = std::function<std::string(int i)>;
  using Work = std::function<void(int i)>;

  void SetUp() override {
    PeerFixture::SetUp();
    Table("h", "field text, value text", "hash");
    Table("z", "member text, score float8", "zset");
    Table("x", "stream_id redis_stream_id, v text", "stream");
    MustExec("SET client_min_messages = warning");
    Table("t", "stream_id text, v text", "stream", "auto", "x");
    Fill();
    off_.emplace(Connect());
    off_->MustExec("SET redis_fdw.enable_pushdown = off");
    for (PgConnection* session : {&pg(), &*off_}) {
      session->MustExec("PREPARE look_up(text) AS SELECT value FROM h WHERE field = $1");
    }
  }
  void TearDown() override {
    off_.reset();
    PeerFixture::TearDown();
  }

  void Fill() {
    const std::string series = absl::StrCat(" FROM generate_series(1, ", rows(), ") i");
    MustExec("INSERT INTO h SELECT 'f' || i, 'value' || i" + series);
    MustExec("INSERT INTO z SELECT 'm' || i, i" + series);
    MustExec(
        "INSERT INTO x SELECT ((1640995200000 + i / 3)::text || '-' || i % 3)::redis_stream_id, i" +
        series);
    for (int n : {10, 1000}) {
      MustExec(
          absl::StrFormat("CREATE TABLE local%d AS SELECT 'f' || i * %d AS id "
                          "FROM generate_series(1, %d) i",
                          n, rows() / n, n));
    }
    MustExec("SET default_statistics_target = 10; ANALYZE h, z, x, t, local10, local1000");
  }

  // The i-th of the elements, in an order that jumps about.
  int Nth(int i) const { return static_cast<int>(int64_t{i} * 7919 % rows()) + 1; }

  // "f1', 'f2" and so on, ten of them, with what is to stand between.
  std::string Ten(int i, const std::string& between) const {
    std::string fields;
    for (int j = 0; j < 10; ++j) {
      absl::StrAppend(&fields, j == 0 ? "" : between, "f", Nth(10 * i + j));
    }
    return fields;
  }

  static void ExpectRows(PgConnection* pg, const std::string& sql, size_t rows) {
    PgResult result = pg->MustExec(sql);
    EXPECT_EQ(result.rows.size(), rows) << sql;
  }

  // A query that returns `rows` rows, and what the client does instead. In each pair both run so
  // many times, in turn, and the medians count: most take less than a scheduler's slice.
  // `scans`: without pushdown there is something to compare with.
  void Compare(const std::string& what, int runs, size_t rows, const Statement& sql,
               const Work& peers, bool scans = true) {
    auto ours = [&](int i) { ExpectRows(&pg(), sql(i), rows); };
    for (int i = 0; i < std::min(runs, 10); ++i) ours(i);  // until plans are generic
    std::vector<double> ours_s, peers_s, ratios, off_ratios;
    for (int pair = 0; pair < pairs(); ++pair) {
      std::vector<double> our_runs, peer_runs;
      for (int i = 0; i < runs; ++i) {
        our_runs.push_back(Seconds([&] { ours(i); }));
        peer_runs.push_back(Seconds([&] { peers(i); }));
      }
      ours_s.push_back(Median(our_runs));
      peers_s.push_back(Median(peer_runs));
      ratios.push_back(ours_s.back() / peers_s.back());
      if (!scans || pair >= kMaxOffPairs) continue;
      off_ratios.push_back(Seconds([&] { ExpectRows(&*off_, sql(0), rows); }) / ours_s.back());
    }
    std::cout << absl::StrFormat(
        "| %-52s | %9.3f | %9.3f | %5.2f | %s | %7s |\n", what, Median(ours_s) * 1000,
        Median(peers_s) * 1000, Median(ratios), Range(ratios),
        off_ratios.empty() ? "" : absl::StrFormat("%.1f", Median(off_ratios)));
  }

  // Always the same.
  static Statement Same(const std::string& sql) {
    return [sql](int) { return sql; };
  }

  void Lookups(Peer* peer);
  void Orders(Peer* peer);
  void Joins(Peer* peer);

  // A session without pushdown. A setting that changes to and fro would spoil what PostgreSQL knows
  // of generic plans' costs.
  std::optional<PgConnection> off_;
};

void PlannerBenchmark::Lookups(Peer* peer) {
  Compare(
      "SELECT 1; the client: PING", 200, 1, Same("SELECT 1"), [=](int) { peer->Run("PING"); },
      false);
  Compare(
      "lookup by prepared statement, HGET", 200, 1,
      [=](int i) { return absl::StrCat("EXECUTE look_up('f", Nth(i), "')"); },
      [=](int i) { peer->Run(absl::StrCat("HGET h f", Nth(i))); });
  Compare(
      "lookup, planned each time, HGET", 200, 1,
      [=](int i) { return absl::StrCat("SELECT value FROM h WHERE field = 'f", Nth(i), "'"); },
      [=](int i) { peer->Run(absl::StrCat("HGET h f", Nth(i))); });
  Compare(
      "IN of 10, HMGET", 200, 10,
      [=](int i) {
        return absl::StrCat("SELECT * FROM h WHERE field IN ('", Ten(i, "', '"), "')");
      },
      [=](int i) { peer->Run(absl::StrCat("HMGET h ", Ten(i, " "))); });
  Compare("count(*), HLEN", 200, 1, Same("SELECT count(*) FROM h"),
          [=](int) { peer->Run("HLEN h"); });
  Compare("LIMIT 10, HSCAN COUNT 10", 200, 10, Same("SELECT * FROM h LIMIT 10"),
          [=](int) { peer->Run("HSCAN h 0 COUNT 10"); });
}

void PlannerBenchmark::Orders(Peer* peer) {
  Compare("top 10 by score, ZREVRANGE", 200, 10,
          Same("SELECT * FROM z ORDER BY score DESC LIMIT 10"),
          [=](int) { peer->Run("ZREVRANGE z 0 9 WITHSCORES"); });
  Compare("max(score), ZREVRANGE 0 0", 200, 1, Same("SELECT max(score) FROM z"),
          [=](int) { peer->Run("ZREVRANGE z 0 0 WITHSCORES"); });
  const int middle = rows() / 2;
  Compare("score range, LIMIT 10 OFFSET 100, ZRANGEBYSCORE", 200, 10,
          Same(absl::StrFormat("SELECT * FROM z WHERE score > %d AND score <= %d ORDER BY score "
                               "LIMIT 10 OFFSET 100",
                               middle, middle + 1000)),
          [=](int) {
            peer->Run(absl::StrFormat("ZRANGEBYSCORE z (%d %d WITHSCORES LIMIT 100 10", middle,
                                      middle + 1000));
          });
  Compare("last 100 of a stream, redis_stream_id, XREVRANGE", 200, 100,
          Same("SELECT * FROM x ORDER BY stream_id DESC LIMIT 100"),
          [=](int) { peer->Run("XREVRANGE x + - COUNT 100"); });
  Compare("last 100 of a stream, id as text, XREVRANGE", 200, 100,
          Same("SELECT * FROM t ORDER BY stream_id DESC LIMIT 100"),
          [=](int) { peer->Run("XREVRANGE x + - COUNT 100"); });
}

void PlannerBenchmark::Joins(Peer* peer) {
  for (int n : {10, 1000}) {
    const int step = rows() / n;
    Compare(absl::StrCat("join with ", n, " local rows, one HGET each"), 2000 / n,
            static_cast<size_t>(n),
            Same(absl::StrCat("SELECT id, value FROM local", n, " JOIN h ON field = id")),
            [=](int) {
              for (int i = 1; i <= n; ++i) peer->Run(absl::StrCat("HGET h f", i * step));
            });
  }
  size_t like = 0;
  for (int i = 1; i <= rows(); ++i) like += absl::StartsWith(absl::StrCat(i), "12345");
  Compare("LIKE 'f12345%', HSCAN MATCH", 1, like,
          Same("SELECT * FROM h WHERE field LIKE 'f12345%'"),
          [=](int) { peer->RunCursor("HSCAN", "h", "f12345*"); });
}

// One test, since each begins with an empty Redis.
TEST_F(PlannerBenchmark, AllPairs) {
  Peer peer(redis().unix_socket());
  std::cout << absl::StrFormat(
      "| keys of %d elements, %d pairs; milliseconds %10s |    SQL    |  hiredis  | ratio |"
      "      range     | off/on  |\n|---|---|---|---|---|---|\n",
      rows(), pairs(), "");
  Lookups(&peer);
  Orders(&peer);
  Joins(&peer);
}

}  // namespace
}  // namespace redis_fdw::test
