#include "tables/common/keys_source.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/keys_source_fixture.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::StartsWith;

const char kWrongType[] = "WRONGTYPE Operation against a key holding the wrong kind of value";

// --- How they are asked for ---------------------------------------------------------------------

TEST_F(KeysSourceTest, KeysArePipelined) {
  BindStrings();
  HandleStrings(3000, 1000);
  EXPECT_EQ(Sorted(t_.Scan(t_.Plan({}))), StringRows(3000));
  EXPECT_EQ(Sent("MGET"), 30u);
  EXPECT_EQ(Sent("SCAN"), 3u);
  EXPECT_LE(t_.pipeline().counters().round_trips, 3000 / 64);
}

TEST_F(KeysSourceTest, SmallBatchesAndPieces) {
  BindStrings();
  HandleStrings(40, 7);
  for (size_t rows : {1, 2, 7}) {
    for (size_t bytes : {1, 3, 50}) {
      t_.batch_rows = rows;
      t_.server().options.read_at_most = bytes;
      EXPECT_EQ(Sorted(t_.Scan(t_.Plan({}))), StringRows(40)) << rows << " rows, " << bytes;
      EXPECT_LE(t_.largest_batch, rows + bytes / 4);
      EXPECT_THAT(t_.Scan(t_.Plan({}, {0})), SizeIs(40));
    }
  }
}

TEST_F(KeysSourceTest, LimitsCountTheRowsOfAllKeys) {
  BindMany("set", {"key", "member"});
  t_.Handle([](const FakeServer::Argv& argv) {
    if (argv[0] == "SCAN") return Page("0", {"u:1", "u:2", "u:3"});
    return Page("0", {"a", "b"});
  });
  for (int64_t limit : {0, 1, 2, 3, 5, 6, 7}) {
    ScanPlan plan = t_.Plan({});
    plan.limit = limit;
    EXPECT_THAT(t_.Scan(plan, {{}, {}}), SizeIs(2 * std::min<size_t>(limit, 6))) << limit;
  }
}

TEST_F(KeysSourceTest, ThreeParameterRows) {
  BindStrings();
  t_.Handle([](const FakeServer::Argv& argv) { return Bulk("v " + argv[1]); });
  std::vector<Cell> list = {Cell::Bytes("u:b"), Cell::Bytes("x"), Cell::Bytes("u:a")};
  EXPECT_THAT(
      t_.Scan(t_.Plan({Key(CompareOp::kIn)}),
              {{Cell::List(list)}, {Cell::Null()}, {Cell::Bytes("u:a")}}),
      ElementsAre("0: \"u:b\", \"v u:b\"", "0: \"u:a\", \"v u:a\"", "2: \"u:a\", \"v u:a\""));
  EXPECT_EQ(t_.pipeline().counters().round_trips, 1);
  HandleStrings(5, 2);
  Lines rows = t_.Scan(t_.Plan({}), {{}, {}, {}});
  ASSERT_THAT(rows, SizeIs(15));
  EXPECT_THAT(rows[14], StartsWith("2: "));
}

TEST_F(KeysSourceTest, StopsEarlyAndStartsAgain) {
  BindStrings();
  HandleStrings(2000, 100);
  t_.server().options.read_at_most = 64;
  std::unique_ptr<Scan> scan = Open(t_.Plan({}));
  RowBatch batch(2, 5, 1 << 20);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(StartWithout(scan.get()).ok());
    ASSERT_TRUE(scan->NextBatch(&batch).ok());
    EXPECT_EQ(RowLines(batch)[0], StringRow("u:0"));
  }
  scan->Stop();
  EXPECT_EQ(t_.pool().leased(), 0u);
  EXPECT_LT(Sent("GET"), 1000u);
  t_.server().options.read_at_most = SIZE_MAX;
  EXPECT_EQ(Sorted(t_.Scan(t_.Plan({}))), StringRows(2000));
}

// --- Connections that are lost ------------------------------------------------------------------

// After however many rows the connection is lost, every key is read once.
class LostConnectionTest : public KeysSourceTest {
 protected:
  // Scans in batches of one row, with the connection lost after `survived` of them.
  absl::StatusOr<Lines> ScanLosing(size_t survived, bool to_another) {
    return ScanLosing(survived, to_another, t_.Plan({}), {});
  }
  absl::StatusOr<Lines> ScanLosing(size_t survived, bool to_another, const ScanPlan& plan,
                                   const std::vector<Cell>& params) {
    t_.server().options.read_at_most = 16;
    t_.server().ClearCommands();
    std::unique_ptr<Scan> scan = Open(plan);
    RowBatch batch(t_.table().columns().size(), 1, 1 << 20);
    absl::Span<const Cell> row = params;
    RETURN_IF_ERROR(scan->Start(absl::MakeConstSpan(&row, 1)));
    Lines lines;
    for (size_t batches = 0;; ++batches) {
      if (batches == survived && to_another) {
        t_.server().Restart(absl::StrCat("another ", ++restarts_));
      } else if (batches == survived) {
        t_.server().CloseAll();
      }
      RETURN_IF_ERROR(scan->NextBatch(&batch));
      if (batch.rows() == 0) return lines;
      for (std::string& line : RowLines(batch)) lines.push_back(std::move(line));
    }
  }
  int restarts_ = 0;
};

