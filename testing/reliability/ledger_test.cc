#include "testing/reliability/ledger.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace redis_fdw::test {
namespace {

absl::Time At(int ms) { return absl::FromUnixMillis(ms); }

class LedgerTest : public ::testing::Test {
 protected:
  void Write(const std::string& id, std::optional<std::string> value, int ms,
             Outcome outcome = Outcome::kAcknowledged) {
    ledger_.Add(id, 0, {std::move(value), At(ms), At(ms + 1), outcome});
  }
  bool May(const std::string& id, const std::optional<std::string>& seen) {
    return ledger_.Check(id, seen, windows_[0]).empty();
  }
  Verdict JudgeBy(const std::map<std::string, std::string>& truth) {
    Verdict verdict;
    Judge(ledger_, truth, windows_, &verdict);
    return verdict;
  }

  Ledger ledger_;
  std::vector<LossWindow> windows_ = {LossWindow()};
};

TEST_F(LedgerTest, AcknowledgedWritesAreThere) {
  Write("a", "1", 10);
  EXPECT_TRUE(May("a", "1"));
  EXPECT_FALSE(May("a", std::nullopt));
  Write("a", "2", 20);
  EXPECT_FALSE(May("a", "1"));
  Write("a", std::nullopt, 30);
  EXPECT_TRUE(May("a", std::nullopt));
  EXPECT_FALSE(May("a", "2"));
  EXPECT_FALSE(May("other", "x"));
}

TEST_F(LedgerTest, UnknownWritesMayBeThereAndRefusedOnesMustNot) {
  Write("a", "1", 10);
  Write("a", "2", 20, Outcome::kUnknown);
  Write("a", "3", 30, Outcome::kRefused);
  EXPECT_TRUE(May("a", "1"));
  EXPECT_TRUE(May("a", "2"));
  EXPECT_FALSE(May("a", "3"));
  EXPECT_TRUE(ledger_.Certain("a", true, windows_[0]));
  EXPECT_EQ(JudgeBy({{"a", "3"}}).wrong.size(), 1u);
  EXPECT_EQ(JudgeBy({{"a", "2"}}).unknown_applied, 1);
}

TEST_F(LedgerTest, ScansAreComparedBothWays) {
  Write("t|a", "1", 10);
  Write("t|b", "1", 10);
  Write("u|c", "1", 10);
  EXPECT_EQ(ledger_.CheckAll("t|", {{"t|a", "1"}, {"t|b", "1"}}, windows_), "");
  EXPECT_NE(ledger_.CheckAll("t|", {{"t|a", "1"}}, windows_), "");
  EXPECT_NE(ledger_.CheckAll("t|", {{"t|a", "1"}, {"t|b", "1"}, {"t|c", "1"}}, windows_), "");
}

TEST_F(LedgerTest, OnlyTheWindowMayLose) {
  Write("a", "1", 10);
  Write("a", "2", 20);
  windows_[0] = {At(15), At(30)};
  EXPECT_TRUE(May("a", "1"));
  EXPECT_TRUE(May("a", "2"));
  EXPECT_FALSE(May("a", std::nullopt));
  Write("a", "3", 40);
  EXPECT_FALSE(May("a", "2"));
}

TEST_F(LedgerTest, RedisLosesTheEndOfItsStreamAndNothingElse) {
  windows_[0] = {At(15), At(100)};
  Write("early", "1", 10);
  Write("lost", "1", 30);
  Write("late", "1", 50);
  Verdict verdict = JudgeBy({{"early", "1"}});
  EXPECT_EQ(verdict.missing.size(), 2u);
  EXPECT_TRUE(NotRedisOwn(verdict, windows_, true).empty());
  verdict = JudgeBy({{"early", "1"}, {"late", "1"}});
  ASSERT_EQ(NotRedisOwn(verdict, windows_, true).size(), 1u);
  EXPECT_TRUE(NotRedisOwn(verdict, windows_, false).empty());
  verdict = JudgeBy({{"lost", "1"}});
  ASSERT_EQ(NotRedisOwn(verdict, windows_, false).size(), 1u);
  EXPECT_EQ(NotRedisOwn(verdict, windows_, false)[0].cell, "early");
}

}  // namespace
}  // namespace redis_fdw::test
