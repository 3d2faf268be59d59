// Tables of many keys on several nodes between which slots move.

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"
#include "tables/registry.h"
#include "tables/write_runner.h"
#include "testing/fakes/fake_cluster.h"

namespace redis_fdw::test {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

// Strings u:0, u:1 ... on three primaries.
class KeysClusterTest : public ::testing::Test {
 protected:
  void Fill(int keys) {
    pipeline_.reset();
    pool_.reset();
    cluster_ = std::make_unique<FakeCluster>(3);
    for (int i = 0; i < cluster_->nodes(); ++i) cluster_->server(i).options.mode = "cluster";
    for (int i = 0; i < keys; ++i) cluster_->Set(absl::StrCat("u:", i), absl::StrCat("v", i));
    cluster_->Set("other", "x");
    cluster_->other = [this](int node, const FakeCluster::Argv& argv) {
      return Script(node, argv);
    };
    pool_ = std::make_unique<Pool>(cluster_->network(), &waiter_);
    pipeline_ = std::make_unique<Pipeline>(pool_.get(), cluster_->NewRouter(), PoolLimits());
    TableDef def;
    def.name = "t";
    def.key = "u:*";
    def.columns = {ParseColumn("k"), ParseColumn("v")};
    auto table = FindTableType("string")->Bind(def);
    ASSERT_TRUE(table.ok()) << table.status();
    table_ = std::move(table).value();
  }

  // Scripts remove their key, on nodes that have seen them.
  std::string Script(int node, const FakeCluster::Argv& argv) {
    if (argv[0] == "EVAL") known_.insert(node);
    if (known_.count(node) == 0) return Error("NOSCRIPT No matching script. Please use EVAL.");
    const bool removed = cluster_->Remove(argv[3]);
    return argv.back() == "string" && truncates_ ? Simple("string") : Int(removed ? 1 : 0);
  }

  ScanPlan PlanAll() const {
    ScanRequest request;
    request.output.columns = {0, 1};
    return table_->Plan(request);
  }
  // Scans in batches of `rows`, and calls `between` after each.
  absl::StatusOr<std::multiset<std::string>> Scan(size_t rows,
                                                  const std::function<void()>& between) {
    ScanOptions options;
    options.fetch_size = 10;
    ASSIGN_OR_RETURN(std::unique_ptr<redis_fdw::Scan> scan,
                     table_->OpenScan(PlanAll(), options, pipeline_.get()));
    RowBatch batch(2, rows, 1 << 20);
    absl::Span<const Cell> none;
    RETURN_IF_ERROR(scan->Start(absl::MakeConstSpan(&none, 1)));
    std::multiset<std::string> lines;
    while (true) {
      RETURN_IF_ERROR(scan->NextBatch(&batch));
      if (batch.rows() == 0) return lines;
      for (std::string& line : RowLines(batch)) lines.insert(std::move(line));
      if (between != nullptr) between();
    }
  }
  static std::multiset<std::string> Rows(int keys) {
    std::multiset<std::string> lines;
    for (int i = 0; i < keys; ++i) lines.insert(absl::StrCat("0: \"u:", i, "\", \"v", i, "\""));
    return lines;
  }
  void MoveSomeSlot(std::mt19937* random, int keys) {
    const std::string key = absl::StrCat("u:", (*random)() % static_cast<unsigned>(keys));
    cluster_->MoveSlot(FakeCluster::SlotOf(key), static_cast<int>((*random)() % 3));
  }

  FakeWaiter waiter_;
  std::unique_ptr<FakeCluster> cluster_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<const Table> table_;
  std::set<int> known_;  // nodes that know the script
  bool truncates_ = false;
};

TEST_F(KeysClusterTest, KeysOfAllPrimaries) {
  Fill(1000);
  auto rows = Scan(100, nullptr);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(*rows, Rows(1000));
  for (int node = 0; node < 3; ++node) EXPECT_GT(cluster_->Asked("GET", node), 200);
  EXPECT_EQ(cluster_->Asked("MGET"), 0);
  EXPECT_EQ(pool_->leased(), 0u);
}

TEST_F(KeysClusterTest, SlotsThatMoveBetweenBatches) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Fill(500);
    std::mt19937 random(seed);
    auto rows = Scan(1 + seed * 2, [&] {
      for (int i = 0; i < 10; ++i) MoveSomeSlot(&random, 500);
    });
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_EQ(*rows, Rows(500)) << seed;
  }
}

