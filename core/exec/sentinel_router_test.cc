#include "core/exec/sentinel_router.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/exec/pipeline.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_server.h"
#include "testing/fakes/fake_waiter.h"
#include "testing/fakes/recording_sink.h"
#include "testing/fakes/resp.h"

namespace redis_fdw {
namespace {

using test::Array;
using test::Bulk;
using test::Bulks;
using test::FakeServer;
using test::Int;
using Lines = std::vector<std::string>;

Endpoint At(absl::string_view host) {
  Endpoint endpoint;
  endpoint.host = std::string(host);
  return endpoint;
}

// Sentinels s1 to s3; p1 is the primary, p2 and p3 its replicas.
class SentinelTest : public ::testing::Test {
 protected:
  SentinelTest() {
    for (const char* host : {"s1", "s2", "s3"}) {
      primary_of_[host] = "p1";
      Add(host, [this, host](const FakeServer::Argv& argv) { return AnswerSentinel(host, argv); });
    }
    for (const char* host : {"p1", "p2", "p3"}) {
      Add(host, [this, host](const FakeServer::Argv& argv) {
        if (argv[0] != "ROLE") return Bulk(host);
        return roles_[host] == "master" ? Array({Bulk("master"), Int(1), Array({})})
               : roles_[host] == "slave"
                   ? Array({Bulk("slave"), Bulk("p1"), Int(6379), Bulk("connected"), Int(1)})
                   : test::Error(roles_[host]);
      });
      roles_[host] = "slave";
    }
    roles_["p1"] = "master";
  }

  void Add(const std::string& host, FakeServer::Handler handler) {
    servers_[host] = std::make_unique<FakeServer>(std::move(handler));
    network_.Add(At(host), servers_[host].get());
  }

  std::string AnswerSentinel(const std::string& host, const FakeServer::Argv& argv) {
    if (argv[0] != "SENTINEL") return test::Error("ERR unknown command");
    if (argv[1] == "GET-MASTER-ADDR-BY-NAME") {
      return argv[2] == "mymaster" ? Bulks({primary_of_[host], "6379"}) : test::NilArray();
    }
    return Array({Bulks({"name", "p2:6379", "ip", "p2", "port", "6379", "flags", flags_["p2"],
                         "master-link-status", link_status_}),
                  Bulks({"name", "p3:6379", "ip", "p3", "port", "6379", "flags", flags_["p3"],
                         "master-link-status", "ok"})});
  }

  FakeServer& server(const std::string& host) { return *servers_[host]; }
  void Refuse(const std::string& host) {
    server(host).CloseAll();
    server(host).options.refuse_connect =
        MakeError(ErrorKind::kConnectFailed, absl::StrCat("could not connect to ", host));
  }

  std::unique_ptr<SentinelRouter> NewRouter(ReadFrom read_from = ReadFrom::kPrimary) {
    options_.read_from = read_from;
    options_.now = [this] { return waiter_.Now(); };
    return std::make_unique<SentinelRouter>(
        base_, std::vector<Endpoint>{At("s1"), At("s2"), At("s3")}, options_);
  }
  Discovery discovery() {
    return Discovery{&pool_, PoolLimits(), waiter_.Now() + absl::Seconds(30)};
  }
  std::string HostOf(SentinelRouter* router, const Command& command, bool primary_only = false) {
    const absl::StatusOr<int> node = router->Route(command, primary_only);
    if (!node.ok()) return GetErrorInfo(node.status()).message;
    return router->Spec(*node).endpoint.host;
  }

  std::map<std::string, std::string> primary_of_;  // what each sentinel says
  std::map<std::string, std::string> roles_;       // what each server says, or an error
  std::map<std::string, std::string> flags_ = {{"p2", "slave"}, {"p3", "slave"}};
  std::string link_status_ = "ok";
  std::map<std::string, std::unique_ptr<FakeServer>> servers_;
  test::FakeTransportFactory network_;
  test::FakeWaiter waiter_;
  Pool pool_{&network_, &waiter_};
  ConnectionSpec base_;
  SentinelOptions options_ = [] {
    SentinelOptions options;
    options.master = "mymaster";
    return options;
  }();
};

Command Read() {
  Command command("GET");
  command.Key("k").ReadOnly();
  return command;
}

Command Write() {
  Command command("SET");
  command.Key("k").Arg("v");
  return command;
}

TEST_F(SentinelTest, ThePrimaryThatTheyName) {
  base_.database = 3;
  auto router = NewRouter();
  EXPECT_TRUE(router->stale());
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_FALSE(router->stale());
  EXPECT_EQ(HostOf(router.get(), Read()), "p1");
  EXPECT_EQ(HostOf(router.get(), Write()), "p1");
  EXPECT_EQ(router->Primaries().size(), 1u);
  EXPECT_EQ(router->Spec(router->Primaries()[0]).database, 3);
  EXPECT_EQ(server("s1").CommandLines(), Lines{"SENTINEL GET-MASTER-ADDR-BY-NAME mymaster"});
  // When it is connected to, and before it is believed.
  EXPECT_EQ(server("p1").CommandLines(), (Lines{"ROLE", "ROLE"}));
  EXPECT_EQ(server("s2").connections_made(), 0);
  const auto keyspace = router->LookAtKeyspace(discovery());
  ASSERT_TRUE(keyspace.ok());
  EXPECT_EQ(keyspace->shards.size(), 1u);
}

TEST_F(SentinelTest, CredentialsOfEach) {
  for (const char* host : {"s1", "s2", "s3"}) server(host).options.password = "sentinel's";
  server("p1").options.password = "primary's";
  base_.password = "primary's";
  for (const char* password : {"", "wrong"}) {
    options_.password = password;
    const ErrorInfo error = GetErrorInfo(NewRouter()->Refresh(discovery()));
    EXPECT_EQ(error.kind, ErrorKind::kAuthentication);
    EXPECT_TRUE(absl::StrContains(error.hint, "sentinel_password")) << error.hint;
  }
  options_.password = "sentinel's";
  auto router = NewRouter();
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Read()), "p1");
  base_.password = "wrong";
  const ErrorInfo error = GetErrorInfo(NewRouter()->Refresh(discovery()));
  EXPECT_EQ(error.kind, ErrorKind::kAuthentication);
  EXPECT_FALSE(absl::StrContains(error.hint, "sentinel")) << error.hint;
}

