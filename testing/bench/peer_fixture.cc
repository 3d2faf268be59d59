#include "testing/bench/peer_fixture.h"

#include <stdlib.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace redis_fdw::test {
namespace {

int FromEnv(const char* name, int otherwise) {
  const char* text = getenv(name);
  int value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

}  // namespace

void PeerFixture::SetUp() {
  PgRedisTest::SetUp();
  rows_ = FromEnv("REDIS_FDW_BENCH_ROWS", 20000);
  pairs_ = FromEnv("REDIS_FDW_BENCH_PAIRS", 1);
}

void PeerFixture::Table(const std::string& name, const std::string& columns,
                        const std::string& type, const std::string& mode, const std::string& key) {
  MustExec(absl::StrCat(
      "CREATE FOREIGN TABLE ", name, " (", columns, ") SERVER redis_server OPTIONS (table_type '",
      type, "', table_key_prefix '", key.empty() ? name : key, "', scan_mode '", mode, "')"));
}

double PeerFixture::Seconds(const std::function<void()>& work) {
  absl::Time start = absl::Now();
  work();
  return absl::ToDoubleSeconds(absl::Now() - start);
}

double PeerFixture::Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string PeerFixture::Range(const std::vector<double>& values) {
  return absl::StrFormat("%5.2f to %5.2f", *std::min_element(values.begin(), values.end()),
                         *std::max_element(values.begin(), values.end()));
}

}  // namespace redis_fdw::test
