#include "tables/common/columns.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

PartRule Part(const char* role, PartRule::Presence presence = PartRule::Presence::kRequired) {
  PartRule rule{role, {}};
  rule.presence = presence;
  return rule;
}

// As a hash has them.
LayoutRules Pairs() { return {"hash", "(field, value)", {Part("field"), Part("value")}, false}; }

// As a list has them: the first may be left out.
LayoutRules Indexed() {
  PartRule index = Part("index", PartRule::Presence::kLeading);
  index.types = TypeBit(ColumnType::kInteger);
  index.types_hint = "an integer type";
  return {"list", "(element) or (index, element)", {index, Part("element")}, false};
}

// As a sorted set has them: the last by its role alone.
LayoutRules Ranked() {
  return {"zset",
          "(member, score)",
          {Part("member"), Part("score"), Part("rank", PartRule::Presence::kByRole)},
          false};
}

// As a stream has them: fields behind the id.
LayoutRules Entries() { return {"stream", "(stream_id, ...)", {Part("stream_id")}, true}; }

// As a row per hash has them: nothing but fields.
LayoutRules Fields() { return {"hash", "(...)", {}, true}; }

struct Options {
  bool many = false;
  int key_column = -1;
  bool row_is_key = false;
};

absl::StatusOr<Columns> Resolve(const LayoutRules& rules, const Lines& columns,
                                const Options& options = {}) {
  TableDef def;
  def.name = "t";
  for (const std::string& column : columns) def.columns.push_back(ParseColumn(column));
  return ResolveColumns(def, rules, options.many, options.key_column, options.row_is_key);
}

Columns MustResolve(const LayoutRules& rules, const Lines& columns, const Options& options = {}) {
  auto resolved = Resolve(rules, columns, options);
  EXPECT_TRUE(resolved.ok()) << resolved.status();
  return resolved.ok() ? *std::move(resolved) : Columns();
}

ErrorInfo Refused(const LayoutRules& rules, const Lines& columns, const Options& options = {}) {
  absl::Status status = Resolve(rules, columns, options).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidTable) << status;
  return GetErrorInfo(status);
}

constexpr Options kMany = {true, -1, false};
constexpr Options kRows = {true, -1, true};

// --- What is found ------------------------------------------------------------------------------

TEST(ColumnsTest, ByPosition) {
  Columns columns = MustResolve(Pairs(), {"key", "value"});
  EXPECT_THAT(columns.part_of, ElementsAre(0, 1));
  EXPECT_THAT(columns.column_of, ElementsAre(0, 1));
  EXPECT_THAT(columns.names, ElementsAre("key", "value"));
  EXPECT_EQ(columns.table, "t");
  EXPECT_EQ(columns.parts(), 2u);
  EXPECT_EQ(columns.first_field, 2u);
  EXPECT_EQ(columns.rest_part, -1);
  EXPECT_EQ(columns.key_column, -1);
  EXPECT_EQ(columns.bound.size(), 2u);
}

TEST(ColumnsTest, TheKeyComesFirstWhereThereAreMany) {
  Columns columns = MustResolve(Pairs(), {"a", "b", "c"}, kMany);
  EXPECT_THAT(columns.part_of, ElementsAre(kKeyPart, 0, 1));
  EXPECT_EQ(columns.key_column, 0);
  EXPECT_TRUE(columns.bound[0].identity);
  EXPECT_FALSE(columns.bound[0].nullable);
  EXPECT_EQ(columns.bound[0].kind, Cell::Kind::kBytes);
}

TEST(ColumnsTest, ByRoleWhereverTheyStand) {
  Columns columns =
      MustResolve(Pairs(), {"c:text:value", "left:integer:ttl", "a:text:key", "b"}, kMany);
  EXPECT_THAT(columns.part_of, ElementsAre(1, kTtlPart, kKeyPart, 0));
  EXPECT_THAT(columns.column_of, ElementsAre(3, 0));
  EXPECT_EQ(columns.key_column, 2);
  EXPECT_EQ(columns.ttl_column, 1);
}

