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
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

const char kWrongType[] = "WRONGTYPE Operation against a key holding the wrong kind of value";

// Strings are the plainest rows of keys; other types where it matters.
class KeysSourceTest : public ::testing::Test {
 protected:
  void BindMany(absl::string_view type, const Lines& columns, const std::string& pattern = "u:*",
                bool row_per_key = false) {
    TableDef def;
    def.key = pattern;
    def.row_per_key = row_per_key;
    t_.Bind(type, columns, def);
  }
  void BindStrings(const std::string& pattern = "u:*") {
    BindMany("string", {"key", "value"}, pattern);
  }
  void BindTemplate(absl::string_view type, const Lines& columns) {
    TableDef def;
    def.key_template = "u:{id}:x";
    t_.Bind(type, columns, def);
  }

  static Predicate Key(CompareOp op, int operand = 0) {
    return Where(0, op, Semantics::kBytes, operand);
  }
  static std::string Page(const std::string& cursor, const Lines& keys) {
    return Array({Bulk(cursor), Bulks(keys)});
  }
  static std::string KeyName(int i) { return absl::StrCat("u:", i); }
  // "0: \"u:1\", \"v u:1\"", as AnswerStrings() makes them.
  static std::string StringRow(const std::string& key) {
    return absl::StrCat("0: \"", key, "\", \"v ", key, "\"");
  }
  static Lines StringRows(int count) {
    Lines rows;
    for (int i = 0; i < count; ++i) rows.push_back(StringRow(KeyName(i)));
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  static Lines Sorted(Lines lines) {
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  // A keyspace u:0 ... u:count-1 of strings, in pages of `page` keys, each of which repeats the
  // last key of the one before.
  std::string AnswerStrings(const FakeServer::Argv& argv, int count, int page) {
    if (argv[0] == "GET") return Bulk("v " + argv[1]);
    EXPECT_EQ(argv[0], "SCAN");
    int begin = std::stoi(argv[1]);
    int end = std::min(begin + page, count);
    Lines keys;
    for (int i = std::max(begin - 1, 0); i < end; ++i) keys.push_back(KeyName(i));
    return Page(end == count ? "0" : absl::StrCat(end), keys);
  }
  void HandleStrings(int count, int page) {
    t_.Handle([this, count, page](const FakeServer::Argv& argv) {
      return AnswerStrings(argv, count, page);
    });
  }
  // Commands of that name among those sent.
  size_t Sent(const std::string& name) {
    size_t count = 0;
    for (const FakeServer::Argv& argv : t_.server().commands()) count += argv[0] == name ? 1 : 0;
    return count;
  }
  std::unique_ptr<Scan> Open(const ScanPlan& plan) {
    auto scan = t_.table().OpenScan(plan, t_.options, &t_.pipeline());
    EXPECT_TRUE(scan.ok()) << scan.status();
    return std::move(scan).value();
  }
  static absl::Status StartWithout(Scan* scan) {
    absl::Span<const Cell> none;
    return scan->Start(absl::MakeConstSpan(&none, 1));
  }

  TableTester t_;
};

// --- Finding keys -------------------------------------------------------------------------------

TEST_F(KeysSourceTest, KeysAreFoundByScanAndReadOnce) {
  BindStrings();
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE string", Page("12", {"u:a", "u:b"}));
  t_.Reply("SCAN 12 MATCH u:* COUNT 1000 TYPE string", Page("7", {}));
  t_.Reply("SCAN 7 MATCH u:* COUNT 1000 TYPE string", Page("0", {"u:b", "u:c", "u:a"}));
  for (const char* key : {"a", "b", "c"}) {
    t_.Reply(absl::StrCat("GET u:", key), Bulk(absl::StrCat("value ", key)));
  }
  EXPECT_THAT(t_.Scan(t_.Plan({})),
              UnorderedElementsAre("0: \"u:a\", \"value a\"", "0: \"u:b\", \"value b\"",
                                   "0: \"u:c\", \"value c\""));
  EXPECT_THAT(t_.server().CommandLines(),
              ElementsAre(StartsWith("SCAN 0 "), StartsWith("SCAN 12 "), "MGET u:a u:b",
                          StartsWith("SCAN 7 "), "GET u:c"));
}

TEST_F(KeysSourceTest, EverythingNeedsNoMatch) {
  BindStrings("*");
  t_.options.fetch_size = 5;
  t_.Reply("SCAN 0 COUNT 5 TYPE string", Page("0", {"x"}));
  t_.Reply("GET x", Bulk("1"));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"x\", \"1\""));
}

