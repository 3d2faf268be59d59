// The fixture of tests that let sessions work while Redis fails.
//
// A run: tables and sessions are made, sessions work for a while, the test's disaster happens, they
// work on, and everything is compared. It fails the test where anything is wrong, and prints a line
// of figures. By default a run is short. REDIS_FDW_RELIABILITY_SECONDS (before and after each
// disaster) and REDIS_FDW_RELIABILITY_RUNS (how often each is repeated) make it long,
// REDIS_FDW_RELIABILITY_KEYS large where it matters, and REDIS_FDW_RELIABILITY_PAUSE_MS (the
// longest between two statements of a session, 4 by default) hard.

#ifndef REDIS_FDW_TESTING_RELIABILITY_RELIABILITY_FIXTURE_H_
#define REDIS_FDW_TESTING_RELIABILITY_RELIABILITY_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "testing/pg_redis_fixture.h"
#include "testing/redis_server.h"
#include "testing/reliability/ledger.h"
#include "testing/reliability/session.h"
#include "testing/reliability/stall_meter.h"
#include "testing/reliability/world.h"

namespace redis_fdw::test {

class ReliabilityTest : public PgRedisTest {
 protected:
  static constexpr int kSessions = 8;

  // What the test did to a shard, in the order of time.
  struct Disaster {
    std::string name;
    int shard = 0;
    absl::Time at;         // it was about to happen
    absl::Time over;       // it had happened: the primary was gone
    absl::Time served;     // a replica took writes, or the server did again
    bool in_order = true;  // see NotRedisOwn()
    // Where a server is silent rather than gone: how long a statement waits for it in vain.
    absl::Duration silence;
    bool errors_allowed = true;
  };

  void TearDown() override;

  static int Runs();
  static absl::Duration Span();
  static int Keys();

  // Makes foreign server "live" with these options, tables on it, and sessions that work.
  void StartLoad(const std::string& server_options, std::vector<std::vector<std::string>> tags);
  World& world() { return *world_; }

  // Stops writing, and returns when no statement that writes is under way.
  void StopWriting();
  // A time by which all that was acknowledged has come to all of these replicas.
  static absl::Time SafePoint(RedisServer& primary, const std::vector<RedisServer*>& replicas);
  // Asks the servers in turn until one takes a write; which one. -1 after a minute.
  static int WaitForPrimary(const std::vector<RedisServer*>& servers, const std::string& tag);
  // Until every session has worked on the shard, by statements begun after `since`.
  void WaitForSessions(int shard, absl::Time since);

  // Lets the load go on for a while, ends it, and compares.
  void EndLoad(const Disaster& disaster, const std::vector<RedisServer*>& primaries);

 private:
  void CheckTimes(const Disaster& disaster);
  void CheckErrors(const Disaster& disaster);
  void CheckRows(const Disaster& disaster, const std::vector<RedisServer*>& primaries);
  void CompareTables(const std::map<std::string, std::string>& truth);

  const StallMeter stalls_;
  std::unique_ptr<World> world_;
  std::vector<std::unique_ptr<Session>> sessions_;
  size_t log_start_ = 0;
  std::string figures_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_RELIABILITY_RELIABILITY_FIXTURE_H_
