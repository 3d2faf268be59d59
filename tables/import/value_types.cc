#include "tables/import/value_types.h"

#include <charconv>
#include <cstddef>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tables/import/json_text.h"

namespace redis_fdw {
namespace {

constexpr size_t kLongestNumber = 200;

constexpr uint32_t Bit(ValueType type) { return uint32_t{1} << static_cast<int>(type); }

bool AllDigits(absl::string_view text) {
  for (char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return !text.empty();
}

// --- Numbers ------------------------------------------------------------------------------------

bool IsBigint(absl::string_view text) {
  int64_t value = 0;
  return absl::SimpleAtoi(text, &value) && absl::StrCat(value) == text;
}

// What numeric gives back: no leading zeros, no plus, no negative zero, no exponent.
bool IsNumeric(absl::string_view text) {
  if (text.size() > kLongestNumber) return false;
  absl::string_view rest = text;
  const bool negative = !rest.empty() && rest[0] == '-';
  if (negative) rest.remove_prefix(1);
  if (negative && rest.find_first_not_of("0.") == absl::string_view::npos) return false;
  const size_t point = rest.find('.');
  const absl::string_view whole = rest.substr(0, point);
  if (!AllDigits(whole) || (whole.size() > 1 && whole[0] == '0')) return false;
  return point == absl::string_view::npos || AllDigits(rest.substr(point + 1));
}

// PostgreSQL writes the shortest digits that read back the same, with an exponent below 1e-04 and
// from 1e+15 on.
bool IsDouble(absl::string_view text) {
  if (text.empty() || text.size() > kLongestNumber) return false;
  const unsigned char last = static_cast<unsigned char>(text.back());
  double value = 0;
  if (!absl::ascii_isdigit(last) || !absl::SimpleAtod(text, &value)) return false;  // not "inf"
  if (value == 0 && text[0] == '-') return false;  // it would, but who means that?
  char buffer[64];
  auto written = [&](std::chars_format format) {
    const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value, format);
    return absl::string_view(buffer, static_cast<size_t>(end.ptr - buffer));
  };
  const absl::string_view scientific = written(std::chars_format::scientific);
  int exponent = 0;
  const absl::string_view power = scientific.substr(scientific.find('e') + 1);
  if (!absl::SimpleAtoi(power, &exponent)) return false;
  if (exponent < -4 || exponent >= 15) return scientific == text;
  return written(std::chars_format::fixed) == text;
}

// --- Dates and times ----------------------------------------------------------------------------

// Whether `text` looks like `shape`, in which a 0 stands for a digit and all else for itself.
bool HasShape(absl::string_view text, absl::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool fits = shape[i] == '0' ? absl::ascii_isdigit(static_cast<unsigned char>(text[i]))
                                      : shape[i] == text[i];
    if (!fits) return false;
  }
  return true;
}

int Number(absl::string_view text, size_t at, size_t length) {
  int value = 0;
  return absl::SimpleAtoi(text.substr(at, length), &value) ? value : -1;
}

bool IsDate(absl::string_view text) {
  if (!HasShape(text, "0000-00-00")) return false;
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int year = Number(text, 0, 4);
  const int month = Number(text, 5, 2);
  if (year == 0 || month < 1 || month > 12) return false;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  const int days = month == 2 && leap ? 29 : kDays[month - 1];
  const int day = Number(text, 8, 2);
  return day >= 1 && day <= days;
}

bool IsTimestamp(absl::string_view text) {
  constexpr size_t kWhole = 19;  // "2024-01-31 23:59:59"
  if (text.size() < kWhole || !IsDate(text.substr(0, 10))) return false;
  const absl::string_view time = text.substr(10, kWhole - 10);
  if (!HasShape(time, " 00:00:00")) return false;
  if (Number(time, 1, 2) > 23 || Number(time, 4, 2) > 59 || Number(time, 7, 2) > 59) return false;
  const absl::string_view fraction = text.substr(kWhole);
  if (fraction.empty()) return true;
  return fraction[0] == '.' && fraction.size() <= 7 && AllDigits(fraction.substr(1)) &&
         fraction.back() != '0';
}

bool IsTimestampTz(absl::string_view text) {
  constexpr absl::string_view kUtc = "+00";
  return absl::EndsWith(text, kUtc) && IsTimestamp(text.substr(0, text.size() - kUtc.size()));
}

// --- Others -------------------------------------------------------------------------------------

bool IsUuid(absl::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool hex = absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

// The length of the UTF-8 sequence that `bytes` begins with; 0 if it is invalid, -1 if it is valid
// so far but cut.
int SequenceLength(absl::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return lead == 0 ? 0 : 1;
  const int length = lead >= 0xc2 && lead <= 0xdf   ? 2
                     : lead >= 0xe0 && lead <= 0xef ? 3
                     : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                    : 0;
  for (size_t i = 1; i < static_cast<size_t>(length); ++i) {
    if (i >= bytes.size()) return -1;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    if (i == 1) {
      // No overlong forms, no surrogates, nothing beyond U+10FFFF.
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    }
    if (byte(i) < low || byte(i) > high) return 0;
  }
  return length;
}

bool IsText(absl::string_view bytes, bool cut) {
  while (!bytes.empty()) {
    const int length = SequenceLength(bytes);
    if (length == -1) return cut;
    if (length == 0) return false;
    bytes.remove_prefix(static_cast<size_t>(length));
  }
  return true;
}

// A bit for each type that gives the value back.
uint32_t TypesFor(absl::string_view value, bool cut) {
  if (!IsText(value, cut)) return Bit(ValueType::kBytea);
  uint32_t types = Bit(ValueType::kText) | Bit(ValueType::kBytea);
  if (cut) return types;
  auto offer = [&types](bool fits, ValueType type) {
    if (fits) types |= Bit(type);
  };
  offer(value == "t" || value == "f", ValueType::kBoolean);
  offer(IsBigint(value), ValueType::kBigint);
  offer(IsNumeric(value), ValueType::kNumeric);
  offer(IsDouble(value), ValueType::kDouble);
  offer(IsTimestampTz(value), ValueType::kTimestampTz);
  offer(IsTimestamp(value), ValueType::kTimestamp);
  offer(IsDate(value), ValueType::kDate);
  offer(IsUuid(value), ValueType::kUuid);
  const JsonForm json = CheckJson(value);
  offer(json == JsonForm::kBinary, ValueType::kJsonb);
  offer(json != JsonForm::kNone, ValueType::kJson);
  return types;
}

}  // namespace

bool IsText(absl::string_view bytes) { return IsText(bytes, /*cut=*/false); }

void TypeGuess::Add(absl::string_view value, bool cut) {
  any_ = true;
  possible_ &= TypesFor(value, cut);
}

ValueType TypeGuess::Get() const {
  if (!any_) return ValueType::kText;
  for (int i = 0; i < static_cast<int>(ValueType::kBytea); ++i) {
    const ValueType type = static_cast<ValueType>(i);
    if ((possible_ & Bit(type)) != 0) return type;
  }
  return ValueType::kBytea;
}

ValueType TypeGuess::GetIdentity() const {
  const ValueType type = Get();
  const bool sure =
      type == ValueType::kBigint || type == ValueType::kUuid || type == ValueType::kBytea;
  return sure ? type : ValueType::kText;
}

}  // namespace redis_fdw
