// Sorted sets by ranges of members, against a real Redis: what comes must be what a model of the
// members has between these bounds, whether scores are equal or not, or turn from one to the other.

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/conformance/conformance_fixture.h"

namespace redis_fdw::test {
namespace {

using ::testing::IsEmpty;

class LexicalTest : public ConformanceTest {
 protected:
  static constexpr int kMember = 0;

  void SetUp() override {
    ConformanceTest::SetUp();
    options_.mode = ScanMode::kCursor;
    options_.fetch_size = 10;
  }
  void TearDown() override { redis().Command({"ACL", "SETUSER", "default", "+@all"}); }

  int Pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  // Of few bytes, so that many begin alike; the greatest and the least among them.
  std::string Bytes() {
    static constexpr char kBytes[] = {'\0', '\x01', '-',    '(',    '[',
                                      'a',  'b',    '\x7f', '\x80', '\xff'};
    std::string bytes;
    for (int i = Pick(4); i > 0; --i) bytes.push_back(kBytes[Pick(sizeof(kBytes))]);
    return bytes;
  }
  void Add(const std::string& member, const std::string& score) {
    redis().Command({"ZADD", kKey, score, member});
    members_[member] = score;
  }
  void Clear() {
    redis().FlushAll();
    members_.clear();
  }
  std::string LineOf(const std::string& member) const {
    const std::string& score = members_.at(member);
    const Cell cells[] = {Cell::Bytes(member), Cell::Double(std::stod(score))};
    return RowLine(cells);
  }
  static Predicate Member(CompareOp op, int operand) {
    Predicate predicate;
    predicate.column = kMember;
    predicate.op = op;
    predicate.operand = operand;
    return predicate;
  }
  // The rows between two members, and those of the model.
  void CheckRange(const std::string& low, bool low_in, const std::string& high, bool high_in,
                  bool exact) {
    Lines model;
    for (const auto& member : members_) {
      const bool above = low_in ? member.first >= low : member.first > low;
      const bool below = high_in ? member.first <= high : member.first < high;
      if (above && below) model.push_back(LineOf(member.first));
    }
    Check({Member(low_in ? CompareOp::kGe : CompareOp::kGt, 0),
           Member(high_in ? CompareOp::kLe : CompareOp::kLt, 1)},
          {Cell::Bytes(low), Cell::Bytes(high)}, model, exact);
  }
  void CheckPrefix(const std::string& prefix, bool exact) {
    Lines model;
    for (const auto& member : members_) {
      if (absl::StartsWith(member.first, prefix)) model.push_back(LineOf(member.first));
    }
    Check({Member(CompareOp::kPrefix, 0)}, {Cell::Bytes(prefix)}, model, exact);
  }
  // Only ZRANGEBYLEX brings what is wanted and nothing else.
  void Check(const std::vector<Predicate>& predicates, const std::vector<Cell>& operands,
             const Lines& model, bool exact) {
    auto lines = Scan(PlanAll(predicates), {operands});
    ASSERT_TRUE(lines.ok()) << lines.status();
    if (exact) {
      EXPECT_EQ(*lines, model);
      return;
    }
    std::set<std::string> all;
    for (const std::string& line : *lines) EXPECT_TRUE(all.insert(line).second) << line;
    for (const std::string& line : model) EXPECT_EQ(all.count(line), 1u) << line;
  }
  // Everything, which shows that each member came once.
  Lines All() {
    auto lines = Scan(PlanAll({Member(CompareOp::kPrefix, 0)}), {{Cell::Bytes("m")}});
    EXPECT_TRUE(lines.ok()) << lines.status();
    return lines.ok() ? Sorted(*lines) : Lines();
  }
  Lines Model() const {
    Lines lines;
    for (const auto& member : members_) lines.push_back(LineOf(member.first));
    return Sorted(lines);
  }

