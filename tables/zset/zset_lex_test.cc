#include "tables/zset/zset_lex.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"
#include "tables/zset/zset_table.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

// A server that has one sorted set, of which the script is told to be what this says.
class LexTest : public ::testing::Test {
 protected:
  LexTest() {
    t_.Bind("zset", {"who", "points:float"});
    t_.options.mode = ScanMode::kCursor;
    t_.options.fetch_size = 10;
    t_.Handle([this](const FakeServer::Argv& argv) {
      if (argv[0] == "EVAL") return Lex(argv);
      return argv[0] == "ZSCAN" ? Walk(argv) : Error("ERR unexpected");
    });
  }
  void Fill(int count) {
    for (int i = 0; i < count; ++i) members_.insert(absl::StrCat("m", 100 + i));
  }
  Lines Rows() const {
    Lines rows;
    for (const std::string& member : members_)
      rows.push_back(absl::StrCat("0: \"", member, "\", 7"));
    return rows;
  }
  static Predicate Member(CompareOp op, int operand) {
    return Where(ZsetElements::kMember, op, Semantics::kBytes, operand);
  }
  // Everything.
  ScanPlan PrefixPlan() { return t_.Plan({Member(CompareOp::kPrefix, 0)}); }
  Lines ScanAll() { return t_.Scan(PrefixPlan(), {{Cell::Bytes("m")}}); }
  // What the script is asked for that answers these; empty if there is none.
  std::string AskedFor(const std::vector<Predicate>& predicates,
                       const std::vector<Cell>& operands) {
    t_.server().ClearCommands();
    t_.Scan(t_.Plan(predicates), {operands});
    return Asked().empty() ? "" : Asked()[0];
  }
  // Commands without the text of scripts.
  Lines Asked() {
    Lines lines;
    for (const FakeServer::Argv& argv : t_.server().commands()) {
      lines.push_back(argv[0] == "EVAL"
                          ? absl::StrCat(argv[4], " ", argv[5], " ", argv[6], " ", argv[7])
                          : absl::StrCat(argv[0], " ", argv[2]));
    }
    return lines;
  }

  std::string Lex(const FakeServer::Argv& argv) {
    if (!script_error_.empty()) return Error(script_error_);
    if (++pages_ > equal_pages_) return Nil();
    if (argv[4][0] != '(' && argv[4][0] != '[') return Error("ERR min or max not valid");
    const std::string min = argv[4].substr(1);
    auto from = argv[4][0] == '(' ? members_.upper_bound(min) : members_.lower_bound(min);
    int most = 0;
    EXPECT_TRUE(absl::SimpleAtoi(argv[6], &most));
    Lines rows;
    std::string last;
    for (; from != members_.end() && most > 0; ++from, --most) {
      rows.push_back(last = *from);
      rows.push_back("7");
    }
    return Array({most == 0 ? Bulk(last) : Nil(), Bulks(rows)});
  }
  // In two pages, the second of which repeats a member of the first; backwards.
  std::string Walk(const FakeServer::Argv& argv) {
    const Lines all(members_.rbegin(), members_.rend());
    Lines rows;
    for (size_t i = 0; i < all.size(); ++i) {
      const bool first = walk_in_one_ || i <= all.size() / 2;
      const bool second = !walk_in_one_ && i >= all.size() / 2;
      if (!(argv[2] == "0" ? first : second)) continue;
      rows.push_back(all[i]);
      rows.push_back("7");
    }
    return Array({Bulk(argv[2] == "0" && !walk_in_one_ ? "5" : "0"), Bulks(rows)});
  }

  std::set<std::string> members_;
  int equal_pages_ = 1000;  // of the script, until scores are no longer equal
  int pages_ = 0;
  bool walk_in_one_ = false;
  std::string script_error_;
  TableTester t_;
};