TEST_F(KeysClusterTest, SlotsThatMoveBeforeEveryThirdPage) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Fill(500);
    std::mt19937 random(seed);
    int moves = 300;
    cluster_->before_command = [&](int, const FakeCluster::Argv& argv) {
      if (argv[0] != "SCAN" || random() % 3 > 0) return;
      for (int i = 0; i < 10 && --moves > 0; ++i) MoveSomeSlot(&random, 500);
    };
    auto rows = Scan(50, nullptr);
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_EQ(*rows, Rows(500)) << seed;
  }
}

TEST_F(KeysClusterTest, LimitsNeedNoSecondLook) {
  Fill(1000);
  ScanPlan plan = PlanAll();
  plan.limit = 3;
  auto scan = table_->OpenScan(plan, ScanOptions(), pipeline_.get());
  ASSERT_TRUE(scan.ok());
  RowBatch batch(2, 100, 1 << 20);
  absl::Span<const Cell> none;
  ASSERT_TRUE((*scan)->Start(absl::MakeConstSpan(&none, 1)).ok());
  ASSERT_TRUE((*scan)->NextBatch(&batch).ok());
  EXPECT_EQ(batch.rows(), 3u);
  EXPECT_EQ(cluster_->looks(), 1);
}

TEST_F(KeysClusterTest, TruncateRemovesWhatMovesMeanwhile) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Fill(5000);
    truncates_ = true;
    std::mt19937 random(seed);
    int moves = 500;
    cluster_->before_command = [&](int, const FakeCluster::Argv& argv) {
      if (argv[0] != "SCAN") return;
      for (int i = 0; i < 50 && --moves > 0; ++i) MoveSomeSlot(&random, 5000);
    };
    absl::Status status = table_->Truncate(pipeline_.get());
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(cluster_->Size(), 1u);  // "other"
    EXPECT_EQ(pool_->leased(), 0u);
  }
}

TEST_F(KeysClusterTest, SamplesAreOfAllPrimaries) {
  Fill(20000);
  auto scan = table_->OpenSample(300, 1, ScanOptions(), pipeline_.get());
  ASSERT_TRUE(scan.ok());
  absl::Span<const Cell> none;
  ASSERT_TRUE((*scan)->Start(absl::MakeConstSpan(&none, 1)).ok());
  std::map<int, int> of_node;
  RowBatch batch(2, 1000, 1 << 20);
  while ((*scan)->NextBatch(&batch).ok() && batch.rows() > 0) {
    for (size_t i = 0; i < batch.rows(); ++i) {
      ++of_node[cluster_->OwnerOf(FakeCluster::SlotOf(batch.row(i)[0].bytes()))];
    }
  }
  EXPECT_THAT(of_node, SizeIs(3));
  for (const auto& node : of_node) EXPECT_THAT(node.second, AllOf(Ge(90), Le(110)));
  EXPECT_NEAR((*scan)->total_rows(), 20000, 100);
  EXPECT_EQ(cluster_->Asked("DBSIZE"), 3);
  EXPECT_EQ(cluster_->Asked("SCAN"), 3);
}

// Every node gets a script whole once.
TEST_F(KeysClusterTest, ScriptsAreKnownByNode) {
  Fill(60);
  std::vector<std::vector<Cell>> names;
  std::vector<std::string> keys;
  for (int i = 0; i < 60; ++i) keys.push_back(absl::StrCat("u:", i));
  for (const std::string& key : keys) names.push_back({Cell::Bytes(key)});
  std::vector<WriteOp> ops;
  for (const std::vector<Cell>& name : names) ops.push_back(DeleteOp(name));
  std::vector<WriteResult> results;
  absl::Status status = RunWrites(*table_, ops, true, 1, nullptr, pipeline_.get(), &results);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(cluster_->Asked("EVAL"), 3);
  EXPECT_EQ(cluster_->Asked("EVALSHA"), 57);
  EXPECT_EQ(cluster_->Size(), 1u);
}

}  // namespace
}  // namespace redis_fdw::test
