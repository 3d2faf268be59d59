#include "core/net/pool.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/status.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_server.h"
#include "testing/fakes/fake_waiter.h"
#include "testing/fakes/recording_sink.h"
#include "testing/fakes/resp.h"

namespace redis_fdw {
namespace {

using test::FakeServer;
using test::FakeTransportFactory;
using test::FakeWaiter;
using test::RecordingSink;

class PoolTest : public testing::Test {
 protected:
  PoolTest() { spec_.endpoint.host = "fake"; }

  Lease Take() {
    absl::StatusOr<Lease> lease = pool_.Acquire(spec_, limits_);
    EXPECT_TRUE(lease.ok()) << lease.status();
    return std::move(lease).value();
  }
  Lease TakeReady() {
    Lease lease = Take();
    while (!lease->ready()) EXPECT_TRUE(lease->Advance(waiter_.Now()).ok());
    return lease;
  }

  FakeServer server_{[](const std::vector<std::string>&) { return test::Ok(); }};
  FakeTransportFactory network_{&server_};
  FakeWaiter waiter_;
  Pool pool_{&network_, &waiter_};
  ConnectionSpec spec_;
  PoolLimits limits_;
  RecordingSink sink_;
};

TEST_F(PoolTest, CleanConnectionIsUsedAgain) {
  const Connection* first = nullptr;
  {
    Lease lease = TakeReady();
    first = lease.get();
    EXPECT_EQ(pool_.leased(), 1u);
  }
  EXPECT_EQ(pool_.leased(), 0u);
  EXPECT_EQ(pool_.idle(), 1u);
  Lease again = Take();
  EXPECT_EQ(again.get(), first);
  EXPECT_TRUE(again->ready());
  EXPECT_EQ(pool_.idle(), 0u);
  EXPECT_EQ(server_.connections_made(), 1);
}

TEST_F(PoolTest, OtherUserDatabaseOrServerIsAnotherConnection) {
  { Lease lease = TakeReady(); }
  const ConnectionSpec original = spec_;
  spec_.database = 1;
  EXPECT_FALSE(Take()->ready());
  spec_ = original;
  spec_.username = "u";
  EXPECT_FALSE(Take()->ready());
  spec_ = original;
  spec_.password = "p";
  EXPECT_FALSE(Take()->ready());
  spec_ = original;
  spec_.endpoint.port = 1;
  EXPECT_FALSE(Take()->ready());
  spec_ = original;
  spec_.command_timeout = absl::Seconds(1);  // no reason for another
  Lease lease = Take();
  EXPECT_TRUE(lease->ready());
  EXPECT_EQ(lease->spec().command_timeout, absl::Seconds(1));
}

// Concatenation alone would mix these up.
TEST_F(PoolTest, KeysDoNotRunTogether) {
  spec_.username = "a";
  spec_.password = "bc";
  server_.options.password = "bc";
  { Lease lease = TakeReady(); }
  spec_.username = "ab";
  spec_.password = "c";
  EXPECT_FALSE(Take()->ready());
}

TEST_F(PoolTest, UncleanConnectionIsClosed) {
  {
    Lease lease = TakeReady();
    lease->Enqueue(Command("PING"), &sink_, nullptr);
  }
  EXPECT_EQ(pool_.idle(), 0u);
  EXPECT_EQ(server_.connections_open(), 0);
  { Lease still_connecting = Take(); }
  EXPECT_EQ(pool_.idle(), 0u);
  TakeReady().Discard();
  EXPECT_EQ(pool_.idle(), 0u);
  EXPECT_EQ(pool_.leased(), 0u);
  EXPECT_EQ(server_.connections_open(), 0);
}

TEST_F(PoolTest, CheckOutLooks) {
  { Lease lease = TakeReady(); }
  server_.Send(":1\r\n");  // dirty
  {
    Lease lease = TakeReady();
    EXPECT_EQ(server_.connections_made(), 2);
  }
  server_.CloseAll();
  {
    Lease lease = TakeReady();
    EXPECT_EQ(server_.connections_made(), 3);
  }
  server_.CloseAll();
  limits_.test_on_check_out = false;
  EXPECT_TRUE(Take()->ready());
  EXPECT_EQ(server_.connections_made(), 3);
}

TEST_F(PoolTest, IdleTimeout) {
  { Lease lease = TakeReady(); }
  waiter_.Advance(limits_.idle_timeout - absl::Seconds(1));
  pool_.Tidy();
  EXPECT_EQ(pool_.idle(), 1u);
  waiter_.Advance(absl::Seconds(1));
  EXPECT_FALSE(Take()->ready());
  EXPECT_EQ(pool_.idle(), 0u);
}

TEST_F(PoolTest, LifetimeHoweverBusy) {
  const absl::Time begin = waiter_.Now();
  TakeReady();
  while (waiter_.Now() - begin < limits_.max_lifetime) {
    EXPECT_EQ(pool_.idle(), 1u);
    waiter_.Advance(absl::Minutes(5));
    TakeReady();
  }
  EXPECT_EQ(server_.connections_made(), 2);
  // One that grew old on lease is not kept.
  {
    Lease lease = TakeReady();
    waiter_.Advance(limits_.max_lifetime);
  }
  EXPECT_EQ(pool_.idle(), 0u);
}

TEST_F(PoolTest, InvalidateClosesIdleOnesNowAndLeasedOnesLater) {
  Lease leased = TakeReady();
  { Lease idle = TakeReady(); }
  pool_.Invalidate();
  EXPECT_EQ(pool_.idle(), 0u);
  EXPECT_FALSE(leased->broken());
  leased = Lease();
  EXPECT_EQ(pool_.idle(), 0u);
  TakeReady();
  EXPECT_EQ(pool_.idle(), 1u);
}

TEST_F(PoolTest, LimitWithoutSpillIsAnError) {
  limits_.max_size = 2;
  Lease a = TakeReady();
  Lease b = TakeReady();
  absl::Status status = pool_.Acquire(spec_, limits_).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kResourceLimit);
  EXPECT_TRUE(absl::StrContains(GetErrorInfo(status).hint, "pool_max_size"));
  spec_.database = 5;  // the limit is per key
  EXPECT_TRUE(pool_.Acquire(spec_, limits_).ok());
}

TEST_F(PoolTest, OldestSpillableLeaseIsSpilled) {
  limits_.max_size = 3;
  std::vector<std::string> spilled;
  Lease a = TakeReady();
  Lease b = TakeReady();
  Lease c = TakeReady();
  const Connection* of_b = b.get();
  b.SetSpill([&] {
    spilled.push_back("b");
    b = Lease();
    return absl::OkStatus();
  });
  c.SetSpill([&] {
    spilled.push_back("c");
    c = Lease();
    return absl::OkStatus();
  });
  Lease d = Take();
  EXPECT_EQ(spilled, std::vector<std::string>{"b"});
  EXPECT_EQ(d.get(), of_b);  // what was given up is what is got
  Lease e = Take();
  EXPECT_EQ(spilled.size(), 2u);
  EXPECT_EQ(GetErrorKind(pool_.Acquire(spec_, limits_).status()), ErrorKind::kResourceLimit);
}

TEST_F(PoolTest, SpillThatFailsOrDoesNotLetGo) {
  limits_.max_size = 1;
  Lease a = TakeReady();
  a.SetSpill([] { return MakeError(ErrorKind::kHost, "disk full"); });
  EXPECT_EQ(GetErrorKind(pool_.Acquire(spec_, limits_).status()), ErrorKind::kHost);
  int calls = 0;
  a.SetSpill([&calls] {
    ++calls;
    return absl::OkStatus();
  });
  EXPECT_EQ(GetErrorKind(pool_.Acquire(spec_, limits_).status()), ErrorKind::kResourceLimit);
  EXPECT_EQ(calls, 1);
}

TEST_F(PoolTest, LeasesMove) {
  Lease a = TakeReady();
  Lease b = std::move(a);
  EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(b);
  b = TakeReady();
  EXPECT_EQ(pool_.leased(), 1u);
  EXPECT_EQ(pool_.idle(), 1u);
}

TEST_F(PoolTest, OtherTlsIsAnotherConnection) {
  spec_.endpoint.tls = true;
  { Lease lease = TakeReady(); }
  spec_.tls.verify = false;
  EXPECT_FALSE(Take()->ready());
  spec_.tls.verify = true;
  spec_.tls.ca_file = "/ca.pem";
  EXPECT_FALSE(Take()->ready());
  spec_.endpoint.tls = false;
  { Lease lease = TakeReady(); }
  spec_.tls.verify = false;  // of no concern without TLS
  EXPECT_TRUE(Take()->ready());
}

TEST_F(PoolTest, PingsWhatHasBeenIdleForLong) {
  limits_.ping_after = absl::Seconds(5);
  { Lease lease = TakeReady(); }
  waiter_.Advance(absl::Seconds(4));
  {
    Lease lease = Take();
    EXPECT_TRUE(lease->ready());
  }
  waiter_.Advance(absl::Seconds(5));
  server_.Hold();
  Lease lease = Take();
  lease->Enqueue(Command("SET").Arg("k").Arg("v"), &sink_, nullptr);
  ASSERT_TRUE(lease->Advance(waiter_.Now()).ok());
  EXPECT_FALSE(lease->ready());
  EXPECT_EQ(lease->outstanding(), 1u);
  EXPECT_EQ(server_.CommandLines(), std::vector<std::string>{"PING"});  // the SET waits
  server_.Release();
  while (lease->outstanding() > 0) ASSERT_TRUE(lease->Advance(waiter_.Now()).ok());
  EXPECT_EQ(server_.CommandLines(), (std::vector<std::string>{"PING", "SET k v"}));
  EXPECT_EQ(server_.connections_made(), 1);
}

TEST_F(PoolTest, PingThatIsNotAnsweredEndsTheConnectionWithNothingSent) {
  limits_.ping_after = absl::Seconds(5);
  { Lease lease = TakeReady(); }
  waiter_.Advance(absl::Seconds(5));
  server_.Hold();
  Lease lease = Take();
  lease->Enqueue(Command("SET").Arg("k").Arg("v"), &sink_, nullptr);
  ASSERT_TRUE(lease->Advance(waiter_.Now()).ok());
  std::vector<FdInterest> interests;
  absl::Time deadline = absl::InfiniteFuture();
  lease->AppendInterest(&interests, &deadline);
  EXPECT_EQ(deadline, waiter_.Now() + Connection::kRecheckTimeout);
  waiter_.Advance(Connection::kRecheckTimeout);
  absl::Status status = lease->Advance(waiter_.Now()).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectionLost) << status;
  EXPECT_TRUE(lease->broken());
  EXPECT_EQ(server_.CommandLines(), std::vector<std::string>{"PING"});
}

