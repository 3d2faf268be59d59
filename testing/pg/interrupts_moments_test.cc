// Interrupts at many moments of statements that are busy and wait for little: what is computed
// between two waits must be short, too. (Lists of more operands than here take longer, which
// docs/interrupts.md says.)

#include <algorithm>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "testing/pg/interrupt_fixture.h"

namespace redis_fdw::test {
namespace {

class InterruptsMomentsTest : public InterruptTest {
 protected:
  static constexpr size_t kMoments = 8;
  static constexpr int kMostRounds = 10;

  // Cancels it after 40 ms, 120 ms, 200 ms and so on, and looks at the slowest answers. One or two
  // of them may be the machine's; a long computation would be met again and again. A statement that
  // is over sooner is begun again, `before` too, and cancelled earlier, until there are as many.
  void CancelIsPromptAtAnyMoment(const std::string& sql,
                                 const std::function<void()>& before = nullptr) {
    SCOPED_TRACE(sql);
    std::vector<absl::Duration> times;
    for (int round = 1; round <= kMostRounds && times.size() < kMoments; ++round) {
      for (size_t i = 0; times.size() < kMoments; ++i) {
        if (before != nullptr) before();
        if (!CancelAfter(absl::Milliseconds(40 + 80 * i) / round, sql, &times)) break;
      }
    }
    std::sort(times.begin(), times.end());
    std::cout << sql.substr(0, 100) << ":";
    for (absl::Duration time : times) std::cout << " " << absl::ToInt64Milliseconds(time);
    std::cout << std::endl;
    ASSERT_FALSE(times.empty());
    // The one in the middle: on a shared machine some are late whatever was cancelled.
    EXPECT_LT(times[times.size() / 2], kLimit);
  }

 private:
  // False if the statement does not take so long.
  bool CancelAfter(absl::Duration moment, const std::string& sql,
                   std::vector<absl::Duration>* times) {
    pg().Send(sql);
    if (HasBegun(pg())) absl::SleepFor(moment);
    if (!pg().Busy()) {
      pg().Wait();
      return false;
    }
    const absl::Time start = absl::Now();
    pg().Cancel();
    const bool was_done = pg().Wait().ok();
    if (!was_done) times->push_back(absl::Now() - start);
    return !was_done;
  }
};

TEST_F(InterruptsMomentsTest, LargeBatches) {
  MustExec("ALTER FOREIGN TABLE h OPTIONS (ADD batch_size '1000000')");
  CancelIsPromptAtAnyMoment("INSERT INTO h SELECT 'f' || i, 'v' FROM generate_series(1, 1000000) i",
                            [] {
                              redis().Cli({"UNLINK", "h"});
                            });
}

TEST_F(InterruptsMomentsTest, ManyOperands) {
  FillHash("h", 300000, 10);
  MustExec(
      "CREATE TABLE names AS SELECT array_agg('f' || i) AS n FROM generate_series(1, 200000) i");
  CancelIsPromptAtAnyMoment("SELECT count(*) FROM h WHERE f = ANY ((SELECT n FROM names)::text[])");
  CancelIsPromptAtAnyMoment("DELETE FROM h WHERE f = ANY ((SELECT n FROM names)::text[])",
                            [this] { FillHash("h", 300000, 10); });
  MustExec(
      "CREATE FOREIGN TABLE z (m text, score float8) SERVER redis_server "
      "OPTIONS (table_type 'zset', table_key_prefix 'z')");
  redis().Cli({"EVAL", "for i = 1, 300000 do redis.call('ZADD', 'z', i, 'f' .. i) end", "0"});
  CancelIsPromptAtAnyMoment(
      "SELECT count(*) FROM z WHERE score = ANY (ARRAY(SELECT generate_series(1, "
      "200000)::float8))");
}

TEST_F(InterruptsMomentsTest, ManyKeys) {
  const auto fill = [] {
    redis().Cli({"EVAL", "for i = 1, 300000 do redis.call('SET', 'k:' .. i, i) end", "0"});
  };
  fill();
  MustExec(
      "CREATE FOREIGN TABLE k (key text, v text) SERVER redis_server "
      "OPTIONS (table_type 'string', table_key_prefix 'k:*')");
  CancelIsPromptAtAnyMoment("SELECT count(*) FROM k WHERE v <> 'x'");
  CancelIsPromptAtAnyMoment("SELECT * FROM k WHERE key LIKE 'k:%z'");
  CancelIsPromptAtAnyMoment(
      "IMPORT FOREIGN SCHEMA \"k:*\" FROM SERVER redis_server INTO public "
      "OPTIONS (sample_size '1000000')");
  CancelIsPromptAtAnyMoment("UPDATE k SET v = v || 'x'");
  CancelIsPromptAtAnyMoment("TRUNCATE k", fill);
}

TEST_F(InterruptsMomentsTest, LargeCollections) {
  FillHash("h", 1000000, 20);
  for (const char* mode : {"snapshot", "cursor"}) {
    MustExec(absl::StrCat("CREATE FOREIGN TABLE h_", mode,
                          " (f text, v text) SERVER redis_server OPTIONS (table_type 'hash', "
                          "table_key_prefix 'h', scan_mode '",
                          mode, "')"));
    CancelIsPromptAtAnyMoment(absl::StrCat("SELECT count(*) FROM h_", mode, " WHERE v < 'a'"));
    CancelIsPromptAtAnyMoment(absl::StrCat("SELECT * FROM h_", mode, " ORDER BY v, f LIMIT 1"));
  }
  CancelIsPromptAtAnyMoment("UPDATE h SET v = v || 'x'");
  CancelIsPromptAtAnyMoment("DELETE FROM h WHERE v LIKE '%y'");
  MustExec(
      "CREATE FOREIGN TABLE rows (f text[]) SERVER redis_server "
      "OPTIONS (table_type 'list', table_key_prefix 'l', row_per 'key')");
  redis().Cli({"EVAL", "for i = 1, 2000000 do redis.call('RPUSH', 'l', i) end", "0"});
  CancelIsPromptAtAnyMoment("SELECT array_length(f, 1) FROM rows");
}

}  // namespace
}  // namespace redis_fdw::test
