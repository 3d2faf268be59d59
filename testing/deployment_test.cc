#include "testing/deployment.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/process.h"

namespace redis_fdw::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class DeploymentTest : public ::testing::TestWithParam<const char*> {};

// The program is the same for who uses it, whatever is behind it.
TEST_P(DeploymentTest, HasACli) {
  auto started = Deployment::Start(GetParam());
  ASSERT_TRUE(started.ok()) << started.status();
  auto redis = *std::move(started);
  const auto cli = [&](const std::string& commands) {
    Process::Options sh;
    sh.argv = {"sh", "-c", commands};
    sh.env = {"redis=" + redis->cli()};
    return RunCommand(sh)->output;
  };
  EXPECT_EQ(cli("$redis SET k 'a b*'; $redis GET k; $redis GET none"), "OK\na b*\n\n");
  EXPECT_EQ(cli("printf 'a\\377b' | $redis -x SET k; $redis STRLEN k"), "OK\n3\n");
  EXPECT_EQ(cli("$redis MSET a 1 b 2 c 'x y'; $redis MGET c b none a"), "OK\nx y\n2\n\n1\n");
  EXPECT_EQ(cli("$redis KEYS '[abck]' | sort; $redis KEYS none"), "a\nb\nc\nk\n\n");
  EXPECT_EQ(cli("$redis DBSIZE; $redis EXISTS a b none; $redis DEL a b none; $redis DBSIZE"),
            "4\n2\n2\n2\n");
  EXPECT_EQ(cli("$redis HSET h f v; $redis HGETALL h; $redis LPUSH h x 2>&1"),
            "1\nf\nv\nWRONGTYPE Operation against a key holding the wrong kind of value\n\n");
  EXPECT_EQ(cli("$redis FLUSHALL; $redis DBSIZE"), "OK\n0\n");
}

INSTANTIATE_TEST_SUITE_P(Kinds, DeploymentTest,
                         ::testing::Values("unix", "tcp", "tls", "sentinel", "cluster"));

TEST(DeploymentTest, SaysHowItIsReached) {
  auto tls = *Deployment::Start("tls");
  EXPECT_THAT(tls->server_options(), HasSubstr("', tls_ca_file '/"));
  EXPECT_THAT(tls->addresses(), Contains(tls->host_port()));
  EXPECT_FALSE(Deployment::Start("sundial").ok());
}

}  // namespace
}  // namespace redis_fdw::test