TEST(ColumnsTest, AnIntegerNamedTtlIsTheTtlAtAnyPosition) {
  for (const Lines& declared : std::vector<Lines>{
           {"ttl:integer", "f", "v"}, {"f", "ttl:integer", "v"}, {"f", "v", "ttl:integer"}}) {
    Columns columns = MustResolve(Pairs(), declared);
    ASSERT_GE(columns.ttl_column, 0);
    EXPECT_EQ(columns.names[static_cast<size_t>(columns.ttl_column)], "ttl");
    const BoundColumn& ttl = columns.bound[static_cast<size_t>(columns.ttl_column)];
    EXPECT_EQ(ttl.kind, Cell::Kind::kInt64);
    EXPECT_TRUE(ttl.nullable);
    EXPECT_FALSE(ttl.writable);
    EXPECT_FALSE(ttl.identity);
  }
  EXPECT_TRUE(MustResolve(Fields(), {"key", "a", "ttl:integer"}, kRows).bound[2].writable);
}

TEST(ColumnsTest, OthersNamedTtlAreWhatTheirPositionSays) {
  EXPECT_THAT(MustResolve(Pairs(), {"ttl", "v"}).part_of, ElementsAre(0, 1));
  EXPECT_THAT(MustResolve(Pairs(), {"ttl:integer:field", "v"}).part_of, ElementsAre(0, 1));
  // A field that is called so is reached by the option.
  Columns columns = MustResolve(Entries(), {"id", "ttl:integer::ttl"});
  EXPECT_EQ(columns.ttl_column, -1);
  EXPECT_EQ(columns.fields[1], "ttl");
  // Where another column has the role, the name means nothing.
  columns = MustResolve(Pairs(), {"ttl:integer", "v", "left:integer:ttl"});
  EXPECT_EQ(columns.ttl_column, 2);
  EXPECT_THAT(columns.part_of, ElementsAre(0, 1, kTtlPart));
}

TEST(ColumnsTest, ExpiryTimesAreByRole) {
  Columns columns = MustResolve(Pairs(), {"f", "until:timestamptz:expires_at", "v"});
  EXPECT_EQ(columns.expires_column, 1);
  EXPECT_EQ(columns.bound[1].kind, Cell::Kind::kInt64);
  EXPECT_FALSE(columns.bound[1].writable);
}

TEST(ColumnsTest, ALeadingPartMayBeLeftOut) {
  EXPECT_THAT(MustResolve(Indexed(), {"e"}).part_of, ElementsAre(1));
  EXPECT_THAT(MustResolve(Indexed(), {"e"}).column_of, ElementsAre(-1, 0));
  EXPECT_THAT(MustResolve(Indexed(), {"i:integer", "e"}).part_of, ElementsAre(0, 1));
  EXPECT_THAT(MustResolve(Indexed(), {"e:text:element", "i:integer:index"}).part_of,
              ElementsAre(1, 0));
  EXPECT_THAT(MustResolve(Indexed(), {"i:integer:index", "e"}).part_of, ElementsAre(0, 1));
  EXPECT_THAT(MustResolve(Indexed(), {"k", "e"}, kMany).part_of, ElementsAre(kKeyPart, 1));
  EXPECT_THAT(MustResolve(Indexed(), {"k", "i:integer", "e"}, kMany).part_of,
              ElementsAre(kKeyPart, 0, 1));
  EXPECT_THAT(MustResolve(Indexed(), {"k", "e", "ttl:integer"}, kMany).part_of,
              ElementsAre(kKeyPart, 1, kTtlPart));
}

TEST(ColumnsTest, PartsByRoleTakeNoPosition) {
  EXPECT_THAT(MustResolve(Ranked(), {"m", "s"}).column_of, ElementsAre(0, 1, -1));
  EXPECT_THAT(MustResolve(Ranked(), {"r:integer:rank", "m", "s"}).part_of, ElementsAre(2, 0, 1));
  EXPECT_THAT(Refused(Ranked(), {"m", "s", "r:integer"}).message, HasSubstr("has 3 columns"));
}

TEST(ColumnsTest, TheVariablePartOfATemplateIsTheKey) {
  Options options = {true, 1, false};
  Columns columns = MustResolve(Pairs(), {"f", "id", "v"}, options);
  EXPECT_THAT(columns.part_of, ElementsAre(0, kKeyPart, 1));
  EXPECT_EQ(columns.key_column, 1);
  // The role may be said besides.
  EXPECT_EQ(MustResolve(Pairs(), {"f", "id:text:key", "v"}, options).key_column, 1);
}

