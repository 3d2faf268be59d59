#include "core/base/cell.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace redis_fdw {

bool operator==(const Cell& a, const Cell& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Cell::Kind::kNull:
      return true;
    case Cell::Kind::kBytes:
      return a.bytes() == b.bytes();
    case Cell::Kind::kInt64:
      return a.int64() == b.int64();
    case Cell::Kind::kDouble:
      return a.dbl() == b.dbl();
    case Cell::Kind::kList:
      return a.list() == b.list();
  }
  return false;
}

std::string DebugString(const Cell& cell) {
  switch (cell.kind()) {
    case Cell::Kind::kNull:
      return "NULL";
    case Cell::Kind::kBytes:
      return absl::StrCat("\"", absl::CHexEscape(cell.bytes()), "\"");
    case Cell::Kind::kInt64:
      return absl::StrCat(cell.int64());
    case Cell::Kind::kDouble:
      return FormatDouble(cell.dbl());
    case Cell::Kind::kList:
      return absl::StrCat("[",
                          absl::StrJoin(cell.list(), ", ",
                                        [](std::string* out, const Cell& c) {
                                          absl::StrAppend(out, DebugString(c));
                                        }),
                          "]");
  }
  return "";
}

std::string FormatDouble(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  // Scientific where PostgreSQL and Redis write it so, since to_chars alone prefers 1e+05 to
  // 100000.
  const double magnitude = std::fabs(value);
  const bool fixed = magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e15);
  char buffer[64];
  std::to_chars_result result =
      std::to_chars(buffer, buffer + sizeof(buffer), value,
                    fixed ? std::chars_format::fixed : std::chars_format::scientific);
  return std::string(buffer, result.ptr);
}

bool ParseDouble(absl::string_view text, double* value) {
  absl::string_view digits = text;
  bool negative = false;
  if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) {
    negative = digits[0] == '-';
    digits.remove_prefix(1);
  }
  if (digits.empty() || digits[0] == '+' || digits[0] == '-') return false;
  if (absl::EqualsIgnoreCase(digits, "inf") || absl::EqualsIgnoreCase(digits, "infinity")) {
    *value = std::numeric_limits<double>::infinity();
  } else if (absl::EqualsIgnoreCase(digits, "nan")) {
    *value = std::numeric_limits<double>::quiet_NaN();
  } else {
    const char* end = digits.data() + digits.size();
    std::from_chars_result result = std::from_chars(digits.data(), end, *value);
    // from_chars takes "nan(...)" as well; Redis neither writes nor takes it.
    if (result.ec != std::errc() || result.ptr != end || std::isnan(*value)) return false;
  }
  if (negative) *value = -*value;
  return true;
}

}  // namespace redis_fdw
