#include "tables/stream/stream_table.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Entry(const std::string& id, const Lines& fields) {
  return Array({Bulk(id), Bulks(fields)});
}

class StreamTest : public ::testing::Test {
 protected:
  StreamTest() { t_.Bind("stream", {"id", "a", "b"}); }
  static Predicate IdIn(int operand) {
    return Where(StreamElements::kId, CompareOp::kIn, Semantics::kBytes, operand);
  }
  TableTester t_;
};

TEST_F(StreamTest, Binds) {
  ASSERT_THAT(t_.table().columns(), SizeIs(3));
  EXPECT_TRUE(t_.table().columns()[0].identity);
  for (const BoundColumn& column : t_.table().columns()) EXPECT_TRUE(column.nullable);
  EXPECT_TRUE(t_.TryBind("stream", {"id"}).ok());
  EXPECT_TRUE(t_.TryBind("stream", {"id:bytea", "n:integer"}).ok());
  EXPECT_TRUE(t_.TryBind("stream", {"id:redis_stream_id"}).ok());
  EXPECT_FALSE(t_.TryBind("stream", {}).ok());
  EXPECT_EQ(GetErrorKind(t_.TryBind("stream", {"id:integer"}).status()), ErrorKind::kInvalidTable);
  absl::Status update = t_.table().CanWrite(WriteKind::kUpdate);
  EXPECT_EQ(GetErrorKind(update), ErrorKind::kUnsupported);
  EXPECT_FALSE(GetErrorInfo(update).hint.empty());
  EXPECT_TRUE(t_.table().CanWrite(WriteKind::kDelete).ok());
}

TEST_F(StreamTest, OneFieldIsOneColumn) {
  EXPECT_EQ(GetErrorKind(t_.TryBind("stream", {"id", "a", "a"}).status()),
            ErrorKind::kInvalidTable);
}

TEST_F(StreamTest, AdvisesAgainstIdsAsText) {
  EXPECT_THAT(t_.table().Advice(), testing::HasSubstr("redis_stream_id"));
  EXPECT_EQ(t_.Bind("stream", {"id:bytea"}).Advice(), "");
  EXPECT_EQ(t_.Bind("stream", {"id:redis_stream_id"}).Advice(), "");
}

TEST_F(StreamTest, PlansAndDescribes) {
  Lines names = {"$1"};
  EXPECT_EQ(t_.Plan({IdIn(0)}).op, ScanOp::kLookup);
  EXPECT_EQ(t_.Plan({Where(1, CompareOp::kEq, Semantics::kBytes, 0)}).op, ScanOp::kScan);
  EXPECT_THAT(t_.table().Describe(t_.Plan({IdIn(0)}), t_.options, names),
              ElementsAre("XRANGE k $1 $1"));
  t_.options.fetch_size = 10;
  EXPECT_THAT(t_.table().Describe(t_.Plan({}), t_.options, names),
              ElementsAre("XRANGE k - + COUNT 10"));
  OutputShape output;
  output.columns = {0};
  Cell row[] = {Cell::Bytes("1-0")};
  EXPECT_EQ(t_.table().DescribeRow(output, row, -1), "entry 1-0");
}

TEST_F(StreamTest, FieldsBecomeColumns) {
  t_.Reply(
      "XRANGE k - + COUNT 1000",
      Array({Entry("1-0", {"a", "1", "b", "2"}), Entry("2-0", {"b", "x", "a", "y"}),
             Entry("3-0", {"other", "?", "b", "first", "b", "second"}), Entry("4-0", {"c", ""}),
             Entry("5-0", {"a", ""}), Array({Bulk("6-0"), Bulks({})})}));
  EXPECT_THAT(t_.Scan(t_.Plan({})),
              ElementsAre("0: \"1-0\", \"1\", \"2\"", "0: \"2-0\", \"y\", \"x\"",
                          "0: \"3-0\", NULL, \"first\"", "0: \"4-0\", NULL, NULL",
                          "0: \"5-0\", \"\", NULL", "0: \"6-0\", NULL, NULL"));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {2})),
              ElementsAre("0: \"2\"", "0: \"x\"", "0: \"first\"", "0: NULL", "0: NULL", "0: NULL"));
}

