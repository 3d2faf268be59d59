// Tables of every table type and layout, with random columns and rows.

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "testing/differential/table_maker.h"

namespace redis_fdw::test {

size_t TableMaker::Size() {
  const uint64_t dice = random_.Below(100);
  if (dice < 4) return 0;
  if (dice < 30) return 1 + random_.Below(8);
  if (dice < 85) return 5 + random_.Below(36);
  if (dice < 98) return 40 + random_.Below(100);
  return 300 + random_.Below(1000);
}

Column TableMaker::Make(const std::string& name, const Type& type, const std::string& role,
                        bool identity) {
  static const auto* const collations = new std::vector<std::string>{
      "", "", "\"C\"", "\"C\"", "\"POSIX\"", "\"und-x-icu\"", "\"en-x-icu\"", "public.ci"};
  Column column;
  column.name = name;
  column.type = &type;
  column.identity = identity;
  if (column.is_text()) column.collation = random_.Pick(*collations);
  if (roles_ && !role.empty()) column.options = absl::StrCat("redis '", role, "'");
  return column;
}

void TableMaker::PatternKeys(size_t count) {
  struct Around {
    const char* before;
    const char* after;
    const char* pattern;  // '~': the name
  };
  static const auto* const patterns = new std::vector<Around>{
      {":", "", "~:*"},         {":", "", "~:*"},     {"[1]:", ":v", "~\\[1\\]:*:v"},
      {":", ":x*", "~:*:x\\*"}, {":a", "b", "~:a*b"}, {"\\", "", "~\\\\*"}};
  const Around around = random_.Pick(*patterns);
  std::string pattern = around.pattern;
  pattern.replace(0, 1, table_.name);
  table_.options = absl::StrCat("table_key_prefix ", Quoted(pattern));
  const Type& type = Chance(70) ? TypeOf("text") : TypeOf("varchar");
  table_.columns.push_back(Make("k", type, "key", true));
  std::set<std::string> seen;
  for (size_t i = 0; i < count; ++i) {
    const std::string key = absl::StrCat(table_.name, around.before,
                                         RandomValue(type, true, &random_).sql, around.after);
    if (seen.insert(key).second) keys_.push_back({key, key});
  }
}

void TableMaker::TemplateKeys(size_t count) {
  const std::string before = absl::StrCat(Chance(30) ? "{t}" : "", table_.name, ":");
  const std::string after = Chance(50) ? "" : ":d";
  table_.options = absl::StrCat("key_template ", Quoted(absl::StrCat(before, "{k}", after)));
  const Type& type = IdentityType(&random_);
  table_.columns.push_back(Make("k", type, "key", true));
  std::set<std::string> seen;
  for (size_t i = 0; i < count; ++i) {
    const Value value = RandomValue(type, true, &random_);
    if (!seen.insert(value.redis).second) continue;
    keys_.push_back({absl::StrCat(before, value.redis, after), value.sql});
  }
}

void TableMaker::MakeKeys(bool many) {
  many_ = many && !one_key_;
  rows_wanted_ = Size();
  if (!many_) {
    const std::string key = table_.name + random_.Pick<std::string>({"", ":*", "[k]", ":é"});
    std::string pattern;
    for (char c : key) {
      if (c == '*' || c == '[' || c == '?' || c == '\\') pattern += '\\';
      pattern += c;
    }
    table_.options = absl::StrCat("table_key_prefix ", Quoted(pattern));
    keys_.push_back({key, ""});
    return;
  }
  const size_t count =
      rows_wanted_ == 0 ? 0 : 1 + random_.Below(std::min<size_t>(rows_wanted_, 30));
  if (Chance(60)) {
    PatternKeys(count);
  } else {
    TemplateKeys(count);
  }
}

void TableMaker::AddRow(const Key& key, const Cells& cells) {
  Cells row;
  if (many_) row.push_back(key.sql);
  row.insert(row.end(), cells.begin(), cells.end());
  table_.rows.push_back(std::move(row));
}

void TableMaker::Send(const std::string& command, const Key& key,
                      const std::vector<std::string>& rest) {
  std::vector<std::string> argv = {command, key.redis};
  argv.insert(argv.end(), rest.begin(), rest.end());
  table_.commands.push_back(std::move(argv));
}

void TableMaker::Strings() {
  redis_type_ = "string";
  MakeKeys(Chance(85));
  if (many_ && !keys_.empty()) {
    // A key is a row: as many of them.
    const bool is_template = table_.options[0] == 'k';
    table_.columns.clear();
    keys_.clear();
    if (is_template) {
      TemplateKeys(rows_wanted_);
    } else {
      PatternKeys(rows_wanted_);
    }
  }
  const Type& type = ValueType(&random_);
  table_.columns.push_back(Make("v", type, "value", false));
  for (const Key& key : keys_) {
    const Value value = RandomValue(type, false, &random_);
    Send("SET", key, {value.redis});
    AddRow(key, {value.sql});
  }
}

void TableMaker::Hashes() {
  redis_type_ = "hash";
  MakeKeys(Chance(40));
  const Type& field = IdentityType(&random_);
  const Type& type = ValueType(&random_);
  table_.columns.push_back(Make("f", field, "field", true));
  table_.columns.push_back(Make("v", type, "value", false));
  for (const Key& key : keys_) {
    std::set<std::string> seen;
    for (size_t n = rows_wanted_ / keys_.size() + random_.Below(2); n > 0; --n) {
      const Value name = RandomValue(field, true, &random_);
      if (!seen.insert(name.redis).second) continue;
      const Value value = RandomValue(type, false, &random_);
      Send("HSET", key, {name.redis, value.redis});
      AddRow(key, {name.sql, value.sql});
    }
  }
}

void TableMaker::HashRows() {
  redis_type_ = "hash";
  MakeKeys(Chance(90));
  table_.options += ", row_per 'key'";
  const size_t fields = 1 + random_.Below(5);
  for (size_t i = 0; i < fields; ++i) {
    Column column = Make(absl::StrCat("c", i), ValueType(&random_), "", false);
    if (Chance(25)) column.options = absl::StrCat("field 'f ", i, "*'");
    table_.columns.push_back(std::move(column));
  }
  const bool rest = Chance(30);
  if (rest) {
    Column column = Make("rest", TypeOf("jsonb"), "", false);
    column.options = "redis '*'";
    table_.columns.push_back(std::move(column));
  }
  for (const Key& key : keys_) {
    Cells cells;
    std::vector<std::string> argv;
    for (size_t i = 0; i < fields; ++i) {
      const Column& column = table_.columns[i + (many_ ? 1 : 0)];
      cells.emplace_back();
      if (Chance(25)) continue;
      const Value value = RandomValue(*column.type, false, &random_);
      cells.back() = value.sql;
      const bool named = !column.options.empty();
      argv.insert(argv.end(), {named ? absl::StrCat("f ", i, "*") : column.name, value.redis});
    }
    const bool hidden = argv.empty() || Chance(30);
    if (hidden) argv.insert(argv.end(), {"hidden", "x"});
    if (rest) cells.push_back(hidden ? "{\"hidden\": \"x\"}" : "{}");
    Send("HSET", key, argv);
    AddRow(key, cells);
  }
}

void TableMaker::Lists() {
  redis_type_ = "list";
  MakeKeys(Chance(35));
  const bool index = Chance(65);
  const Type& type = ValueType(&random_);
  if (index) {
    const Type& number = TypeOf(random_.Pick<std::string>({"int", "bigint", "smallint"}));
    table_.columns.push_back(Make("i", number, "index", true));
  }
  table_.columns.push_back(Make("e", type, "element", false));
  for (const Key& key : keys_) {
    const size_t count = rows_wanted_ / keys_.size();
    for (size_t i = 0; i < count; ++i) {
      const Value value = RandomValue(type, true, &random_);
      Send("RPUSH", key, {value.redis});
      Cells cells;
      if (index) cells.push_back(absl::StrCat(i));
      cells.push_back(value.sql);
      AddRow(key, cells);
    }
  }
}

void TableMaker::Sets() {
  redis_type_ = "set";
  MakeKeys(Chance(40));
  const Type& type = IdentityType(&random_);
  table_.columns.push_back(Make("m", type, "member", true));
  for (const Key& key : keys_) {
    std::set<std::string> seen;
    for (size_t n = rows_wanted_ / keys_.size() + random_.Below(2); n > 0; --n) {
      const Value member = RandomValue(type, true, &random_);
      if (!seen.insert(member.redis).second) continue;
      Send("SADD", key, {member.redis});
      AddRow(key, {member.sql});
    }
  }
}

void TableMaker::AddStrangers() {
  if (!many_ || !Chance(40)) return;
  const std::string type = redis_type_ == "list" ? "SADD" : "RPUSH";
  table_.commands.push_back({type, table_.name + ":stranger", "x"});
  table_.commands.push_back({type, "other:" + table_.name, "x"});
}

void TableMaker::Finish() {
  absl::StrAppend(&table_.options, ", table_type '", redis_type_, "'");
  if (Chance(15)) {
    table_.database = 1;
    table_.options += ", database '1'";
  }
  if (Chance(20)) table_.server = "other_server";
  if (Chance(60)) {
    // Small ones make many pages; in large tables they only cost time.
    const bool large = table_.rows.size() > 150;
    absl::StrAppend(&table_.options, ", fetch_size '",
                    large ? random_.Pick<int>({64, 100, 500}) : random_.Pick<int>({1, 2, 7, 100}),
                    "'");
  }
  if (Chance(60)) {
    absl::StrAppend(&table_.options, ", scan_mode '",
                    random_.Pick<std::string>({"snapshot", "cursor", "auto"}), "'");
  }
  // What only changes which plan looks cheapest.
  if (Chance(25)) table_.options += ", use_remote_estimate 'true'";
  if (Chance(15)) table_.options += ", fdw_startup_cost '0'";
  if (Chance(15)) table_.options += ", fdw_tuple_cost '3'";
  if (!shuffled_) return;
  std::vector<size_t> order;
  for (size_t i = 0; i < table_.columns.size(); ++i) order.push_back(i);
  random_.Shuffle(&order);
  const auto permuted = [&order](const auto& from) {
    auto to = from;
    for (size_t i = 0; i < order.size(); ++i) to[i] = from[order[i]];
    return to;
  };
  table_.columns = permuted(table_.columns);
  for (Cells& row : table_.rows) row = permuted(row);
}

Table TableMaker::Make() {
  roles_ = Chance(50);
  shuffled_ = roles_ && Chance(60);
  // The first of these are of any number of keys.
  switch (one_key_ ? 4 + random_.Below(9) : random_.Below(13)) {
    case 0:
      Strings();
      break;
    case 1:
    case 2:
      HashRows();
      break;
    case 3:
      CollectionRows(random_.Pick<std::string>({"list", "set", "zset"}));
      break;
    case 4:
    case 5:
      Hashes();
      break;
    case 6:
    case 7:
      Lists();
      break;
    case 8:
      Sets();
      break;
    case 9:
    case 10:
      SortedSets();
      break;
    default:
      Streams();
  }
  AddStrangers();
  Finish();
  return std::move(table_);
}

Table MakeTable(const std::string& name, bool one_key, Random* random) {
  return TableMaker(name, one_key, random).Make();
}

}  // namespace redis_fdw::test
