// Slots move between the primaries of a cluster while sessions scan all keys and write.

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "testing/redis_cluster.h"
#include "testing/reliability/reliability_fixture.h"
#include "testing/reliability/worker.h"

namespace redis_fdw::test {
namespace {

// Keys have one of so many hash tags, and so are in as many slots.
int Tags(int keys) { return std::min(keys / 50, 400); }

std::string TagOf(int i, int keys) { return absl::StrCat("{g", i % Tags(keys), "}"); }

// Reads what nobody changes: half of all keys are strings, a quarter hashes of two fields.
class Scanner : public Worker {
 public:
  Scanner(int number, PgConnection pg, World* world, int keys)
      : Worker(number, std::move(pg), world), keys_(keys) {
    const auto there = [this](const std::string& cell, const std::string& value) {
      ledger_.Add(cell, 0, {value, absl::InfinitePast(), absl::InfinitePast()});
    };
    for (int i = 0; i < strings(); ++i) {
      there(absl::StrCat("string|string:s:", TagOf(i, keys_), i), absl::StrCat(i));
    }
    for (int i = 0; i < hashes(); ++i) {
      const std::string key = absl::StrCat("hash|hash:s:", TagOf(i, keys_), i);
      there(key + "|a", absl::StrCat(i));
      there(key + "|b", "b");
    }
  }
  ~Scanner() override { Join(); }

  // Makes what it reads.
  void Prepare() {
    const std::string key = absl::StrCat(":s:{g' || i % ", Tags(keys_), " || '}' || i");
    pg_.MustExec(absl::StrCat("INSERT INTO strings SELECT 'string", key,
                              ", i FROM generate_series(0, ", strings() - 1, ") i"));
    pg_.MustExec(absl::StrCat("INSERT INTO hashes SELECT 'hash", key,
                              ", f, CASE f WHEN 'a' THEN i::text ELSE f END FROM "
                              "generate_series(0, ",
                              hashes() - 1, ") i, (VALUES ('a'), ('b')) v (f)"));
  }

  void Step() override {
    switch (Random(5)) {
      case 0:
        return Count("count strings", "strings", "string", strings());
      case 1:
        return Count("count hashes", "hashes", "hash", 2 * hashes());
      case 2:
        return ScanStrings();
      case 3:
        return ScanHashes();
      default:
        return LookUp();
    }
  }

  void ScanStrings() {
    Read("scan strings", "SELECT key, value FROM strings WHERE key LIKE 'string:s:%'",
         "string|string:s:", 1);
  }
  void ScanHashes() {
    Read("scan hashes", "SELECT key, field, value FROM hashes WHERE key LIKE 'hash:s:%'",
         "hash|hash:s:", 1);
  }

 private:
  int strings() const { return keys_ / 2; }
  int hashes() const { return keys_ / 4; }

  void Count(const char* what, const char* table, const char* type, int expected) {
    const std::string sql =
        absl::StrCat("SELECT count(*) FROM ", table, " WHERE key LIKE '", type, ":s:%'");
    const PgResult result = Run(what, sql, 1, /*write=*/false);
    if (result.ok() && result.Text() != absl::StrCat(expected)) {
      Problem(what, sql, absl::StrCat(result.Text(), ", not ", expected));
    }
  }

  void LookUp() {
    std::vector<std::string> keys;
    for (int i = 0; i < 100; ++i) {
      const int k = Random(strings());
      keys.push_back(absl::StrCat("'string:s:", TagOf(k, keys_), k, "'"));
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    const std::string sql = absl::StrCat(
        "SELECT count(*), count(*) FILTER (WHERE key LIKE '%}' || "
        "value) FROM strings WHERE key IN (",
        absl::StrJoin(keys, ", "), ")");
    const PgResult result = Run("look up 100 strings", sql, 1, /*write=*/false);
    if (result.ok() && result.Text() != absl::StrCat(keys.size(), "|", keys.size())) {
      Problem("look up 100 strings", sql, result.Text());
    }
  }

  const int keys_;
};

// Inserts, updates and deletes batches of its own keys, a quarter of all together.
class Writer : public Worker {
 public:
  static constexpr int kBatches = 20;

  Writer(int number, PgConnection pg, World* world, int keys, int batch)
      : Worker(number, std::move(pg), world), keys_(keys), batch_(batch) {}
  ~Writer() override { Join(); }

  void Step() override {
    const std::string strings = absl::StrCat("string:w", number_, ".", at_ % kBatches, ":");
    const std::string hashes = absl::StrCat("hash:w", number_, ".", at_ % kBatches, ":");
    ++at_;
    ChangeAll("delete strings", "DELETE FROM strings", "string", strings, std::nullopt);
    ChangeAll("delete hashes", "DELETE FROM hashes", "hash", hashes, std::nullopt);
    Insert(strings, hashes);
    ReadBatch(strings, hashes);
    const std::string version = absl::StrCat("u", at_);
    const std::string set = absl::StrCat(" SET value = '", version, "'");
    ChangeAll("update strings", "UPDATE strings" + set, "string", strings, version);
    ChangeAll("update hashes", "UPDATE hashes" + set, "hash", hashes, version);
    ReadBatch(strings, hashes);
  }