TEST_F(StreamTest, PagesGoOnAboveTheLastId) {
  t_.options.fetch_size = 2;
  t_.Reply("XRANGE k - + COUNT 2", Array({Entry("1-0", {"a", "1"}), Entry("1-1", {"a", "2"})}));
  t_.Reply("XRANGE k 1-2 + COUNT 2",
           Array({Entry("2-0", {"a", "3"}), Entry("2-18446744073709551615", {"a", "4"})}));
  t_.Reply("XREVRANGE k + - COUNT 1", Array({Entry("9-9", {"a", "5"})}));
  t_.Reply("XRANGE k 3-0 9-9 COUNT 2", Array({Entry("9-9", {"a", "5"})}));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {1})),
              ElementsAre("0: \"1\"", "0: \"2\"", "0: \"3\"", "0: \"4\"", "0: \"5\""));
}

TEST_F(StreamTest, EndsWhereTheStreamEndedWhenItsSecondPageWasAskedFor) {
  t_.options.fetch_size = 1;
  t_.Reply("XRANGE k - + COUNT 1", Array({Entry("1-0", {"a", "1"})}));
  t_.Reply("XREVRANGE k + - COUNT 1", Array({Entry("2-0", {"a", "2"})}));
  t_.Reply("XRANGE k 1-1 + COUNT 1", Array({Entry("2-0", {"a", "2"})}));
  // What has been added meanwhile is not asked for.
  EXPECT_THAT(t_.Scan(t_.Plan({}, {1})), ElementsAre("0: \"1\"", "0: \"2\""));
  EXPECT_THAT(t_.server().commands(), SizeIs(3));
}

TEST_F(StreamTest, ThereIsNothingAboveTheGreatestId) {
  t_.options.fetch_size = 1;
  t_.Reply("XRANGE k - + COUNT 1",
           Array({Entry("18446744073709551615-18446744073709551615", {"a", "1"})}));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {1})), ElementsAre("0: \"1\""));
}

TEST_F(StreamTest, HalfDecodedEntriesSurviveBatches) {
  t_.Reply("XRANGE k - + COUNT 1000",
           Array({Entry("1-0", {"a", "1", "b", "2"}), Entry("2-0", {"a", "3", "b", "4"})}));
  for (size_t bytes : {1, 3, 7, 20}) {
    t_.server().options.read_at_most = bytes;
    t_.batch_rows = 1;
    EXPECT_THAT(t_.Scan(t_.Plan({})),
                ElementsAre("0: \"1-0\", \"1\", \"2\"", "0: \"2-0\", \"3\", \"4\""));
  }
}

TEST_F(StreamTest, ALostConnectionGoesOnAfterTheLastRow) {
  t_.options.fetch_size = 2;
  int asked = 0;
  t_.Handle([&](const FakeServer::Argv& argv) {
    if (argv[0] == "XREVRANGE") return Array({Entry("3-0", {"a", "3"})});
    if (argv[2] == "-") return Array({Entry("1-0", {"a", "1"}), Entry("2-0", {"a", "2"})});
    if (++asked == 1) {
      t_.waiter().At(absl::Milliseconds(1), [this] { t_.server().CloseAll(); });
      return std::string();
    }
    return Array({Entry("3-0", {"a", "3"})});
  });
  EXPECT_THAT(t_.Scan(t_.Plan({}, {1})), ElementsAre("0: \"1\"", "0: \"2\"", "0: \"3\""));
  // Nothing of its answer had come: it is sent again as it was.
  EXPECT_EQ(t_.server().CommandLines().back(), "XRANGE k 2-1 + COUNT 2");
}