TEST_F(LostConnectionTest, StringsAreReadOnce) {
  BindStrings();
  HandleStrings(25, 6);
  for (bool to_another : {false, true}) {
    for (size_t survived = 0; survived <= 25; ++survived) {
      auto lines = ScanLosing(survived, to_another);
      ASSERT_TRUE(lines.ok()) << survived << lines.status();
      EXPECT_EQ(Sorted(*lines), StringRows(25)) << survived;
    }
  }
}

TEST_F(LostConnectionTest, KeysAloneAreReadOnce) {
  BindMany("hash", {"key", "a"}, "u:*", true);
  t_.Handle([this](const FakeServer::Argv& argv) {
    if (argv[0] == "HMGET") return Array({Nil()});
    if (argv[0] == "EVAL") return Array({Bulk("1"), Nil()});
    return AnswerStrings(argv, 12, 5);
  });
  for (size_t survived = 0; survived <= 12; ++survived) {
    auto lines = ScanLosing(survived, true);
    ASSERT_TRUE(lines.ok()) << survived << lines.status();
    EXPECT_THAT(*lines, SizeIs(12)) << survived;
  }
}

TEST_F(LostConnectionTest, TtlsAreAskedForAgain) {
  BindMany("hash", {"key", "field", "value", "ttl:integer"});
  t_.options.mode = ScanMode::kCursor;
  t_.Handle([](const FakeServer::Argv& argv) {
    if (argv[0] == "SCAN") return Page("0", {"u:0", "u:1", "u:2"});
    if (argv[0] == "PTTL") return Int(9000);
    return argv[2] == "0" ? Page("3", {"a", "1", "b", "2"}) : Page("0", {"b", "2", "c", "3"});
  });
  for (size_t survived = 0; survived <= 9; ++survived) {
    auto lines = ScanLosing(survived, true);
    ASSERT_TRUE(lines.ok()) << survived << lines.status();
    Lines sorted = Sorted(*lines);
    ASSERT_THAT(sorted, SizeIs(9)) << survived;
    EXPECT_EQ(sorted[0], "0: \"u:0\", \"a\", \"1\", 9");
    EXPECT_EQ(std::unique(sorted.begin(), sorted.end()), sorted.end());
  }
}

// Rows of a key that were passed over come again with it, and are passed over again.
TEST_F(LostConnectionTest, AnOffsetIsOfAllKeysAfterALoss) {
  BindMany("hash", {"key", "field", "value"});
  t_.options.mode = ScanMode::kCursor;
  t_.Handle([](const FakeServer::Argv& argv) {
    if (argv[0] == "SCAN") return Page("0", {"u:0", "u:1", "u:2"});
    return argv[2] == "0" ? Page("3", {"a", "1", "b", "2"}) : Page("0", {"b", "2", "c", "3"});
  });
  ScanPlan plan = t_.Plan({});
  plan.offset_operand = 0;
  for (int64_t offset = 0; offset <= 8; ++offset) {
    for (size_t survived = 0; survived <= 8; ++survived) {
      auto lines = ScanLosing(survived, true, plan, {Cell::Int64(offset)});
      ASSERT_TRUE(lines.ok()) << offset << " " << survived << lines.status();
      Lines sorted = Sorted(*lines);
      ASSERT_THAT(sorted, SizeIs(static_cast<size_t>(9 - offset))) << offset << " " << survived;
      EXPECT_EQ(std::unique(sorted.begin(), sorted.end()), sorted.end());
    }
  }
}

// A reply that had begun to come and cannot be asked for from its middle.
TEST_F(LostConnectionTest, SnapshotsThatGaveRowsAreNotRepeated) {
  BindMany("list", {"key", "e"});
  t_.Handle([](const FakeServer::Argv& argv) {
    if (argv[0] == "SCAN") return Page("0", {"u:0"});
    return Bulks({"a", "b", "c", "d", "e", "f", "g", "h"});
  });
  auto none = ScanLosing(0, false);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_THAT(*none, SizeIs(8));
  EXPECT_EQ(GetErrorKind(ScanLosing(2, false).status()), ErrorKind::kConnectionLost);
  EXPECT_EQ(t_.pool().leased(), 0u);
}

// A key that turned out to be of another type has nothing more to say, even if replies about it are
// lost.
TEST_F(LostConnectionTest, RefusedKeysAreNotWaitedFor) {
  BindMany("list", {"key", "i:integer", "e"});
  bool lost = false;
  t_.Handle([&](const FakeServer::Argv& argv) {
    if (argv[1] != "u:bad") return Bulk("e" + argv[2]);
    if (argv[2] == "0") return Error(kWrongType);
    if (!lost) {
      lost = true;
      t_.waiter().At(absl::Milliseconds(1), [this] { t_.server().CloseAll(); });
      return std::string();
    }
    return Error(kWrongType);
  });
  std::vector<Cell> keys = {Cell::Bytes("u:1"), Cell::Bytes("u:bad")};
  std::vector<Cell> indexes = {Cell::Int64(0), Cell::Int64(1)};
  Predicate index = Where(1, CompareOp::kIn, Semantics::kInteger, 1);
  auto lines =
      t_.TryScan(t_.Plan({Key(CompareOp::kIn), index}), {{Cell::List(keys), Cell::List(indexes)}});
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_TRUE(lost);
  EXPECT_THAT(*lines, ElementsAre("0: \"u:1\", 0, \"e0\" #0", "0: \"u:1\", 1, \"e1\" #1"));
}

}  // namespace
}  // namespace redis_fdw::test
