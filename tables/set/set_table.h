// The table type "set": a row per member of a set, (member); or with row_per 'key' a row per set,
// its members an array (tables/common/collection_row.h).
//
// set_table.cc declares and plans, set_scan.cc reads, set_modify.cc writes.

#ifndef REDIS_FDW_TABLES_SET_SET_TABLE_H_
#define REDIS_FDW_TABLES_SET_SET_TABLE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tables/common/elements.h"
#include "tables/table.h"

namespace redis_fdw {

class SetElements : public Elements {
 public:
  static constexpr int kMember = 0;

  explicit SetElements(Columns columns) : Elements(std::move(columns)) {}
  static LayoutRules Layout();

  absl::string_view redis_type() const override { return "set"; }
  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names,
                                    absl::string_view key) const override;

  // A lookup is SISMEMBER (O(1)) for one member; SMISMEMBER (6.2, O(n)) for several, up to
  // fetch_size a command, or SISMEMBERs in a pipeline. A scan is SMEMBERS or SSCAN (O(n) both), of
  // which LIKE and bounds on the member make a MATCH. A count is SCARD (O(1)).
  ElementSourceFactory Open(const ScanPlan& plan, const ScanOptions& options) const override;
  const char* size_command() const override { return "SCARD"; }
  // SRANDMEMBER of some thousand members each.
  std::unique_ptr<StepSource> OpenSample(absl::string_view key, const ElementSample& sample,
                                         RowWriter* rows) const override;

  std::string DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                            absl::string_view key) const override;
  // SADD of many members. It overwrites nothing, so ON CONFLICT DO NOTHING is the same command,
  // with its reply heeded.
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // An update of the one part is a rename, by a script.
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // SREM of many members.
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override;

  std::string DescribeRow(absl::Span<const Cell> parts, int64_t row_number) const override;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_SET_SET_TABLE_H_
