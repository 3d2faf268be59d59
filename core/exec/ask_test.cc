#include "core/exec/ask.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/exec/discovery_errors.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_server.h"
#include "testing/fakes/fake_waiter.h"
#include "testing/fakes/resp.h"

namespace redis_fdw {
namespace {

using test::FakeServer;

class AskTest : public ::testing::Test {
 protected:
  AskTest() {
    for (int i = 0; i < 3; ++i) {
      servers_.push_back(std::make_unique<FakeServer>([i](const FakeServer::Argv& argv) {
        if (argv[0] == "FAIL") return test::Error("ERR no");
        return test::Bulk(absl::StrCat(i, ":", argv[0]));
      }));
      ConnectionSpec spec;
      spec.endpoint.host = absl::StrCat("node-", i);
      network_.Add(spec.endpoint, servers_.back().get());
      specs_.push_back(spec);
    }
  }

  FakeServer& server(int i) { return *servers_[i]; }
  void Refuse(int i) {
    server(i).options.refuse_connect = MakeError(ErrorKind::kConnectFailed, "refused");
  }
  Discovery discovery() { return Discovery{&pool_, PoolLimits(), begin_ + absl::Seconds(20)}; }

  // Judges each answer as `verdicts` says, and writes down who was judged.
  absl::optional<size_t> First(const std::vector<Verdict>& verdicts) {
    const auto taken =
        AskFirst(discovery(), specs_, commands_, [&](size_t place, const NodeAnswer& answer) {
          judged_.push_back(place);
          return answer.status.ok() ? verdicts[place] : Verdict::kBad;
        });
    EXPECT_TRUE(taken.ok());
    return taken.ok() ? *taken : absl::nullopt;
  }

