#include "tables/hash/hash_row.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tables/common/planning.h"

namespace redis_fdw {

LayoutRules HashRow::Layout() {
  return {"hash", "(...), each column being the field of its name", {}, true};
}

HashRow::HashRow(Columns columns) : Elements(std::move(columns)) {
  const Columns& map = this->columns();
  for (size_t part = 0; part < map.parts(); ++part) {
    if (static_cast<int>(part) == map.rest_part) continue;
    parts_by_field_[map.fields[part]] = static_cast<int>(part);
  }
}

ScanPlan HashRow::Plan(const ScanRequest& request) const {
  ScanPlan plan = PlanScan(request);
  plan.cost.rows = 1;
  return plan;
}

std::vector<std::string> HashRow::Describe(const ScanPlan& plan, const ScanOptions&,
                                           absl::Span<const std::string>,
                                           absl::string_view key) const {
  std::vector<std::string> fields;
  for (int part : plan.output.columns) {
    if (part == columns().rest_part) return {absl::StrCat("HGETALL ", key)};
    fields.push_back(QuoteArgument(columns().fields[static_cast<size_t>(part)]));
  }
  if (fields.empty()) return {absl::StrCat("EXISTS ", key)};
  return {absl::StrCat("HMGET ", key, " ", absl::StrJoin(fields, " "))};
}

std::string HashRow::DescribeRow(absl::Span<const Cell>, int64_t) const { return "the hash"; }

}  // namespace redis_fdw
