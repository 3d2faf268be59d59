// Constants and parameters to compare columns with.

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "testing/differential/maker.h"

namespace redis_fdw::test {
namespace {

constexpr uint64_t kNullPercent = 4;

bool IsWildcard(char c) { return c == '%' || c == '_' || c == '\\'; }

}  // namespace

std::string Maker::DrawText(const Ref& ref, Random* random) const {
  const Type& type = *ref.column->type;
  const uint64_t dice = random->Below(100);
  if (dice < 75 && !ref.table->rows.empty()) {
    const Cells& row = random->Pick(ref.table->rows);
    for (size_t i = 0; i < row.size(); ++i) {
      if (&ref.table->columns[i] != ref.column || !row[i]) continue;
      return dice < 55 ? *row[i] : NearMiss(type, *row[i], random);
    }
  }
  return RandomValue(type, false, random).sql;
}

std::string Maker::Emit(const std::string& type, std::function<std::string(Random*)> draw) {
  if (prepared_ && Chance(75)) {
    params_.push_back({type, std::move(draw)});
    return absl::StrCat("$", params_.size());
  }
  return draw(&random_);
}

std::string Maker::TextOperand(const std::function<std::string(Random*)>& draw) {
  return Emit("text",
              [draw](Random* random) { return absl::StrCat(Quoted(draw(random)), "::text"); });
}

std::string Maker::NumberOperand(const Ref& ref) {
  // Of another type than the column's, whose comparison is not that of either's texts.
  static const auto* const types =
      new std::vector<std::string>{"smallint", "int", "bigint", "numeric", "float8", "float4"};
  const std::string type = random_.Pick(*types);
  const bool whole = type == "smallint" || type == "int" || type == "bigint";
  return Emit(type, [this, ref, type, whole](Random* random) {
    std::string text = DrawText(ref, random);
    // What does not fit the other type is another number.
    if ((whole || type == "float4") && (ref.kind() != Kind::kInteger || text.size() > 4)) {
      text = absl::StrCat(random->Between(-3, 14));
    } else if (type == "numeric" && text == "-0") {
      text = "0";
    } else if (type == "float8" && random->Chance(10)) {
      text = random->Pick<std::string>({"NaN", "-0", "2.5", "Infinity", "0.99999999999999989"});
    }
    return absl::StrCat(random->Chance(kNullPercent) ? "NULL" : Quoted(text), "::", type);
  });
}

std::string Maker::Operand(const Ref& ref) {
  const Type& type = *ref.column->type;
  const bool number =
      type.kind == Kind::kInteger || type.kind == Kind::kNumeric || type.kind == Kind::kFloat;
  if (number && Chance(25)) return NumberOperand(ref);
  std::string cast = type.base;
  if (ref.column->is_text() && Chance(25)) {
    // Names are under "C", which goes with no other collation but the default.
    const bool name = ref.column->collation.empty() || ref.column->collation == "\"C\"";
    cast = Word({"text", "varchar", name ? "name" : "text"});
  }
  const auto draw = [this, ref, cast](Random* random) {
    if (random->Chance(kNullPercent)) return absl::StrCat("NULL::", cast);
    return absl::StrCat(Quoted(DrawText(ref, random)), "::", cast);
  };
  switch (random_.Below(12)) {
    case 0:
      if (ref.column->is_text()) return absl::StrCat("(", draw(&random_), " || '')");
      break;
    case 1:
      return absl::StrCat("(SELECT ", Emit(cast, draw), ")");  // an InitPlan
    case 2:
      // A literal of unknown type takes the column's.
      if (type.kind != Kind::kEnum && type.base != "bpchar") {
        return Quoted(DrawText(ref, &random_));
      }
      break;
    default:
      break;
  }
  return Emit(cast, draw);
}

std::string Maker::ListOfOperands(const Ref& ref) {
  std::vector<std::string> list;
  for (uint64_t n = 1 + random_.Below(Chance(10) ? 40 : 5); n > 0; --n) {
    list.push_back(!list.empty() && Chance(10) ? list.back()
                   : Chance(6)                 ? "NULL"
                               : Literal(*ref.column->type, DrawText(ref, &random_)));
    if (prepared_ && Chance(20)) list.back() = Operand(ref);
  }
  return absl::StrJoin(list, ", ");
}

std::string Maker::ArrayOperand(const Ref& ref) {
  const Type& type = *ref.column->type;
  const std::string base = type.base;
  return Emit(base + "[]", [this, ref, base](Random* random) {
    if (random->Chance(kNullPercent)) return absl::StrCat("NULL::", base, "[]");
    std::vector<std::string> list;
    for (uint64_t n = random->Below(random->Chance(10) ? 30 : 6); n > 0; --n) {
      const bool null = random->Chance(6);
      list.push_back(
          Literal(*ref.column->type, null ? std::nullopt : std::optional(DrawText(ref, random))));
      if (random->Chance(15)) list.push_back(list.back());
    }
    return absl::StrCat("ARRAY[", absl::StrJoin(list, ", "), "]::", base, "[]");
  });
}

std::string Maker::LikePattern(const Ref& ref, Random* random) const {
  if (random->Chance(15)) {
    return random->Pick<std::string>(
        {"%",    "",        "_",         "%%",        "__",   "\\%",           "\\_%", "%a%",
         "a%",   "%a",      "_%_",       "%\\\\%",    "*%",   "[a%",           "%]",   "?_",
         "a%b%", "%a%b%a%", "\xc3\xa9%", "_\xcc\x81", "\\a%", "_\xe6\x97\xa5%"});
  }
  const std::string text = DrawText(ref, random);
  std::string pattern;
  if (random->Chance(30)) pattern = "%";
  for (size_t i = 0; i < text.size() && i < 40;) {
    size_t end = i + 1;
    while (end < text.size() && (text[end] & 0xc0) == 0x80) ++end;
    const std::string letter = text.substr(i, end - i);
    i = end;
    const uint64_t dice = random->Below(100);
    if (dice < 8) {
      pattern += "_";
    } else if (dice < 16) {
      pattern += "%";
    } else if (IsWildcard(letter[0]) && dice < 85) {
      pattern += "\\" + letter;
    } else if (letter == "\\") {
      pattern += "\\\\";
    } else {
      pattern += (dice > 95 ? "\\" : "") + letter;
    }
  }
  if (random->Chance(45)) pattern += "%";
  return pattern;
}

}  // namespace redis_fdw::test
