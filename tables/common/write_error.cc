#include "tables/common/write_error.h"

#include <cstdint>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace redis_fdw {
namespace {

constexpr char kPayload[] = "redis_fdw/row-of-batch";

}  // namespace

absl::Status AtRow(absl::Status status, size_t op) {
  if (!status.ok()) status.SetPayload(kPayload, absl::Cord(absl::StrCat(op)));
  return status;
}

absl::optional<size_t> RowOf(const absl::Status& status) {
  absl::optional<absl::Cord> payload = status.GetPayload(kPayload);
  uint64_t op = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &op)) return absl::nullopt;
  return static_cast<size_t>(op);
}

}  // namespace redis_fdw
