#include "core/net/handshake.h"

#include <string>
#include <vector>

#include "core/base/status.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

std::vector<std::string> Commands(const ConnectionSpec& spec) {
  std::vector<std::string> result;
  const Handshake handshake(spec);
  for (const Command& command : handshake.commands()) result.push_back(command.DebugString());
  return result;
}

TEST(HandshakeTest, SaysOnlyWhatIsNeeded) {
  ConnectionSpec spec;
  EXPECT_EQ(Commands(spec), (std::vector<std::string>{"INFO server", "CLIENT SETNAME redis_fdw",
                                                      "CLIENT SETINFO LIB-NAME redis_fdw",
                                                      "CLIENT SETINFO LIB-VER 1.0"}));
  spec.password = "pw";
  spec.database = 3;
  std::vector<std::string> commands = Commands(spec);
  commands.resize(4);
  EXPECT_EQ(commands, (std::vector<std::string>{"AUTH pw", "SELECT 3", "INFO server",
                                                "CLIENT SETNAME redis_fdw"}));
  spec.username = "bob";
  EXPECT_EQ(Commands(spec)[0], "AUTH bob pw");
  spec.password = "";
  EXPECT_EQ(Commands(spec)[0], "AUTH bob \"\"");
}

// Redis refuses a name with anything in it but printable ASCII without spaces.
TEST(HandshakeTest, NameThatAnyoneMayHaveGivenADatabase) {
  ConnectionSpec spec;
  spec.client_name = "redis_fdw:my db\n\xc3\xa4:42";
  const Handshake handshake(spec);
  EXPECT_EQ(handshake.commands()[1].DebugString(), "CLIENT SETNAME redis_fdw:my_db___:42");
}

TEST(HandshakeTest, RecheckKeepsWhatIsKnownAndTakesAnyAnswer) {
  ServerInfo known;
  known.run_id = "abc";
  ConnectionSpec spec;
  Handshake recheck(spec, known);
  ASSERT_EQ(recheck.commands().size(), 1u);
  EXPECT_EQ(recheck.commands()[0].DebugString(), "PING");
  EXPECT_TRUE(recheck.OnError(MakeError(ErrorKind::kPermission, "NOPERM")).ok());
  EXPECT_TRUE(recheck.done());
  EXPECT_EQ(recheck.server_info().run_id, "abc");
}

TEST(HandshakeTest, ServerInfo) {
  ServerInfo info = ParseServerInfo(
      "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:abc\r\n");
  EXPECT_EQ(info.redis_version, 70015);
  EXPECT_EQ(info.run_id, "abc");
  EXPECT_FALSE(info.cluster_enabled);
  EXPECT_TRUE(info.AtLeast(7, 0));
  EXPECT_FALSE(info.AtLeast(7, 1));

  info = ParseServerInfo(
      "redis_version:7.2.4\nserver_name:valkey\nvalkey_version:8.0.1\nserver_mode:cluster\n");
  EXPECT_EQ(info.redis_version, 70204);
  EXPECT_EQ(info.valkey_version, 80001);
  EXPECT_FALSE(info.HasFieldTtl());
  EXPECT_TRUE(ParseServerInfo("redis_version:7.2.4\nvalkey_version:9.0.0\n").HasFieldTtl());
  EXPECT_TRUE(ParseServerInfo("redis_version:7.4.0\n").HasFieldTtl());
  EXPECT_TRUE(info.cluster_enabled);
  EXPECT_EQ(info.run_id, "");
}

TEST(HandshakeTest, OddServersCountAsTheOldest) {
  EXPECT_EQ(ParseServerInfo("").redis_version, 60000);
  EXPECT_EQ(ParseServerInfo("redis_version:unstable").redis_version, 60000);
  EXPECT_EQ(ParseServerInfo("redis_version:7.4.0-rc1").redis_version, 70400);
  EXPECT_EQ(ParseServerInfo("redis_version:255.255.255").redis_version, 2559999);
  EXPECT_EQ(ParseServerInfo("no colon\r\n\r\nredis_version:6.2.14").redis_version, 60214);
}

}  // namespace
}  // namespace redis_fdw
