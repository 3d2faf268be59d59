#include "core/net/resolver.h"

#include <arpa/inet.h>

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/status.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

absl::StatusOr<std::vector<std::string>> Resolve(absl::string_view host, int port) {
  Resolver resolver(host, port);
  PollWaiter waiter;
  const absl::Time give_up = absl::Now() + absl::Seconds(20);
  while (true) {
    ASSIGN_OR_RETURN(bool done, resolver.Advance());
    if (done) break;
    if (absl::Now() > give_up) return absl::DeadlineExceededError("still resolving");
    std::vector<FdInterest> interests;
    absl::Time deadline = give_up;
    resolver.AppendInterest(&interests, &deadline);
    RETURN_IF_ERROR(waiter.Wait(interests, deadline));
  }
  std::vector<std::string> result;
  for (const SocketAddress& address : resolver.addresses()) result.push_back(address.ToString());
  return result;
}

TEST(ResolverTest, NumbersNeedNoLookup) {
  Resolver resolver("127.0.0.1", 6379);
  absl::StatusOr<bool> done = resolver.Advance();
  ASSERT_TRUE(done.ok());
  EXPECT_TRUE(*done);
  EXPECT_EQ(*Resolve("127.0.0.1", 1), std::vector<std::string>{"127.0.0.1:1"});
  EXPECT_EQ(*Resolve("::1", 65535), std::vector<std::string>{"[::1]:65535"});
  EXPECT_EQ(*Resolve("2001:db8::17", 1), std::vector<std::string>{"[2001:db8::17]:1"});
}

TEST(ResolverTest, Localhost) {
  absl::StatusOr<std::vector<std::string>> addresses = Resolve("localhost", 6379);
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  ASSERT_FALSE(addresses->empty());
  for (const std::string& address : *addresses) {
    EXPECT_TRUE(address == "127.0.0.1:6379" || address == "[::1]:6379") << address;
  }
}

// Whether or not a name server answers here, this ends in an error or goes on without blocking.
TEST(ResolverTest, NoSuchName) {
  absl::Status status = Resolve("no-such-host.invalid", 6379).status();
  ASSERT_FALSE(status.ok());
  if (!absl::IsDeadlineExceeded(status)) {
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed);
    EXPECT_NE(std::string(status.message()).find("could not be resolved"), std::string::npos);
    EXPECT_NE(GetErrorInfo(status).hint, "");
  }
}

TEST(ResolverTest, GivenUpWhileAsking) {
  Resolver resolver("no-such-host.invalid", 6379);
  (void)resolver.Advance();
  // Destroyed with its question open: nothing may be called back later, or leaked.
}

}  // namespace
}  // namespace redis_fdw
