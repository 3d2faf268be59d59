#include "core/resp/command.h"

#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

std::string Resp(const Command& command) {
  std::string out;
  command.AppendTo(&out);
  return out;
}

TEST(CommandTest, RespForm) {
  Command command("SET");
  command.Key("k").Arg("v1").Arg("EX").ArgInt(-12);
  EXPECT_EQ(Resp(command), "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nv1\r\n$2\r\nEX\r\n$3\r\n-12\r\n");
}

TEST(CommandTest, ArgumentsAreBytes) {
  const std::string binary("\0\r\n%s$\xff", 7);
  Command command("SET");
  command.Key("").Arg(binary);
  EXPECT_EQ(Resp(command), "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$7\r\n" + binary + "\r\n");
  EXPECT_EQ(command.arg(1), "");
  EXPECT_EQ(command.arg(2), binary);
}

TEST(CommandTest, ManyArguments) {
  Command command("MGET");
  std::string expected = "*1001\r\n$4\r\nMGET\r\n";
  for (int i = 0; i < 1000; ++i) {
    command.ArgInt(i);
    const std::string digits = std::to_string(i);
    expected += "$" + std::to_string(digits.size()) + "\r\n" + digits + "\r\n";
  }
  EXPECT_EQ(Resp(command), expected);
  EXPECT_EQ(command.size(), 1001u);
}

TEST(CommandTest, Properties) {
  Command command("HGET");
  EXPECT_EQ(command.target(), Command::Target::kAny);
  EXPECT_FALSE(command.has_key());
  EXPECT_EQ(command.retry(), RetryClass::kIfUnsent);
  command.Key("key").Arg("field").ReadOnly().AtomicGroup(3).CursorOf("abc");
  EXPECT_EQ(command.target(), Command::Target::kKey);
  EXPECT_EQ(command.key(), "key");
  EXPECT_EQ(command.name(), "HGET");
  EXPECT_EQ(command.retry(), RetryClass::kAlways);
  EXPECT_TRUE(command.read_only());
  EXPECT_EQ(command.atomic_group(), 3);
  EXPECT_EQ(command.run_id(), "abc");
  EXPECT_EQ(command.payload(), 12u);
  EXPECT_EQ(Command("PING").ToNode(2).node(), 2);
  EXPECT_EQ(Command("DBSIZE").ToAllPrimaries().target(), Command::Target::kAllPrimaries);
}

TEST(CommandTest, Doubles) {
  Command command("ZADD");
  command.ArgDouble(0.1).ArgDouble(-std::numeric_limits<double>::infinity());
  EXPECT_EQ(command.arg(1), "0.1");
  EXPECT_EQ(command.arg(2), "-inf");
}

TEST(CommandTest, DebugStringQuotes) {
  Command command("SET");
  command.Key("a key").Arg("").Arg(std::string("\0\n\"\\\xc3", 5)).Arg("plain:1");
  EXPECT_EQ(command.DebugString(), R"(SET "a key" "" "\x00\n\"\\\xc3" plain:1)");
}

}  // namespace
}  // namespace redis_fdw