TEST(ColumnsTest, FieldsAreOfTheirNamesOrTheOption) {
  Columns columns = MustResolve(Entries(), {"id", "a", "b:integer::the b", "o:jsonb:*", "c"});
  EXPECT_EQ(columns.first_field, 1u);
  // The rest comes last, wherever its column stands.
  EXPECT_THAT(columns.part_of, ElementsAre(0, 1, 2, 4, 3));
  EXPECT_THAT(columns.column_of, ElementsAre(0, 1, 2, 4, 3));
  EXPECT_THAT(columns.fields, ElementsAre("", "a", "the b", "c", ""));
  EXPECT_EQ(columns.rest_part, 4);
  EXPECT_TRUE(columns.bound[1].nullable);
  EXPECT_EQ(columns.bound[3].kind, Cell::Kind::kList);
  EXPECT_TRUE(columns.bound[3].nullable);
}

TEST(ColumnsTest, RowsPerKeyAreFieldsAlone) {
  Columns columns = MustResolve(Fields(), {"k", "name", "ttl:integer", "age:integer"}, kRows);
  EXPECT_THAT(columns.part_of, ElementsAre(kKeyPart, 0, kTtlPart, 1));
  EXPECT_THAT(columns.fields, ElementsAre("name", "age"));
  // The rest alone will do.
  EXPECT_EQ(MustResolve(Fields(), {"k", "all:jsonb:*"}, kRows).rest_part, 0);
}

// --- What is refused ----------------------------------------------------------------------------

TEST(ColumnsTest, NumbersThatDoNotFit) {
  ErrorInfo error = Refused(Pairs(), {"a"});
  EXPECT_EQ(error.message,
            "foreign table \"t\" has 1 column, which does not fit table_type \"hash\"");
  EXPECT_EQ(error.hint,
            "A hash table takes the columns (field, value); their order counts, their names are "
            "free.");
  EXPECT_EQ(error.detail, "");
  error = Refused(Pairs(), {"a", "b", "c"});
  EXPECT_EQ(error.message,
            "foreign table \"t\" has 3 columns, which does not fit table_type \"hash\"");
  // Who thought of a prefix meant many keys.
  EXPECT_EQ(error.detail,
            "It shows one key. With a pattern in table_key_prefix, such as 'user:*', it has many, "
            "and a first column for the key.");
  EXPECT_EQ(Refused(Pairs(), {}).message,
            "foreign table \"t\" has 0 columns, which does not fit table_type \"hash\"");
  error = Refused(Pairs(), {"a", "b"}, kMany);
  EXPECT_THAT(error.hint, HasSubstr("takes the columns key and (field, value);"));
  EXPECT_EQ(error.detail, "It has many keys, so the first column is the key.");
  // A column of a type that a leading part cannot have is not a reason to leave that part out.
  EXPECT_EQ(Refused(Indexed(), {"i:text", "e"}).message,
            "column \"i\" of foreign table \"t\" cannot hold the index of a list");
  EXPECT_THAT(Refused(Fields(), {"k"}, kRows).message, HasSubstr("has 1 column,"));
  EXPECT_THAT(Refused(Fields(), {"k", "ttl:integer"}, kRows).message, HasSubstr("has 2 columns,"));
  EXPECT_THAT(Refused(Entries(), {}).message, HasSubstr("has 0 columns,"));
}

