// Queries of several tables.

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "testing/differential/maker.h"

namespace redis_fdw::test {

std::string Maker::SmallSource(const std::string& alias, Refs* refs) {
  if (Chance(75)) {
    const Table& local = random_.Pick(world_.locals);
    *refs = RefsOf(local, alias);
    return absl::StrCat("l.", local.name, " ", alias);
  }
  // Some values of a column.
  const Ref of = random_.Pick(RefsOf(PickTable(), "t"));
  std::vector<std::string> rows;
  for (uint64_t n = 1 + random_.Below(5); n > 0; --n) {
    rows.push_back(absl::StrCat(
        "(",
        Literal(*of.column->type, Chance(5) ? std::nullopt : std::optional(DrawText(of, &random_))),
        ", ", random_.Between(-2, 12), ")"));
  }
  refs->push_back({alias + ".k", of.column, of.table});
  return absl::StrCat("(VALUES ", absl::StrJoin(rows, ", "), ") ", alias, " (k, n)");
}

std::string Maker::Source(const std::string& alias, Refs* refs) {
  if (Chance(35)) return SmallSource(alias, refs);
  const Table& table = PickTable();
  *refs = RefsOf(table, alias);
  return absl::StrCat(table.name, " ", alias);
}

std::string Maker::Equality(const Refs& left, const Refs& right) {
  for (int tries = 0; tries < 24; ++tries) {
    const Ref& a = random_.Pick(left);
    const Ref& b = random_.Pick(right);
    // What names rows is what joins are by.
    if (tries < 12 && !b.column->identity) continue;
    if (!Comparable(a, b)) continue;
    std::string l = a.sql;
    std::string r = b.sql;
    if (a.column->is_text()) {
      const bool domain = a.column->type->name == "d_c" || b.column->type->name == "d_c";
      if (a.column->collation != b.column->collation || domain) {
        l = absl::StrCat("(", l, " COLLATE \"C\")");
      }
      if (Chance(6)) l = absl::StrCat("(", l, " || '')");
      if (Chance(4)) l = absl::StrCat("lower(", Determined(a), ") COLLATE \"C\"");
    } else if (a.kind() == Kind::kInteger && Chance(8)) {
      l = absl::StrCat("(", l, " - 0)");
    }
    return Chance(50) ? absl::StrCat(l, " = ", r) : absl::StrCat(r, " = ", l);
  }
  return "true";
}

void Maker::Join(Query* query) {
  Refs left, right;
  const std::string from = Source("t", &left);
  std::string to;
  if (Chance(12)) {
    // With itself, where that is a table.
    const Table& table = PickTable();
    left = RefsOf(table, "t");
    right = RefsOf(table, "u");
    query->from = table.name + " t";
    to = table.name + " u";
  } else {
    query->from = from;
    const Table& table = PickTable();
    right = RefsOf(table, "u");
    to = table.name + " u";
  }
  std::string on = Equality(left, right);
  if (on == "true" && (left[0].table->rows.size() > 60 || right[0].table->rows.size() > 60)) {
    on = "false";
  }
  const bool equal = on != "true" && on != "false";
  if (equal && Chance(20)) absl::StrAppend(&on, " AND ", Equality(left, right));
  if (equal && Chance(25)) absl::StrAppend(&on, " AND ", Condition(Chance(50) ? left : right, 1));
  std::string kind = Word({"JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN"});
  const std::string only = Equality(left, right);
  if (only != "true" && Chance(8)) {
    // A full join needs conditions that can be merged or hashed.
    kind = "FULL JOIN";
    on = only;
  }
  absl::StrAppend(&query->from, " ", kind, " ", to, " ON ", on);
  Refs all = left;
  all.insert(all.end(), right.begin(), right.end());
  if (equal && Chance(15)) {
    Refs third;
    const Table& table = PickTable();
    third = RefsOf(table, "w");
    const std::string also = Equality(all, third);
    if (also != "true") {
      absl::StrAppend(&query->from, Chance(60) ? " JOIN " : " LEFT JOIN ", table.name, " w ON ",
                      also);
      all.insert(all.end(), third.begin(), third.end());
    }
  }
  AddConjuncts(all, 2, &query->conjuncts);
  if (Chance(25)) {
    query->outputs = {"count(*)", Aggregate(random_.Pick(all))};
    return;
  }
  for (const Ref& ref : all) {
    if (Chance(50)) query->outputs.push_back(ref.sql);
  }
  if (query->outputs.empty()) query->outputs.push_back("1");
  if (Chance(40)) query->order = SomeOrder(all);
  if (Chance(40)) AddLimit(query);
}

void Maker::Semi(Query* query) {
  Refs outer, inner;
  query->from = Source("t", &outer);
  const std::string source = Source("u", &inner);
  for (const Ref& ref : outer) query->outputs.push_back(ref.sql);
  const std::string negated = Chance(40) ? "NOT " : "";
  const std::string equal = Equality(outer, inner);
  std::vector<std::string> conditions = {equal};
  if (Chance(50)) conditions.push_back(Condition(inner, 1));
  if (Chance(10)) conditions.push_back(Equality(outer, inner));
  const std::string where = absl::StrJoin(conditions, " AND ");
  const Ref* a = nullptr;
  const Ref* b = nullptr;
  for (int tries = 0; tries < 20 && a == nullptr; ++tries) {
    const Ref& x = random_.Pick(outer);
    const Ref& y = random_.Pick(inner);
    if (Comparable(x, y)) a = &x, b = &y;
  }
  const uint64_t dice = random_.Below(100);
  if (a == nullptr || dice < 50) {
    query->conjuncts.push_back(absl::StrCat(negated, "EXISTS (SELECT ", Word({"1", "*", ""}),
                                            " FROM ", source, " WHERE ", where, ")"));
  } else {
    const std::string x = a->column->is_text() ? a->sql + " COLLATE \"C\"" : a->sql;
    // The explicit collation stands where both sides see it; an implicit one is tried as well.
    const bool same = a->column->collation == b->column->collation &&
                      a->column->type->name != "d_c" && b->column->type->name != "d_c";
    const std::string left = same ? a->sql : x;
    const std::string select = absl::StrCat("SELECT ", b->sql, " FROM ", source, Where(inner, 1));
    if (dice < 80) {
      query->conjuncts.push_back(absl::StrCat(left, " ", negated, "IN (", select, ")"));
    } else if (dice < 90 && a->kind() != Kind::kList) {
      query->conjuncts.push_back(absl::StrCat(left, " = ANY (ARRAY(", select, "))"));
    } else {
      query->conjuncts.push_back(absl::StrCat(left, Word({" > ", " <> ", " <= "}),
                                              Word({"ALL", "ANY"}), " (", select, ")"));
    }
  }
  if (Chance(50)) query->conjuncts.push_back(absl::StrCat("(", Condition(outer, 1), ")"));
  if (Chance(30)) query->order = SomeOrder(outer);
  if (Chance(25)) AddLimit(query);
}

void Maker::Lateral(Query* query) {
  Refs outer;
  query->from = SmallSource("t", &outer);
  const Table& table = PickTable();
  const Refs inner = RefsOf(table, "u");
  std::string where = Equality(outer, inner);
  if (Chance(40)) absl::StrAppend(&where, " AND ", Condition(inner, 1));
  std::vector<std::string> list;
  for (const Ref& ref : inner) list.push_back(ref.sql);
  const std::string sub =
      absl::StrCat("(SELECT ", absl::StrJoin(list, ", "), " FROM ", table.name, " u WHERE ", where,
                   Chance(60) ? absl::StrCat(" ORDER BY ", TotalOrder(inner), " LIMIT ",
                                             random_.Below(4), " OFFSET ", random_.Below(2))
                              : "",
                   ") x");
  absl::StrAppend(&query->from, Chance(50) ? absl::StrCat(", LATERAL ", sub)
                                           : absl::StrCat(" LEFT JOIN LATERAL ", sub, " ON true"));
  query->outputs = {outer[0].sql};
  for (const Column& column : table.columns) query->outputs.push_back("x." + column.name);
  AddConjuncts(outer, 1, &query->conjuncts);
  if (Chance(30)) query->order = SomeOrder(outer);
}

void Maker::Correlated(Query* query) {
  Refs outer;
  query->from = Source("t", &outer);
  const Table& table = PickTable();
  const Refs inner = RefsOf(table, "u");
  const Ref& ref = PickOrdered(inner);
  const std::string where = absl::StrCat(" FROM ", table.name, " u WHERE ", Equality(outer, inner),
                                         Chance(30) ? " AND " + Condition(inner, 1) : "");
  query->outputs = {
      random_.Pick(outer).sql,
      Word({absl::StrCat("(SELECT count(*)", where, ")"),
            absl::StrCat("(SELECT ", Aggregate(ref), where, ")"),
            absl::StrCat("(SELECT ", ref.sql, where, " ORDER BY ", TotalOrder(inner), " LIMIT 1)"),
            absl::StrCat("EXISTS (SELECT", where, ")"),
            absl::StrCat("ARRAY(SELECT ", ref.sql, "::text", where, " ORDER BY ", TotalOrder(inner),
                         ")")})};
  AddConjuncts(outer, 2, &query->conjuncts);
  if (Chance(30)) query->order = SomeOrder(outer);
  if (Chance(30)) AddLimit(query);
}

void Maker::Ctes(Query* query) {
  const Table& table = PickTable();
  const Refs inner = RefsOf(table, "t");
  const Refs refs = RefsOf(table, "x");
  query->with = absl::StrCat("WITH x AS ", Word({"", "MATERIALIZED ", "NOT MATERIALIZED "}),
                             "(SELECT * FROM ", table.name, " t", Where(inner, 2), ") ");
  query->from = "x";
  if (Chance(40) && table.rows.size() < 150) {
    query->from = absl::StrCat("x JOIN x y ON ", Equality(refs, RefsOf(table, "y")));
  }
  AddConjuncts(refs, 1, &query->conjuncts);
  for (const Ref& ref : refs) query->outputs.push_back(ref.sql);
  if (Chance(40)) query->order = SomeOrder(refs);
  if (Chance(40)) AddLimit(query);
}

void Maker::SetOperations(Query* query) {
  Refs left, right;
  const std::string from = Source("t", &left);
  const std::string to = Source("u", &right);
  const auto select = [this](const Refs& refs, const std::string& source) {
    return absl::StrCat("SELECT ", random_.Pick(refs).sql, "::text COLLATE \"C\" AS c1 FROM ",
                        source, Where(refs, 2));
  };
  query->whole = absl::StrCat("(", select(left, from), ") ",
                              Word({"UNION", "UNION ALL", "EXCEPT", "EXCEPT ALL", "INTERSECT"}),
                              " (", select(right, to), ")");
  query->outputs = {"c1"};
  if (Chance(50)) query->order = {{"c1", Direction()}};
  if (Chance(40)) AddLimit(query);
}

// Two tables as one, whose orders can be merged.
void Maker::Appended(Query* query) {
  const Table& first = PickTable();
  const Table& second = PickTable();
  for (int tries = 0; tries < 30; ++tries) {
    const Ref a = PickOrdered(RefsOf(first, "t"));
    const Ref b = PickOrdered(RefsOf(second, "u"));
    const Column& x = *a.column;
    const Column& y = *b.column;
    const bool same = x.type == y.type && x.collation == y.collation;
    if (!same && tries < 29) continue;
    const std::string cast = same ? "" : "::text COLLATE \"C\"";
    query->from =
        absl::StrCat("(SELECT ", a.sql, cast, " AS v FROM ", first.name, " t", Where({a}, 1),
                     " UNION ALL SELECT ", b.sql, cast, " FROM ", second.name, " u", ") q");
    query->outputs = {"q.v"};
    if (same) AddConjuncts({{"q.v", a.column, a.table}}, 1, &query->conjuncts);
    query->order = {{"q.v", Direction()}};
    if (Chance(60)) AddLimit(query);
    return;
  }
}

}  // namespace redis_fdw::test
