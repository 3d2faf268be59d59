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

TEST_F(PoolTest, TlsIsTheFactorysMatter) {
  Pool pool(SocketTransportFactory(), &waiter_);
  spec_.endpoint.tls = true;
  spec_.tls.ca_file = "/no/such/file";
  EXPECT_EQ(GetErrorKind(pool.Acquire(spec_, limits_).status()), ErrorKind::kInvalidOption);
}

}  // namespace
}  // namespace redis_fdw
