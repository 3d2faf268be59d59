#include "core/resp/command_class.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

// Words separated by blanks.
std::vector<absl::string_view> Words(absl::string_view line) { return absl::StrSplit(line, ' '); }

CommandClass ClassOf(absl::string_view line) { return ClassOfCommand(Words(line)); }

TEST(CommandClassTest, MostAreOrdinary) {
  for (const char* line : {"GET k",
                           "incr k",
                           "PUBLISH c m",
                           "SPUBLISH c m",
                           "GEOADD g 1 2 m",
                           "EVAL return 0",
                           "PUBSUB CHANNELS",
                           "CLIENT",
                           "CLIENT LIST",
                           "CLIENT ID",
                           "SCRIPT LOAD x",
                           "SCRIPT",
                           "CONFIG GET *",
                           "SWAPDB 0 1",
                           "LPOP k",
                           "XADD s * f v",
                           "SORT k",
                           "FLUSHALL",
                           "",
                           "BLPOPX",
                           "BLPO",
                           "MULTI\n",
                           "XWAIT"}) {
    EXPECT_EQ(ClassOf(line), CommandClass::kOrdinary) << line;
    EXPECT_TRUE(CheckRunsAlone(Words(line)).ok()) << line;
  }
}

TEST(CommandClassTest, Classes) {
  struct Case {
    CommandClass expected;
    const char* lines;
  };
  for (const Case& c :
       {Case{CommandClass::kBlocking,
             "BLPOP k 0,BRPOP k 0,BRPOPLPUSH a b 0,BLMOVE a b LEFT LEFT 0,BLMPOP 0 1 k LEFT,"
             "BZPOPMIN k 0,BZPOPMAX k 0,BZMPOP 0 1 k MIN,WAIT 1 0,WAITAOF 1 0 0,"
             "XREAD BLOCK 0 STREAMS s $,XREADGROUP GROUP g c BLOCK 0 STREAMS s >"},
        Case{CommandClass::kSubscribing,
             "SUBSCRIBE c,PSUBSCRIBE c,SSUBSCRIBE c,UNSUBSCRIBE,PUNSUBSCRIBE,SUNSUBSCRIBE,"
             "MONITOR"},
        Case{CommandClass::kTransaction, "MULTI,EXEC,DISCARD,WATCH k,UNWATCH"},
        Case{CommandClass::kSession,
             "AUTH p,HELLO 3,SELECT 1,RESET,QUIT,ASKING,READONLY,READWRITE,CLIENT REPLY OFF,"
             "CLIENT TRACKING on,CLIENT CACHING yes,SCRIPT DEBUG YES"},
        Case{CommandClass::kReplication, "SYNC,PSYNC ? -1,REPLCONF ACK 0"},
        Case{CommandClass::kServer, "FAILOVER,SHUTDOWN NOSAVE,DEBUG SLEEP 1,DEBUG SEGFAULT"}}) {
    for (absl::string_view line : absl::StrSplit(c.lines, ',')) {
      EXPECT_EQ(ClassOf(line), c.expected) << line;
    }
  }
}

TEST(CommandClassTest, CaseDoesNotMatter) {
  EXPECT_EQ(ClassOf("blpop k 0"), CommandClass::kBlocking);
  EXPECT_EQ(ClassOf("Subscribe c"), CommandClass::kSubscribing);
  EXPECT_EQ(ClassOf("client rePLy off"), CommandClass::kSession);
  EXPECT_EQ(ClassOf("xread block 0 streams s $"), CommandClass::kBlocking);
}

TEST(CommandClassTest, OnlyBlockAsAnOptionBlocks) {
  for (const char* line :
       {"XREAD STREAMS s 0", "XREAD COUNT 1 STREAMS BLOCK 0", "XREAD STREAMS block streams 0 0",
        "XREADGROUP GROUP BLOCK BLOCK STREAMS s >", "XREADGROUP GROUP g block NOACK STREAMS s >",
        "XREADGROUP GROUP streams block COUNT 5 STREAMS s >", "XREAD", "XREADGROUP GROUP",
        "XREAD COUNT BLOCK STREAMS s 0", "XRANGE BLOCK - +"}) {
    EXPECT_EQ(ClassOf(line), CommandClass::kOrdinary) << line;
  }
  for (const char* line :
       {"XREAD COUNT 1 BLOCK 10 STREAMS s $", "XREAD BLOCK 10 COUNT 1 STREAMS s $", "XREAD BLOCK",
        "XREADGROUP GROUP streams streams BLOCK 1 STREAMS s >",
        "XREADGROUP BLOCK 1 GROUP g c STREAMS s >", "XREADGROUP NOACK BLOCK 1 GROUP g c STREAMS s"})
    EXPECT_EQ(ClassOf(line), CommandClass::kBlocking) << line;
}

TEST(CommandClassTest, RefusalsSayWhyAndWhatElse) {
  const ErrorInfo pop = GetErrorInfo(CheckRunsAlone(Words("blpop secret-key 0")));
  EXPECT_EQ(pop.kind, ErrorKind::kUnsupported);
  EXPECT_EQ(pop.message,
            "Redis command BLPOP cannot be run alone: it waits for what other clients do");
  EXPECT_EQ(pop.hint, "LPOP does the same without waiting.");
  EXPECT_FALSE(absl::StrContains(pop.detail, "secret-key"));

  const ErrorInfo multi = GetErrorInfo(CheckRunsAlone(Words("MULTI")));
  EXPECT_TRUE(absl::StrContains(multi.hint, "EVAL")) << multi.hint;
  const ErrorInfo reply = GetErrorInfo(CheckRunsAlone(Words("client reply off")));
  EXPECT_TRUE(absl::StrContains(reply.message, "CLIENT REPLY cannot")) << reply.message;
  const ErrorInfo read = GetErrorInfo(CheckRunsAlone(Words("xread block 0 streams s $")));
  EXPECT_TRUE(absl::StrContains(read.message, "XREAD BLOCK cannot")) << read.message;
  const ErrorInfo auth = GetErrorInfo(CheckRunsAlone(Words("AUTH hunter2")));
  EXPECT_TRUE(absl::StrContains(auth.hint, "user mapping")) << auth.hint;
  EXPECT_FALSE(absl::StrContains(auth.message, "hunter2"));
}

}  // namespace
}  // namespace redis_fdw
