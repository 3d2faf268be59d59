// What queries on keys of 1,000,000 elements cost: the commands and round trips that EXPLAIN
// ANALYZE states, held against what Redis itself has counted.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

constexpr int kElements = 1000000;

// What EXPLAIN ANALYZE says of all the scans of a query together.
struct Cost {
  int64_t commands = 0;
  int64_t round_trips = 0;
  int64_t rows = 0;
  std::string plan;
};

int64_t SumOf(const std::string& plan, const std::string& property) {
  int64_t sum = 0;
  for (absl::string_view line : absl::StrSplit(plan, '\n')) {
    line = absl::StripLeadingAsciiWhitespace(line);
    int64_t value = 0;
    if (!absl::ConsumePrefix(&line, absl::StrCat(property, ": "))) continue;
    EXPECT_TRUE(absl::SimpleAtoi(line, &value)) << line;
    sum += value;
  }
  return sum;
}

class PlannerTest : public PgRedisTest {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    Table("h", "field text, value text", "hash");
    Table("z", "member text, score float8", "zset");
    Table("s", "member text", "set");
    Table("l", "index bigint, element text", "list");
    Table("x", "id redis_stream_id, v text", "stream");
    Table("t", "id text, v text", "stream");
    Fill();
  }

  void Table(const std::string& name, const std::string& columns, const std::string& type) {
    const std::string key = name == "t" ? "x" : name;
    MustExec(absl::StrCat("SET client_min_messages = warning; CREATE FOREIGN TABLE ", name, " (",
                          columns, ") SERVER redis_server OPTIONS (table_type '", type,
                          "', table_key_prefix '", key, "')"));
  }

  void Fill() {
    const std::string series = absl::StrCat(" FROM generate_series(1, ", kElements, ") i");
    MustExec("INSERT INTO h SELECT 'f' || i, i" + series);
    MustExec("INSERT INTO z SELECT 'm' || i, i" + series);
    MustExec("INSERT INTO s SELECT 'm' || i" + series);
    MustExec("INSERT INTO l SELECT NULL, i" + series);
    MustExec("INSERT INTO x SELECT ((1640995200000 + i / 3)::text || '-' || i % 3)" +
             std::string("::redis_stream_id, i") + series);
  }

  // Runs the query; what it says that it cost is what Redis says, but for what planning asked.
  Cost CostOf(const std::string& sql) {
    ResetCalls();
    Explain(sql);
    const int64_t asked_by_planning = CommandsSeen();
    ResetCalls();
    Cost cost;
    cost.plan = Explain(sql, "ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF");
    cost.commands = SumOf(cost.plan, "Redis Commands Sent");
    cost.round_trips = SumOf(cost.plan, "Redis Round Trips");
    cost.rows = SumOf(cost.plan, "Redis Rows Decoded");
    EXPECT_EQ(cost.commands, CommandsSeen() - asked_by_planning) << cost.plan;
    return cost;
  }

  // Commands that Redis has run since ResetCalls(), without those of connecting and of this test;
  // of a script, which Redis counts together with the commands in it, one.
  int64_t CommandsSeen() {
    const std::string stats = redis().Cli({"INFO", "commandstats"});
    int64_t sum = 0;
    for (absl::string_view line : absl::StrSplit(stats, '\n')) {
      if (!absl::ConsumePrefix(&line, "cmdstat_")) continue;
      const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(line, ":calls=");
      if (parts.first == "config|resetstat" || parts.first == "info" || parts.first == "hello" ||
          parts.first == "select" || parts.first == "client|setname" || parts.first == "ping") {
        continue;
      }
      const int64_t calls = std::strtoll(std::string(parts.second).c_str(), nullptr, 10);
      if (parts.first == "eval" || parts.first == "evalsha") return calls;
      sum += calls;
    }
    return sum;
  }

  void LookupsAreOneCommand();
  void LimitsAreAtMostAPage();
  void OrdersWithALimitAreOneCommand();
  void AggregatesAreOneCommand();
  void AJoinLooksUpWhatItNeeds();
  void PreparedLookupsStayLookups();

  void ExpectOne(const std::string& sql) {
    Cost cost = CostOf(sql);
    EXPECT_EQ(cost.commands, 1) << sql << "\n" << cost.plan;
    EXPECT_EQ(cost.round_trips, 1) << sql << "\n" << cost.plan;
    EXPECT_LE(cost.rows, 10) << sql << "\n" << cost.plan;
  }
};