TEST_F(SentinelTest, FirstSentinelIsGone) {
  Refuse("s1");
  server("s2").options.hang_connect = true;
  auto router = NewRouter();
  const absl::Time begin = waiter_.Now();
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(waiter_.Now() - begin, kAskNextAfter);
  EXPECT_EQ(HostOf(router.get(), Read()), "p1");
  // The one that answered is asked first from now on.
  router->Doubt(*router->Route(Read(), true));
  const absl::Time again = waiter_.Now();
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(waiter_.Now(), again);
}

TEST_F(SentinelTest, NoSentinelAnswers) {
  for (const char* host : {"s1", "s2", "s3"}) Refuse(host);
  const absl::Status status = NewRouter()->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed);
  EXPECT_EQ(GetErrorInfo(status).message, "no sentinel could be reached: could not connect to s3");
  EXPECT_EQ(GetErrorInfo(status).detail, "Tried 3 of 3.");
}

TEST_F(SentinelTest, UnknownName) {
  options_.master = "yourmaster";
  const absl::Status status = NewRouter()->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidOption);
  EXPECT_EQ(GetErrorInfo(status).message,
            "the sentinel at s1:6379 knows of no primary \"yourmaster\"");
  EXPECT_TRUE(absl::StrContains(GetErrorInfo(status).hint, "sentinel_master"));
}

TEST_F(SentinelTest, NoSentinels) {
  for (const char* host : {"s1", "s2", "s3"}) {
    Add(host, [](const FakeServer::Argv&) { return test::Error("ERR unknown command"); });
  }
  const absl::Status status = NewRouter()->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidOption);
  EXPECT_EQ(GetErrorInfo(status).message, "Redis at s1:6379 is no sentinel");
}

TEST_F(SentinelTest, Nonsense) {
  for (const char* host : {"s1", "s2", "s3"}) {
    Add(host, [](const FakeServer::Argv&) { return Bulks({"p1"}); });
  }
  EXPECT_EQ(GetErrorKind(NewRouter()->Refresh(discovery())), ErrorKind::kProtocol);
}

// --- Failover -----------------------------------------------------------------------------------

// Between the failure and the sentinels' decision it is worth trying again.
TEST_F(SentinelTest, Failover) {
  auto router = NewRouter();
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  const int p1 = router->Primaries()[0];
  Refuse("p1");
  EXPECT_TRUE(router->Doubt(p1));
  EXPECT_TRUE(router->stale());
  absl::Status status = router->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kNotReady);
  EXPECT_EQ(GetErrorInfo(status).message,
            "sentinel names p1:6379 as primary of \"mymaster\", but it cannot be reached: could "
            "not connect to p1");
  EXPECT_TRUE(router->stale());
  // One knows before the others, and not the one that is asked first.
  primary_of_["s3"] = "p2";
  roles_["p2"] = "master";
  const uint64_t view = router->view();
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_NE(router->view(), view);
  EXPECT_EQ(HostOf(router.get(), Write()), "p2");
  EXPECT_EQ(router->Spec(p1).endpoint, At("p1"));
}

TEST_F(SentinelTest, NamedButAReplica) {
  roles_["p1"] = "slave";
  const absl::Status status = NewRouter()->Refresh(discovery());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kNotReady);
  EXPECT_EQ(GetErrorInfo(status).message,
            "sentinel names p1:6379 as primary of \"mymaster\", but it is none");
  EXPECT_EQ(server("p1").commands().size(), 1u);  // asked once, whoever names it
}

