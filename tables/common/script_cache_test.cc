#include "tables/common/script_cache.h"

#include "gtest/gtest.h"
#include "tables/common/script.h"

namespace redis_fdw {
namespace {

TEST(SentScriptsTest, TheSecondIsAHash) {
  SentScripts sent;
  Command first = ScriptCommand("return 1", "k");
  first.Arg("a").Arg("");
  EXPECT_EQ(sent.Shorten(first).DebugString(), first.DebugString());
  Command second = sent.Shorten(first);
  // As redis-cli SCRIPT LOAD "return 1" says.
  EXPECT_EQ(second.DebugString(), "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 1 k a \"\"");
  EXPECT_EQ(second.key(), "k");
  Command moving = MoveScriptCommand("return 1", "k", "to");
  EXPECT_EQ(sent.Shorten(moving).DebugString(),
            "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 2 k to");
  EXPECT_EQ(sent.Shorten(ScriptCommand("return 2", "k")).name(), "EVAL");
  Command other("HSET");
  other.Key("k").Arg("f").Arg("v");
  EXPECT_EQ(sent.Shorten(other).DebugString(), "HSET k f v");
}

}  // namespace
}  // namespace redis_fdw