  void ReadAll() {
    const std::string prefix = absl::StrCat(":w", number_, ".");
    ReadBatch("string" + prefix, "hash" + prefix);
  }

 private:
  void Insert(const std::string& strings, const std::string& hashes) {
    std::vector<std::string> rows;
    std::vector<std::string> fields;
    std::vector<Change> changes;
    std::vector<Change> field_changes;
    for (int i = 0; i < batch_; ++i) {
      const std::string tail = absl::StrCat(TagOf(Random(keys_), keys_), i);
      rows.push_back(absl::StrCat("('", strings, tail, "', 'i", at_, "')"));
      changes.push_back({absl::StrCat("string|", strings, tail), 0, absl::StrCat("i", at_)});
      fields.push_back(absl::StrCat("('", hashes, tail, "', 'f', 'i", at_, "')"));
      field_changes.push_back(
          {absl::StrCat("hash|", hashes, tail, "|f"), 0, absl::StrCat("i", at_)});
    }
    const std::string tag = absl::StrCat("INSERT 0 ", batch_);
    Write("insert strings", "INSERT INTO strings VALUES " + absl::StrJoin(rows, ", "), changes,
          tag);
    Write("insert hashes", "INSERT INTO hashes VALUES " + absl::StrJoin(fields, ", "),
          field_changes, tag);
  }

  // Changes all rows of a batch.
  void ChangeAll(const char* what, const std::string& verb, const std::string& type,
                 const std::string& keys, const std::optional<std::string>& value) {
    const std::string prefix = absl::StrCat(type, "|", keys);
    std::vector<Change> changes;
    bool certain = true;
    for (auto it = ledger_.cells().lower_bound(prefix);
         it != ledger_.cells().end() && absl::StartsWith(it->first, prefix); ++it) {
      if (ledger_.Certain(it->first, /*there=*/false, LossWindow())) continue;
      certain = certain && ledger_.Certain(it->first, /*there=*/true, LossWindow());
      changes.push_back({it->first, 0, value});
    }
    // What may be there or not is not updated if it is not: then nobody knows which.
    if (!certain && value.has_value()) return;
    const std::string sql = absl::StrCat(verb, " WHERE key LIKE '", keys, "%'");
    const std::string tag = absl::StrCat(verb.substr(0, 6), " ", changes.size());
    Write(what, sql, changes, certain ? tag : "");
  }

  void ReadBatch(const std::string& strings, const std::string& hashes) {
    Read("read strings",
         absl::StrCat("SELECT key, value FROM strings WHERE key LIKE '", strings, "%'"),
         "string|" + strings, 1);
    Read("read hashes",
         absl::StrCat("SELECT key, field, value FROM hashes WHERE key LIKE '", hashes, "%'"),
         "hash|" + hashes, 1);
  }

  const int keys_;
  const int batch_;
  int at_ = 0;
};

class MigrationTest : public ReliabilityTest {
 protected:
  void TearDown() override {
    world_.stop = true;
    scanners_.clear();
    writers_.clear();
    ReliabilityTest::TearDown();
  }

  void Start() {
    cluster_ = RedisCluster::Start().value();
    keys_ = Keys();
    MustExec(
        absl::StrCat("CREATE SERVER live FOREIGN DATA WRAPPER redis_fdw OPTIONS "
                     "(host_port '",
                     cluster_->host_port(), "')"));
    MakeTables(pg(), "live", world_);
    world_.pause = absl::ZeroDuration();
    for (int i = 0; i < kScanners; ++i) {
      scanners_.push_back(std::make_unique<Scanner>(i, Connect(), &world_, keys_));
    }
    scanners_[0]->Prepare();
    for (int i = 0; i < kWriters; ++i) {
      const int batch = std::max(10, keys_ / 8 / kWriters / Writer::kBatches);
      writers_.push_back(std::make_unique<Writer>(100 + i, Connect(), &world_, keys_, batch));
    }
    for (Worker* worker : Workers()) worker->Start();
  }

  std::vector<Worker*> Workers() {
    std::vector<Worker*> workers;
    for (auto& scanner : scanners_) workers.push_back(scanner.get());
    for (auto& writer : writers_) workers.push_back(writer.get());
    return workers;
  }

