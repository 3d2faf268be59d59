// What the tests of routers against real deployments share: a command's way, as short as can be.

#ifndef REDIS_FDW_TESTING_CORE_ROUTER_LIVE_FIXTURE_H_
#define REDIS_FDW_TESTING_CORE_ROUTER_LIVE_FIXTURE_H_

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status.h"
#include "core/exec/ask.h"
#include "core/exec/router.h"
#include "core/net/pool.h"
#include "core/net/reply_error.h"
#include "core/net/transport.h"
#include "core/net/waiter.h"
#include "gtest/gtest.h"

namespace redis_fdw::test {

inline Command Get(absl::string_view key) {
  Command command("GET");
  command.Key(key).ReadOnly();
  return command;
}

inline Command Set(absl::string_view key) {
  Command command("SET");
  command.Key(key).Arg("v");
  return command;
}

class RouterLiveTest : public ::testing::Test {
 protected:
  static constexpr absl::Duration kPatience = absl::Seconds(20);
  // Longer than Redis needs to replace a primary: where a vote comes to nothing, which takes a
  // busy machine or bad luck, the next one is seconds later.
  static constexpr absl::Duration kFailover = absl::Seconds(60);

  Discovery discovery(absl::Duration patience = kPatience) {
    return Discovery{&pool_, PoolLimits(), absl::Now() + patience};
  }

  // Asks one node one thing. Error replies are errors.
  absl::StatusOr<Reply> AskNode(const ConnectionSpec& spec, const Command& command) {
    ASSIGN_OR_RETURN(std::vector<NodeAnswer> answers,
                     AskAll(discovery(patience_), {spec}, {command}));
    RETURN_IF_ERROR(answers[0].status);
    RETURN_IF_ERROR(answers[0].replies[0].error);
    return std::move(answers[0].replies[0]);
  }

  // A single try: a router that is stale is refreshed, MOVED is followed, a node that fails is in
  // doubt.
  absl::StatusOr<Reply> TryOnce(Router* router, const Command& command) {
    if (router->stale()) RETURN_IF_ERROR(router->Refresh(discovery()));
    ASSIGN_OR_RETURN(int node, router->Route(command, false));
    while (true) {
      absl::StatusOr<Reply> reply = AskNode(router->Spec(node), command);
      if (reply.ok()) return reply;
      const absl::optional<Redirect> redirect = ReplyRedirect(reply.status());
      if (!redirect.has_value()) {
        router->Doubt(node);
        return reply;
      }
      ++redirects_;
      ASSIGN_OR_RETURN(node, router->Follow(*redirect, node));
    }
  }

  // Tries until it works, and does not wait long for a node that is silent. The time it took;
  // InfiniteDuration if it never did.
  absl::Duration TimeUntilItWorks(Router* router, const Command& command) {
    const absl::Time begin = absl::Now();
    patience_ = absl::Seconds(1);
    absl::Duration took = absl::InfiniteDuration();
    while (absl::Now() < begin + kFailover) {
      const absl::StatusOr<Reply> reply = TryOnce(router, command);
      if (reply.ok()) {
        took = absl::Now() - begin;
        break;
      }
      last_error_ = reply.status();
      absl::SleepFor(absl::Milliseconds(20));
    }
    patience_ = kPatience;
    return took;
  }

  PollWaiter waiter_;
  Pool pool_{SocketTransportFactory(), &waiter_};
  ConnectionSpec base_;
  absl::Duration patience_ = kPatience;  // with one node
  int redirects_ = 0;
  absl::Status last_error_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_CORE_ROUTER_LIVE_FIXTURE_H_
