// WHERE: everything that can be said of a column, by its type.

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "testing/differential/maker.h"

namespace redis_fdw::test {
namespace {

const std::vector<std::string>& Comparisons() {
  static const auto* const all =
      new std::vector<std::string>{"=", "=", "=", "<>", "!=", "<", "<=", ">", ">="};
  return *all;
}

// What = compares without a cast.
std::string Family(const Column& column) {
  switch (column.type->kind) {
    case Kind::kText:
    case Kind::kStreamId:
      return column.type->base == "bpchar" ? "bpchar" : "text";
    case Kind::kInteger:
    case Kind::kNumeric:
    case Kind::kFloat:
      return "number";
    default:
      return column.type->base;
  }
}

}  // namespace

bool Comparable(const Ref& left, const Ref& right) {
  return Family(*left.column) == Family(*right.column);
}

std::string Maker::Determined(const Ref& ref) {
  if (!ref.column->is_text() || ref.column->deterministic()) return ref.sql;
  return absl::StrCat("(", ref.sql, " COLLATE \"C\")");
}

std::string Maker::Comparison(const Ref& ref) {
  std::string op = random_.Pick(Comparisons());
  if (Chance(4)) op = Chance(50) ? "IS DISTINCT FROM" : "IS NOT DISTINCT FROM";
  std::string left = ref.sql;
  if (ref.column->is_text() && Chance(8)) {
    left =
        absl::StrCat("(", ref.sql, " COLLATE ", Word({"\"C\"", "\"en-x-icu\"", "public.ci"}), ")");
  } else if (ref.column->type->base == "bpchar" ? Chance(20) : ref.column->is_text() && Chance(8)) {
    left = absl::StrCat(ref.sql, Word({"::text", "::varchar", "::varchar(3)"}));
  }
  const std::string operand = Operand(ref);
  if (Chance(25)) return absl::StrCat(operand, " ", op, " ", left);
  return absl::StrCat(left, " ", op, " ", operand);
}

std::string Maker::Simple(const Ref& ref) {
  const bool list = ref.kind() == Kind::kList;
  switch (random_.Below(14)) {
    case 0:
      return absl::StrCat(ref.sql, " IS ", Chance(50) ? "NOT " : "", "NULL");
    case 1:
    case 2:
      return absl::StrCat(ref.sql, Chance(25) ? " NOT IN (" : " IN (", ListOfOperands(ref), ")");
    case 3:
      if (list) break;
      return absl::StrCat(ref.sql, " ", Chance(75) ? "=" : random_.Pick(Comparisons()), " ANY (",
                          ArrayOperand(ref), ")");
    case 4:
      if (list) break;
      return absl::StrCat(ref.sql, " ", Chance(75) ? "<>" : random_.Pick(Comparisons()), " ALL (",
                          ArrayOperand(ref), ")");
    case 5:
      return absl::StrCat(ref.sql, Chance(20) ? " NOT" : "", " BETWEEN ",
                          Chance(20) ? "SYMMETRIC " : "", Operand(ref), " AND ", Operand(ref));
    case 6:
    case 7:
    case 8:
      return OfKind(ref);
    default:
      break;
  }
  return Comparison(ref);
}

std::string Maker::OfKind(const Ref& ref) {
  switch (ref.kind()) {
    case Kind::kText:
    case Kind::kStreamId:
      return OfText(ref);
    case Kind::kInteger:
    case Kind::kNumeric:
    case Kind::kFloat:
      return OfNumber(ref);
    case Kind::kList:
      return OfList(ref);
    case Kind::kJson:
      return OfJson(ref);
    case Kind::kBool:
      return absl::StrCat(Word({"", "NOT "}), ref.sql,
                          Word({"", " IS TRUE", " IS NOT TRUE", " IS UNKNOWN", " IS NOT FALSE"}));
    case Kind::kBytes:
      return Word({absl::StrCat("length(", ref.sql, ") < 3"),
                   absl::StrCat(ref.sql, " LIKE '\\x6125'::bytea"),
                   absl::StrCat(ref.sql, " LIKE '%a%'::bytea"),
                   absl::StrCat("substr(", ref.sql, ", 1, 1) = '\\x61'::bytea"),
                   absl::StrCat(ref.sql, " || '\\x00'::bytea > '\\x61'::bytea")});
    case Kind::kInstant:
      return Word({absl::StrCat(ref.sql, " > '2000-01-01'::date"),
                   absl::StrCat(ref.sql, "::date <= '2024-05-01'::date"),
                   absl::StrCat(ref.sql, " < '2024-05-01 12:00:00'::timestamp"),
                   absl::StrCat(ref.sql, " > now()")});
    case Kind::kDate:
      return Word({absl::StrCat(ref.sql, " > '2000-01-01 00:00:00+00'::timestamptz"),
                   absl::StrCat("isfinite(", ref.sql, ")"),
                   absl::StrCat(ref.sql, " <= '2024-02-29'::timestamp")});
    case Kind::kSortedId:
      return Word({absl::StrCat(ref.sql, " >= '1970-01-01 00:00:00.0", random_.Between(10, 99),
                                "+00'::timestamptz::redis_stream_id"),
                   absl::StrCat(ref.sql, " < '2022-01-01 00:00:00+00'::timestamptz"),
                   absl::StrCat(ref.sql, "::timestamptz > '1970-01-01 00:00:00.05+00'"),
                   absl::StrCat(ref.sql, "::text LIKE '9%'"),
                   absl::StrCat(ref.sql, " > now() - interval '1 hour'")});
    case Kind::kUuid:
      return absl::StrCat(ref.sql, "::text LIKE '0%'");
    case Kind::kEnum:
      return Word({absl::StrCat(ref.sql, "::text > 'ok'"), absl::StrCat(ref.sql, " > 'sad'"),
                   absl::StrCat(ref.sql, " IN ('OK then', 'sad')")});
  }
  return "true";
}

std::string Maker::OfText(const Ref& ref) {
  const std::string c = Determined(ref);
  const auto pattern = [this, ref] {
    return TextOperand([this, ref](Random* random) { return LikePattern(ref, random); });
  };
  const auto prefix = [this, ref] {
    return TextOperand([this, ref](Random* random) {
      const std::string text = DrawText(ref, random);
      size_t end = random->Below(text.size() + 1);
      while (end < text.size() && (text[end] & 0xc0) == 0x80) ++end;
      return text.substr(0, end);
    });
  };
  switch (random_.Below(18)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return absl::StrCat(c, Chance(25) ? " NOT" : "", Chance(85) ? " LIKE " : " ILIKE ",
                          pattern());
    case 5:
      return absl::StrCat(c, " LIKE ", pattern(), " ESCAPE '", Word({"!", "", "a", "_"}), "'");
    case 6:
      return absl::StrCat(c, " ^@ ", prefix());
    case 7:
      return absl::StrCat("starts_with(", c, ", ", prefix(), ")");
    case 8:
      return absl::StrCat(c, " ", Word({"~<~", "~<=~", "~>~", "~>=~"}), " ",
                          Literal(TypeOf("text"), DrawText(ref, &random_)));
    case 9:
      return absl::StrCat(c, Word({" ~ '^a'", " ~ '^ab?c'", " ~* '^A'", " !~ '[0-9]'",
                                   " SIMILAR TO 'a%'", " ~ '^(a|b)$'", " ~ '^[0-9]+-'"}));
    case 10:
      return absl::StrCat(Word({"lower", "upper", "btrim", "reverse"}), "(", c,
                          ") = ", Literal(TypeOf("text"), DrawText(ref, &random_)));
    case 11:
      return absl::StrCat("length(", c, ") ", random_.Pick(Comparisons()), " ", random_.Below(6));
    case 12:
      return absl::StrCat("left(", c, ", ", random_.Below(3), ") = ", prefix());
    case 13:
      return absl::StrCat(c, " || 'x' = ", prefix(), " || 'x'");
    case 14:
      return absl::StrCat("coalesce(", ref.sql, ", 'a') = ", Operand(ref));
    case 15:
      return absl::StrCat("strpos(", c, ", 'a') > 0");
    case 16:
      return absl::StrCat("split_part(", c, ", '-', 1) = '", random_.Between(0, 12), "'");
    default:
      return absl::StrCat("convert_to(", c, ", 'UTF8') < '\\x62'::bytea");
  }
}

std::string Maker::OfNumber(const Ref& ref) {
  const std::string op = random_.Pick(Comparisons());
  switch (random_.Below(7)) {
    case 0:
      // Not with a float8, which the largest numbers no longer fit.
      return absl::StrCat(ref.sql, "::numeric + 1 ", op, " ", random_.Between(-3, 14), ".0");
    case 1:
      return absl::StrCat("-(", ref.sql, "::float8) ", op, " ", NumberOperand(ref));
    case 2:
      return absl::StrCat(ref.sql, "::text LIKE '", Word({"1%", "%0", "-%", "%.%", "1_"}), "'");
    case 3:
      if (ref.kind() == Kind::kInteger) return absl::StrCat(ref.sql, " % 3 = ", random_.Below(3));
      break;
    case 4:
      // A range, whose ends may be the wrong way round.
      return absl::StrCat("(", ref.sql, Word({" > ", " >= "}), Operand(ref), " AND ", ref.sql,
                          Word({" < ", " <= "}), Operand(ref), ")");
    case 5:
      return absl::StrCat("coalesce(", ref.sql, ", 1) ", op, " ", Operand(ref));
    default:
      break;
  }
  return absl::StrCat(ref.sql, " ", op, " ", NumberOperand(ref));
}

std::string Maker::OfList(const Ref& ref) {
  const Type& element = *ref.column->type->element;
  const std::string one = Literal(element, RandomValue(element, true, &random_).sql);
  return Word({absl::StrCat(one, " = ANY (", ref.sql, ")"),
               absl::StrCat(ref.sql, " @> ARRAY[", one, "]"),
               absl::StrCat(ref.sql, " && ARRAY[", one, ", ", one, "]"),
               absl::StrCat("cardinality(", ref.sql, ") > 2"), absl::StrCat(ref.sql, "[1] = ", one),
               absl::StrCat(ref.sql, "[1] > ", one)});
}

std::string Maker::OfJson(const Ref& ref) {
  return Word({absl::StrCat(ref.sql, " @> '{\"a\": 1}'"), absl::StrCat(ref.sql, " ? 'a'"),
               absl::StrCat(ref.sql, " ->> 'a' = '1'"),
               absl::StrCat("jsonb_typeof(", ref.sql, ") = 'object'"),
               absl::StrCat(ref.sql, "::text = '{}'"),
               absl::StrCat(ref.sql, " ->> 'hidden' = 'x'")});
}

std::string Maker::OfRow(const Refs& refs) {
  const Ref& a = random_.Pick(refs);
  const Ref& b = random_.Pick(refs);
  const std::string row = absl::StrCat("(", a.sql, ", ", b.sql, ")");
  const auto operands = [&] { return absl::StrCat("(", Operand(a), ", ", Operand(b), ")"); };
  switch (random_.Below(4)) {
    case 0:
      return absl::StrCat(row, " IN (", operands(), ", ", operands(), ")");
    case 1:
      return absl::StrCat(row, " ", Word({"<", "<=", ">", ">="}), " ", operands());
    case 2:
      if (!Comparable(a, b)) break;
      return absl::StrCat(Determined(a), " ", random_.Pick(Comparisons()), " ",
                          a.column->is_text() ? b.sql + " COLLATE \"C\"" : b.sql);
    default:
      break;
  }
  return absl::StrCat(row, " = ", operands());
}

std::string Maker::Impossible(const Ref& ref) {
  switch (random_.Below(6)) {
    case 0:
      return absl::StrCat(ref.sql, " = ", Operand(ref), " AND ", ref.sql, " = ", Operand(ref));
    case 1:
      return absl::StrCat(ref.sql, " IS NULL AND ", ref.sql, " = ", Operand(ref));
    case 2:
      return absl::StrCat(ref.sql, " < ", Operand(ref), " AND ", ref.sql, " > ", Operand(ref));
    case 3:
      return Word({"false", "NULL::bool", "1 = 0", "true", "now() IS NULL"});
    case 4:
      return absl::StrCat(ref.sql, " = NULL");
    default:
      return absl::StrCat(ref.sql, " = ", ref.sql);
  }
}

std::string Maker::Condition(const Refs& refs, int depth) {
  const Ref& ref = random_.Pick(refs);
  const uint64_t dice = random_.Below(100);
  if (depth == 0 || dice < 70) return Simple(ref);
  const auto inner = [&] { return Condition(refs, depth - 1); };
  if (dice < 78) return absl::StrCat("(", inner(), " OR ", inner(), ")");
  if (dice < 82) {
    // What may become an IN.
    return absl::StrCat("(", ref.sql, " = ", Operand(ref), " OR ", ref.sql, " = ", Operand(ref),
                        Chance(30) ? absl::StrCat(" OR ", inner()) : "", ")");
  }
  if (dice < 86) return absl::StrCat("NOT (", inner(), ")");
  if (dice < 89) return absl::StrCat("(", inner(), " AND ", inner(), ")");
  if (dice < 91) {
    return absl::StrCat("(", inner(), ")", Word({" IS TRUE", " IS NOT TRUE", " IS NULL"}));
  }
  if (dice < 96) return OfRow(refs);
  if (dice < 97) {
    return absl::StrCat("CASE WHEN ", inner(), " THEN ", inner(), " ELSE ", inner(), " END");
  }
  return absl::StrCat("(", Impossible(ref), ")");
}

void Maker::AddConjuncts(const Refs& refs, size_t most, std::vector<std::string>* conjuncts) {
  // What names rows is asked for more often than not.
  Refs named;
  for (const Ref& ref : refs) {
    if (ref.column->identity) named.push_back(ref);
  }
  for (uint64_t n = random_.Below(most + 1); n > 0; --n) {
    const Refs& from = !named.empty() && Chance(50) ? named : refs;
    conjuncts->push_back(absl::StrCat("(", Condition(from), ")"));
  }
}

std::string Maker::Where(const Refs& refs, size_t most) {
  std::vector<std::string> conjuncts;
  AddConjuncts(refs, most, &conjuncts);
  return conjuncts.empty() ? "" : absl::StrCat(" WHERE ", absl::StrJoin(conjuncts, " AND "));
}

}  // namespace redis_fdw::test
