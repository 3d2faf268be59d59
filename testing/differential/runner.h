// Runs queries three ways and compares: on foreign tables with pushdown, without, and on ordinary
// tables.

#ifndef REDIS_FDW_TESTING_DIFFERENTIAL_RUNNER_H_
#define REDIS_FDW_TESTING_DIFFERENTIAL_RUNNER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "testing/differential/answers.h"
#include "testing/differential/query.h"
#include "testing/differential/random.h"
#include "testing/pg_client.h"

namespace redis_fdw::test {

// "enable_sort = off": one that may not change any result, and one that changes how all results
// look alike.
std::vector<std::string> RandomPlannerSettings(Random* random);
std::vector<std::string> RandomOutputSettings(Random* random);

struct Trial {
  Query query;
  std::vector<std::string> settings;  // of sessions on foreign tables
  std::vector<std::string> output;    // of all sessions
};

class Runner {
 public:
  // `connect`: opens a session of the database with the tables.
  explicit Runner(std::function<PgConnection()> connect);

  // What differs, or nothing.
  std::string Run(const Trial& trial);
  // A trial that differs as well, with as little in it as is found quickly.
  Trial Reduce(Trial trial);
  // The query, its settings and its plans, for people.
  std::string Describe(const Trial& trial);

  int64_t executions() const { return executions_; }
  int64_t tolerated() const { return tolerated_; }
  // How many queries had an answer of at least one row, to see that the test tests something.
  int64_t with_rows() const { return with_rows_; }

 private:
  static constexpr int kForeign = 2;  // the first two sessions are on foreign tables
  static constexpr int kSessions = 3;

  std::string Prelude(const Trial& trial, int session) const;
  // Sends one text to each session, and waits for all.
  std::vector<PgResult> Both(const std::vector<std::string>& sql);
  std::string RunPlain(const Trial& trial);
  std::string RunPrepared(const Trial& trial);
  std::string RunCursor(const Trial& trial);
  // Results of one execution; `arguments` of it.
  std::string Compare(const Query& query, const std::vector<std::string>& arguments,
                      const std::vector<PgResult>& results);
  std::string CompareErrors(const std::vector<PgResult>& results);

  std::function<PgConnection()> connect_;
  std::vector<PgConnection> sessions_;
  int64_t executions_ = 0;
  int64_t tolerated_ = 0;
  int64_t with_rows_ = 0;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_DIFFERENTIAL_RUNNER_H_
