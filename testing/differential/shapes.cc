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

// By bounds on what Redis may have an order of or find by a pattern, and nothing in the way of
// orders, limits and counts.
void Maker::Range(Query* query) {
  const Table* table = nullptr;
  const Column* column = nullptr;
  for (int tries = 0; tries < 20 && column == nullptr; ++tries) {
    table = &PickTable();
    for (const Column& each : table->columns) {
      const bool ordered = each.identity || each.name == "s" || each.name == "r";
      if (ordered && each.type->kind != Kind::kList && Chance(60)) column = &each;
    }
  }
  if (column == nullptr) return Plain(query);
  const Ref ref = {"t." + column->name, column, table};
  const Refs refs = RefsOf(*table, "t");
  query->from = table->name + " t";
  for (uint64_t n = random_.Below(3); n > 0; --n) {
    if (column->is_text() && Chance(40)) {
      query->conjuncts.push_back(OfText(ref));
    } else if (Chance(15)) {
      query->conjuncts.push_back(
          absl::StrCat(ref.sql, " BETWEEN ", Operand(ref), " AND ", Operand(ref)));
    } else {
      query->conjuncts.push_back(
          absl::StrCat(ref.sql, Word({" < ", " <= ", " > ", " >= ", " = "}), Operand(ref)));
    }
  }
  // One key of several is where orders hold.
  if (column->name != "k" && refs.size() > 1 && Chance(60)) {
    for (const Ref& key : refs) {
      if (key.column->name != "k") continue;
      query->conjuncts.push_back(absl::StrCat("t.k = ", Operand(key)));
    }
  }
  if (Chance(25)) {
    query->outputs.push_back(Word({"count(*)", "count(*)", Aggregate(ref)}));
    return;
  }
  for (const Ref& each : refs) query->outputs.push_back(each.sql);
  if (Chance(60)) query->order.push_back({ref.sql, Direction()});
  if (Chance(70)) AddLimit(query);
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
  if (shape < 15) {
    Plain(&query);
  } else if (shape < 24) {
    Lookup(&query);
  } else if (shape < 44) {
    Range(&query);
  } else if (shape < 51) {
    Aggregates(&query);
  } else if (shape < 54) {
    Groups(&query);
  } else if (shape < 58) {
    Exists(&query);
  } else if (shape < 61) {
    Distinct(&query);
  } else if (shape < 64) {
    Windows(&query);
  } else if (shape < 75) {
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