void PlannerTest::LookupsAreOneCommand() {
  ExpectOne("SELECT value FROM h WHERE field = 'f77'");
  ExpectOne(
      "SELECT * FROM h WHERE field IN "
      "('f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7', 'f8', 'f9', 'none')");
  ExpectOne("SELECT * FROM h WHERE field = 'f1' OR field = 'f2' OR 'f3' = field");
  ExpectOne("SELECT score FROM z WHERE member = 'm500000'");
  ExpectOne("SELECT * FROM s WHERE member = 'm500000'");
  ExpectOne("SELECT element FROM l WHERE index = 500000");
  ExpectOne("SELECT v FROM x WHERE id = '1640995200100-1'");
  ExpectOne("SELECT v FROM t WHERE id = '1640995200100-1'");
}

void PlannerTest::LimitsAreAtMostAPage() {
  ExpectOne("SELECT * FROM h LIMIT 10");
  ExpectOne("SELECT * FROM s LIMIT 10");
  ExpectOne("SELECT * FROM z LIMIT 10");
  ExpectOne("SELECT * FROM l LIMIT 10 OFFSET 500000");
  ExpectOne("SELECT * FROM x LIMIT 10");
  Cost filtered = CostOf("SELECT * FROM h WHERE value LIKE '%7%' LIMIT 1");
  EXPECT_EQ(filtered.commands, 1) << filtered.plan;
}

void PlannerTest::OrdersWithALimitAreOneCommand() {
  ExpectOne("SELECT * FROM z ORDER BY score DESC LIMIT 10");
  ExpectOne("SELECT * FROM z ORDER BY score DESC NULLS LAST LIMIT 10 OFFSET 100");
  ExpectOne("SELECT * FROM z WHERE score > 500 AND score <= 900 ORDER BY score LIMIT 10");
  ExpectOne("SELECT * FROM l ORDER BY index LIMIT 10");
  ExpectOne("SELECT * FROM l WHERE index >= 999990 ORDER BY index DESC LIMIT 10");
  ExpectOne("SELECT * FROM x ORDER BY id DESC LIMIT 10");
  ExpectOne("SELECT * FROM x WHERE id >= '1640995200100'::redis_stream_id ORDER BY id LIMIT 10");
  EXPECT_EQ(Query("SELECT member FROM z ORDER BY score DESC LIMIT 2 OFFSET 1"), "m999999\nm999998");
  // Ids as text: the ends of the stream are looked at, and a page or two.
  Cost text = CostOf("SELECT * FROM t ORDER BY id DESC LIMIT 100");
  EXPECT_LE(text.round_trips, 3) << text.plan;
  EXPECT_LE(text.rows, 1000) << text.plan;
  Cost range = CostOf("SELECT * FROM t WHERE id >= '1640995533300-0' ORDER BY id");
  EXPECT_LE(range.round_trips, 3) << range.plan;
  EXPECT_LE(range.rows, 1000) << range.plan;
}