TEST(ColumnsTest, TwoColumnsForOnePart) {
  EXPECT_EQ(Refused(Pairs(), {"a:text:field", "b:text:field", "c"}).message,
            "foreign table \"t\" has two columns for the field: \"a\" and \"b\"");
  EXPECT_EQ(Refused(Pairs(), {"a:text:key", "b:text:key", "c", "d"}, kMany).message,
            "foreign table \"t\" has two columns for the key: \"a\" and \"b\"");
  EXPECT_EQ(Refused(Pairs(), {"a", "b", "c:integer:ttl", "d:integer:ttl"}).message,
            "foreign table \"t\" has two columns for the ttl: \"c\" and \"d\"");
  EXPECT_EQ(
      Refused(Pairs(), {"a", "b", "c:timestamptz:expires_at", "d:timestamptz:expires_at"}).message,
      "foreign table \"t\" has two columns for the expires_at: \"c\" and \"d\"");
  EXPECT_EQ(Refused(Entries(), {"i", "a:jsonb:*", "b:jsonb:*"}).message,
            "foreign table \"t\" has two columns of role \"*\": \"a\" and \"b\"");
  EXPECT_EQ(Refused(Entries(), {"i", "a", "b:text::a"}).message,
            "foreign table \"t\" shows stream field \"a\" in two columns");
  Options options = {true, 1, false};
  EXPECT_EQ(Refused(Pairs(), {"f", "id", "v", "k:text:key"}, options).message,
            "foreign table \"t\" has two columns for the key: \"id\" and \"k\"");
}

TEST(ColumnsTest, RolesThatTheTypeDoesNotHave) {
  ErrorInfo error = Refused(Pairs(), {"a:text:member", "b"});
  EXPECT_EQ(error.message, "column \"a\" of foreign table \"t\" cannot have the role \"member\"");
  EXPECT_EQ(error.hint, "The roles in this hash table are: field, value, ttl, expires_at.");
  EXPECT_EQ(error.detail, "");
  error = Refused(Pairs(), {"k:text:key", "a", "b"});
  EXPECT_EQ(error.message, "column \"k\" of foreign table \"t\" cannot have the role \"key\"");
  EXPECT_EQ(error.detail, "The table shows one key, which no column repeats.");
  EXPECT_THAT(Refused(Entries(), {"k", "i", "x:text:fields"}, kMany).hint,
              HasSubstr("are: key, stream_id, ttl, expires_at, *."));
  EXPECT_THAT(Refused(Pairs(), {"a", "b", "o:jsonb:*"}).message, HasSubstr("the role \"*\""));
  Options options = {true, 0, false};
  EXPECT_EQ(Refused(Pairs(), {"id:integer:ttl", "f", "v"}, options).message,
            "column \"id\" of foreign table \"t\" is the key's variable part, not \"ttl\"");
}

TEST(ColumnsTest, OptionFieldWhereNoFieldIs) {
  ErrorInfo error = Refused(Pairs(), {"a:text:field:x", "b"});
  EXPECT_EQ(error.message,
            "column \"a\" of foreign table \"t\" has the option \"field\", but shows no field");
  EXPECT_EQ(error.hint, "A hash table takes the columns (field, value).");
  EXPECT_THAT(Refused(Entries(), {"i", "k:integer:ttl:x"}).message, HasSubstr("shows no field"));
  // It takes a column out of the order, so what is left does not fit.
  EXPECT_THAT(Refused(Pairs(), {"a:text::x", "b"}).message, HasSubstr("does not fit"));
}

TEST(ColumnsTest, TypesThatDoNotFit) {
  ErrorInfo error = Refused(Pairs(), {"a", "b", "left:text:ttl"});
  EXPECT_EQ(error.message, "column \"left\" of foreign table \"t\" cannot hold the TTL of a hash");
  EXPECT_EQ(error.hint,
            "Declare it as an integer type (seconds). A hash table takes the columns (field, "
            "value).");
  error = Refused(Pairs(), {"a", "b", "until:date:expires_at"});
  EXPECT_EQ(error.message,
            "column \"until\" of foreign table \"t\" cannot hold the expiry time of a hash");
  EXPECT_THAT(error.hint, HasSubstr("timestamp with time zone"));
  error = Refused(Entries(), {"i", "o:text:*"});
  EXPECT_EQ(error.message,
            "column \"o\" of foreign table \"t\" cannot hold the other fields of a stream");
  EXPECT_THAT(error.hint, HasSubstr("Declare it as jsonb."));
  error = Refused(Indexed(), {"i:float:index", "e"});
  EXPECT_EQ(error.message, "column \"i\" of foreign table \"t\" cannot hold the index of a list");
  EXPECT_THAT(error.hint, HasSubstr("Declare it as an integer type."));
}

}  // namespace
}  // namespace redis_fdw::test