TEST_F(KeysSourceTest, KeysOutsideOfThePatternAreNoRows) {
  BindStrings("u:[0-4]*");
  // What LIKE narrows to is no longer bounded by the class.
  t_.Reply("SCAN 0 MATCH u:7* COUNT 1000 TYPE string", Page("0", {"u:7", "u:71"}));
  EXPECT_THAT(t_.Scan(t_.Plan({Key(CompareOp::kLike)}), {{Cell::Bytes("u:7%")}}), IsEmpty());
  EXPECT_EQ(Sent("GET"), 0u);
}

TEST_F(KeysSourceTest, LookupsNeverLeaveThePattern) {
  BindStrings("u:?");
  t_.Reply("GET u:1", Bulk("one"));
  t_.Reply("GET u:2", Nil());
  std::vector<Cell> list = {Cell::Bytes("x:1"),  Cell::Bytes("u:1"), Cell::Null(),
                            Cell::Bytes("u:12"), Cell::Bytes("u:2"), Cell::Bytes("u:1")};
  EXPECT_THAT(t_.Scan(t_.Plan({Key(CompareOp::kIn)}), {{Cell::List(list)}}),
              ElementsAre("0: \"u:1\", \"one\""));
  EXPECT_THAT(t_.server().CommandLines(), ElementsAre("MGET u:1 u:2"));
  t_.server().ClearCommands();
  EXPECT_THAT(t_.Scan(t_.Plan({Key(CompareOp::kEq)}), {{Cell::Bytes("v:1")}}), IsEmpty());
  EXPECT_THAT(t_.server().commands(), IsEmpty());
}

TEST_F(KeysSourceTest, ATemplateShowsTheVariablePart) {
  BindTemplate("string", {"id", "value"});
  t_.Reply("SCAN 0 MATCH u:*:x COUNT 1000 TYPE string", Page("0", {"u:7:x", "u::x", "u:x"}));
  t_.Reply("GET u:7:x", Bulk("seven"));
  t_.Reply("GET u::x", Bulk("none"));
  // "u:x" has room for no variable part between prefix and suffix.
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"7\", \"seven\"", "0: \"\", \"none\""));
  EXPECT_THAT(t_.Scan(t_.Plan({Key(CompareOp::kEq)}), {{Cell::Bytes("7")}}),
              ElementsAre("0: \"7\", \"seven\""));
}

TEST_F(KeysSourceTest, ConditionsOnTheKeyNarrowTheScan) {
  BindStrings();
  std::string last;
  t_.Handle([&](const FakeServer::Argv& argv) {
    last = argv[3];
    return Page("0", {});
  });
  auto scanned = [&](const std::vector<Predicate>& predicates, const std::vector<Cell>& operands) {
    last.clear();
    EXPECT_THAT(t_.Scan(t_.Plan(predicates), {operands}), IsEmpty());
    return last;
  };
  EXPECT_EQ(scanned({Key(CompareOp::kLike)}, {Cell::Bytes("u:1%")}), "u:1*");
  EXPECT_EQ(scanned({Key(CompareOp::kLike)}, {Cell::Bytes("u:1\\%_b*%")}), "u:1%*b\\**");
  EXPECT_EQ(scanned({Key(CompareOp::kPrefix)}, {Cell::Bytes("u:1*")}), "u:1\\**");
  // Nothing longer than the table's own: that stays.
  EXPECT_EQ(scanned({Key(CompareOp::kLike)}, {Cell::Bytes("%1")}), "u:*");
  EXPECT_EQ(scanned({Key(CompareOp::kLike)}, {Cell::Bytes("u%")}), "u:*");
  // Bounds have the beginning in common.
  EXPECT_EQ(scanned({Key(CompareOp::kGe, 0), Key(CompareOp::kLt, 1)},
                    {Cell::Bytes("u:10"), Cell::Bytes("u:19")}),
            "u:1*");
  EXPECT_EQ(scanned({Key(CompareOp::kGe)}, {Cell::Bytes("u:10")}), "u:*");
  BindTemplate("string", {"id", "value"});
  EXPECT_EQ(scanned({Key(CompareOp::kLike)}, {Cell::Bytes("1%")}), "u:1*:x");
  EXPECT_EQ(scanned({Key(CompareOp::kPrefix)}, {Cell::Bytes("[")}), "u:\\[*:x");
}