TEST_F(LexTest, EndsOfRanges) {
  const Cell a = Cell::Bytes("a");
  const Cell b = Cell::Bytes("b");
  EXPECT_EQ(AskedFor({Member(CompareOp::kGe, 0), Member(CompareOp::kLt, 1)}, {a, b}), "[a (b 10 1");
  EXPECT_EQ(AskedFor({Member(CompareOp::kGt, 0), Member(CompareOp::kLe, 1)}, {a, b}), "(a [b 10 1");
  EXPECT_EQ(AskedFor({Member(CompareOp::kPrefix, 0)}, {b}), "[b (c 10 1");
  EXPECT_EQ(AskedFor({Member(CompareOp::kPrefix, 0)}, {Cell::Bytes("a\x7f")}),
            "[a\x7f (a\x80 10 1");
  EXPECT_EQ(AskedFor({Member(CompareOp::kPrefix, 0)}, {Cell::Bytes("a\xff\xff")}),
            "[a\xff\xff (b 10 1");
  EXPECT_EQ(AskedFor({Member(CompareOp::kPrefix, 0)}, {Cell::Bytes("\xff\xff")}),
            "[\xff\xff + 10 1");
  EXPECT_EQ(AskedFor({Member(CompareOp::kLike, 0)}, {Cell::Bytes("b\\%x_y%")}), "[b%x (b%y 10 1");
  EXPECT_EQ(AskedFor({Member(CompareOp::kLike, 0)}, {Cell::Bytes("literal")}),
            "[literal (literam 10 1");
  // The narrowest of all.
  EXPECT_EQ(AskedFor({Member(CompareOp::kPrefix, 0), Member(CompareOp::kGt, 1)},
                     {Cell::Bytes("b"), Cell::Bytes("bb")}),
            "(bb (c 10 1");
  EXPECT_EQ(AskedFor({Member(CompareOp::kGe, 0), Member(CompareOp::kLe, 1)},
                     {Cell::Bytes(""), Cell::Bytes("")}),
            "[ [ 10 1");
}

TEST_F(LexTest, NoRangesOfTwoEnds) {
  t_.Handle([](const FakeServer::Argv&) { return Array({Bulk("0"), Bulks({})}); });
  EXPECT_EQ(AskedFor({Member(CompareOp::kLike, 0)}, {Cell::Bytes("%a")}), "ZSCAN 0");
  EXPECT_EQ(AskedFor({Member(CompareOp::kPrefix, 0)}, {Cell::Bytes("")}), "ZSCAN 0");
  EXPECT_EQ(AskedFor({Member(CompareOp::kGt, 0)}, {Cell::Bytes("a")}), "ZSCAN 0");
  EXPECT_EQ(AskedFor({Member(CompareOp::kLike, 0), Member(CompareOp::kGt, 1)},
                     {Cell::Bytes("%a"), Cell::Bytes("a")}),
            "ZSCAN 0");
  // Nothing is asked for what is nowhere.
  EXPECT_EQ(AskedFor({Member(CompareOp::kPrefix, 0), Member(CompareOp::kGe, 1)},
                     {Cell::Bytes("a"), Cell::Bytes("b")}),
            "");
  EXPECT_EQ(AskedFor({Member(CompareOp::kPrefix, 0)}, {Cell::Null()}), "");
}

TEST_F(LexTest, PagesGoOnBehindTheLastMember) {
  Fill(25);
  EXPECT_EQ(ScanAll(), Rows());
  EXPECT_THAT(Asked(), ElementsAre("[m (n 10 1", "(m109 (n 10 1", "(m119 (n 10 1"));
  members_.clear();
  EXPECT_THAT(ScanAll(), IsEmpty());
}

// Scores matter only where they are shown.
TEST_F(LexTest, AsksForScoresThatAreShown) {
  t_.Scan(t_.Plan({Member(CompareOp::kPrefix, 0)}, {0}), {{Cell::Bytes("m")}});
  EXPECT_THAT(Asked(), ElementsAre("[m (n 10 0"));
}

TEST_F(LexTest, FewExpectedAreASmallPage) {
  Fill(25);
  t_.options.fetch_size = 20;
  ScanPlan plan = PrefixPlan();
  plan.expected_rows = 3;
  EXPECT_EQ(t_.Scan(plan, {{Cell::Bytes("m")}}), Rows());
  EXPECT_THAT(Asked(), ElementsAre("[m (n 10 1", "(m109 (n 20 1"));
  t_.options.fetch_size = 1000000;
  t_.server().ClearCommands();
  ScanAll();
  EXPECT_THAT(Asked(), ElementsAre("[m (n 10000 1"));
}

// Whenever the scores turn out to differ, every member comes once.
TEST_F(LexTest, WalksFromWhereScoresDiffer) {
  Fill(35);
  for (bool in_one : {false, true}) {
    for (int equal : {0, 1, 2, 3}) {
      for (size_t batch : {1, 7, 100}) {
        walk_in_one_ = in_one;
        equal_pages_ = equal;
        pages_ = 0;
        t_.batch_rows = batch;
        t_.server().ClearCommands();
        EXPECT_THAT(ScanAll(), UnorderedElementsAreArray(Rows())) << equal;
        EXPECT_THAT(Asked(), SizeIs(static_cast<size_t>(equal) + (in_one ? 2 : 3)));
      }
    }
  }
}

