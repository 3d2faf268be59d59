// The table type "string": (value), a row per string.
//
// string_table.cc declares and plans, string_scan.cc reads, string_modify.cc writes. A row is a
// key: no part names it.

#ifndef REDIS_FDW_TABLES_STRING_STRING_TABLE_H_
#define REDIS_FDW_TABLES_STRING_STRING_TABLE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tables/common/elements.h"
#include "tables/table.h"

namespace redis_fdw {

class StringElements : public Elements {
 public:
  static constexpr int kValue = 0;

  explicit StringElements(Columns columns) : Elements(std::move(columns)) {}
  static LayoutRules Layout();

  absl::string_view redis_type() const override { return "string"; }
  bool row_is_key() const override { return true; }
  const char* many_command() const override { return "MGET"; }
  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names,
                                    absl::string_view key) const override;

  // GET (O(1)).
  ElementSourceFactory Open(const ScanPlan& plan, const ScanOptions& options) const override;

  std::string DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                            absl::string_view key) const override;
  // SET, which replaces whatever the key holds and its TTL; SET NX where what is there must stay.
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // A script: nothing is created, a key of another type is left alone, the TTL stays unless it is
  // set.
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // UNLINK, if it is a string: as DEL, and a large value is freed in the background.
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override;

  std::string DescribeRow(absl::Span<const Cell> parts, int64_t row_number) const override;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_STRING_STRING_TABLE_H_