  std::vector<std::unique_ptr<FakeServer>> servers_;
  std::vector<ConnectionSpec> specs_;
  std::vector<Command> commands_ = {Command("TELL").ReadOnly()};
  std::vector<size_t> judged_;
  test::FakeTransportFactory network_;
  test::FakeWaiter waiter_;
  const absl::Time begin_ = waiter_.Now();
  Pool pool_{&network_, &waiter_};
};

constexpr Verdict kGood = Verdict::kGood;
constexpr Verdict kUsable = Verdict::kUsable;
constexpr Verdict kBad = Verdict::kBad;

TEST_F(AskTest, AllAtOnce) {
  commands_.push_back(Command("FAIL").ReadOnly());
  Refuse(1);
  const auto answers = AskAll(discovery(), specs_, commands_);
  ASSERT_TRUE(answers.ok());
  ASSERT_EQ(answers->size(), 3u);
  EXPECT_EQ((*answers)[0].replies[0].bytes, "0:TELL");
  EXPECT_EQ(GetErrorKind((*answers)[0].replies[1].error), ErrorKind::kRemote);
  EXPECT_EQ((*answers)[0].server.run_id, "fake-run-1");
  EXPECT_EQ(GetErrorKind((*answers)[1].status), ErrorKind::kConnectFailed);
  EXPECT_EQ((*answers)[2].replies[0].bytes, "2:TELL");
  EXPECT_EQ(pool_.idle(), 2u);
  EXPECT_EQ(pool_.leased(), 0u);
}

// Those which do not answer hold up nobody but the caller, until the deadline.
TEST_F(AskTest, AllButOneUntilTheDeadline) {
  server(0).options.hang_connect = true;
  specs_[0].connect_timeout = absl::InfiniteDuration();
  server(1).Hold();
  waiter_.At(absl::Seconds(5), [this] { server(1).Release(); });
  const auto answers = AskAll(discovery(), specs_, commands_);
  ASSERT_TRUE(answers.ok());
  EXPECT_EQ(waiter_.Now(), begin_ + absl::Seconds(20));
  EXPECT_EQ(GetErrorKind((*answers)[0].status), ErrorKind::kConnectFailed);
  EXPECT_TRUE((*answers)[1].status.ok());
  EXPECT_TRUE((*answers)[2].status.ok());
}

TEST_F(AskTest, CancelEndsAtOnce) {
  server(0).Hold();
  waiter_.At(absl::Seconds(1),
             [this] { waiter_.Interrupt(MakeError(ErrorKind::kHost, "canceled")); });
  EXPECT_EQ(GetErrorKind(AskAll(discovery(), specs_, commands_).status()), ErrorKind::kHost);
  EXPECT_LE(waiter_.Now(), begin_ + absl::Seconds(1));
  EXPECT_EQ(pool_.leased(), 0u);
}

TEST_F(AskTest, ConnectsOnly) {
  const auto answers = AskAll(discovery(), {specs_[0]}, {});
  ASSERT_TRUE(answers.ok());
  EXPECT_TRUE((*answers)[0].status.ok());
  EXPECT_EQ(pool_.idle(), 1u);
}

// A scan keeps its connection, even if the session may have no more.
TEST_F(AskTest, NeverTakesAScansConnection) {
  PoolLimits limits;
  limits.max_size = 1;
  auto lease = pool_.Acquire(specs_[0], limits);
  ASSERT_TRUE(lease.ok());
  bool spilled = false;
  lease->SetSpill([&] {
    spilled = true;
    return absl::OkStatus();
  });
  Discovery narrow = discovery();
  narrow.limits = limits;
  const auto answers = AskAll(narrow, {specs_[0]}, commands_);
  ASSERT_TRUE(answers.ok());
  EXPECT_TRUE((*answers)[0].status.ok());
  EXPECT_FALSE(spilled);
}

TEST_F(AskTest, PooledConnectionThatWasClosed) {
  Discovery unchecked = discovery();
  unchecked.limits.test_on_check_out = false;
  ASSERT_TRUE(AskAll(unchecked, {specs_[0]}, commands_).ok());
  server(0).CloseAll();
  const auto answers = AskAll(unchecked, {specs_[0]}, commands_);
  ASSERT_TRUE(answers.ok());
  EXPECT_TRUE((*answers)[0].status.ok());
  EXPECT_EQ((*answers)[0].replies.size(), 1u);
  EXPECT_EQ(server(0).connections_made(), 2);
}

// Something between has forgotten the connection: the pool's PING is not answered.
TEST_F(AskTest, PooledConnectionThatIsDead) {
  ASSERT_TRUE(AskAll(discovery(), {specs_[0]}, commands_).ok());
  waiter_.Advance(absl::Minutes(1));
  server(0).Hold();
  Discovery later = discovery();
  later.deadline = waiter_.Now() + absl::Seconds(20);
  waiter_.At(absl::Seconds(8), [this] { server(0).Release(); });
  waiter_.At(absl::Milliseconds(1), [this] { server(0).CloseAll(); });
  const auto answers = AskAll(later, {specs_[0]}, commands_);
  ASSERT_TRUE(answers.ok());
  EXPECT_TRUE((*answers)[0].status.ok()) << (*answers)[0].status;
  EXPECT_EQ(server(0).connections_made(), 2);
}

// A new connection that breaks is not made again.
TEST_F(AskTest, ConnectionThatBreaks) {
  servers_.push_back(std::make_unique<FakeServer>([this](const FakeServer::Argv&) {
    servers_.back()->CloseAll();
    return std::string();
  }));
  network_.Add(specs_[0].endpoint, servers_.back().get());
  const auto answers = AskAll(discovery(), {specs_[0]}, commands_);
  ASSERT_TRUE(answers.ok());
  EXPECT_EQ(GetErrorKind((*answers)[0].status), ErrorKind::kConnectionLost);
  EXPECT_EQ(servers_.back()->connections_made(), 1);
}

// Whoever an answer names is asked while the others still are.
TEST_F(AskTest, Onwards) {
  server(0).Hold();
  std::vector<size_t> places;
  const auto take = [&](size_t place, const NodeAnswer& answer) {
    EXPECT_TRUE(answer.status.ok());
    places.push_back(place);
    std::vector<ConnectionSpec> more;
    if (place == 1) more.push_back(specs_[2]);
    return more;
  };
  const std::vector<ConnectionSpec> two = {specs_[0], specs_[1]};
  ASSERT_TRUE(
      AskOnwards(discovery(), two, commands_, take, [&] { return places.size() == 2; }).ok());
  EXPECT_EQ(places, (std::vector<size_t>{1, 2}));
  EXPECT_EQ(waiter_.Now(), begin_);
  places.clear();
  waiter_.At(absl::Seconds(1), [this] { server(0).Release(); });
  ASSERT_TRUE(AskOnwards(discovery(), two, commands_, take, [] { return false; }).ok());
  EXPECT_EQ(places, (std::vector<size_t>{1, 2, 0}));
  const auto refuse = [](size_t, const NodeAnswer&) -> absl::StatusOr<std::vector<ConnectionSpec>> {
    return MakeError(ErrorKind::kProtocol, "no");
  };
  EXPECT_EQ(GetErrorKind(AskOnwards(discovery(), two, commands_, refuse, [] { return false; })),
            ErrorKind::kProtocol);
  EXPECT_EQ(pool_.leased(), 0u);
}

// --- The first good one -------------------------------------------------------------------------

TEST_F(AskTest, NobodyElseIsAsked) {
  EXPECT_EQ(First({kGood, kGood, kGood}), 0u);
  EXPECT_EQ(server(1).connections_made(), 0);
  EXPECT_EQ(waiter_.Now(), begin_);
}

TEST_F(AskTest, NextAtOnceAfterAFailure) {
  Refuse(0);
  EXPECT_EQ(First({kGood, kBad, kGood}), 2u);
  EXPECT_EQ(judged_, (std::vector<size_t>{0, 1, 2}));
  EXPECT_EQ(waiter_.Now(), begin_);
}

TEST_F(AskTest, NextAfterAWhile) {
  server(0).options.hang_connect = true;
  server(1).Hold();
  EXPECT_EQ(First({kGood, kGood, kGood}), 2u);
  EXPECT_EQ(waiter_.Now(), begin_ + 2 * kAskNextAfter);
}

// The first goes on while the second is asked.
TEST_F(AskTest, LateIsNotNever) {
  server(0).Hold();
  server(1).Hold();
  server(2).Hold();
  waiter_.At(absl::Seconds(3), [this] { server(0).Release(); });
  EXPECT_EQ(First({kGood, kGood, kGood}), 0u);
  EXPECT_EQ(waiter_.Now(), begin_ + absl::Seconds(3));
  EXPECT_EQ(pool_.leased(), 0u);
}

TEST_F(AskTest, UsableUnlessAGoodOneComes) {
  EXPECT_EQ(First({kUsable, kBad, kGood}), 2u);
  judged_.clear();
  EXPECT_EQ(First({kUsable, kUsable, kBad}), 0u);
  EXPECT_EQ(judged_, (std::vector<size_t>{0, 1, 2}));
  EXPECT_EQ(waiter_.Now(), begin_);
  server(2).Hold();
  EXPECT_EQ(First({kUsable, kUsable, kGood}), 0u);
  EXPECT_EQ(waiter_.Now(), begin_ + kAskNextAfter);
}

TEST_F(AskTest, NobodyByTheDeadline) {
  for (int i = 0; i < 3; ++i) {
    server(i).options.hang_connect = true;
    specs_[i].connect_timeout = absl::InfiniteDuration();
  }
  EXPECT_EQ(First({kGood, kGood, kGood}), absl::nullopt);
  EXPECT_EQ(judged_.size(), 3u);
  EXPECT_EQ(waiter_.Now(), begin_ + absl::Seconds(20));
}

TEST_F(AskTest, NobodyToAsk) {
  specs_.clear();
  EXPECT_EQ(First({}), absl::nullopt);
}

// --- Which error
// ----------------------------------------------------------------------------------

TEST(SumUpTest, WhatMattersMost) {
  const absl::Status refused = MakeError(ErrorKind::kConnectFailed, "refused");
  const absl::Status loading = MakeError(ErrorKind::kNotReady, "loading");
  const absl::Status denied = MakeError(ErrorKind::kPermission, "denied");
  EXPECT_EQ(GetErrorInfo(SumUp({refused, denied, loading}, 3, "node", "")).message, "loading");
  EXPECT_EQ(GetErrorInfo(SumUp({refused, denied}, 3, "node", "")).message, "denied");
  EXPECT_EQ(SumUp({refused}, 1, "node", "hint"), refused);
  const ErrorInfo info = GetErrorInfo(SumUp({refused, refused}, 5, "node", "Hint."));
  EXPECT_EQ(info.kind, ErrorKind::kConnectFailed);
  EXPECT_EQ(info.message, "no node could be reached: refused");
  EXPECT_EQ(info.detail, "Tried 2 of 5.");
  EXPECT_EQ(info.hint, "Hint.");
  const absl::Status unknown =
      MakeError(ErrorKind::kConnectFailed, "unknown authority", "Name it.", "It is x.");
  const ErrorInfo both = GetErrorInfo(SumUp({refused, unknown}, 2, "node", "Hint."));
  EXPECT_EQ(both.detail, "Tried 2 of 2. It is x.");
  EXPECT_EQ(both.hint, "Hint. Name it.");
  EXPECT_EQ(GetErrorInfo(SumUp({}, 5, "node", "")).message, "no node could be reached");
}

}  // namespace
}  // namespace redis_fdw
