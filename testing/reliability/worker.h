// Worker: a thread with a connection to PostgreSQL that runs statements and compares what they
// answer with its ledger.

#ifndef REDIS_FDW_TESTING_RELIABILITY_WORKER_H_
#define REDIS_FDW_TESTING_RELIABILITY_WORKER_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "testing/pg_client.h"
#include "testing/reliability/ledger.h"
#include "testing/reliability/world.h"

namespace redis_fdw::test {

// A statement that is over.
struct Done {
  const char* what;
  absl::Time begin;
  absl::Time end;
  uint32_t shards;  // those it has touched, as bits
  bool write;
  std::string sqlstate;  // empty: it succeeded
};

// What a statement makes of a cell.
struct Change {
  std::string cell;
  int shard;
  std::optional<std::string> value;  // none: it is gone
};

class Worker {
 public:
  // `world` must outlive the worker.
  Worker(int number, PgConnection pg, World* world)
      : number_(number),
        pg_(std::move(pg)),
        world_(world),
        random_(static_cast<unsigned>(number)) {}
  virtual ~Worker() = default;  // Join() comes first

  // Step() again and again until world.stop, on a thread of its own.
  void Start();
  void Join();
  // How many steps have begun. From any thread.
  int64_t steps() const { return steps_; }
  // Statements that have to succeed: what fails from now on is a problem.
  void MustSucceed() { must_succeed_ = true; }

  // When the last statement that succeeded on a key of the shard has begun. From any thread.
  absl::Time last_success(int shard) const {
    return absl::FromUnixNanos(last_success_[shard].load());
  }
  // For after Join().
  Ledger& ledger() { return ledger_; }
  const std::vector<Done>& done() const { return done_; }
  const std::vector<std::string>& problems() const { return problems_; }
  // The first error of each SQLSTATE, with all it says.
  const std::map<std::string, std::string>& first_errors() const { return first_errors_; }
  PgConnection& pg() { return pg_; }

 protected:
  // One or a few statements.
  virtual void Step() = 0;

  int Random(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  uint32_t AllShards() const { return (1U << world_->shards()) - 1; }
  LossWindow WindowOf(int shard) const { return world_->windows()[static_cast<size_t>(shard)]; }

  // Runs a statement; an error that is not allowed is a problem.
  PgResult Run(const char* what, const std::string& sql, uint32_t shards, bool write);
  // The same of one that makes these changes, which go to the ledger. `tag` is what it has to
  // answer, like "INSERT 0 1"; empty where that is not known.
  void Write(const char* what, const std::string& sql, const std::vector<Change>& changes,
             const std::string& tag);
  // The same of one that reads the cells whose ids begin with `prefix`, all of them. A row is the
  // parts of a cell's id after its type, and its value.
  void Read(const char* what, const std::string& sql, const std::string& prefix, uint32_t shards);
  void Problem(const char* what, const std::string& sql, const std::string& text);

  const int number_;
  PgConnection pg_;
  World* const world_;
  std::mt19937 random_;
  Ledger ledger_;

 private:
  static constexpr int kMaxShards = 8;

  bool must_succeed_ = false;
  std::vector<Done> done_;
  std::vector<std::string> problems_;
  std::map<std::string, std::string> first_errors_;
  std::atomic<int64_t> last_success_[kMaxShards] = {};
  std::atomic<int64_t> steps_{0};
  std::thread thread_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_RELIABILITY_WORKER_H_
