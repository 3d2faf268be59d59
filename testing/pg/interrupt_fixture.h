// The fixture of tests that interrupt a statement while it waits for Redis, in each way in which
// PostgreSQL can: a cancel, a terminate, statement_timeout and a fast shutdown.
//
//   Stall stall;
//   stall.name = "read";
//   stall.sql = "SELECT * FROM h";
//   stall.begin = [] { redis().Stop(); };
//   stall.end = [] { redis().Continue(); };
//   EachInterruptIsPrompt(stall);
//
// What is measured is the time from the interrupt to the error at the client. The promise is 100
// ms; the least of kTries counts, since a busy machine may be late once, and not always: a wait
// that does not see the interrupt is late each time. If all were late, as many follow a second
// later. The middle one is printed, as a row of docs/interrupts.md.

#ifndef REDIS_FDW_TESTING_PG_INTERRUPT_FIXTURE_H_
#define REDIS_FDW_TESTING_PG_INTERRUPT_FIXTURE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {

// A statement that does not get any further, and how that comes about.
struct Stall {
  std::string name;
  std::string sql;
  // With the statement's connection, before it is interrupted, while all is well.
  std::function<void(PgConnection&)> prepare;
  std::function<void()> begin;      // after which `sql` must stall
  std::function<void()> meanwhile;  // once it has been sent
  std::function<void()> end;        // all is well again
  // What must work in the session afterwards.
  std::string after = "SELECT 1";
  // Connections to Redis that the session may keep: none, for the one that was waited for is
  // closed.
  int kept = 0;
};

// A TCP port that accepts into a full backlog: connecting to it stays unanswered.
class SilentPort {
 public:
  SilentPort();
  ~SilentPort();
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  int port() const { return port_; }

 private:
  int listener_;
  int port_ = 0;
  std::vector<int> fillers_;
};

class InterruptTest : public PgRedisTest {
 protected:
  static constexpr absl::Duration kLimit = absl::Milliseconds(100);
  static constexpr int kTries = 3;
  static constexpr int kMostTries = 2 * kTries;

  // A hash h with the field a, and a foreign table of it. Redis runs when a test is over.
  void SetUp() override;
  void TearDown() override;

  // A server for `options`, "host_port '...'", and a table `h` of it in the schema of that name.
  void MakeServer(const std::string& name, const std::string& options);
  // A hash of this many fields with values of so many bytes.
  void FillHash(const std::string& key, int fields, int bytes);

  void EachInterruptIsPrompt(const Stall& stall);
  // The least time that `sql` takes, which need not be interrupted; `before` each time.
  void IsPrompt(const std::string& name, const std::string& sql,
                const std::function<void(PgConnection&)>& before);

 private:
  enum class Way { kCancel, kTimeout, kTerminate, kShutdown };

  std::vector<absl::Duration> Try(Way way, const Stall& stall);
  absl::Duration TryOnce(Way way, const Stall& stall);
  absl::Duration Interrupt(Way way, const Stall& stall, PgConnection* victim);
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_PG_INTERRUPT_FIXTURE_H_
