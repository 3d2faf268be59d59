#include "core/exec/cluster_topology.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

Reply Number(int64_t value) {
  Reply reply;
  reply.type = ReplyType::kInteger;
  reply.integer = value;
  return reply;
}

Reply Text(absl::string_view bytes) {
  Reply reply;
  reply.type = ReplyType::kBulk;
  reply.bytes = std::string(bytes);
  return reply;
}

Reply List(std::vector<Reply> elements) {
  Reply reply;
  reply.type = ReplyType::kArray;
  reply.elements = std::move(elements);
  return reply;
}

Endpoint From(absl::string_view host = "10.0.0.9") {
  Endpoint endpoint;
  endpoint.host = std::string(host);
  endpoint.port = 7009;
  return endpoint;
}

// --- CLUSTER SLOTS ------------------------------------------------------------------------------

TEST(ClusterSlotsTest, Ranges) {
  const auto ranges = ParseClusterSlots(
      List({List({Number(0), Number(100), List({Text("10.0.0.1"), Number(7001), Text("id1")}),
                  List({Text("::1"), Number(7002), Text("id2"), List({})})}),
            // Before Redis 4 there were no ids.
            List({Number(101), Number(16383), List({Text("10.0.0.3"), Number(7003)})})}),
      From());
  ASSERT_TRUE(ranges.ok());
  ASSERT_EQ(ranges->size(), 2u);
  const SlotRange& first = (*ranges)[0];
  EXPECT_EQ(first.first, 0);
  EXPECT_EQ(first.last, 100);
  EXPECT_EQ(first.primary.endpoint.ToString(), "10.0.0.1:7001");
  EXPECT_EQ(first.primary.id, "id1");
  ASSERT_EQ(first.replicas.size(), 1u);
  EXPECT_EQ(first.replicas[0].endpoint.ToString(), "[::1]:7002");
  EXPECT_EQ((*ranges)[1].primary.endpoint.port, 7003);
  EXPECT_TRUE((*ranges)[1].replicas.empty());
}

std::string HostIn(Reply host, const Endpoint& from, std::vector<Reply> metadata = {}) {
  const auto ranges = ParseClusterSlots(
      List({List({Number(0), Number(1),
                  List({std::move(host), Number(7001), Text("id"), List(std::move(metadata))})})}),
      from);
  return ranges.ok() ? (*ranges)[0].primary.endpoint.host : "malformed";
}

TEST(ClusterSlotsTest, HostsThatAreNotNamed) {
  EXPECT_EQ(HostIn(Reply(), From()), "10.0.0.9");  // NULL
  EXPECT_EQ(HostIn(Text(""), From()), "10.0.0.9");
  EXPECT_EQ(HostIn(Text("?"), From()), "10.0.0.9");
  EXPECT_EQ(HostIn(Text("?"), From(), {Text("ip"), Text("10.0.0.1")}), "10.0.0.1");
  // A name that is preferred is taken, and NULL is meant as it is.
  const std::vector<Reply> ip = {Text("hostname"), Text("x"), Text("ip"), Text("10.0.0.1")};
  EXPECT_EQ(HostIn(Text("redis-1.example"), From(), ip), "redis-1.example");
  EXPECT_EQ(HostIn(Reply(), From(), ip), "10.0.0.9");
  Endpoint unix_socket;
  unix_socket.unix_socket = "/run/redis.sock";
  EXPECT_EQ(HostIn(Text(""), unix_socket), "127.0.0.1");
}

TEST(ClusterSlotsTest, TlsAsWithWhoAnswered) {
  Endpoint from = From();
  from.tls = true;
  const auto endpoint = NamedEndpoint("10.0.0.1", 7001, from);
  ASSERT_TRUE(endpoint.ok());
  EXPECT_TRUE(endpoint->tls);
}

TEST(ClusterSlotsTest, Malformed) {
  const Reply node = List({Text("a"), Number(1), Text("id")});
  const std::vector<Reply> bad = {
      Text("OK"),
      Number(1),
      List({Number(1)}),
      List({List({Number(0), Number(1)})}),
      List({List({Text("0"), Number(1), node})}),
      List({List({Number(0), Number(16384), node})}),
      List({List({Number(-1), Number(5), node})}),
      List({List({Number(6), Number(5), node})}),
      List({List({Number(0), Number(1), Text("a")})}),
      List({List({Number(0), Number(1), List({Text("a")})})}),
      List({List({Number(0), Number(1), List({Text("a"), Text("1")})})}),
      List({List({Number(0), Number(1), List({Number(7), Number(1)})})}),
      List({List({Number(0), Number(1), List({Text("a"), Number(0)})})}),
      List({List({Number(0), Number(1), List({Text("a"), Number(65536)})})}),
      List({List({Number(0), Number(1), List({Text("a b"), Number(1)})})}),
      List({List({Number(0), Number(1), List({Text(std::string(300, 'a')), Number(1)})})}),
      List({List({Number(0), Number(1), node, Text("replica")})}),
      List(std::vector<Reply>(16385, List({Number(0), Number(1), node}))),
  };
  for (size_t i = 0; i < bad.size(); ++i) {
    const auto ranges = ParseClusterSlots(bad[i], From());
    ASSERT_FALSE(ranges.ok()) << i;
    EXPECT_EQ(GetErrorKind(ranges.status()), ErrorKind::kProtocol) << i;
  }
}

