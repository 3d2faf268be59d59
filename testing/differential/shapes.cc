// Queries of one table.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "testing/differential/maker.h"

namespace redis_fdw::test {

Maker::Refs Maker::RefsOf(const Table& table, const std::string& alias) {
  Refs refs;
  for (const Column& column : table.columns) {
    refs.push_back({absl::StrCat(alias, ".", column.name), &column, &table});
  }
  return refs;
}

const Ref& Maker::PickOrdered(const Refs& refs) {
  // Those that Redis may have an order of.
  static const auto* const names = new std::vector<std::string>{"s", "r", "i", "id", "m", "f", "k"};
  for (int tries = 0; tries < 4; ++tries) {
    const Ref& ref = random_.Pick(refs);
    if (std::find(names->begin(), names->end(), ref.column->name) != names->end()) return ref;
  }
  return random_.Pick(refs);
}

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

void Maker::Plain(Query* query) {
  const Table& table = PickTable();
  const Refs refs = RefsOf(table, "t");
  query->from = table.name + " t";
  for (const Ref& ref : refs) {
    if (Chance(60)) query->outputs.push_back(ref.sql);
  }
  if (Chance(15)) query->outputs.push_back("t");
  if (Chance(20)) query->outputs.push_back(Expression(random_.Pick(refs)));
  if (query->outputs.empty()) query->outputs.push_back("1");
  AddConjuncts(refs, 3, &query->conjuncts);
  if (Chance(50)) query->order = SomeOrder(refs);
  if (Chance(50)) AddLimit(query);
}

// What is asked for most: rows by what names them.
void Maker::Lookup(Query* query) {
  const Table& table = PickTable();
  const Refs refs = RefsOf(table, "t");
  query->from = table.name + " t";
  for (const Ref& ref : refs) query->outputs.push_back(ref.sql);
  for (const Ref& ref : refs) {
    if (!ref.column->identity) continue;
    if (ref.column->name == "k" && Chance(30)) continue;
    query->conjuncts.push_back(Chance(60) ? absl::StrCat(ref.sql, " = ", Operand(ref))
                               : Chance(50)
                                   ? absl::StrCat(ref.sql, " IN (", ListOfOperands(ref), ")")
                                   : absl::StrCat(ref.sql, " = ANY (", ArrayOperand(ref), ")"));
  }
  if (Chance(30)) AddConjuncts(refs, 1, &query->conjuncts);
  if (Chance(15)) AddLimit(query);
}

std::string Maker::Aggregate(const Ref& ref) {
  const std::string& c = ref.sql;
  switch (ref.kind()) {
    case Kind::kText:
    case Kind::kStreamId:
      if (Chance(60)) return absl::StrCat(Word({"min", "max"}), "(", Determined(ref), ")");
      break;
    case Kind::kInteger:
      if (Chance(60)) return absl::StrCat(Word({"min", "max", "sum", "avg"}), "(", c, ")");
      break;
    case Kind::kNumeric:
      if (Chance(60)) return absl::StrCat("trim_scale(", Word({"min", "max", "sum"}), "(", c, "))");
      break;
    case Kind::kFloat:
      if (Chance(60)) return absl::StrCat(Word({"min", "max"}), "(", c, ") + 0");
      break;
    case Kind::kInstant:
    case Kind::kDate:
    case Kind::kEnum:
    case Kind::kSortedId:
      if (Chance(60)) return absl::StrCat(Word({"min", "max"}), "(", c, ")");
      break;
    case Kind::kBool:
      if (Chance(60)) return absl::StrCat(Word({"bool_and", "bool_or"}), "(", c, ")");
      break;
    default:
      break;
  }
  return Word({std::string("count(*)"), absl::StrCat("count(", c, ")"),
               absl::StrCat("count(DISTINCT ", Determined(ref), ")")});
}

void Maker::Aggregates(Query* query) {
  const Table& table = PickTable();
  const Refs refs = RefsOf(table, "t");
  query->from = table.name + " t";
  AddConjuncts(refs, 2, &query->conjuncts);
  if (Chance(45)) {
    query->outputs.push_back("count(*)");
  } else {
    for (uint64_t n = 1 + random_.Below(3); n > 0; --n) {
      query->outputs.push_back(Aggregate(PickOrdered(refs)));
    }
  }
  if (Chance(10)) {
    query->outputs[0] += absl::StrCat(" FILTER (WHERE ", Condition(refs), ")");
    if (query->outputs[0].find("trim_scale") != std::string::npos ||
        query->outputs[0].find(" + 0") != std::string::npos) {
      query->outputs[0] = "count(*)";
    }
  }
  if (Chance(15)) query->tail = absl::StrCat(" HAVING count(*) > ", random_.Below(5));
}

void Maker::Groups(Query* query) {
  const Table& table = PickTable();
  const Refs refs = RefsOf(table, "t");
  const Ref& by = random_.Pick(refs);
  query->from = table.name + " t";
  AddConjuncts(refs, 2, &query->conjuncts);
  query->tail = absl::StrCat(" GROUP BY ", by.sql);
  if (Chance(30)) absl::StrAppend(&query->tail, " HAVING count(*) > ", random_.Below(3));
  // Which of several equal values is shown is open.
  const bool open = !by.column->deterministic() || by.column->type->name == "float8[]";
  query->outputs = {open ? "1" : Canonical(by), "count(*)", Aggregate(random_.Pick(refs))};
  if (!open && Chance(40)) {
    query->order = {{Chance(50) ? "c1" : "c2", Direction()}};
    if (Chance(50)) AddLimit(query);
  }
}

void Maker::Exists(Query* query) {
  const Table& table = PickTable();
  const Refs refs = RefsOf(table, "t");
  const std::string body = absl::StrCat(" FROM ", table.name, " t", Where(refs, 2));
  const Ref& ref = PickOrdered(refs);
  query->from = "(VALUES (1)) v";
  for (uint64_t n = 1 + random_.Below(2); n > 0; --n) {
    switch (random_.Below(5)) {
      case 0:
      case 1:
        query->outputs.push_back(
            absl::StrCat("EXISTS (SELECT", Word({"", " 1", " *"}), body,
                         Chance(20) ? absl::StrCat(" LIMIT ", random_.Below(3)) : "",
                         Chance(20) ? absl::StrCat(" OFFSET ", random_.Below(9)) : "", ")"));
        break;
      case 2:
        query->outputs.push_back(absl::StrCat("(SELECT count(*)", body, ")"));
        break;
      case 3:
        query->outputs.push_back(absl::StrCat("(SELECT ", Aggregate(ref), body, ")"));
        break;
      default:
        query->outputs.push_back(absl::StrCat("(SELECT ", ref.sql, body, " ORDER BY ",
                                              TotalOrder(refs), " OFFSET ", random_.Below(4),
                                              " LIMIT 1)"));
    }
  }
}

void Maker::Distinct(Query* query) {
  const Table& table = PickTable();
  const Refs refs = RefsOf(table, "t");
  if (Chance(50)) {
    query->distinct = "DISTINCT ";
    query->from = table.name + " t";
    for (uint64_t n = 1 + random_.Below(2); n > 0; --n) {
      query->outputs.push_back(Canonical(random_.Pick(refs)));
    }
    AddConjuncts(refs, 2, &query->conjuncts);
    if (Chance(60)) query->order = {{"c1", Direction()}};
    if (Chance(40)) AddLimit(query);
    return;
  }
  const Ref& first = PickOrdered(refs);
  std::vector<std::string> outputs;
  for (const Ref& ref : refs) outputs.push_back(absl::StrCat(ref.sql, " AS c", outputs.size() + 1));
  for (size_t i = 0; i < refs.size(); ++i) query->outputs.push_back(absl::StrCat("c", i + 1));
  query->whole =
      absl::StrCat("SELECT * FROM (SELECT DISTINCT ON (", first.sql, ") ",
                   absl::StrJoin(outputs, ", "), " FROM ", table.name, " t", Where(refs, 2),
                   " ORDER BY ", first.sql, Direction(), ", ", TotalOrder(refs), ") d");
}

void Maker::Windows(Query* query) {
  const Table& table = PickTable();
  const Refs refs = RefsOf(table, "t");
  query->from = table.name + " t";
  AddConjuncts(refs, 2, &query->conjuncts);
  const Ref& ref = PickOrdered(refs);
  const std::string total = TotalOrder(refs);
  query->outputs = {random_.Pick(refs).sql,
                    Word({absl::StrCat("row_number() OVER (ORDER BY ", total, ")"),
                          absl::StrCat("rank() OVER (ORDER BY ", ref.sql, Direction(), ")"),
                          absl::StrCat("dense_rank() OVER (PARTITION BY ", random_.Pick(refs).sql,
                                       " ORDER BY ", ref.sql, ")"),
                          absl::StrCat("lag(", ref.sql, ") OVER (ORDER BY ", total, ")"),
                          absl::StrCat("count(*) OVER (ORDER BY ", ref.sql, ")"),
                          absl::StrCat("first_value(", ref.sql, ") OVER (ORDER BY ", total, ")"),
                          absl::StrCat("count(", ref.sql, ") OVER (ORDER BY ", total,
                                       " ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)")})};
  if (Chance(50)) query->order = SomeOrder(refs);
  if (Chance(40)) AddLimit(query);
}

Query Maker::Next() {
  params_.clear();
  Query query;
  const uint64_t mode = random_.Below(100);
  query.mode = mode < 55   ? Query::Mode::kPlain
               : mode < 87 ? Query::Mode::kPrepared
                           : Query::Mode::kCursor;
  prepared_ = query.mode == Query::Mode::kPrepared;
  const uint64_t shape = random_.Below(100);
  if (shape < 22) {
    Plain(&query);
  } else if (shape < 34) {
    Lookup(&query);
  } else if (shape < 43) {
    Aggregates(&query);
  } else if (shape < 47) {
    Groups(&query);
  } else if (shape < 52) {
    Exists(&query);
  } else if (shape < 56) {
    Distinct(&query);
  } else if (shape < 60) {
    Windows(&query);
  } else if (shape < 73) {
    Join(&query);
  } else if (shape < 81) {
    Semi(&query);
  } else if (shape < 86) {
    Lateral(&query);
  } else if (shape < 90) {
    Correlated(&query);
  } else if (shape < 94) {
    Ctes(&query);
  } else if (shape < 97) {
    SetOperations(&query);
  } else {
    Appended(&query);
  }
  if (query.mode == Query::Mode::kCursor) AddFetches(&query);
  for (const Param& param : params_) query.params.push_back(param.type);
  for (uint64_t n = !prepared_ ? 0 : Chance(70) ? 1 + random_.Below(3) : 7; n > 0; --n) {
    std::vector<std::string>& arguments = query.arguments.emplace_back();
    for (const Param& param : params_) arguments.push_back(param.draw(&random_));
  }
  return query;
}

}  // namespace redis_fdw::test