TEST_F(KeysSourceTest, NullOperandsAskNothing) {
  BindStrings();
  for (CompareOp op : {CompareOp::kEq, CompareOp::kIn, CompareOp::kLike, CompareOp::kPrefix,
                       CompareOp::kLt, CompareOp::kGe}) {
    EXPECT_THAT(t_.Scan(t_.Plan({Key(op)}), {{Cell::Null()}}), IsEmpty());
  }
  EXPECT_EQ(t_.server().connections_made(), 0);
}

// No key holds such an element, so no key is looked for.
TEST_F(KeysSourceTest, OperandsThatNoElementHasAskNothing) {
  BindMany("hash", {"key", "field", "value"});
  Predicate field = Where(1, CompareOp::kEq, Semantics::kBytes, 0);
  EXPECT_THAT(t_.Scan(t_.Plan({field}), {{Cell::Null()}}), IsEmpty());
  BindMany("stream", {"key", "id", "a"});
  EXPECT_THAT(t_.Scan(t_.Plan({field}), {{Cell::Bytes("5")}}), IsEmpty());
  BindMany("list", {"key", "i:integer", "e"});
  Predicate index = Where(1, CompareOp::kEq, Semantics::kInteger, 0);
  EXPECT_THAT(t_.Scan(t_.Plan({index}), {{Cell::Int64(-1)}}), IsEmpty());
  EXPECT_THAT(
      t_.Scan(t_.Plan({Key(CompareOp::kEq, 1), index}), {{Cell::Int64(-1), Cell::Bytes("u:1")}}),
      IsEmpty());
  EXPECT_EQ(t_.server().connections_made(), 0);
}

TEST_F(KeysSourceTest, ElementsOfNamedKeys) {
  BindMany("hash", {"key", "field", "value"});
  t_.Reply("HMGET u:1 a b", Bulks({"1a", "1b"}));
  t_.Reply("HMGET u:2 a b", Array({Nil(), Bulk("2b")}));
  std::vector<Cell> keys = {Cell::Bytes("u:1"), Cell::Bytes("u:2")};
  std::vector<Cell> fields = {Cell::Bytes("a"), Cell::Bytes("b")};
  Predicate field = Where(1, CompareOp::kIn, Semantics::kBytes, 1);
  EXPECT_THAT(
      t_.Scan(t_.Plan({Key(CompareOp::kIn), field}), {{Cell::List(keys), Cell::List(fields)}}),
      ElementsAre("0: \"u:1\", \"a\", \"1a\"", "0: \"u:1\", \"b\", \"1b\"",
                  "0: \"u:2\", \"b\", \"2b\""));
  EXPECT_EQ(t_.pipeline().counters().round_trips, 1);
}

TEST_F(KeysSourceTest, ElementsOfAllKeys) {
  BindMany("set", {"key", "member"});
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE set", Page("0", {"u:1", "u:2"}));
  t_.Reply("SSCAN u:1 0 COUNT 1000", Page("5", {"a", "b"}));
  t_.Reply("SSCAN u:1 5 COUNT 1000", Page("0", {"b", "c"}));
  t_.Reply("SSCAN u:2 0 COUNT 1000", Page("0", {"a"}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), UnorderedElementsAre("0: \"u:1\", \"a\"", "0: \"u:1\", \"b\"",
                                                         "0: \"u:1\", \"c\"", "0: \"u:2\", \"a\""));
}

// --- Keys that are not what they were -----------------------------------------------------------

TEST_F(KeysSourceTest, KeysOfAnotherTypeArePassedOver) {
  BindStrings();
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE string", Page("0", {"u:1", "u:2", "u:3"}));
  t_.Reply("GET u:1", Error(kWrongType));
  t_.Reply("GET u:2", Bulk("two"));
  t_.Reply("GET u:3", Nil());  // gone meanwhile
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"u:2\", \"two\""));
  EXPECT_THAT(t_.Scan(t_.Plan({Key(CompareOp::kEq)}), {{Cell::Bytes("u:1")}}), IsEmpty());
}