// --- CLUSTER NODES ------------------------------------------------------------------------------

constexpr char kNodes[] =
    "07c3 127.0.0.1:30004@31004,hostname4 slave e7d1 0 1426238317239 4 connected\n"
    "67ed 127.0.0.1:30002@31002,hostname2,shard-id=69bc master - 0 1426238316232 2 connected "
    "5461-10922\n"
    "6ec2 ::1:30003@31003 master,fail? - 0 1426238318243 3 disconnected 10923-16383\n"
    "8242 :0@0 master,fail,noaddr - 0 1426238318243 9 disconnected\n"
    "e7d1 127.0.0.1:30001@31001 myself,master - 0 0 18446744073709551615 connected 7 0-5 9-11 "
    "[93->-67ed] [77-<-6ec2]\n";

TEST(ClusterNodesTest, Lines) {
  const auto lines = ParseClusterNodes(Text(kNodes), From());
  ASSERT_TRUE(lines.ok()) << lines.status();
  ASSERT_EQ(lines->size(), 5u);
  const std::vector<NodeLine>& l = *lines;
  EXPECT_FALSE(l[0].primary);
  EXPECT_EQ(l[0].node.id, "07c3");
  EXPECT_EQ(l[1].node.endpoint.ToString(), "127.0.0.1:30002");
  EXPECT_TRUE(l[1].primary);
  EXPECT_FALSE(l[1].failed);
  EXPECT_EQ(l[1].slots, (std::vector<std::pair<int, int>>{{5461, 10922}}));
  EXPECT_EQ(l[2].node.endpoint.ToString(), "[::1]:30003");
  EXPECT_FALSE(l[2].failed);  // not agreed
  EXPECT_FALSE(l[3].has_address);
  EXPECT_TRUE(l[3].failed);
  EXPECT_TRUE(l[4].myself);
  EXPECT_EQ(l[4].epoch, UINT64_MAX);
  EXPECT_EQ(l[4].slots, (std::vector<std::pair<int, int>>{{0, 5}, {7, 7}, {9, 11}}));
  ASSERT_EQ(l[4].migrating.size(), 1u);
  EXPECT_EQ(l[4].migrating[0], std::make_pair(93, std::string("67ed")));
  ASSERT_EQ(l[4].importing.size(), 1u);
  EXPECT_EQ(l[4].importing[0], std::make_pair(77, std::string("6ec2")));
}

// A certificate is checked against a name, if there is one.
TEST(ClusterNodesTest, HostNamesUnderTls) {
  Endpoint from = From();
  from.tls = true;
  const auto lines = ParseClusterNodes(Text(kNodes), from);
  ASSERT_TRUE(lines.ok());
  EXPECT_EQ((*lines)[1].node.endpoint.ToString(), "hostname2:30002");
  EXPECT_EQ((*lines)[2].node.endpoint.ToString(), "[::1]:30003");
  EXPECT_TRUE((*lines)[2].node.endpoint.tls);
}

// A node that has met no other does not know its address.
TEST(ClusterNodesTest, OwnAddressUnknown) {
  const auto lines =
      ParseClusterNodes(Text("e7d1 :7001@17001 myself,master - 0 0 0 connected 0-16383"), From());
  ASSERT_TRUE(lines.ok());
  EXPECT_EQ((*lines)[0].node.endpoint.ToString(), "10.0.0.9:7001");
}

TEST(ClusterNodesTest, Malformed) {
  const std::string good = "e7d1 127.0.0.1:1@2 myself,master - 0 0 1 connected";
  ASSERT_TRUE(ParseClusterNodes(Text(good), From()).ok());
  std::vector<std::string> bad = {
      "",
      "e7d1 127.0.0.1:1@2 myself,master - 0 0",
      "e7d1 127.0.0.1:1@2 myself,master - 0 0 x connected",
      "e7d1 127.0.0.1:1@2 myself,master - 0 0 -1 connected",
      "e7d1 127.0.0.1:1@2 master - 0 0 1 connected",  // nobody is itself
      absl::StrCat(good, "\n", good),                 // two are
      std::string(70, 'x') + good.substr(4),
  };
  for (const char* slots : {"x", "5-", "-5", "5-4", "16384", "0-16384", "1-2-3", "[5", "[5]",
                            "[5->]", "[5->-]", "[x->-id]", "[16384-<-id]"}) {
    bad.push_back(absl::StrCat(good, " ", slots));
  }
  for (const std::string& text : bad) {
    EXPECT_EQ(GetErrorKind(ParseClusterNodes(Text(text), From()).status()), ErrorKind::kProtocol)
        << text;
  }
  EXPECT_EQ(GetErrorKind(ParseClusterNodes(Number(1), From()).status()), ErrorKind::kProtocol);
}

}  // namespace
}  // namespace redis_fdw