  // Moves slots to each primary in turn, some at the same time, in pieces. Then the cluster may
  // come to rest: nodes that take slots over at the same time can get the same epoch, and with that
  // lose sight of who serves a slot, which is nothing that we could help.
  void MoveSlots(absl::Time until) {
    const std::vector<int> primaries = cluster_->Primaries();
    std::mt19937 random(1);
    for (size_t turn = 0; absl::Now() < until; ++turn) {
      for (int i = 0; i < 5; ++i) MoveSome(primaries[turn % primaries.size()], &random);
      if (HasFatalFailure()) return;
      const absl::Status settled = cluster_->WaitUntilOk();
      ASSERT_TRUE(settled.ok()) << settled;
    }
  }

  void MoveSome(int to, std::mt19937* random) {
    std::vector<int> slots;
    for (int i = 0; i < 6; ++i) {
      const int slot = cluster_->SlotOf(TagOf(static_cast<int>((*random)() % 1000000), keys_));
      if (std::count(slots.begin(), slots.end(), slot) != 0) continue;
      if (cluster_->PrimaryOf(slot) == to) continue;
      const absl::Status begun = cluster_->BeginMigration(slot, to);
      ASSERT_TRUE(begun.ok()) << begun;
      slots.push_back(slot);
    }
    for (int left = 1; left > 0;) {
      left = 0;
      for (const int slot : slots) {
        const absl::StatusOr<int> moved = cluster_->MigrateKeys(slot, 20);
        ASSERT_TRUE(moved.ok()) << moved.status();
        left += *moved;
        moved_keys_ += *moved;
      }
    }
    for (const int slot : slots) {
      const absl::Status ended = cluster_->EndMigration(slot);
      ASSERT_TRUE(ended.ok()) << ended;
      ++moved_slots_;
    }
  }

  void CheckAll() {
    world_.stop = true;
    for (Worker* worker : Workers()) worker->Join();
    Tell();
    for (Worker* worker : Workers()) worker->MustSucceed();
    scanners_[0]->ScanStrings();
    scanners_[0]->ScanHashes();
    for (auto& writer : writers_) writer->ReadAll();
    for (Worker* worker : Workers()) {
      for (const std::string& problem : worker->problems()) ADD_FAILURE() << problem;
    }
    CheckTruth();
  }

  // What Redis holds is what was written.
  void CheckTruth() {
    std::vector<RedisServer*> servers;
    for (const int i : cluster_->Primaries()) servers.push_back(&cluster_->node(i));
    const std::map<std::string, std::string> truth = Truth(servers);
    Verdict verdict;
    Judge(scanners_[0]->ledger(), truth, world_.windows(), &verdict);
    size_t known = scanners_[0]->ledger().cells().size();
    for (auto& writer : writers_) {
      Judge(writer->ledger(), truth, world_.windows(), &verdict);
      for (const auto& [id, cell] : writer->ledger().cells()) known += truth.count(id);
    }
    EXPECT_EQ(truth.size(), known);
    for (const std::string& wrong : verdict.wrong) ADD_FAILURE() << wrong;
    for (const MissingWrite& write : verdict.missing) ADD_FAILURE() << "lost: " << write.cell;
    std::cerr << "acknowledged writes: " << verdict.acknowledged
              << ", missing: " << verdict.missing.size() << ", unknown: " << verdict.unknown
              << std::endl;
  }

  void Tell() {
    std::map<std::string, std::map<std::string, int>> by_kind;
    std::map<std::string, std::string> errors;
    for (Worker* worker : Workers()) {
      errors.insert(worker->first_errors().begin(), worker->first_errors().end());
      for (const Done& done : worker->done()) {
        const std::string how = done.sqlstate.empty() ? "exact" : done.sqlstate;
        ++by_kind[absl::StrCat(done.write ? "write: " : "read: ", done.what)][how];
      }
    }
    std::cerr << keys_ << " keys in " << Tags(keys_) << " slots; " << moved_slots_
              << " slots moved with " << moved_keys_ << " keys" << std::endl;
    for (const auto& [kind, outcomes] : by_kind) {
      std::cerr << "| " << kind << " |";
      for (const auto& [how, n] : outcomes) std::cerr << " " << how << ": " << n << ";";
      std::cerr << " |" << std::endl;
    }
    for (const auto& [sqlstate, text] : errors) std::cerr << "first " << text << std::endl;
  }

  static constexpr int kScanners = 3;
  static constexpr int kWriters = 3;

  std::unique_ptr<RedisCluster> cluster_;
  World world_{1, {{"g0"}}};
  int keys_ = 0;
  std::vector<std::unique_ptr<Scanner>> scanners_;
  std::vector<std::unique_ptr<Writer>> writers_;
  int moved_slots_ = 0;
  int moved_keys_ = 0;
};

TEST_F(MigrationTest, SlotsMoveWhileSessionsScanAndWrite) {
  Start();
  MoveSlots(absl::Now() + 5 * Span());
  EXPECT_GT(moved_slots_, 0);
  CheckAll();
}

}  // namespace
}  // namespace redis_fdw::test