// The commands that were under way for such a key are all passed over.
TEST_F(KeysSourceTest, SeveralRefusalsOfOneKey) {
  BindMany("list", {"key", "i:integer", "e"});
  t_.Handle([](const FakeServer::Argv& argv) {
    return argv[1] == "u:bad" ? Error(kWrongType) : Bulk("e" + argv[2]);
  });
  std::vector<Cell> keys = {Cell::Bytes("u:bad"), Cell::Bytes("u:1")};
  std::vector<Cell> indexes = {Cell::Int64(0), Cell::Int64(1), Cell::Int64(2)};
  Predicate index = Where(1, CompareOp::kIn, Semantics::kInteger, 1);
  EXPECT_THAT(
      t_.Scan(t_.Plan({Key(CompareOp::kIn), index}), {{Cell::List(keys), Cell::List(indexes)}}),
      ElementsAre("0: \"u:1\", 0, \"e0\" #0", "0: \"u:1\", 1, \"e1\" #1",
                  "0: \"u:1\", 2, \"e2\" #2"));
}

TEST_F(KeysSourceTest, OtherErrorsEndTheScan) {
  BindStrings();
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE string", Page("0", {"u:1", "u:2"}));
  t_.Reply("GET u:1", Error("NOPERM this user has no permissions to access one of the keys"));
  t_.Reply("GET u:2", Bulk("two"));
  absl::Status status = t_.TryScan(t_.Plan({})).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kPermission) << status;
  EXPECT_EQ(t_.pool().leased(), 0u);
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE string", Error("NOPERM no SCAN"));
  EXPECT_EQ(GetErrorKind(t_.TryScan(t_.Plan({})).status()), ErrorKind::kPermission);
  for (const std::string& reply :
       {Int(1), Nil(), Bulks({"0"}), Array({Bulk("0"), Bulk("u:1")}),
        Array({Bulks({"0"}), Bulks({"u:1"})}), Array({Bulk("0"), Array({Int(5)})})}) {
    t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE string", reply);
    EXPECT_EQ(GetErrorKind(t_.TryScan(t_.Plan({})).status()), ErrorKind::kProtocol) << reply;
  }
}

TEST_F(KeysSourceTest, ATableOfOneKeyHasThatTypeOrAnError) {
  t_.Bind("hash", {"field", "value", "ttl:integer"});
  t_.Reply("PTTL k", Int(-1));
  t_.Reply("HSCAN k 0 COUNT 1000", Error(kWrongType));
  absl::Status status = t_.TryScan(t_.Plan({})).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kWrongType) << status;
}

// --- TTLs ---------------------------------------------------------------------------------------

TEST_F(KeysSourceTest, TtlsAreReadBesideTheRows) {
  BindMany("string", {"key", "value", "ttl:integer"});
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE string", Page("0", {"u:1", "u:2", "u:3", "u:4"}));
  for (int i = 1; i <= 4; ++i) t_.Reply(absl::StrCat("GET u:", i), Bulk("v"));
  t_.Reply("PTTL u:1", Int(-1));
  t_.Reply("PTTL u:2", Int(1499));  // as TTL rounds
  t_.Reply("PTTL u:3", Int(1500));
  t_.Reply("PTTL u:4", Int(-2));  // there again when it was read
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"u:1\", \"v\", -1", "0: \"u:2\", \"v\", 1",
                                                "0: \"u:3\", \"v\", 2", "0: \"u:4\", \"v\", NULL"));
  // Columns that nobody asks for cost nothing.
  t_.server().ClearCommands();
  EXPECT_THAT(t_.Scan(t_.Plan({}, {1, 0})), SizeIs(4));
  EXPECT_EQ(Sent("PTTL"), 0u);
}

TEST_F(KeysSourceTest, ExpiryTimes) {
  BindMany("string", {"key", "value", "until:timestamptz:expires_at", "ttl:integer"});
  t_.Reply("GET u:1", Bulk("v"));
  t_.Reply("PTTL u:1", Int(5000));
  t_.Reply("PEXPIRETIME u:1", Int(1700000005000));
  std::vector<Cell> key = {Cell::Bytes("u:1")};
  EXPECT_THAT(t_.Scan(t_.Plan({Key(CompareOp::kEq)}), {key}),
              ElementsAre("0: \"u:1\", \"v\", 1700000005000, 5"));
  EXPECT_EQ(t_.pipeline().counters().round_trips, 1);
  // Of the key alone only its being there matters besides.
  t_.Reply("TYPE u:1", Simple("string"));
  t_.Reply("PEXPIRETIME u:1", Int(-1));
  EXPECT_THAT(t_.Scan(t_.Plan({Key(CompareOp::kEq)}, {2}), {key}), ElementsAre("0: NULL"));
  t_.Reply("PEXPIRETIME u:1", Bulk("soon"));
  EXPECT_EQ(GetErrorKind(t_.TryScan(t_.Plan({Key(CompareOp::kEq)}), {key}).status()),
            ErrorKind::kProtocol);
}

