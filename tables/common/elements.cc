#include "tables/common/elements.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {

std::string NameElement(absl::string_view role, absl::string_view bytes) {
  constexpr size_t kLongest = 100;
  return absl::StrCat(role, " \"", absl::CHexEscape(bytes.substr(0, kLongest)), "\"",
                      bytes.size() > kLongest ? "..." : "");
}

std::string Elements::NamePart(int part) const {
  int column = columns_.column_of[static_cast<size_t>(part)];
  if (column < 0) return absl::StrCat("a row of foreign table \"", columns_.table, "\"");
  return absl::StrCat("column \"", columns_.names[static_cast<size_t>(column)],
                      "\" of foreign table \"", columns_.table, "\"");
}

absl::Status Elements::RequireValue(absl::Span<const Cell> cells, int part) const {
  if (!cells[static_cast<size_t>(part)].is_null()) return absl::OkStatus();
  const int column = columns_.column_of[static_cast<size_t>(part)];
  const bool text =
      column < 0 || columns_.bound[static_cast<size_t>(column)].kind == Cell::Kind::kBytes;
  return MakeError(ErrorKind::kNullNotAllowed, absl::StrCat("null value in ", NamePart(part)),
                   text ? "An empty string is a value that Redis can store." : "",
                   "Redis has no NULL.");
}

absl::Status Elements::RequireIdentity(const WriteOp& op, int part) const {
  const auto i = static_cast<size_t>(part);
  if (i < op.old.cells.size() && !op.old.cells[i].is_null()) return absl::OkStatus();
  return MakeError(ErrorKind::kInternal, absl::StrCat("a row of foreign table \"", columns_.table,
                                                      "\" came without its identity"));
}

}  // namespace redis_fdw
