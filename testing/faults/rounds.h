// Rounds of statements under faults, and the judgement of each.
//
// In a round every session runs one piece of work while something is wrong with the network. Then
// the network is whole again, and: each success was right; each failure has an SQLSTATE that it may
// have; sessions answer; Redis holds what it may hold. Anything else is a GoogleTest failure.

#ifndef REDIS_FDW_TESTING_FAULTS_ROUNDS_H_
#define REDIS_FDW_TESTING_FAULTS_ROUNDS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "testing/differential/random.h"
#include "testing/fault_proxy.h"
#include "testing/faults/load.h"
#include "testing/faults/mix.h"
#include "testing/pg_client.h"
#include "testing/redis_server.h"

namespace redis_fdw::test {

struct Session {
  PgConnection pg;
  Load load;
  // Of this round.
  Work work;
  size_t sent = 0;                // of work.sql
  std::vector<std::string> rows;  // received
  PgResult last;
  bool done = false;
};

// What there was so far.
struct Tally {
  int64_t rounds = 0;
  int64_t statements = 0;
  std::map<std::string, int64_t> works;     // by Work::what
  std::map<std::string, int64_t> outcomes;  // "read 00000", "write 08007" ...
  // Writes that failed: how much of them was done.
  int64_t done_not = 0, done_partly = 0, done_wholly = 0;
  int64_t cuts = 0, refusals = 0, silences = 0;  // by the test itself

  std::string ToString(const FaultCounts& counts) const;
  int64_t Faults(const FaultCounts& counts) const {
    return counts.total() + cuts + refusals + silences;
  }
};

class Rounds {
 public:
  // Sessions, proxy and server outlive it. `redis` is reached without the proxy.
  Rounds(RedisServer* redis, FaultProxy* proxy, std::vector<Session>* sessions, bool tls,
         uint64_t seed)
      : redis_(redis), proxy_(proxy), sessions_(sessions), tls_(tls), random_(seed) {}

  // A round with faults, or without.
  void Run(bool faults);
  // Closes all connections of the sessions, and waits until Redis has read what was under way.
  void Settle();

  const Tally& tally() const { return tally_; }

 private:
  void Execute(const Mix& mix);
  void Step(Session* session);
  void Do(const Mix& mix, bool begin);
  void Probe(Session* session);
  void JudgeAnswer(const Session& session, bool faults, bool garbage);
  void JudgeContents(Session* session);
  std::string Describe(const Session& session) const;

  RedisServer* const redis_;
  FaultProxy* const proxy_;
  std::vector<Session>* const sessions_;
  const bool tls_;
  Random random_;
  Tally tally_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAULTS_ROUNDS_H_