TEST_F(LexTest, WhoMayNotRunScriptsWalks) {
  Fill(25);
  for (const char* error : {"NOPERM this user has no permissions to run the 'eval' command",
                            "ERR unknown command 'EVAL', with args beginning with:"}) {
    script_error_ = error;
    EXPECT_THAT(ScanAll(), UnorderedElementsAreArray(Rows())) << error;
  }
  script_error_ = "WRONGTYPE Operation against a key holding the wrong kind of value";
  EXPECT_EQ(GetErrorKind(t_.TryScan(PrefixPlan(), {{Cell::Bytes("m")}}).status()),
            ErrorKind::kWrongType);
}

TEST_F(LexTest, OfManyKeys) {
  TableDef def;
  def.key = "k*";
  t_.Bind("zset", {"key", "who", "points:float"}, def);
  Fill(25);
  const ScanPlan plan = t_.Plan({Where(1, CompareOp::kPrefix, Semantics::kBytes, 0)}, {1, 2});
  t_.Handle([this](const FakeServer::Argv& argv) {
    if (argv[0] == "SCAN") return Array({Bulk("0"), Bulks({"k1"})});
    return argv[0] == "EVAL" ? Lex(argv) : Walk(argv);
  });
  for (int equal : {0, 1, 2, 100}) {
    equal_pages_ = equal;
    pages_ = 0;
    EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("m")}}), UnorderedElementsAreArray(Rows())) << equal;
  }
  script_error_ = "NOPERM this user has no permissions to run the 'eval' command";
  EXPECT_THAT(t_.Scan(plan, {{Cell::Bytes("m")}}), UnorderedElementsAreArray(Rows()));
}

// Wherever the connection is lost, before and after the scores differ.
TEST_F(LexTest, GoesOnAfterALoss) {
  Fill(35);
  for (int equal : {0, 1, 2, 1000}) {
    for (int losses = 0; losses < 36; ++losses) {
      equal_pages_ = equal;
      pages_ = 0;
      t_.server().options.read_at_most = static_cast<size_t>(3 + losses % 5 * 20);
      auto scan = t_.table().OpenScan(PrefixPlan(), t_.options, &t_.pipeline());
      ASSERT_TRUE(scan.ok());
      const std::vector<Cell> operands = {Cell::Bytes("m")};
      const absl::Span<const Cell> params = operands;
      ASSERT_TRUE((*scan)->Start(absl::MakeConstSpan(&params, 1)).ok());
      RowBatch batch(2, 1, 1 << 20);
      Lines rows;
      for (int batches = 0;; ++batches) {
        ASSERT_TRUE((*scan)->NextBatch(&batch).ok());
        if (batch.rows() == 0) break;
        for (std::string& line : RowLines(batch)) rows.push_back(std::move(line));
        if (batches == losses) t_.server().CloseAll();
      }
      EXPECT_THAT(rows, UnorderedElementsAreArray(Rows())) << equal << " " << losses;
    }
  }
}

TEST_F(LexTest, ASnapshotAndRanksAreNoPages) {
  t_.Handle([](const FakeServer::Argv&) { return Bulks({}); });
  t_.options.mode = ScanMode::kSnapshot;
  ScanAll();
  t_.options.mode = ScanMode::kAuto;
  t_.Bind("zset", {"who", "points:float", "r:integer:rank"});
  ScanAll();
  EXPECT_THAT(Asked(), ElementsAre("ZRANGE 0", "ZRANGE 0"));
}

TEST_F(LexTest, CostsAndDescriptions) {
  ScanRequest request;
  request.rows_in_key = 1000000;
  request.predicates = {Member(CompareOp::kGe, 0), Member(CompareOp::kLt, 1)};
  request.stats = {{0.1, -1}, {0.1, -1}};
  ScanPlan range = t_.table().Plan(request);
  EXPECT_EQ(range.op, ScanOp::kScan);
  EXPECT_THAT(range.predicates, SizeIs(2));
  request.predicates = {};
  ScanPlan scan = t_.table().Plan(request);
  auto total = [](const ScanCost& cost) { return cost.startup + cost.rows * cost.per_row; };
  EXPECT_LT(total(range.cost), 0.6 * total(scan.cost));
  EXPECT_GT(total(range.cost), 0.4 * total(scan.cost));
  t_.options.mode = ScanMode::kAuto;
  EXPECT_THAT(t_.table().Describe(range, t_.options, Lines{"$1", "$2"}),
              ElementsAre("EVAL (ZRANGEBYLEX) k MIN MAX LIMIT 0 1000 (narrowed by member >= $1 AND "
                          "< $2, if that bounds members, while all scores are equal)",
                          "ZSCAN k CURSOR MATCH (narrowed by member >= $1 AND < $2) COUNT 1000 "
                          "(otherwise)"));
}

}  // namespace
}  // namespace redis_fdw::test
