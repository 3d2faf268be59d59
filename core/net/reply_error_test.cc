#include "core/net/reply_error.h"

#include <string>

#include "absl/strings/match.h"
#include "core/base/status.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

Endpoint Here() {
  Endpoint endpoint;
  endpoint.host = "cache";
  return endpoint;
}

ErrorInfo Info(absl::string_view error, absl::string_view command = "HGET",
               absl::string_view key = "user:1") {
  return GetErrorInfo(ErrorFromReply(error, command, key, Here()));
}

TEST(ReplyErrorTest, NamesCommandKeyAndEndpoint) {
  ErrorInfo info = Info("WRONGTYPE Operation against a key holding the wrong kind of value");
  EXPECT_EQ(info.kind, ErrorKind::kWrongType);
  EXPECT_EQ(info.message,
            "Redis at cache:6379 refused HGET of key \"user:1\": WRONGTYPE Operation against a key "
            "holding the wrong kind of value");
  EXPECT_FALSE(info.hint.empty());
  EXPECT_EQ(Info("ERR x", "PING", "").message, "Redis at cache:6379 refused PING: ERR x");
}

TEST(ReplyErrorTest, Kinds) {
  const struct {
    const char* error;
    ErrorKind kind;
    bool hint;
  } kCases[] = {
      {"NOAUTH Authentication required.", ErrorKind::kAuthentication, true},
      {"WRONGPASS invalid username-password pair or user is disabled.", ErrorKind::kAuthentication,
       true},
      {"ERR invalid password", ErrorKind::kAuthentication, true},
      {"NOPERM this user has no permissions to run the 'hget' command", ErrorKind::kPermission,
       true},
      {"ERR The user executing the script can't run this command or subcommand script: f2",
       ErrorKind::kPermission, true},
      {"LOADING Redis is loading the dataset in memory", ErrorKind::kNotReady, true},
      {"MASTERDOWN Link with MASTER is down", ErrorKind::kNotReady, true},
      {"CLUSTERDOWN Hash slot not served", ErrorKind::kNotReady, true},
      {"TRYAGAIN Multiple keys request during rehashing of slot", ErrorKind::kNotReady, true},
      {"BUSY Redis is busy running a script.", ErrorKind::kNotReady, true},
      {"READONLY You can't write against a read only replica.", ErrorKind::kReadOnly, true},
      {"MOVED 3999 127.0.0.1:6381", ErrorKind::kRedirect, true},
      {"ASK 3999 127.0.0.1:6381", ErrorKind::kRedirect, true},
      {"CROSSSLOT Keys in request don't hash to the same slot", ErrorKind::kUnsupported, true},
      {"OOM command not allowed when used memory > 'maxmemory'.", ErrorKind::kRemote, true},
      {"MISCONF Redis is configured to save RDB snapshots", ErrorKind::kRemote, true},
      {"ERR DB index is out of range", ErrorKind::kInvalidOption, true},
      {"ERR SELECT is not allowed in cluster mode", ErrorKind::kInvalidOption, true},
      {"ERR unknown command `FOO`", ErrorKind::kUnsupported, true},
      {"ERR max number of clients reached", ErrorKind::kConnectFailed, true},
      {"ERR value is not an integer or out of range", ErrorKind::kRemote, false},
      {"ERR Protocol error: unbalanced quotes in request", ErrorKind::kProtocol, true},
      {"NOSCRIPT No matching script. Please use EVAL.", ErrorKind::kUnknownScript, false},
      {"BUSYGROUP Consumer Group name already exists", ErrorKind::kRemote, false},
      {"", ErrorKind::kRemote, false},
  };
  for (const auto& c : kCases) {
    ErrorInfo info = Info(c.error);
    EXPECT_EQ(static_cast<int>(info.kind), static_cast<int>(c.kind)) << c.error;
    EXPECT_EQ(!info.hint.empty(), c.hint) << c.error;
    EXPECT_TRUE(absl::StrContains(info.message, c.error)) << info.message;
  }
}

TEST(ReplyErrorTest, ArgumentsAreNotRepeated) {
  ErrorInfo info =
      Info("ERR unknown command 'SMISMEMBER', with args beginning with: 'key' 'a secret value'");
  EXPECT_FALSE(absl::StrContains(info.message, "secret"));
}

TEST(ReplyErrorTest, OddBytesAndLongTextsAreTamed) {
  ErrorInfo info = Info(std::string("ERR a\nb\0c\xff", 10), "GET", std::string("k\n\xfe", 3));
  EXPECT_EQ(info.message, "Redis at cache:6379 refused GET of key \"k\\n\\xfe\": ERR a?b?c?");
  info = Info("ERR " + std::string(100000, 'x'), "GET", std::string(100000, 'k'));
  EXPECT_LT(info.message.size(), 1000u);
}

}  // namespace
}  // namespace redis_fdw