TEST_F(PoolTest, PingMeetsAClosedConnection) {
  limits_.ping_after = absl::ZeroDuration();
  { Lease lease = TakeReady(); }
  Lease lease = Take();
  server_.CloseAll();
  absl::Status status = lease->Advance(waiter_.Now()).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectionLost) << status;
}

TEST_F(PoolTest, NoPingWithoutTheTest) {
  limits_.ping_after = absl::ZeroDuration();
  limits_.test_on_check_out = false;
  { Lease lease = TakeReady(); }
  EXPECT_TRUE(Take()->ready());
}

TEST_F(PoolTest, OneThatBreaksTakesTheIdleOnesAlong) {
  Lease a = TakeReady();
  {
    Lease b = TakeReady();
    spec_.database = 1;
    Lease elsewhere = TakeReady();
    spec_.database = 0;
  }
  EXPECT_EQ(pool_.idle(), 2u);
  a->Enqueue(Command("PING"), &sink_, nullptr);
  server_.CloseAll();
  EXPECT_FALSE(a->Advance(waiter_.Now()).ok());
  a = Lease();
  EXPECT_EQ(pool_.idle(), 1u);
}

TEST_F(PoolTest, AcquireTimeoutBoundsConnecting) {
  spec_.connect_timeout = absl::Seconds(10);
  limits_.acquire_timeout = absl::Seconds(3);
  server_.options.hang_connect = true;
  Lease lease = Take();
  EXPECT_EQ(lease->spec().connect_timeout, absl::Seconds(3));
  spec_.connect_timeout = absl::Seconds(1);
  EXPECT_EQ(Take()->spec().connect_timeout, absl::Seconds(1));
}

