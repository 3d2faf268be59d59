#include "tables/common/script_cache.h"

#include "gtest/gtest.h"
#include "tables/common/script.h"

namespace redis_fdw {
namespace {

TEST(SentScriptsTest, TheSecondIsAHash) {
  SentScripts sent;
  Command first = ScriptCommand("return 1", "k");
  first.Arg("a").Arg("");
  EXPECT_EQ(sent.Shorten(first, "a").DebugString(), first.DebugString());
  Command second = sent.Shorten(first, "a");
  // As redis-cli SCRIPT LOAD "return 1" says.
  EXPECT_EQ(second.DebugString(), "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 1 k a \"\"");
  EXPECT_EQ(second.key(), "k");
  Command moving = MoveScriptCommand("return 1", "k", "to");
  EXPECT_EQ(sent.Shorten(moving, "a").DebugString(),
            "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 2 k to");
  EXPECT_EQ(sent.Shorten(ScriptCommand("return 2", "k"), "a").name(), "EVAL");
  Command other("HSET");
  other.Key("k").Arg("f").Arg("v");
  EXPECT_EQ(sent.Shorten(other, "a").DebugString(), "HSET k f v");
}

TEST(SentScriptsTest, EachServerIsSentItOnce) {
  SentScripts sent;
  const Command script = ScriptCommand("return 1", "k");
  EXPECT_EQ(sent.Shorten(script, "a").name(), "EVAL");
  EXPECT_EQ(sent.Shorten(script, "b").name(), "EVAL");
  EXPECT_EQ(sent.Shorten(script, "a").name(), "EVALSHA");
  EXPECT_EQ(sent.Shorten(script, "b").name(), "EVALSHA");
  sent.SendWhole(script, "c");
  EXPECT_EQ(sent.Shorten(script, "c").name(), "EVALSHA");
}

}  // namespace
}  // namespace redis_fdw
