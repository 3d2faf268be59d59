#include "testing/pg/property_layout.h"

#include "absl/strings/str_cat.h"

namespace redis_fdw::test {
namespace {

using Values = std::vector<std::string>;

const Values& Texts() {
  static const Values* const texts = new Values{"",
                                                "a",
                                                "b",
                                                "A",
                                                "ab",
                                                "it's",
                                                "say \"hi\"",
                                                "back\\slash",
                                                "*",
                                                "[x]",
                                                "a?c",
                                                "100%",
                                                "_",
                                                "\xc3\xa9",
                                                "\xe6\x97\xa5\xe6\x9c\xac",
                                                "7",
                                                " lead",
                                                "x\ny",
                                                "tab\there",
                                                "\xf0\x9f\x99\x82",
                                                std::string(3000, 'l')};
  return *texts;
}

// Variable parts of keys.
const Values& Names() {
  static const Values* const names = new Values{"",     "a",        "b",   "*",   "[ab]", "?", "\\",
                                                "it's", "\xc3\xa9", "a:b", "{t}", "a b",  "ab"};
  return *names;
}

Values Around(const std::string& prefix, const std::string& suffix = "") {
  Values keys;
  for (const std::string& name : Names()) keys.push_back(absl::StrCat(prefix, name, suffix));
  return keys;
}

const Values kInts = {"0", "1", "-1", "2", "7", "10", "42", "2147483647", "-2147483648"};
const Values kBigints = {
    "0", "3", "-3", "10", "9223372036854775807", "-9223372036854775808", "9007199254740993"};
const Values kDates = {"2024-02-29", "2000-01-01", "1999-12-31", "0044-03-15 BC", "infinity"};
const Values kDecimals = {"0", "1.50", "-2.25", "1e20", "0.000000001", "99999999999999999999.5"};
// As scores: numbers that doubles tell apart.
const Values kScoreDecimals = {"0", "1.50", "-2.25", "1e20", "0.1", "16777217", "1e-9"};
const Values kDoubles = {"0",
                         "1",
                         "-1.5",
                         "0.1",
                         "3",
                         "1e300",
                         "-1e300",
                         "1e-300",
                         "Infinity",
                         "-Infinity",
                         "9007199254740992",
                         "2.5"};
const Values kFlags = {"t", "f"};
const Values kJsons = {
    "{}", R"({"a": 1})", R"([1, "x"])", R"("s")", "null", "12.50", R"({"q": "it's \" \\ \u00e9"})"};
const Values kRests = {"{}",
                       R"({"x": "1"})",
                       R"({"x": "2", "y": ""})",
                       R"({"n": 1.50, "b": true})",
                       R"({"gone": null, "z": [1, {"a": "b"}]})",
                       R"({"": "empty", "*": "[x]"})"};
const Values kTexts2 = {
    "{a}",     "{a,b,c}", R"({"",b})", "{c,a,b,a}", R"({"it's","x y","[*]"})", R"({"é","é","\\"})",
    "{10,9,1}"};
const Values kIntLists = {"{1}", "{1,2,3}", "{10,9,-1}", "{5,5,5}", "{2147483647,0}"};
// Pairs with kScoreLists.
const Values kMemberLists = {"{a}", "{a,b}", "{c,b,a}", R"({"",b})", "{x,y,x}", "{b,a}"};
const Values kScoreLists = {"{1}",     "{2,1}",      "{1,1,1}", "{-Infinity,Infinity}",
                            "{5,4,3}", "{0.5,1e300}"};
const Values kTtls = {"-1", "50000", "86000", "200000"};
const Values kInstants = {"2099-12-31 23:59:59.123+00", "2100-01-01 12:00+02", "infinity"};
const Values kUuids = {"00000000-0000-0000-0000-000000000000",
                       "123e4567-e89b-12d3-a456-426614174000",
                       "ffffffff-ffff-ffff-ffff-ffffffffffff"};
const Values kStamps = {"2024-05-01 12:00:00+00", "1999-12-31 23:59:59.999999-08", "infinity",
                        "0001-01-01 00:00:00+00 BC"};
const Values kBytes = {"", "\\x61", "\\x6162", "\\xc3a9", "\\x5c78"};

Column Key(const Values& pool, const std::string& type = "text") {
  return {"key", type, Part::kKey, pool};
}
Column Name(const std::string& name, const std::string& type = "text",
            const Values& pool = Texts()) {
  return {name, type, Part::kName, pool};
}
Column Value(const std::string& type = "text", const Values& pool = Texts()) {
  return {"value", type, Part::kValue, pool};
}
Column Score(const std::string& type, const Values& pool) {
  return {"score", type, Part::kScore, pool};
}
Column Element(const std::string& type = "text", const Values& pool = Texts()) {
  return {"element", type, Part::kElement, pool};
}
Column Index() { return {"index", "int", Part::kIndex, {"0", "1", "2", "3", "5", "8"}, true}; }
Column Field(const std::string& name, const std::string& type, const Values& pool) {
  return {name, type, Part::kField, pool, true};
}
Column Rest() { return {"rest", "jsonb", Part::kRest, kRests, true, "", "redis '*'"}; }
Column Ttl() { return {"ttl", "int", Part::kTtl, kTtls, true}; }
Column Expires() {
  return {"until", "timestamptz", Part::kExpires, kInstants, true, "", "redis 'expires_at'"};
}
Column Id() { return {"stream_id", "text", Part::kId, {"1-0", "5", "1-1", "x", "999999-0"}, true}; }
Column Collated(Column column) {
  column.clauses = "COLLATE \"C\"";
  return column;
}
Column As(Column column, const std::string& role) {
  column.options = absl::StrCat("redis '", role, "'");
  return column;
}

std::vector<Column> Fields() {
  return {Field("name", "text", Texts()),         Field("age", "int", kInts),
          Field("active", "boolean", kFlags),     Field("born", "date", kDates),
          Field("balance", "numeric", kDecimals), Field("tags", "jsonb", kJsons)};
}

std::vector<Column> Join(std::vector<std::vector<Column>> lists) {
  std::vector<Column> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

// A table of one key.
Layout One(const std::string& name, const std::string& type, std::vector<Column> columns,
           const std::string& options = "") {
  Layout layout;
  layout.name = name;
  layout.type = type;
  layout.prefix = "one:" + type;
  layout.options = absl::StrCat("table_key_prefix '", layout.prefix, "'", options);
  layout.columns = std::move(columns);
  return layout;
}

// Of many, whose key column has values that begin with "many:".
Layout Many(const std::string& name, const std::string& type, std::vector<Column> columns,
            const std::string& options = "") {
  Layout layout;
  layout.name = name;
  layout.type = type;
  layout.options = absl::StrCat("table_key_prefix 'many:*'", options);
  layout.key_like = "many:%";
  layout.columns = std::move(columns);
  return layout;
}

Layout Template(const std::string& name, const std::string& type, std::vector<Column> columns,
                const std::string& prefix, const std::string& suffix,
                const std::string& options = "") {
  Layout layout;
  layout.name = name;
  layout.type = type;
  layout.prefix = prefix;
  layout.suffix = suffix;
  layout.options =
      absl::StrCat("key_template '", prefix, "{", columns[0].name, "}", suffix, "'", options);
  layout.columns = std::move(columns);
  return layout;
}

Layout PerKey(Layout layout) {
  layout.options += ", row_per 'key'";
  layout.row_per_key = true;
  return layout;
}

Layout WithTtl(Layout layout, int64_t ttl) {
  absl::StrAppend(&layout.options, ", ttl '", ttl, "'");
  layout.ttl = ttl;
  return layout;
}

std::vector<Layout> Strings() {
  Layout between = Many("string_between", "string",
                        {Collated(Key(Around("st[1]:", ":v"))), Value("int", kInts)});
  between.options = "table_key_prefix 'st\\[1\\]:*:v'";
  between.key_like = "st[1]:%:v";
  return {
      One("string_one", "string", {Value()}),
      Many("string_many", "string", {Key(Around("many:")), Value()}),
      between,
      Many("string_ttl", "string", {Key(Around("many:")), Ttl(), Value()}),
      WithTtl(Many("string_ttl_option", "string", {Key(Around("many:")), Value(), Ttl()}), 90000),
      Many("string_expires", "string", {Expires(), Key(Around("many:")), Value()}),
      Template("string_template", "string", {Key(kInts, "int"), Value()}, "app:", ""),
      Template("string_template_text", "string",
               {Collated(Key(Names())), Value("bytea", kBytes), Ttl()}, "app:", ":x")};
}

std::vector<Layout> Hashes() {
  std::vector<Column> typed = {
      Field("name", "text", Texts()),   Field("amount", "float8", kDoubles),
      Field("big", "bigint", kBigints), Field("seen", "timestamptz", kStamps),
      Field("uid", "uuid", kUuids),     Field("raw", "bytea", kBytes)};
  typed[0].options = "field 'key'";
  const std::vector<Column> key = {Key(Around("many:"))};
  return {One("hash_one", "hash", {Name("field"), Value()}),
          One("hash_typed", "hash", {Name("field", "date", kDates), Value("numeric", kDecimals)}),
          One("hash_roles", "hash", {As(Value(), "value"), As(Collated(Name("f")), "field")}),
          Many("hash_many", "hash", {Key(Around("many:")), Name("field"), Value()}),
          Many("hash_many_roles", "hash",
               {As(Value("int", kInts), "value"), As(Name("f", "bigint", kBigints), "field"),
                As(Collated(Key(Around("many:"))), "key")}),
          PerKey(Many("hash_row", "hash", Join({key, Fields()}))),
          PerKey(Many("hash_row_ttl", "hash", Join({key, {Ttl()}, Fields()}))),
          PerKey(Many("hash_row_rest", "hash", Join({key, Fields(), {Rest()}}))),
          PerKey(Many("hash_row_rest_ttl", "hash",
                      Join({key, {Rest(), Field("age", "int", kInts), Ttl()}}))),
          PerKey(Template("hash_row_template", "hash", Join({{Key(kInts, "int")}, Fields()}),
                          "user:", "")),
          PerKey(Template("hash_row_typed", "hash",
                          Join({{Key(kUuids, "uuid")}, typed, {Expires()}}), "u:", ":d")),
          PerKey(One("hash_row_one", "hash", Fields())),
          PerKey(One("hash_row_one_rest", "hash", Join({{Rest()}, Fields()})))};
}

std::vector<Layout> Lists() {
  const Column key = Key(Around("many:"));
  return {One("list_element", "list", {Element()}),
          One("list_index", "list", {Index(), Element()}),
          One("list_roles", "list", {As(Element("int", kInts), "element"), As(Index(), "index")}),
          Many("list_many", "list", {key, Element()}),
          Many("list_many_index", "list", {key, Index(), Element()}),
          PerKey(Many("list_row", "list", {key, {"items", "text[]", Part::kElements, kTexts2}})),
          PerKey(Many("list_row_int", "list",
                      {key, {"items", "int[]", Part::kElements, kIntLists}, Ttl()}))};
}

std::vector<Layout> SetsAndSortedSets() {
  const Column key = Key(Around("many:"));
  const Column members = {"members", "text[]", Part::kElements, kMemberLists};
  const Column scores = {"scores", "float8[]", Part::kScores, kScoreLists};
  return {
      One("set_one", "set", {Name("member")}),
      One("set_int", "set", {Name("member", "int", kInts)}),
      Many("set_many", "set", {key, Collated(Name("member"))}),
      PerKey(Many("set_row", "set", {key, {"members", "text[]", Part::kElements, kTexts2}})),
      PerKey(Many("set_row_int", "set", {key, {"members", "int[]", Part::kElements, kIntLists}})),
      One("zset_one", "zset", {Name("member"), Score("float8", kDoubles)}),
      One("zset_numeric", "zset", {Name("member"), Score("numeric", kScoreDecimals)}),
      One("zset_int", "zset", {Name("member", "bigint", kBigints), Score("int", kInts)}),
      Many("zset_many", "zset", {key, Name("member"), Score("float8", kDoubles)}),
      Many("zset_roles", "zset",
           {As(Score("float8", kDoubles), "score"), As(key, "key"), As(Name("m"), "member")}),
      PerKey(Many("zset_row", "zset", {key, members, scores, Ttl()})),
  };
}

std::vector<Layout> Streams() {
  const std::vector<Column> fields = {Field("what", "text", Texts()),
                                      Field("amount", "int", kInts)};
  const Column key = Key(Around("many:"));
  return {One("stream_one", "stream", Join({{Id()}, fields})),
          One("stream_rest", "stream", Join({{Id()}, fields, {Rest()}})),
          Many("stream_many", "stream", Join({{key, Id()}, fields})),
          Many("stream_many_rest", "stream", {key, Id(), Rest()})};
}

}  // namespace

const Column* Layout::Find(Part part) const {
  const int index = IndexOf(part);
  return index < 0 ? nullptr : &columns[static_cast<size_t>(index)];
}

int Layout::IndexOf(Part part) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].part == part) return static_cast<int>(i);
  }
  return -1;
}

std::vector<const Column*> Layout::Identity() const {
  std::vector<const Column*> identity;
  if (is_list()) return identity;
  for (const Column& column : columns) {
    if (column.part == Part::kKey || column.part == Part::kName || column.part == Part::kId) {
      identity.push_back(&column);
    }
  }
  return identity;
}

const std::vector<Layout>& AllLayouts() {
  static const auto* const all = [] {
    auto* layouts = new std::vector<Layout>();
    for (const auto& some : {Strings(), Hashes(), Lists(), SetsAndSortedSets(), Streams()}) {
      layouts->insert(layouts->end(), some.begin(), some.end());
    }
    return layouts;
  }();
  return *all;
}

}  // namespace redis_fdw::test