TEST_F(PoolTest, AcquireTimeoutBoundsSpilling) {
  limits_.max_size = 2;
  limits_.acquire_timeout = absl::Seconds(3);
  Lease a = TakeReady();
  Lease b = TakeReady();
  a.SetSpill([&] {
    waiter_.Advance(absl::Seconds(3));  // and keeps its connection
    return absl::OkStatus();
  });
  bool asked = false;
  b.SetSpill([&] {
    asked = true;
    return absl::OkStatus();
  });
  absl::Status status = pool_.Acquire(spec_, limits_).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kResourceLimit);
  EXPECT_TRUE(absl::StrContains(GetErrorInfo(status).hint, "pool_connection_timeout_ms"));
  EXPECT_FALSE(asked);
  // One that lets go, however late, is what was waited for.
  a.SetSpill([&] {
    waiter_.Advance(absl::Seconds(3));
    a = Lease();
    return absl::OkStatus();
  });
  EXPECT_TRUE(Take()->ready());
}

TEST_F(PoolTest, ClosesThoseOfAServer) {
  spec_.server_id = 1;
  Lease leased = TakeReady();
  { Lease idle = TakeReady(); }
  spec_.server_id = 2;
  { Lease other = TakeReady(); }
  EXPECT_EQ(pool_.idle(), 2u);
  const auto is_first = [](const ConnectionSpec& spec) { return spec.server_id == 1; };
  EXPECT_EQ(pool_.Close(is_first), 2u);
  EXPECT_EQ(pool_.idle(), 1u);
  EXPECT_FALSE(leased->broken());
  leased = Lease();
  EXPECT_EQ(pool_.idle(), 1u);
  EXPECT_EQ(pool_.Close(is_first), 0u);
}

