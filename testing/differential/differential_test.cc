// SQL decides, Redis only helps: random queries on random tables of every type and layout mean the
// same with pushdown, without it, and on ordinary tables that hold the same rows.
//
// docs/testing.md says how to read a failure. Seeds and the number of queries can be set:
//
//   tools/fuzz differential --queries 100000 --seed 7

#include <stdlib.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "testing/differential/maker.h"
#include "testing/differential/random.h"
#include "testing/differential/runner.h"
#include "testing/differential/world.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

constexpr uint64_t kSeed = 1;
constexpr uint64_t kQueries = 20000;
constexpr uint64_t kParts = 4;
constexpr int kQueriesPerWorld = 150;
constexpr int kMostFailures = 3;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  uint64_t value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

class DifferentialTest : public PgRedisTest, public ::testing::WithParamInterface<uint64_t> {
 protected:
  void SetUp() override {
    PgRedisTest::SetUp();
    MustExec(kTypeSetup);
    MustExec(absl::StrCat("CREATE SERVER other_server FOREIGN DATA WRAPPER redis_fdw ",
                          "OPTIONS (host_port '127.0.0.1:", redis().port(), "')"));
    // After a crash the server takes a moment.
    runner_ = std::make_unique<Runner>([this] {
      WaitUntil([this] { return postgres().Connect(database()).ok(); });
      return Connect();
    });
  }

  // Makes both sides hold the world's rows.
  void Load(const World& world, Random* random);
  // One world and queries over it. False if something differed.
  bool RunWorld(uint64_t seed, int queries);
  void Report(uint64_t seed, int number, const World& world, const Trial& trial,
              const std::string& wrong);

  std::unique_ptr<Runner> runner_;
};

void DifferentialTest::Load(const World& world, Random* random) {
  redis().FlushAll();
  // Small collections are then kept as large ones are, whose scans take several pages.
  const std::string most = random->Chance(50) ? "4" : "128";
  for (const char* type : {"hash", "zset"}) {
    redis().Command({"CONFIG", "SET", absl::StrCat(type, "-max-listpack-entries"), most});
  }
  redis().Command({"CONFIG", "SET", "set-max-intset-entries", most});
  for (const Table& table : world.tables) {
    if (table.database != 0) redis().Command({"SELECT", absl::StrCat(table.database)});
    for (const std::vector<std::string>& argv : table.commands) {
      const RedisReply reply = redis().Command(argv);
      ASSERT_FALSE(reply.is_error()) << argv[0] << " " << argv[1] << ": " << reply.ToString();
    }
    if (table.database != 0) redis().Command({"SELECT", "0"});
  }
  const PgResult made = pg().Exec(world.Script());
  ASSERT_TRUE(made.ok()) << made.error.ToString() << "\n" << world.ToString();
  for (const Table& table : world.tables) {
    if (random->Chance(40)) MustExec(absl::StrCat("ANALYZE f.", table.name));
  }
  if (random->Chance(50)) {
    for (const Table& local : world.locals) MustExec(absl::StrCat("ANALYZE l.", local.name));
  }
  pg().TakeNotices();
}

void DifferentialTest::Report(uint64_t seed, int number, const World& world, const Trial& trial,
                              const std::string& wrong) {
  const Trial reduced = runner_->Reduce(trial);
  World used;
  const std::string sql = reduced.query.Sql();
  const auto is_used = [&sql](const Table& table) {
    return absl::StrContains(sql, table.name + " ");
  };
  std::copy_if(world.tables.begin(), world.tables.end(), std::back_inserter(used.tables), is_used);
  std::copy_if(world.locals.begin(), world.locals.end(), std::back_inserter(used.locals), is_used);
  ADD_FAILURE() << "REDIS_FDW_FUZZ_WORLD=" << seed << ", query " << number << "\n"
                << wrong << "\n--- reduced:\n"
                << runner_->Run(reduced) << "\n"
                << runner_->Describe(reduced) << "\n--- before:\n"
                << trial.query.Sql() << "\n--- the tables:\n"
                << used.ToString();
}

bool DifferentialTest::RunWorld(uint64_t seed, int queries) {
  Random random(seed);
  const World world = MakeWorld(&random);
  Load(world, &random);
  if (HasFatalFailure()) return false;
  Maker maker(world, &random);
  for (int i = 0; i < queries; ++i) {
    Trial trial;
    trial.query = maker.Next();
    trial.settings = RandomPlannerSettings(&random);
    trial.output = RandomOutputSettings(&random);
    const std::string wrong = runner_->Run(trial);
    if (wrong.empty()) continue;
    Report(seed, i, world, trial, wrong);
    return false;
  }
  return true;
}

TEST_P(DifferentialTest, AnswersAreThoseOfOrdinaryTables) {
  const uint64_t one = FromEnvironment("REDIS_FDW_FUZZ_WORLD", 0);
  if (one != 0) {
    if (GetParam() == 0) RunWorld(one, kQueriesPerWorld);
    return;
  }
  const uint64_t base = FromEnvironment("REDIS_FDW_FUZZ_SEED", kSeed);
  const int64_t wanted =
      static_cast<int64_t>(FromEnvironment("REDIS_FDW_FUZZ_QUERIES", kQueries) / kParts);
  const absl::Time start = absl::Now();
  int failures = 0;
  int64_t done = 0;
  // Each world has a seed of its own, which is all that it takes to see it again.
  Random seeds(base * kParts + GetParam());
  while (done < wanted && failures < kMostFailures && !HasFatalFailure()) {
    const int queries = static_cast<int>(std::min<int64_t>(kQueriesPerWorld, wanted - done));
    if (!RunWorld(seeds.Next(), queries)) ++failures;
    done += queries;
  }
  std::cout << "REDIS_FDW_FUZZ_SEED=" << base << ", part " << GetParam() << ": " << done
            << " queries, " << runner_->executions() << " executions, " << runner_->with_rows()
            << " of them with rows, " << runner_->tolerated()
            << " with an error that depends on the plan, " << absl::Now() - start << std::endl;
}

INSTANTIATE_TEST_SUITE_P(Parts, DifferentialTest, ::testing::Range(uint64_t{0}, kParts));

}  // namespace
}  // namespace redis_fdw::test
