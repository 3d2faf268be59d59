// The conformance suite's fixture: a private Redis, a table of the type under test, and our client
// beside an independent one.

#ifndef REDIS_FDW_TESTING_CONFORMANCE_CONFORMANCE_FIXTURE_H_
#define REDIS_FDW_TESTING_CONFORMANCE_CONFORMANCE_FIXTURE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/exec/pipeline.h"
#include "core/net/pool.h"
#include "gtest/gtest.h"
#include "tables/table.h"
#include "testing/conformance/sample.h"
#include "testing/redis_server.h"

namespace redis_fdw::test {

using Lines = std::vector<std::string>;

// The lines in order, for collections that have none.
Lines Sorted(Lines lines);

// Runs over every layout of every registered type: the parameter is its name (sample.h).
class ConformanceTest : public ::testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;

  RedisServer& redis() { return *redis_; }
  const Sample& sample() const { return Samples().at(GetParam()); }
  const Table& table() const { return *table_; }
  // Binds another declaration of the type instead.
  void Bind(const std::vector<ColumnDef>& columns, int64_t ttl_seconds = 0);
  Pipeline& pipeline() { return *pipeline_; }
  Pool& pool() { return *pool_; }

  // Another pipeline on the same pool.
  std::unique_ptr<Pipeline> NewPipeline();

  // The first `n` sample rows, or fewer if a key cannot hold so many.
  std::vector<SampleRow> Rows(int n, int first = 0) const;
  static Lines LinesOf(const std::vector<SampleRow>& rows);
  // Writes or removes rows with the independent client.
  void Put(const std::vector<SampleRow>& rows);
  void Remove(const std::vector<SampleRow>& rows);
  // Whether it sees this row, with this content.
  bool Present(const SampleRow& row);
  // Whether all keys are gone, as keys are with their last element; or empty, if they are streams.
  bool KeysEmpty();
  bool AnyKey() { return redis().Cli({"DBSIZE"}) != "0"; }
  // The key of a table that has one; of one that has many, that of the first row.
  std::string FirstKey() const;

  ScanPlan PlanAll(const std::vector<Predicate>& predicates = {}) const;
  // All rows of a scan, each "ordinal: cells" if there are several parameter rows, else "cells".
  absl::StatusOr<Lines> Scan(const ScanPlan& plan, const std::vector<std::vector<Cell>>& params,
                             const std::function<void()>& after_batch = nullptr);
  // The rows of a plain scan; fails the test on an error.
  Lines ScanAll();
  std::unique_ptr<redis_fdw::Scan> Open(const ScanPlan& plan);
  static absl::Status StartWithout(redis_fdw::Scan* scan);

  absl::Status Write(const std::vector<WriteOp>& ops, bool want_results = false);
  static std::vector<WriteOp> Inserts(const std::vector<SampleRow>& rows,
                                      ConflictPolicy conflict = ConflictPolicy::kOverwrite);
  // Deletes for what a scan finds now that `wanted` holds of. `keep` owns their cells.
  std::vector<WriteOp> Deletes(std::vector<SampleRow>* keep,
                               const std::function<bool(const std::string& line)>& wanted);
  // The identity of a row, as a scan would deliver it.
  std::vector<Cell> IdentityOf(const SampleRow& row) const;

  static constexpr const char* kKey = kKeyPrefix;

  ScanOptions options_;
  size_t batch_rows_ = 1000;
  size_t largest_batch_ = 0;
  std::unique_ptr<WriteState> state_;
  std::vector<WriteResult> results_;

 private:
  void Run(const std::vector<Argv>& commands);

  static RedisServer* redis_;
  std::unique_ptr<PollWaiter> waiter_;
  std::unique_ptr<Pool> pool_;
  std::shared_ptr<Router> router_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<const Table> table_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_CONFORMANCE_CONFORMANCE_FIXTURE_H_