TEST_F(SentinelTest, NamedAndLoading) {
  roles_["p1"] = "LOADING Redis is loading the dataset in memory";
  EXPECT_EQ(GetErrorKind(NewRouter()->Refresh(discovery())), ErrorKind::kNotReady);
}

TEST_F(SentinelTest, RoleForbidden) {
  roles_["p1"] = "NOPERM this user has no permissions to run the 'role' command";
  auto router = NewRouter();
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Write()), "p1");
}

// The machine of the primary, and of a sentinel, is gone without a word: that is found out in
// seconds, not in connect_timeout.
TEST_F(SentinelTest, BlackHoles) {
  auto router = NewRouter();
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  router->Doubt(router->Primaries()[0]);
  for (const char* host : {"p1", "s2"}) {
    server(host).CloseAll();
    server(host).options.hang_connect = true;
  }
  const absl::Time begin = waiter_.Now();
  EXPECT_EQ(GetErrorKind(router->Refresh(discovery())), ErrorKind::kNotReady);
  EXPECT_LE(waiter_.Now() - begin, absl::Seconds(3));
}

TEST_F(SentinelTest, CancelIsHeeded) {
  auto router = NewRouter();
  server("p1").options.hang_connect = true;
  waiter_.At(absl::Seconds(1),
             [this] { waiter_.Interrupt(MakeError(ErrorKind::kHost, "canceled")); });
  EXPECT_EQ(GetErrorKind(router->Refresh(discovery())), ErrorKind::kHost);
  EXPECT_EQ(pool_.leased(), 0u);
}

// --- Replicas -----------------------------------------------------------------------------------

TEST_F(SentinelTest, ReadsFromReplicas) {
  auto router = NewRouter(ReadFrom::kReplica);
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  const int p2 = *router->Route(Read(), false);
  EXPECT_EQ(HostOf(router.get(), Read()), "p2");
  EXPECT_EQ(router->Spec(p2).role, NodeRole::kReplica);
  EXPECT_FALSE(router->Spec(p2).readonly);
  EXPECT_EQ(HostOf(router.get(), Read(), /*primary_only=*/true), "p1");
  EXPECT_EQ(HostOf(router.get(), Write()), "p1");
  // Another takes over, and it comes back.
  router->Doubt(p2);
  ASSERT_TRUE(router->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(router.get(), Read()), "p3");
  waiter_.Advance(SentinelRouter::kDoubtFor);
  EXPECT_EQ(HostOf(router.get(), Read()), "p2");
}

TEST_F(SentinelTest, ReplicasThatAreNotWell) {
  flags_["p3"] = "slave,s_down";
  link_status_ = "err";
  auto strict = NewRouter(ReadFrom::kReplica);
  ASSERT_TRUE(strict->Refresh(discovery()).ok());
  EXPECT_EQ(GetErrorKind(strict->Route(Read(), false).status()), ErrorKind::kNotReady);
  EXPECT_TRUE(strict->stale());
  auto lenient = NewRouter(ReadFrom::kPreferReplica);
  ASSERT_TRUE(lenient->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(lenient.get(), Read()), "p1");
  EXPECT_FALSE(lenient->stale());
  // They are looked for now and then.
  link_status_ = "ok";
  waiter_.Advance(SentinelRouter::kLookForReplicasEvery);
  EXPECT_EQ(HostOf(lenient.get(), Read()), "p1");
  ASSERT_TRUE(lenient->Refresh(discovery()).ok());
  EXPECT_EQ(HostOf(lenient.get(), Read()), "p2");
}

// Sentinels over TLS name servers that are reached over TLS.
TEST_F(SentinelTest, TlsForAll) {
  Endpoint sentinel = At("s1");
  sentinel.tls = true;
  options_.now = [this] { return waiter_.Now(); };
  SentinelRouter router(base_, {sentinel}, options_);
  ASSERT_TRUE(router.Refresh(discovery()).ok());
  EXPECT_TRUE(router.Spec(router.Primaries()[0]).endpoint.tls);
}

// Redis closes a demoted primary's connections; who connects again must not read from it.
TEST_F(SentinelTest, ADemotedPrimaryIsNotReadFrom) {
  std::shared_ptr<SentinelRouter> router = NewRouter();
  Pipeline pipeline(&pool_, router, PoolLimits());
  test::RecordingSink sink;
  ASSERT_TRUE(pipeline.Submit(Read(), &sink).ok());
  ASSERT_TRUE(pipeline.Drain().ok());
  pipeline.ReleaseIdle();
  roles_["p1"] = "slave";
  roles_["p2"] = "master";
  for (const char* sentinel : {"s1", "s2", "s3"}) primary_of_[sentinel] = "p2";
  server("p1").CloseAll();
  ASSERT_TRUE(pipeline.Submit(Read(), &sink).ok());
  ASSERT_TRUE(pipeline.Drain().ok());
  EXPECT_EQ(sink.values, (Lines{"p1", "p2"}));
}

}  // namespace
}  // namespace redis_fdw
