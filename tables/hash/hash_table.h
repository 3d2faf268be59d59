// The table type "hash": a row per field of a hash, (field, value); or with row_per 'key' a row per
// hash (hash_row.h).
//
// hash_table.cc declares and plans, hash_scan.cc reads, hash_modify.cc writes.

#ifndef REDIS_FDW_TABLES_HASH_HASH_TABLE_H_
#define REDIS_FDW_TABLES_HASH_HASH_TABLE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tables/common/element_source.h"
#include "tables/common/elements.h"
#include "tables/table.h"

namespace redis_fdw {

class HashElements : public Elements {
 public:
  static constexpr int kField = 0;
  static constexpr int kValue = 1;

  explicit HashElements(Columns columns) : Elements(std::move(columns)) {}
  static LayoutRules Layout();

  absl::string_view redis_type() const override { return "hash"; }
  bool HasRowTtl(const ServerInfo& server) const override { return server.HasFieldTtl(); }
  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names,
                                    absl::string_view key) const override;

  // A lookup of fields is HGET (O(1)) for one and HMGET (O(n)) for several, up to fetch_size a
  // command; a scan is HGETALL or HSCAN (O(n) both), of which LIKE and bounds on the field make a
  // MATCH. A count is HLEN (O(1)), but not where fields have TTLs: HLEN counts those too that have
  // expired and were not removed yet, so there the fields are scanned, and counted.
  ElementSourceFactory Open(const ScanPlan& plan, const ScanOptions& options) const override;
  const char* size_command() const override { return "HLEN"; }
  // HRANDFIELD (6.2) of some thousand fields each; pages of HSCAN from servers that have no such
  // command, and where fields' TTLs are shown, which it does not tell.
  std::unique_ptr<StepSource> OpenSample(absl::string_view key, const ElementSample& sample,
                                         RowWriter* rows) const override;

  std::string DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                            absl::string_view key) const override;
  // HSET of many fields (variadic since 4.0); HSETNX, one each, where what is there must stay.
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // A script: HSET would create a field that is gone, and take its TTL away.
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // HDEL of many fields.
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override;

  std::string DescribeRow(absl::Span<const Cell> parts, int64_t row_number) const override;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_HASH_HASH_TABLE_H_
