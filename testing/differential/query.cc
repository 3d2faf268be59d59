#include "testing/differential/query.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace redis_fdw::test {
namespace {

bool IsAlias(const std::string& expression) {
  if (expression.size() < 2 || expression[0] != 'c') return false;
  return expression.find_first_not_of("0123456789", 1) == std::string::npos;
}

}  // namespace

std::string Query::Body(const std::string& more_outputs) const {
  if (!whole.empty()) return whole;
  std::vector<std::string> list;
  for (size_t i = 0; i < outputs.size(); ++i) {
    list.push_back(absl::StrCat(outputs[i], " AS c", i + 1));
  }
  std::string sql =
      absl::StrCat("SELECT ", distinct, absl::StrJoin(list, ", "), more_outputs, " FROM ", from);
  if (!conjuncts.empty()) absl::StrAppend(&sql, " WHERE ", absl::StrJoin(conjuncts, " AND "));
  return sql + tail;
}

std::string Query::Sql() const {
  std::string sql = with + Body("");
  for (size_t i = 0; i < order.size(); ++i) {
    absl::StrAppend(&sql, i == 0 ? " ORDER BY " : ", ", order[i].expression, order[i].direction);
  }
  if (!offset.text.empty()) absl::StrAppend(&sql, " OFFSET ", offset.text);
  if (with_ties) {
    absl::StrAppend(&sql, " FETCH FIRST (", limit.text, ") ROWS WITH TIES");
  } else if (!limit.text.empty()) {
    absl::StrAppend(&sql, " LIMIT ", limit.text);
  }
  return sql;
}

std::string Query::OracleSql() const {
  if (order.empty()) return with + Body("");
  std::string keys, over;
  for (size_t i = 0; i < order.size(); ++i) {
    std::string name = order[i].expression;
    if (!IsAlias(name)) {
      name = absl::StrCat("k", i);
      absl::StrAppend(&keys, ", ", order[i].expression, " AS ", name);
    }
    absl::StrAppend(&over, i == 0 ? "ORDER BY " : ", ", name, order[i].direction);
  }
  std::string visible;
  for (size_t i = 0; i < outputs.size(); ++i) absl::StrAppend(&visible, "c", i + 1, ", ");
  return absl::StrCat(with, "SELECT ", visible, "rank() OVER (", over, ") FROM (", Body(keys),
                      ") q");
}

}  // namespace redis_fdw::test