TEST_F(KeysSourceTest, ExpiryTimesAreAScriptBeforeRedis7) {
  t_.server().options.version = "6.2.14";
  BindMany("string", {"key", "value", "until:timestamptz:expires_at"});
  t_.Handle([](const FakeServer::Argv& argv) {
    if (argv[0] == "GET") return Bulk("v");
    EXPECT_EQ(argv[0], "EVAL");
    EXPECT_EQ(argv[3], "u:1");
    return Int(1700000005000);
  });
  EXPECT_THAT(t_.Scan(t_.Plan({Key(CompareOp::kEq)}), {{Cell::Bytes("u:1")}}),
              ElementsAre("0: \"u:1\", \"v\", 1700000005000"));
}

TEST_F(KeysSourceTest, ATableOfOneKeyShowsItsTtl) {
  t_.Bind("hash", {"field", "value", "ttl:integer"});
  t_.Reply("PTTL k", Int(10000));
  t_.Reply("HSCAN k 0 COUNT 1000", Page("0", {"a", "1", "b", "2"}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), ElementsAre("0: \"a\", \"1\", 10", "0: \"b\", \"2\", 10"));
  EXPECT_EQ(t_.pipeline().counters().round_trips, 1);
  t_.Reply("PTTL k", Int(-2));
  t_.Reply("HSCAN k 0 COUNT 1000", Page("0", {}));
  EXPECT_THAT(t_.Scan(t_.Plan({})), IsEmpty());
}

// --- Rows of which only the key is wanted -------------------------------------------------------

TEST_F(KeysSourceTest, KeysAloneAreNotRead) {
  BindStrings();
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE string", Page("4", {"u:1", "u:2"}));
  t_.Reply("SCAN 4 MATCH u:* COUNT 1000 TYPE string", Page("0", {"u:2", "u:3"}));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {0})), ElementsAre("0: \"u:1\"", "0: \"u:2\"", "0: \"u:3\""));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {})), ElementsAre("0: ", "0: ", "0: "));
  EXPECT_EQ(Sent("GET"), 0u);
}

TEST_F(KeysSourceTest, NamedKeysAloneAreAskedForTheirType) {
  BindStrings();
  t_.Reply("TYPE u:1", Simple("string"));
  t_.Reply("TYPE u:2", Simple("list"));
  t_.Reply("TYPE u:3", Simple("none"));
  std::vector<Cell> keys = {Cell::Bytes("u:1"), Cell::Bytes("u:2"), Cell::Bytes("u:3")};
  EXPECT_THAT(t_.Scan(t_.Plan({Key(CompareOp::kIn)}, {0}), {{Cell::List(keys)}}),
              ElementsAre("0: \"u:1\""));
  t_.Reply("TYPE u:1", Bulks({"string"}));
  EXPECT_EQ(
      GetErrorKind(t_.TryScan(t_.Plan({Key(CompareOp::kIn)}, {0}), {{Cell::List(keys)}}).status()),
      ErrorKind::kProtocol);
}

TEST_F(KeysSourceTest, KeysAndTtlsAlone) {
  BindMany("hash", {"key", "a", "ttl:integer"}, "u:*", true);
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE hash", Page("0", {"u:1", "u:2"}));
  t_.Reply("PTTL u:1", Int(-1));
  t_.Reply("TYPE u:1", Simple("hash"));
  t_.Reply("PTTL u:2", Int(-2));
  t_.Reply("TYPE u:2", Simple("none"));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {0, 2})), ElementsAre("0: \"u:1\", -1"));
}

// Where a key holds many rows, as many as it holds are asked for.
TEST_F(KeysSourceTest, KeysOfElementsAreRead) {
  BindMany("set", {"key", "member"});
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE set", Page("0", {"u:1"}));
  t_.Reply("SSCAN u:1 0 COUNT 1000", Page("0", {"a", "b"}));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {0})), ElementsAre("0: \"u:1\"", "0: \"u:1\""));
}

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
    t_.server().options.read_at_most = 16;
    t_.server().ClearCommands();
    std::unique_ptr<Scan> scan = Open(t_.Plan({}));
    RowBatch batch(t_.table().columns().size(), 1, 1 << 20);
    RETURN_IF_ERROR(StartWithout(scan.get()));
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
