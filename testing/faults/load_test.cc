#include "testing/faults/load.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace redis_fdw::test {
namespace {

bool Writes(const std::string& sql) {
  for (const char* verb : {"INSERT", "UPDATE", "DELETE", "TRUNCATE"}) {
    if (absl::StartsWith(sql, verb)) return true;
  }
  return absl::StrContains(sql, "redis_command");
}

// Else an error that only writes may have would be taken for a fault, as that of a TRUNCATE of an
// empty table was.
TEST(LoadTest, WhatWritesSaysSo) {
  Load load(0, 1);  // whose tables are empty
  for (int i = 0; i < 20000; ++i) {
    const Work work = load.Next();
    EXPECT_EQ(work.writes(), std::any_of(work.sql.begin(), work.sql.end(), Writes))
        << work.sql.front();
  }
}

}  // namespace
}  // namespace redis_fdw::test
