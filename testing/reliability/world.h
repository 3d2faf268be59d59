// What the sessions of a load share with each other and with the test that lets them run.

#ifndef REDIS_FDW_TESTING_RELIABILITY_WORLD_H_
#define REDIS_FDW_TESTING_RELIABILITY_WORLD_H_

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "testing/pg_client.h"
#include "testing/redis_server.h"
#include "testing/reliability/ledger.h"

namespace redis_fdw::test {

// Whether a statement may fail so while Redis fails: class 08, 57P03, 40001, 25006.
bool IsClearError(absl::string_view sqlstate);
// Whether the error says that nothing was done: 08001, 57P03, 25006.
bool SaysNothingDone(absl::string_view sqlstate);

struct World {
  World(int shards, std::vector<std::vector<std::string>> tags_by_shard)
      : tags(std::move(tags_by_shard)), windows_(static_cast<size_t>(shards)) {}

  int shards() const { return static_cast<int>(tags.size()); }
  std::vector<LossWindow> windows() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return windows_;
  }
  void SetWindow(int shard, const LossWindow& window) {
    const std::lock_guard<std::mutex> lock(mutex_);
    windows_[static_cast<size_t>(shard)] = window;
  }

  // Hash tags whose keys are on a shard: "t1" stands for keys with {t1} in them.
  const std::vector<std::vector<std::string>> tags;
  // Longest pause of a session between two statements.
  absl::Duration pause = absl::Milliseconds(4);
  // Errors that are allowed besides the clear ones.
  std::string also_allowed;
  std::atomic<bool> writing{true};
  std::atomic<bool> stop{false};

 private:
  mutable std::mutex mutex_;
  std::vector<LossWindow> windows_;
};

// The foreign tables of the load, on foreign server `server`: strings, hashes, sets, zsets, lists
// and streams have many keys; one_hash_N and one_stream_N have one each, on shard N.
void MakeTables(PgConnection& pg, const std::string& server, const World& world);

// All cells that these servers, all primaries, hold: what Ledger::cells() are compared with. The
// value of a list's element or stream's payload is how often it is there.
std::map<std::string, std::string> Truth(const std::vector<RedisServer*>& primaries);

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_RELIABILITY_WORLD_H_
