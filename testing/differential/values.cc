#include "testing/differential/values.h"

#include <cstdint>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "testing/differential/pools.h"

namespace redis_fdw::test {
namespace {

const std::vector<Type>& AllTypes() {
  static const auto* const all = [] {
    auto* types = new std::vector<Type>{
        {"text", "text", Kind::kText},
        {"varchar", "varchar", Kind::kText},
        {"varchar(8)", "varchar", Kind::kText, 8},
        {"char(4)", "bpchar", Kind::kText, 4},
        {"d_text", "text", Kind::kText},
        {"d_c", "text", Kind::kText},
        {"d_short", "varchar", Kind::kText, 6},
        {"bytea", "bytea", Kind::kBytes},
        {"smallint", "smallint", Kind::kInteger, 0, 16},
        {"int", "int", Kind::kInteger, 0, 32},
        {"bigint", "bigint", Kind::kInteger, 0, 64},
        {"d_int", "int", Kind::kInteger, 0, 32},
        {"numeric", "numeric", Kind::kNumeric},
        {"float8", "float8", Kind::kFloat},
        {"bool", "bool", Kind::kBool},
        {"uuid", "uuid", Kind::kUuid},
        {"timestamptz", "timestamptz", Kind::kInstant},
        {"date", "date", Kind::kDate},
        {"mood", "mood", Kind::kEnum},
        {"jsonb", "jsonb", Kind::kJson},
        {"stream_id", "text", Kind::kStreamId},
        {"redis_stream_id", "redis_stream_id", Kind::kSortedId},
        {"text[]", "text[]", Kind::kList},
        {"int[]", "int[]", Kind::kList},
        {"bytea[]", "bytea[]", Kind::kList},
        {"float8[]", "float8[]", Kind::kList},
        {"numeric[]", "numeric[]", Kind::kList},
    };
    const auto find = [types](const std::string& name) {
      for (const Type& type : *types) {
        if (type.name == name) return &type;
      }
      abort();
    };
    for (Type& type : *types) {
      if (type.kind == Kind::kList) type.element = find(type.name.substr(0, type.name.size() - 2));
      if (type.kind == Kind::kStreamId) type.name = "text";
    }
    return types;
  }();
  return *all;
}

std::string RandomText(const Type& type, Random* random) {
  std::string text;
  if (random->Chance(65)) {
    text = random->Pick(kTexts);
  } else {
    for (uint64_t n = random->Below(6); n > 0; --n) text += random->Pick(kLetters);
  }
  if (type.width == 0 && random->Chance(1)) text = std::string(3000, 'l') + text;
  // No text of these lists has more characters than bytes, so a byte count is safe but for cuts.
  if (type.width > 0 && text.size() > type.width) text = text.substr(0, 1);
  if (type.width > 0 && !text.empty() && (text[0] & 0x80) != 0 && text.size() == 1) text = "a";
  if (type.base == "bpchar") absl::StripTrailingAsciiWhitespace(&text);
  return text;
}

std::string RandomBytes(Random* random) {
  if (random->Chance(40)) return random->Pick(kTexts);
  static const std::string letters(
      "\x00\x01\x0a\x0d\x25\x2a\x3f\x5b\x5c\x61\x62\x7f\x80\xc3\xa9\xff", 16);
  std::string bytes;
  for (uint64_t n = random->Below(5); n > 0; --n) bytes += letters[random->Below(letters.size())];
  return bytes;
}

int64_t Largest(const Type& type) {
  return type.bits == 16 ? INT16_MAX : type.bits == 32 ? INT32_MAX : INT64_MAX;
}

int64_t RandomInteger(const Type& type, Random* random) {
  const uint64_t dice = random->Below(100);
  if (dice < 50) return random->Between(0, 12);
  if (dice < 75) return random->Between(-12, 130);
  if (dice < 80) return Largest(type);
  if (dice < 85) return -Largest(type) - 1;
  if (dice < 90) return Largest(type) - random->Between(0, 3);
  if (dice < 95 && type.bits == 64) return (int64_t{1} << 53) + random->Between(-2, 3);
  return random->Between(-1000, 1000);
}

std::string OtherInteger(const std::string& text, Random* random) {
  if (text[0] == '-') return random->Chance(50) ? absl::StrCat("-0", text.substr(1)) : " " + text;
  switch (random->Below(3)) {
    case 0:
      return "+" + text;
    case 1:
      return "00" + text;
    default:
      return " " + text + " ";
  }
}

// Another text that reads as the same value; the text itself where there is none.
std::string OtherText(const Type& type, const std::string& sql, Random* random) {
  switch (type.kind) {
    case Kind::kInteger:
      return OtherInteger(sql, random);
    case Kind::kNumeric:
      return absl::StrContains(sql, 'e') ? sql : random->Chance(50) ? " " + sql : sql + "e0";
    case Kind::kFloat:
      return absl::StrContains(sql, "nf") || absl::StrContains(sql, 'e') ? " " + sql : sql + "e0";
    case Kind::kBool:
      return sql == "t" ? random->Pick<std::string>({"true", "yes", "1", "on", "TRUE"})
                        : random->Pick<std::string>({"false", "no", "0", "off", "f "});
    case Kind::kUuid:
      return random->Chance(50) ? absl::AsciiStrToUpper(sql) : absl::StrCat("{", sql, "}");
    case Kind::kJson:
      return absl::StrCat(" ", sql, "\n");
    default:
      return sql;
  }
}

std::string HexOf(const std::string& bytes) {
  return absl::StrCat("\\x", absl::BytesToHexString(bytes));
}

const Type& PickType(const Texts& names, Random* random) { return TypeOf(random->Pick(names)); }

}  // namespace

const char kTypeSetup[] =
    "CREATE DOMAIN d_text AS text; "
    "CREATE DOMAIN d_c AS text COLLATE \"C\"; "
    "CREATE DOMAIN d_short AS varchar(6) CHECK (length(VALUE) < 7); "
    "CREATE DOMAIN d_int AS int CHECK (VALUE IS NULL OR VALUE <> 1000001); "
    "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'OK then'); "
    "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";

const Type& TypeOf(const std::string& name) {
  for (const Type& type : AllTypes()) {
    if (name == "stream_id" ? type.kind == Kind::kStreamId : type.name == name) return type;
  }
  abort();
}

const Type& IdentityType(Random* random) {
  static const auto* const names =
      new Texts{"text", "text",  "text", "text",     "varchar", "varchar(8)", "d_text",
                "d_c",  "bytea", "int",  "bigint",   "d_int",   "uuid",       "timestamptz",
                "date", "mood",  "bool", "smallint", "numeric", "float8",     "d_short"};
  return PickType(*names, random);
}

const Type& ValueType(Random* random) {
  static const auto* const names =
      new Texts{"text",   "text",  "text", "varchar",     "varchar(8)", "char(4)",  "d_text",
                "d_c",    "bytea", "int",  "bigint",      "d_int",      "smallint", "numeric",
                "float8", "bool",  "uuid", "timestamptz", "date",       "mood",     "jsonb"};
  return PickType(*names, random);
}

const Type& ScoreType(Random* random) {
  static const auto* const names =
      new Texts{"float8", "float8", "float8", "numeric", "int", "bigint"};
  return PickType(*names, random);
}

const Type& ListType(bool identity, Random* random) {
  static const auto* const names = new Texts{"text[]", "text[]", "int[]", "bytea[]", "numeric[]"};
  if (!identity && random->Chance(15)) return TypeOf("float8[]");
  return PickType(*names, random);
}

Value RandomValue(const Type& type, bool canonical, Random* random) {
  Value value;
  switch (type.kind) {
    case Kind::kText:
      value.sql = RandomText(type, random);
      break;
    case Kind::kBytes:
      value.redis = RandomBytes(random);
      value.sql = HexOf(value.redis);
      return value;
    case Kind::kInteger:
      value.sql = absl::StrCat(RandomInteger(type, random));
      break;
    case Kind::kNumeric:
      // Exponents are written out; as names of elements they would not read back.
      value.sql = canonical ? absl::StrCat(random->Between(-3, 30), random->Chance(30) ? ".50" : "")
                            : random->Pick(kNumbers);
      break;
    case Kind::kFloat:
      value.sql =
          random->Chance(70) ? random->Pick(kFloats) : absl::StrCat(random->Between(-5, 20));
      if (canonical && value.sql == "9007199254740992") value.sql = "9.007199254740992e+15";
      if (canonical && value.sql == "9007199254740994") value.sql = "9.007199254740994e+15";
      break;
    case Kind::kBool:
      value.sql = random->Chance(50) ? "t" : "f";
      break;
    case Kind::kUuid:
      value.sql = random->Pick(kUuids);
      break;
    case Kind::kInstant:
      value.sql = random->Pick(kInstants);
      break;
    case Kind::kDate:
      value.sql = random->Pick(kDates);
      break;
    case Kind::kEnum:
      value.sql = random->Pick(kMoods);
      break;
    case Kind::kJson:
      value.sql = random->Pick(kJsons);
      break;
    case Kind::kStreamId:
    case Kind::kSortedId:
      value.sql = absl::StrCat(random->Between(0, 120), "-", random->Between(0, 12));
      break;
    case Kind::kList: {
      Texts elements;
      for (uint64_t n = random->Below(4); n > 0; --n) {
        elements.push_back(RandomValue(*type.element, true, random).sql);
      }
      value.sql = ArrayText(type, elements);
      break;
    }
  }
  value.redis = canonical || random->Chance(60) ? value.sql : OtherText(type, value.sql, random);
  if (canonical && type.base == "bpchar") {
    // It is written padded.
    size_t characters = 0;
    for (char c : value.sql) characters += (c & 0xc0) != 0x80;
    value.redis.append(type.width - characters, ' ');
  }
  return value;
}

Value RandomScore(const Type& type, Random* random) {
  std::string score = RandomValue(TypeOf("float8"), false, random).sql;
  if (random->Chance(50)) score = absl::StrCat(random->Between(-2, 6));  // many equal ones
  if (type.kind == Kind::kInteger) {
    score = absl::StrCat(random->Chance(80) ? random->Between(-3, 12)
                                            : random->Between(-2000000000, 2000000000));
  }
  // Redis keeps the sign of a zero in large sorted sets and loses it in small ones.
  if (score == "-0") score = "0";
  return {score, absl::StrReplaceAll(score, {{"Infinity", "inf"}})};
}

std::string NearMiss(const Type& type, const std::string& sql, Random* random) {
  switch (type.kind) {
    case Kind::kText: {
      switch (random->Below(6)) {
        case 0:
          return sql + random->Pick(kLetters);
        case 1:
          return random->Pick(kLetters) + sql;
        case 2:
          return absl::AsciiStrToUpper(sql);
        case 3:
          return absl::AsciiStrToLower(sql);
        case 4:
          return sql + " ";
        default:
          return sql.empty() || (sql.back() & 0x80) != 0 ? "" : sql.substr(0, sql.size() - 1);
      }
    }
    case Kind::kBytes:
      return random->Chance(50) ? sql + "00" : sql + "61";
    case Kind::kInteger: {
      const int64_t value = strtoll(sql.c_str(), nullptr, 10);
      if (value == Largest(type) || value == -Largest(type) - 1) return sql;
      return absl::StrCat(value + (random->Chance(50) ? 1 : -1));
    }
    case Kind::kNumeric:
      return absl::StrContains(sql, '.') && !absl::StrContains(sql, 'e') ? sql + "00" : sql;
    case Kind::kFloat: {
      if (absl::StrContains(sql, "nf")) return sql;
      const double value = strtod(sql.c_str(), nullptr);
      return absl::StrFormat("%.17g", value + (random->Chance(50) ? 0.5 : -0.5));
    }
    case Kind::kStreamId:
      switch (random->Below(4)) {
        case 0:
          return sql.substr(0, sql.find('-'));
        case 1:
          return "0" + sql;
        case 2:
          return sql + "0";
        default:
          return absl::StrCat(sql.substr(0, sql.find('-')), "-", random->Between(0, 20));
      }
    case Kind::kSortedId:
      return absl::StrCat(sql.substr(0, sql.find('-')), "-", random->Between(0, 20));
    default:
      return RandomValue(type, false, random).sql;
  }
}

std::string ArrayText(const Type& type, const std::vector<std::string>& elements) {
  return absl::StrCat(
      "{",
      absl::StrJoin(elements, ",",
                    [](std::string* out, const std::string& element) {
                      absl::StrAppend(
                          out, "\"", absl::StrReplaceAll(element, {{"\\", "\\\\"}, {"\"", "\\\""}}),
                          "\"");
                    }),
      "}");
}

std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

std::string Literal(const Type& type, const std::optional<std::string>& sql) {
  return absl::StrCat(sql ? Quoted(*sql) : "NULL", "::", type.base);
}

}  // namespace redis_fdw::test
