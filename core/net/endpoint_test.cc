#include "core/net/endpoint.h"

#include <string>

#include "absl/strings/match.h"
#include "core/base/status.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

std::string One(absl::string_view text) {
  absl::StatusOr<std::vector<Endpoint>> endpoints = ParseHostPort(text);
  if (!endpoints.ok()) return std::string(endpoints.status().message());
  if (endpoints->size() != 1) return "not one";
  return endpoints->front().ToString();
}

TEST(EndpointTest, Forms) {
  EXPECT_EQ(One("localhost"), "localhost:6379");
  EXPECT_EQ(One("127.0.0.1:6380"), "127.0.0.1:6380");
  EXPECT_EQ(One("[::1]"), "[::1]:6379");
  EXPECT_EQ(One(" [fe80::1%eth0]:6380 "), "[fe80::1%eth0]:6380");
  EXPECT_EQ(One("redis://cache.example:7000"), "cache.example:7000");
  EXPECT_EQ(One("REDIS://cache.example/"), "cache.example:6379");
  EXPECT_EQ(One("redis://[::1]:1"), "[::1]:1");
  EXPECT_EQ(One("unix:///run/redis/redis.sock"), "unix:///run/redis/redis.sock");
  EXPECT_EQ(One("unix:///tmp/@odd"), "unix:///tmp/@odd");
}

TEST(EndpointTest, Parts) {
  absl::StatusOr<std::vector<Endpoint>> endpoints =
      ParseHostPort("a:1, [::2]:65535 ,rediss://c:3,unix:///d");
  ASSERT_TRUE(endpoints.ok()) << endpoints.status();
  ASSERT_EQ(endpoints->size(), 4u);
  EXPECT_EQ((*endpoints)[0].host, "a");
  EXPECT_EQ((*endpoints)[0].port, 1);
  EXPECT_FALSE((*endpoints)[0].tls);
  EXPECT_EQ((*endpoints)[1].host, "::2");
  EXPECT_EQ((*endpoints)[1].port, 65535);
  EXPECT_TRUE((*endpoints)[2].tls);
  EXPECT_TRUE((*endpoints)[3].is_unix());
  EXPECT_EQ((*endpoints)[3].unix_socket, "/d");
}

TEST(EndpointTest, BadOnesAreRefusedAndQuoted) {
  for (const char* bad : {"",
                          " ",
                          ":6379",
                          "a:",
                          "a:0",
                          "a:65536",
                          "a:x",
                          "a:-1",
                          "a:+1",
                          "a: 1",
                          "a:123456",
                          "a,,b",
                          "a,",
                          "::1",
                          "[::1",
                          "[::1]x",
                          "[::1]:",
                          "[]",
                          "[host]:1",
                          "redis://",
                          "redis://a/1",
                          "redis://a:1/0",
                          "http://a",
                          "valkey://a",
                          "unix://relative",
                          "unix://",
                          "a b",
                          "a/b",
                          "a\tb",
                          "a#b"}) {
    absl::StatusOr<std::vector<Endpoint>> endpoints = ParseHostPort(bad);
    ASSERT_FALSE(endpoints.ok()) << bad;
    EXPECT_EQ(GetErrorKind(endpoints.status()), ErrorKind::kInvalidOption) << bad;
    EXPECT_FALSE(GetErrorInfo(endpoints.status()).hint.empty()) << bad;
  }
  EXPECT_EQ(One("good:1,bad:port"), "invalid host_port \"bad:port\": \"port\" is not a port");
  EXPECT_FALSE(ParseHostPort("unix:///" + std::string(120, 'x')).ok());
}

// However credentials are written, none of them is repeated in a message.
TEST(EndpointTest, CredentialsAreRefusedAndNotRepeated) {
  for (const char* bad :
       {"redis://:hunter2@host:1", "redis://user:hunter2@host", "user:hunter2@host:6379",
        "redis://:hun,hunter2@host", "host:1,redis://u:hunter2@b", "redis://host?password=hunter2",
        "unix:///run/s?password=hunter2", "unix:///s,redis://:hunter2@h", "redis://hunter2@[::1]",
        "a,,redis://h?password=hunter2"}) {
    absl::StatusOr<std::vector<Endpoint>> endpoints = ParseHostPort(bad);
    ASSERT_FALSE(endpoints.ok()) << bad;
    const ErrorInfo info = GetErrorInfo(endpoints.status());
    EXPECT_EQ(info.kind, ErrorKind::kInvalidOption);
    EXPECT_FALSE(absl::StrContains(info.message + info.hint + info.detail, "hunter2")) << bad;
  }
  absl::Status status = ParseHostPort("redis://:x@host").status();
  EXPECT_TRUE(absl::StrContains(GetErrorInfo(status).hint, "user mapping"));
}

}  // namespace
}  // namespace redis_fdw