  std::map<std::string, std::string> members_;
  std::mt19937 random_{1};
};

INSTANTIATE_TEST_SUITE_P(Zset, LexicalTest, ::testing::Values("zset"),
                         [](const auto& info) { return info.param; });

TEST_P(LexicalTest, AnyBytes) {
  for (const char* score : {"0", "1.5", "-inf", "mixed"}) {
    Clear();
    const bool equal = score != std::string("mixed");
    for (int i = 0; i < 250; ++i) Add(Bytes(), equal ? score : absl::StrCat(Pick(3)));
    for (int i = 0; i < 150; ++i) {
      CheckRange(Bytes(), Pick(2) == 0, Bytes(), Pick(2) == 0, equal);
      const std::string prefix = Bytes();
      CheckPrefix(prefix, equal && !prefix.empty());
    }
  }
}

TEST_P(LexicalTest, EveryByte) {
  Clear();
  for (int i = 0; i < 256; ++i) Add(std::string(1, static_cast<char>(i)), "1");
  for (int i = 0; i < 256; ++i) CheckPrefix(std::string(1, static_cast<char>(i)), true);
  CheckRange("\x7f", false, "\x81", true, true);
  CheckRange("", true, "\xff", true, true);
}

TEST_P(LexicalTest, NoKeyAndAnotherType) {
  EXPECT_THAT(All(), IsEmpty());
  redis().Command({"SET", kKey, "x"});
  auto lines = Scan(PlanAll({Member(CompareOp::kPrefix, 0)}), {{Cell::Bytes("m")}});
  EXPECT_EQ(GetErrorKind(lines.status()), ErrorKind::kWrongType) << lines.status();
}

// Zeros of both signs are equal where Redis sorts, and come as a plain scan shows them.
TEST_P(LexicalTest, ZerosOfBothSigns) {
  redis().Command({"CONFIG", "SET", "zset-max-listpack-entries", "0"});  // it forgets signs
  for (int negative : {0, 1}) {
    Clear();
    for (int i = 0; i < 25; ++i) Add(absl::StrCat("m", i), i % 3 == negative ? "-0" : "0");
    const Lines all = Sorted(ScanAll());
    EXPECT_EQ(All(), all);
    EXPECT_EQ(all, Model());
  }
  redis().Command({"CONFIG", "SET", "zset-max-listpack-entries", "128"});
}

// Members that are there throughout come once, whenever scores turn from equal to mixed or back.
TEST_P(LexicalTest, ScoresChangeMeanwhile) {
  batch_rows_ = 1;
  for (int when : {0, 5, 10, 15, 300, 595}) {
    for (bool back : {false, true}) {
      Clear();
      for (int i = 0; i < 600; ++i) Add(absl::StrCat("m", i + 1000), "3");
      Lines stable = Model();
      int batches = 0;
      auto change = [&] {
        // Those that come and go, and one that makes the scores differ.
        redis().Command(batches % 2 == 0 ? Argv{"ZADD", kKey, "3", "m1003x"}
                                         : Argv{"ZREM", kKey, "m1003x"});
        if (batches == when) redis().Command({"ZADD", kKey, "4", "another"});
        if (back && batches == when + 15) redis().Command({"ZREM", kKey, "another"});
        ++batches;
      };
      auto lines = Scan(PlanAll({Member(CompareOp::kPrefix, 0)}), {{Cell::Bytes("m")}}, change);
      ASSERT_TRUE(lines.ok()) << lines.status();
      std::multiset<std::string> all(lines->begin(), lines->end());
      for (const std::string& line : stable) EXPECT_EQ(all.count(line), 1u) << line << " " << when;
      for (const std::string& line : *lines) EXPECT_EQ(all.count(line), 1u) << line << " " << when;
    }
  }
}

// Whoever may not use what the script needs still gets the rows.
TEST_P(LexicalTest, WithoutPermission) {
  for (int i = 0; i < 25; ++i) Add(absl::StrCat("m", i), "0");
  for (const char* forbidden : {"-eval", "-zrange", "-zrangebylex", "-zscore"}) {
    redis().Command({"ACL", "SETUSER", "default", "+@all", forbidden});
    EXPECT_EQ(All(), Model()) << forbidden;
  }
  redis().Command({"ACL", "SETUSER", "default", "+@all", "-zscan", "-eval"});
  auto lines = Scan(PlanAll({Member(CompareOp::kPrefix, 0)}), {{Cell::Bytes("m")}});
  EXPECT_EQ(GetErrorKind(lines.status()), ErrorKind::kPermission) << lines.status();
}

}  // namespace
}  // namespace redis_fdw::test