TEST_F(StreamTest, LooksUpCanonicalIdsOnly) {
  t_.Reply("XRANGE k 1-0 1-0", Array({Entry("1-0", {"a", "1"})}));
  t_.Reply("XRANGE k 2-0 2-0", Bulks({}));
  std::vector<Cell> list = {Cell::Bytes("1-0"),  Cell::Bytes("2-0"), Cell::Bytes("1"),
                            Cell::Bytes("01-0"), Cell::Bytes("-"),   Cell::Bytes("+")};
  EXPECT_THAT(t_.Scan(t_.Plan({IdIn(0)}), {{Cell::List(list)}, {Cell::Bytes("-")}, {Cell::Null()}}),
              ElementsAre("0: \"1-0\", \"1\", NULL"));
  EXPECT_THAT(t_.server().commands(), SizeIs(2));
}

TEST_F(StreamTest, RepliesOfAnotherShapeAreErrors) {
  for (const std::string& reply :
       {Int(1), Bulks({"x"}), Array({Array({Bulk("1-0")})}), Array({Entry("1-0", {"odd"})}),
        Array({Array({Int(1), Bulks({})})}), Array({Array({Bulk("1-0"), Bulk("x")})}),
        Array({Array({Bulk("1-0"), Array({Int(1), Int(2)})})}),
        Array({Entry("nonsense", {"a", "b"})})}) {
    t_.Reply("XRANGE k - + COUNT 1000", reply);
    EXPECT_EQ(GetErrorKind(t_.TryScan(t_.Plan({})).status()), ErrorKind::kProtocol) << reply;
  }
}

// --- Writes -------------------------------------------------------------------------------------

TEST_F(StreamTest, InsertsLeaveNullsOut) {
  std::vector<Cell> both = {Cell::Null(), Cell::Bytes("1"), Cell::Bytes("2")};
  std::vector<Cell> star = {Cell::Bytes("*"), Cell::Null(), Cell::Bytes("")};
  std::vector<Cell> given = {Cell::Bytes("5-*"), Cell::Bytes("1"), Cell::Null()};
  EXPECT_THAT(*t_.BuildWrites({InsertOp(both), InsertOp(star), InsertOp(given)}),
              ElementsAre("XADD k * a 1 b 2", "XADD k * b \"\"", "XADD k 5-* a 1"));
}

TEST_F(StreamTest, GeneratedIdsComeBack) {
  std::vector<Cell> row = {Cell::Null(), Cell::Bytes("1"), Cell::Null()};
  t_.Reply("XADD k * a 1", Bulk("17-3"));
  ASSERT_TRUE(t_.Write({InsertOp(row)}, true).ok());
  EXPECT_TRUE(t_.results()[0].applied);
  EXPECT_EQ(t_.results()[0].generated_id, "17-3");
}

TEST_F(StreamTest, RefusesEmptyEntriesAndIdsThatAreOptions) {
  std::vector<Cell> good = {Cell::Null(), Cell::Bytes("1"), Cell::Null()};
  std::vector<Cell> empty = {Cell::Null(), Cell::Null(), Cell::Null()};
  std::vector<Cell> option = {Cell::Bytes("NOMKSTREAM"), Cell::Bytes("1"), Cell::Null()};
  ErrorInfo error = GetErrorInfo(t_.Write({InsertOp(good), InsertOp(empty)}));
  EXPECT_EQ(error.kind, ErrorKind::kNullNotAllowed);
  EXPECT_TRUE(absl::StrContains(error.detail, "Row 2")) << error.detail;
  EXPECT_EQ(GetErrorKind(t_.Write({InsertOp(option)})), ErrorKind::kInvalidData);
  EXPECT_THAT(t_.server().commands(), IsEmpty());
}

TEST_F(StreamTest, Deletes) {
  std::vector<Cell> a = {Cell::Bytes("1-0")};
  std::vector<Cell> b = {Cell::Bytes("2-0")};
  EXPECT_THAT(*t_.BuildWrites({DeleteOp(a), DeleteOp(b)}), ElementsAre("XDEL k 1-0 2-0"));
  t_.Reply("XDEL k 1-0", Int(0));
  ASSERT_TRUE(t_.Write({DeleteOp(a)}, true).ok());
  EXPECT_FALSE(t_.results()[0].applied);
  EXPECT_EQ(GetErrorKind(t_.BuildWrites({UpdateOp(a, a)}).status()), ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace redis_fdw::test
