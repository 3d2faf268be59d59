// What the tests of redis_command() share.

#ifndef REDIS_FDW_TESTING_PG_COMMAND_FIXTURE_H_
#define REDIS_FDW_TESTING_PG_COMMAND_FIXTURE_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {

class CommandTest : public PgRedisTest {
 protected:
  // The SELECT that runs a command, its words given as a list of SQL literals.
  static std::string Call(const std::string& words, const std::string& server = "redis_server") {
    return absl::StrCat("SELECT redis_command('", server, "', ", words, ")");
  }
  static std::string BytesCall(const std::string& words) {
    return absl::StrCat("SELECT redis_command_bytea('redis_server', ", words, ")");
  }
  std::string Run(const std::string& words) { return Query1(Call(words)); }
  std::string RunBytes(const std::string& words) { return Query1(BytesCall(words)); }

  // Expects an error and gives it as text.
  std::string Fails(const std::string& sql, const std::string& sqlstate) {
    PgResult result = Exec(sql);
    EXPECT_EQ(result.error.sqlstate, sqlstate) << sql << "\n" << result;
    return result.error.ToString();
  }
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_PG_COMMAND_FIXTURE_H_