void PlannerTest::AggregatesAreOneCommand() {
  for (const char* table : {"h", "z", "s", "l", "x", "t"}) {
    ExpectOne(absl::StrCat("SELECT count(*) FROM ", table));
    ExpectOne(absl::StrCat("SELECT EXISTS (SELECT FROM ", table, ")"));
  }
  ExpectOne("SELECT count(*) FROM z WHERE score > 10 AND score <= 20");
  ExpectOne("SELECT max(score) FROM z");
  ExpectOne("SELECT min(score) FROM z WHERE score > 10.5");
  ExpectOne("SELECT max(id) FROM x");
  ExpectOne("SELECT max(index) FROM l");
  ExpectOne("SELECT EXISTS (SELECT FROM z WHERE score > 999999)");
  EXPECT_EQ(Query("SELECT (SELECT count(*) FROM h), (SELECT max(score) FROM z), "
                  "(SELECT min(score) FROM z WHERE score > 10.5), (SELECT max(index) FROM l)"),
            "1000000|1000000|11|999999");
}

void PlannerTest::AJoinLooksUpWhatItNeeds() {
  MustExec("CREATE TABLE few AS SELECT 'f' || i * 1000 AS id FROM generate_series(1, 10) i");
  MustExec("CREATE TABLE more AS SELECT 'f' || i * 100 AS id FROM generate_series(1, 1000) i");
  MustExec("CREATE TABLE lots AS SELECT 'f' || i AS id FROM generate_series(1, 300000) i");
  MustExec("ANALYZE few, more, lots");
  Cost few = CostOf("SELECT * FROM few JOIN h ON h.field = few.id");
  EXPECT_EQ(few.commands, 10) << few.plan;
  EXPECT_EQ(few.round_trips, 10) << few.plan;
  EXPECT_EQ(CostOf("SELECT * FROM few LEFT JOIN h ON h.field = few.id").commands, 10);
  EXPECT_EQ(CostOf("SELECT * FROM few WHERE EXISTS (SELECT FROM s WHERE member = 'm' || "
                   "substr(few.id, 2))")
                .commands,
            10);
  EXPECT_EQ(CostOf("SELECT * FROM few WHERE id NOT IN (SELECT field FROM h WHERE field = few.id)")
                .commands,
            10);
  EXPECT_EQ(
      CostOf("SELECT * FROM few, LATERAL (SELECT value FROM h WHERE field = few.id) v").commands,
      10);

  // The key itself says how large it is, where ANALYZE has not.
  Cost more = CostOf("SELECT * FROM more JOIN h ON h.field = more.id");
  EXPECT_EQ(more.commands, 1000) << more.plan;
  MustExec("SET default_statistics_target = 10");
  MustExec("ANALYZE h");
  EXPECT_EQ(CostOf("SELECT * FROM more JOIN h ON h.field = more.id").commands, 1000);
  Cost lots = CostOf("SELECT count(*) FROM lots JOIN h ON h.field = lots.id");
  EXPECT_THAT(lots.plan, HasSubstr("Hash Join"));
  EXPECT_THAT(lots.commands, AllOf(Ge(500), Le(1100))) << lots.plan;
}

void PlannerTest::PreparedLookupsStayLookups() {
  MustExec("PREPARE one(text) AS SELECT value FROM h WHERE field = $1");
  MustExec(
      "PREPARE top(bigint, bigint) AS "
      "SELECT member FROM z ORDER BY score DESC LIMIT $1 OFFSET $2");
  ResetCalls();
  for (int i = 1; i <= 100; ++i) {
    EXPECT_EQ(Query(absl::StrCat("EXECUTE one('f", i, "')")), absl::StrCat(i));
    EXPECT_EQ(Query(absl::StrCat("EXECUTE top(1, ", i, ")")), absl::StrCat("m", kElements - i));
  }
  EXPECT_EQ(Calls("hget"), 100);
  EXPECT_EQ(CommandsSeen(), 200);
}

// One test, since each begins with an empty Redis.
TEST_F(PlannerTest, AMillionElementsCostWhatIsTakenOfThem) {
  LookupsAreOneCommand();
  LimitsAreAtMostAPage();
  OrdersWithALimitAreOneCommand();
  AggregatesAreOneCommand();
  AJoinLooksUpWhatItNeeds();
  PreparedLookupsStayLookups();
}

}  // namespace
}  // namespace redis_fdw::test
