// What the benchmarks beside a plain hiredis client share. Times are taken in pairs, A B A B ...,
// each pair on the same servers within seconds, so that a busy machine slows both.
//
// The environment: REDIS_FDW_BENCH_ROWS (20,000: a test that it runs) and REDIS_FDW_BENCH_PAIRS
// (1). Figures are taken with 1,000,000 and 5 or more.

#ifndef REDIS_FDW_TESTING_BENCH_PEER_FIXTURE_H_
#define REDIS_FDW_TESTING_BENCH_PEER_FIXTURE_H_

#include <functional>
#include <string>
#include <vector>

#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {

class PeerFixture : public PgRedisTest {
 protected:
  void SetUp() override;

  int rows() const { return rows_; }
  int pairs() const { return pairs_; }

  // A foreign table of `key`, or of a key called as the table is. `type` may end the option's
  // quotes and go on with others.
  void Table(const std::string& name, const std::string& columns, const std::string& type,
             const std::string& mode = "auto", const std::string& key = "");

  static double Seconds(const std::function<void()>& work);
  // The upper of the two in the middle; of at least one value.
  static double Median(std::vector<double> values);
  // "lowest to highest".
  static std::string Range(const std::vector<double>& values);

 private:
  int rows_ = 0;
  int pairs_ = 0;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_BENCH_PEER_FIXTURE_H_
