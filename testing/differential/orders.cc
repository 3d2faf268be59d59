// Expressions over columns, ORDER BY, LIMIT and cursors.

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "testing/differential/maker.h"

namespace redis_fdw::test {

std::string Maker::Canonical(const Ref& ref) {
  switch (ref.kind()) {
    case Kind::kNumeric:
      return absl::StrCat("trim_scale(", ref.sql, ")");
    case Kind::kFloat:
      return absl::StrCat("(", ref.sql, " + 0)");
    case Kind::kJson:
    case Kind::kList:
      return absl::StrCat(ref.sql, "::text");
    default:
      return Determined(ref);
  }
}

std::string Maker::Expression(const Ref& ref) {
  const std::string& c = ref.sql;
  switch (random_.Below(4)) {
    case 0:
      return absl::StrCat(c, "::text");
    case 1:
      return absl::StrCat(c, " IS NULL");
    case 2:
      if (ref.column->is_text()) {
        return Word({absl::StrCat("upper(", Determined(ref), ")"), absl::StrCat("length(", c, ")"),
                     absl::StrCat(c, " || '!'"), absl::StrCat("left(", c, ", 2)")});
      }
      if (ref.kind() == Kind::kInteger) return absl::StrCat("-(", c, "::numeric)");
      if (ref.kind() == Kind::kFloat) return absl::StrCat("-", c);
      break;
    default:
      break;
  }
  return absl::StrCat("coalesce(", c, "::text, 'none')");
}

std::string Maker::Direction() {
  return absl::StrCat(Word({"", "", " ASC", " DESC", " DESC"}),
                      Word({"", "", "", " NULLS FIRST", " NULLS LAST"}));
}

std::vector<OrderKey> Maker::SomeOrder(const Refs& refs) {
  std::vector<OrderKey> order;
  for (uint64_t n = 1 + random_.Below(3); n > 0; --n) {
    const Ref& ref = PickOrdered(refs);
    std::string key = ref.sql;
    if (Chance(12)) {
      key = Expression(ref);
    } else if (ref.column->is_text() && Chance(15)) {
      absl::StrAppend(&key, " COLLATE ", Word({"\"C\"", "\"en-x-icu\"", "public.ci"}));
    }
    order.push_back({key, Direction()});
    if (Chance(50)) break;
  }
  return order;
}

std::string Maker::TotalOrder(const Refs& refs) {
  std::vector<std::string> keys;
  if (Chance(80)) keys.push_back(absl::StrCat(PickOrdered(refs).sql, Direction()));
  for (const Ref& ref : refs) keys.push_back(absl::StrCat(ref.sql, "::text COLLATE \"C\""));
  return absl::StrJoin(keys, ", ");
}

RowCount Maker::Count(int64_t most) {
  RowCount count;
  if (Chance(4)) {
    count.text = Word({"NULL", "ALL"});
    return count;
  }
  const int64_t number = random_.Between(0, most);
  count.number = number;
  count.text = absl::StrCat(number);
  if (prepared_ && Chance(60)) {
    params_.push_back(
        {"bigint", [most](Random* random) { return absl::StrCat(random->Between(0, most)); }});
    count.param = static_cast<int>(params_.size()) - 1;
    count.text = absl::StrCat("$", params_.size());
  } else if (Chance(15)) {
    count.text = absl::StrCat("(SELECT ", number, ")");
  } else if (Chance(10)) {
    count.text = absl::StrCat("(", number - 1, " + 1)");
  }
  return count;
}

void Maker::AddLimit(Query* query) {
  if (Chance(80)) {
    query->limit = Count(Chance(70) ? 12 : 200);
    query->with_ties =
        query->ranked() && query->limit.text != "ALL" && query->limit.text != "NULL" && Chance(10);
  }
  if (Chance(25)) {
    query->offset = Count(Chance(70) ? 8 : 60);
    if (query->offset.text == "ALL") query->offset.text = "NULL";
  }
}

void Maker::AddFetches(Query* query) {
  query->scroll = Chance(50);
  for (uint64_t n = 1 + random_.Below(8); n > 0; --n) {
    Fetch fetch;
    const int64_t count = random_.Between(0, 9);
    switch (random_.Below(query->scroll ? 8 : 4)) {
      case 0:
        fetch = {"NEXT", false, 1};
        break;
      case 1:
        fetch = {"ALL", false, INT32_MAX};
        break;
      case 4:
        fetch = {"PRIOR", false, -1};
        break;
      case 5:
        fetch = {absl::StrCat("BACKWARD ", count + 1), false, -count - 1};
        break;
      case 6:
        fetch = {"BACKWARD ALL", false, -INT32_MAX};
        break;
      case 7:
        fetch = {absl::StrCat("ABSOLUTE ", count), true, count};
        break;
      default:
        fetch = {absl::StrCat("FORWARD ", count + 1), false, count + 1};
    }
    query->fetches.push_back(fetch);
  }
}

}  // namespace redis_fdw::test
