// Sorted sets, whole collections and streams, whose rows have an order.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "testing/differential/table_maker.h"

namespace redis_fdw::test {
namespace {

struct Scored {
  Value member;
  Value score;

  bool operator<(const Scored& other) const {
    const double a = strtod(score.redis.c_str(), nullptr);
    const double b = strtod(other.score.redis.c_str(), nullptr);
    return a != b ? a < b : member.redis < other.member.redis;
  }
};

// Different members, in Redis's order.
std::vector<Scored> RandomScored(const Type& member, const Type& score, size_t count,
                                 Random* random) {
  std::vector<Scored> all;
  std::set<std::string> seen;
  for (size_t i = 0; i < count; ++i) {
    Scored scored = {RandomValue(member, true, random), RandomScore(score, random)};
    if (seen.insert(scored.member.redis).second) all.push_back(std::move(scored));
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

void TableMaker::SortedSets() {
  redis_type_ = "zset";
  const bool rank = Chance(35);
  if (rank) roles_ = true;
  MakeKeys(Chance(35));
  const Type& type = IdentityType(&random_);
  const Type& score_type = ScoreType(&random_);
  table_.columns.push_back(Make("m", type, "member", true));
  table_.columns.push_back(Make("s", score_type, "score", false));
  if (rank) {
    const Type& number = TypeOf(random_.Pick<std::string>({"int", "bigint"}));
    table_.columns.push_back(Make("r", number, "rank", false));
  }
  for (const Key& key : keys_) {
    int64_t position = 0;
    const size_t count = rows_wanted_ / keys_.size() + random_.Below(2);
    for (const Scored& scored : RandomScored(type, score_type, count, &random_)) {
      Send("ZADD", key, {scored.score.redis, scored.member.redis});
      Cells cells = {scored.member.sql, scored.score.sql};
      if (rank) cells.push_back(absl::StrCat(position++));
      AddRow(key, cells);
    }
  }
}

// A row per key: arrays.
void TableMaker::CollectionRows(const std::string& type) {
  redis_type_ = type;
  MakeKeys(Chance(90));
  table_.options += ", row_per 'key'";
  const Type& list = ListType(type != "list", &random_);
  const bool scores = type == "zset";
  const std::string role = type == "list" ? "element" : "member";
  table_.columns.push_back(Make("a", list, role, false));
  if (scores) table_.columns.push_back(Make("s", TypeOf("float8[]"), "score", false));
  for (const Key& key : keys_) {
    std::vector<std::string> elements, points;
    for (Scored& scored :
         RandomScored(*list.element, TypeOf("float8"), 1 + random_.Below(5), &random_)) {
      Value& member = scored.member;
      if (type == "list" && Chance(50)) member = RandomValue(*list.element, false, &random_);
      Send(type == "list"  ? "RPUSH"
           : type == "set" ? "SADD"
                           : "ZADD",
           key,
           type == "zset" ? std::vector<std::string>{scored.score.redis, member.redis}
                          : std::vector<std::string>{member.redis});
      elements.push_back(type == "set" ? member.redis : member.sql);
      points.push_back(scored.score.sql);
    }
    if (type == "set") {
      // In the order of their bytes.
      std::sort(elements.begin(), elements.end());
      if (list.element->kind == Kind::kBytes) {
        for (std::string& element : elements) {
          element = absl::StrCat("\\x", absl::BytesToHexString(element));
        }
      }
    }
    Cells cells = {ArrayText(list, elements)};
    if (scores) cells.push_back(ArrayText(TypeOf("float8[]"), points));
    AddRow(key, cells);
  }
}

void TableMaker::Streams() {
  redis_type_ = "stream";
  MakeKeys(Chance(35));
  const std::string id = random_.Pick<std::string>(
      {"stream_id", "stream_id", "redis_stream_id", "redis_stream_id", "bytea"});
  table_.columns.push_back(Make("id", TypeOf(id), "stream_id", true));
  const size_t fields = random_.Below(4);
  const size_t first = table_.columns.size();
  for (size_t i = 0; i < fields; ++i) {
    table_.columns.push_back(Make(absl::StrCat("c", i), ValueType(&random_), "", false));
  }
  for (const Key& key : keys_) {
    // Digit counts differ, whose order as text is not that of numbers; and real times.
    int64_t ms = random_.Pick<int64_t>({0, 1, 8, 95, 990, 1640995199990});
    int64_t seq = ms == 0 ? 1 : random_.Below(3);
    for (size_t n = rows_wanted_ / keys_.size(); n > 0; --n) {
      std::vector<std::string> argv = {absl::StrCat(ms, "-", seq)};
      Cells cells = {id == "bytea" ? absl::StrCat("\\x", absl::BytesToHexString(argv[0]))
                                   : argv[0]};
      for (size_t i = 0; i < fields; ++i) {
        cells.emplace_back();
        if (Chance(20)) continue;
        const Column& column = table_.columns[first + i];
        const Value value = RandomValue(*column.type, false, &random_);
        cells.back() = value.sql;
        argv.insert(argv.end(), {column.name, value.redis});
      }
      if (argv.size() == 1 || Chance(20)) argv.insert(argv.end(), {"hidden", "x"});
      Send("XADD", key, argv);
      AddRow(key, cells);
      if (Chance(40)) {
        seq += random_.Between(1, 4);
      } else {
        ms += random_.Pick<int64_t>({1, 1, 2, 7, 60});
        seq = random_.Below(2);
      }
    }
  }
}

}  // namespace redis_fdw::test