TEST_F(PoolTest, TellsOfItsConnections) {
  Lease connecting = Take();
  Lease busy = TakeReady();
  busy->Enqueue(Command("GET").Arg("k"), &sink_, nullptr);
  while (busy->outstanding() > 0) ASSERT_TRUE(busy->Advance(waiter_.Now()).ok());
  spec_.database = 3;
  { Lease idle = TakeReady(); }
  waiter_.Advance(absl::Seconds(7));
  std::vector<ConnectionInfo> infos;
  pool_.ForEach([&infos](const ConnectionInfo& info) { infos.push_back(info); });
  ASSERT_EQ(infos.size(), 3u);
  EXPECT_EQ(infos[0].state, ConnectionInfo::State::kConnecting);
  EXPECT_EQ(infos[0].bytes_sent, 0u);
  EXPECT_EQ(infos[1].state, ConnectionInfo::State::kInUse);
  EXPECT_EQ(infos[1].commands, 1u);
  EXPECT_GT(infos[1].bytes_sent, 0u);
  EXPECT_GT(infos[1].bytes_received, 0u);
  EXPECT_EQ(infos[1].idle, absl::ZeroDuration());
  EXPECT_EQ(infos[2].state, ConnectionInfo::State::kIdle);
  EXPECT_EQ(infos[2].spec->database, 3);
  EXPECT_EQ(infos[2].commands, 0u);
  EXPECT_EQ(infos[2].idle, absl::Seconds(7));
  EXPECT_EQ(infos[2].age, absl::Seconds(7));
}

TEST_F(PoolTest, TlsIsTheFactorysMatter) {
  Pool pool(SocketTransportFactory(), &waiter_);
  spec_.endpoint.tls = true;
  spec_.tls.ca_file = "/no/such/file";
  EXPECT_EQ(GetErrorKind(pool.Acquire(spec_, limits_).status()), ErrorKind::kInvalidOption);
}

}  // namespace
}  // namespace redis_fdw
