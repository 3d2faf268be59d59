// A session of the load: a thread with a connection to PostgreSQL, which writes, reads what it has
// written, and compares.

#ifndef REDIS_FDW_TESTING_RELIABILITY_SESSION_H_
#define REDIS_FDW_TESTING_RELIABILITY_SESSION_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
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

class Session {
 public:
  // `world` must outlive the session.
  Session(int number, PgConnection pg, World* world);
  ~Session() { Join(); }

  // Writes the rows that are updated later. Must succeed.
  void Prepare();
  // Statements by chance until world.stop, on a thread of its own.
  void Start();
  void Join();
  // One statement of each kind, and all rows: none may fail. After Join().
  void RunEachKind();

  // When the last statement that succeeded on a key of the shard has begun. From any thread.
  absl::Time last_success(int shard) const {
    return absl::FromUnixNanos(last_success_[shard].load());
  }
  // For after Join().
  const Ledger& ledger() const { return ledger_; }
  const std::vector<Done>& done() const { return done_; }
  const std::vector<std::string>& problems() const { return problems_; }
  PgConnection& pg() { return pg_; }

 private:
  static constexpr int kMaxShards = 8;

  struct Tag {
    std::string name;
    int shard;
  };
  // What a statement makes of a cell.
  struct Change {
    std::string cell;
    int shard;
    std::optional<std::string> value;
  };
  using Kind = void (Session::*)();

  int Random(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  const Tag& AnyTag() { return tags_[static_cast<size_t>(Random(static_cast<int>(tags_.size())))]; }
  std::string Key(const char* type, const char* what, const std::string& tag) const;
  std::string NextPayload();
  uint32_t AllShards() const { return (1U << world_->shards()) - 1; }
  LossWindow WindowOf(int shard) const { return world_->windows()[static_cast<size_t>(shard)]; }

  PgResult Run(const char* what, const std::string& sql, uint32_t shards, bool write);
  void Write(const char* what, const std::string& sql, const std::vector<Change>& changes,
             const std::string& tag);
  // Rows are compared as cells: the id is `prefix` and all columns but the last.
  void Read(const char* what, const std::string& sql, const std::string& prefix, uint32_t shards);
  // Elements are compared by how often they come.
  void ReadElements(const char* what, const char* type, const char* table, const char* column);
  void Problem(const char* what, const std::string& sql, const std::string& text);

  // What a session does. Writes:
  void InsertString();
  void InsertStrings();
  void InsertFields();
  void InsertMember();
  void InsertScore();
  void InsertElements();
  void InsertEntries();
  void InsertIntoOneHash();
  void InsertIntoOneStream();
  void UpdateString();
  void UpdateField();
  void UpdateScore();
  void UpdateStrings();
  void DeleteStrings();
  void DeleteMember();
  void InsertRows(const char* what, const char* type, const char* table, const char* columns);
  // Reads:
  void LookUpString();
  void LookUpStrings();
  void LookUpField();
  void ReadHash();
  void ReadSet();
  void ReadScores();
  void ReadList();
  void ReadStream();
  void ScanStrings();
  void CountStrings();
  void Join2();
  void ReadAll();

  static const std::vector<Kind>& Writes();
  static const std::vector<Kind>& Reads();

  const int number_;
  PgConnection pg_;
  World* const world_;
  std::vector<Tag> tags_;
  std::mt19937 random_;
  int written_ = 0;  // numbers payloads
  Ledger ledger_;
  std::deque<Change> strings_;  // inserted and not deleted, the oldest first
  std::deque<Change> members_;
  std::vector<Done> done_;
  std::vector<std::string> problems_;
  std::atomic<int64_t> last_success_[kMaxShards] = {};
  std::thread thread_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_RELIABILITY_SESSION_H_
