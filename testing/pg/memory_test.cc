// Memory of the backend does not grow with the key, and every element is returned once while
// another client changes the key.

#include <atomic>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

class MemoryTest : public PgRedisTest {
 protected:
  static constexpr int kFields = 1000000;

  void SetUp() override {
    PgRedisTest::SetUp();
    redis().Cli(
        {"EVAL",
         absl::StrCat("for i = 1, ", kFields,
                      ", 100 do local a = {} for j = i, i + 99 do a[#a+1] = 'stay' .. j "
                      "a[#a+1] = 'value' .. j end redis.call('HSET', 'big', unpack(a)) end"),
         "0"});
    for (const char* mode : {"snapshot", "cursor"}) {
      MustExec(absl::StrCat("CREATE FOREIGN TABLE big_", mode,
                            " (f text, v text) SERVER redis_server OPTIONS (table_type 'hash', "
                            "table_key_prefix 'big', scan_mode '",
                            mode, "')"));
    }
  }

  // Peak memory of a fresh backend that has looked one field up in `table`, then run `sql`.
  int64_t PeakKib(const std::string& table, const std::string& sql) {
    PgConnection fresh = Connect();
    EXPECT_EQ(fresh.Query1(absl::StrCat("SELECT v FROM ", table, " WHERE f = 'stay1'")), "value1");
    EXPECT_EQ(fresh.Query1("SELECT count(*) FROM generate_series(1, 10) g"), "10");
    if (!sql.empty()) {
      EXPECT_EQ(fresh.Query1(sql), absl::StrCat(kFields));
    }
    return fresh.BackendPeakKib();
  }
};

TEST_F(MemoryTest, ScansOfAMillionFieldsAreFlat) {
  int64_t lookup = PeakKib("big_snapshot", "");
  int64_t snapshot = PeakKib("big_snapshot", "SELECT count(v) FROM big_snapshot");
  int64_t cursor = PeakKib("big_cursor", "SELECT count(v) FROM big_cursor");
  EXPECT_LE(snapshot - lookup, 12 * 1024);
  EXPECT_LE(cursor - lookup, 40 * 1024);
  RecordProperty("snapshot_kib", absl::StrCat(snapshot - lookup));
  RecordProperty("cursor_kib", absl::StrCat(cursor - lookup));
}

TEST_F(MemoryTest, ReturningManyRowsIsFlat) {
  MustExec(
      "CREATE FOREIGN TABLE x (id text, f text) SERVER redis_server "
      "OPTIONS (table_type 'stream', table_key_prefix 'x')");
  auto insert = [](PgConnection& pg, int rows) {
    return pg.Query1(
        absl::StrCat("WITH i AS (INSERT INTO x SELECT NULL, 'v' FROM generate_series(1, ", rows,
                     ") RETURNING id) SELECT count(*) FROM (SELECT id FROM i LIMIT 10) q"));
  };
  PgConnection fresh = Connect();
  EXPECT_EQ(insert(fresh, 100), "10");
  int64_t before = fresh.BackendPeakKib();
  EXPECT_EQ(insert(fresh, 50000), "10");
  // The rows returned are kept by PostgreSQL, within work_mem.
  int64_t grown = fresh.BackendPeakKib() - before;
  RecordProperty("returning_kib", absl::StrCat(grown));
  EXPECT_LE(grown, 6 * 1024);
}

TEST_F(MemoryTest, UpdatesOfAMillionFieldsAreFlat) {
  auto peak = [this](const std::string& sql) {
    PgConnection fresh = Connect();
    fresh.MustExec("SET work_mem = '4MB'");
    fresh.MustExec("UPDATE big_snapshot SET v = v || '!' WHERE f = 'stay1'");
    int64_t before = fresh.BackendPeakKib();
    fresh.MustExec(sql);
    return fresh.BackendPeakKib() - before;
  };
  // Rows read before the first write are in a file beyond work_mem, batches in a few MiB.
  int64_t all = peak("UPDATE big_snapshot SET v = v || '?'");
  RecordProperty("update_kib", absl::StrCat(all));
  EXPECT_LE(all, 12 * 1024);
  // A row that comes a million times is neither written nor kept a million times.
  ResetCalls();
  int64_t repeated = peak(
      "UPDATE big_snapshot SET v = v || i FROM generate_series(1, 1000000) i WHERE f = 'stay2'");
  RecordProperty("repeated_kib", absl::StrCat(repeated));
  EXPECT_LE(repeated, 12 * 1024);
  EXPECT_LE(Calls("eval"), 2);
  EXPECT_EQ(redis().Cli({"HGET", "big", "stay3"}), "value3?");
}

TEST_F(MemoryTest, EveryFieldOnceWhileTheKeyGrowsAndShrinksByHalf) {
  std::atomic<bool> stop{false};
  // A client of its own: the fixture's is not for threads.
  std::thread changer([&] {
    PgConnection other = Connect();
    other.MustExec(
        "CREATE FOREIGN TABLE churn (f text, v text) SERVER redis_server "
        "OPTIONS (table_type 'hash', table_key_prefix 'big')");
    while (!stop) {
      other.MustExec("INSERT INTO churn SELECT 'move' || i, 'x' FROM generate_series(1, 500000) i");
      if (stop) break;
      other.MustExec(
          "DELETE FROM churn WHERE f = ANY (ARRAY(SELECT 'move' || i "
          "FROM generate_series(1, 500000) i))");
    }
  });
  for (const char* table : {"big_cursor", "big_snapshot", "big_cursor"}) {
    EXPECT_EQ(Query(absl::StrCat("SELECT count(*), count(DISTINCT f) FROM ", table,
                                 " WHERE f LIKE 'stay%' AND v LIKE 'value%'")),
              absl::StrCat(kFields, "|", kFields));
  }
  stop = true;
  changer.join();
}

}  // namespace
}  // namespace redis_fdw::test
