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
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

const char kWrongType[] = "WRONGTYPE Operation against a key holding the wrong kind of value";

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
  for (const std::string& reply : {Bulks({"string"}), Simple("str?ing"), Simple("")}) {
    t_.Reply("TYPE u:1", reply);
    EXPECT_EQ(GetErrorKind(
                  t_.TryScan(t_.Plan({Key(CompareOp::kIn)}, {0}), {{Cell::List(keys)}}).status()),
              ErrorKind::kProtocol)
        << reply;
  }
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

// --- Counts and limits --------------------------------------------------------------------------

TEST_F(KeysSourceTest, CountsOfSeveralKeysAddUp) {
  BindMany("set", {"key", "member"});
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE set", Page("4", {"u:1", "u:2"}));
  t_.Reply("SCAN 4 MATCH u:* COUNT 1000 TYPE set", Page("0", {"u:2", "u:3", "u:4"}));
  t_.Reply("SCARD u:1", Int(5));
  t_.Reply("SCARD u:2", Int(70));
  t_.Reply("SCARD u:3", Error(kWrongType));  // it was one when it was found
  t_.Reply("SCARD u:4", Int(0));             // gone meanwhile
  EXPECT_THAT(t_.Scan(t_.PlanCount({})), ElementsAre("0: 75"));
  EXPECT_EQ(Sent("SCARD"), 4u);
  std::vector<Cell> keys = {Cell::Bytes("u:3"), Cell::Bytes("u:1"), Cell::Bytes("x"),
                            Cell::Bytes("u:1")};
  EXPECT_THAT(t_.Scan(t_.PlanCount({Key(CompareOp::kIn)}), {{Cell::List(keys)}}),
              ElementsAre("0: 5"));
  EXPECT_THAT(t_.Scan(t_.PlanCount({Key(CompareOp::kEq)}),
                      {{Cell::Bytes("u:2")}, {Cell::Null()}, {Cell::Bytes("x")}}),
              ElementsAre("0: 70", "1: 0", "2: 0"));
}

TEST_F(KeysSourceTest, CountsOfRowsThatAreKeys) {
  BindStrings();
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE string", Page("4", {"u:1", "u:2"}));
  t_.Reply("SCAN 4 MATCH u:* COUNT 1000 TYPE string", Page("0", {"u:2", "u:3"}));
  EXPECT_THAT(t_.Scan(t_.PlanCount({})), ElementsAre("0: 3"));
  t_.Reply("TYPE u:1", Simple("string"));
  t_.Reply("TYPE u:2", Simple("list"));
  t_.Reply("TYPE u:3", Simple("none"));
  std::vector<Cell> keys = {Cell::Bytes("u:1"), Cell::Bytes("u:2"), Cell::Bytes("u:3")};
  EXPECT_THAT(t_.Scan(t_.PlanCount({Key(CompareOp::kIn)}), {{Cell::List(keys)}}),
              ElementsAre("0: 1"));
  EXPECT_EQ(Sent("GET") + Sent("MGET"), 0u);
  BindMany("hash", {"key", "a", "b"}, "u:*", true);
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE hash", Page("0", {"u:1", "u:2"}));
  EXPECT_THAT(t_.Scan(t_.PlanCount({})), ElementsAre("0: 2"));
}

TEST_F(KeysSourceTest, LimitsAndOffsetsAreOfAllKeysTogether) {
  BindMany("set", {"key", "member"});
  ScanPlan plan = t_.Plan({Key(CompareOp::kIn)});
  plan.limit = 3;
  plan.offset_operand = 1;
  std::vector<Cell> keys = {Cell::Bytes("u:1"), Cell::Bytes("u:2"), Cell::Bytes("u:3")};
  for (int i = 1; i <= 3; ++i) {
    t_.Reply(absl::StrCat("SSCAN u:", i, " 0 COUNT 10"), Page("0", {"a", "b"}));
    t_.Reply(absl::StrCat("SSCAN u:", i, " 0 COUNT 1000"), Page("0", {"a", "b"}));
  }
  auto rows = [&](int64_t offset) {
    return t_.Scan(plan, {{Cell::List(keys), Cell::Int64(offset)}});
  };
  EXPECT_THAT(rows(0), SizeIs(3));
  EXPECT_THAT(rows(2), SizeIs(3));
  EXPECT_THAT(rows(5), SizeIs(1));
  EXPECT_THAT(rows(6), IsEmpty());
}

// Where a key holds many rows, as many as it holds are asked for.
TEST_F(KeysSourceTest, KeysOfElementsAreRead) {
  BindMany("set", {"key", "member"});
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE set", Page("0", {"u:1"}));
  t_.Reply("SSCAN u:1 0 COUNT 1000", Page("0", {"a", "b"}));
  EXPECT_THAT(t_.Scan(t_.Plan({}, {0})), ElementsAre("0: \"u:1\"", "0: \"u:1\""));
}

}  // namespace
}  // namespace redis_fdw::test
