#include "core/exec/node_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

Endpoint At(absl::string_view host, int port, bool tls = false) {
  Endpoint endpoint;
  endpoint.host = std::string(host);
  endpoint.port = port;
  endpoint.tls = tls;
  return endpoint;
}

TEST(NodeTableTest, NumbersStay) {
  ConnectionSpec base;
  base.username = "user";
  base.user_id = 7;
  NodeTable nodes(base, /*readonly_replicas=*/true);
  const int a = *nodes.Number(At("a", 1), NodeRole::kPrimary);
  const ConnectionSpec* const spec = &nodes.Spec(a);
  const int replica = *nodes.Number(At("a", 1), NodeRole::kReplica);
  EXPECT_NE(a, replica);
  EXPECT_NE(a, *nodes.Number(At("a", 2), NodeRole::kPrimary));
  EXPECT_NE(a, *nodes.Number(At("a", 1, /*tls=*/true), NodeRole::kPrimary));
  EXPECT_EQ(a, *nodes.Number(At("a", 1), NodeRole::kPrimary));
  EXPECT_EQ(spec, &nodes.Spec(a));
  EXPECT_EQ(spec->endpoint, At("a", 1));
  EXPECT_EQ(spec->username, "user");
  EXPECT_EQ(spec->user_id, 7u);
  EXPECT_FALSE(spec->readonly);
  EXPECT_TRUE(nodes.Spec(replica).readonly);
  EXPECT_EQ(nodes.Spec(replica).role, NodeRole::kReplica);
}

TEST(NodeTableTest, ReplicasWithoutReadonly) {
  NodeTable nodes(ConnectionSpec(), /*readonly_replicas=*/false);
  EXPECT_FALSE(nodes.Spec(*nodes.Number(At("a", 1), NodeRole::kReplica)).readonly);
}

TEST(NodeTableTest, DoubtEnds) {
  NodeTable nodes(ConnectionSpec(), true);
  const absl::Time now = absl::FromUnixSeconds(1000);
  const int a = *nodes.Number(At("a", 1), NodeRole::kPrimary);
  EXPECT_FALSE(nodes.Doubted(a, now));
  nodes.Doubt(a, now + absl::Seconds(5));
  EXPECT_TRUE(nodes.Doubted(a, now));
  EXPECT_FALSE(nodes.Doubted(a, now + absl::Seconds(5)));
}

TEST(NodeTableTest, NotWithoutEnd) {
  NodeTable nodes(ConnectionSpec(), true);
  absl::Status status;
  for (int port = 1; status.ok() && port < 60000; ++port) {
    status = nodes.Number(At("a", port), NodeRole::kPrimary).status();
  }
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kProtocol);
  EXPECT_EQ(nodes.size(), NodeTable::kMaxNodes);
  EXPECT_TRUE(nodes.Number(At("a", 1), NodeRole::kPrimary).ok());
}

}  // namespace
}  // namespace redis_fdw
