// The table type "hash" with row_per 'key': a row per hash, each part a field of its name (or of
// the column option `field`), NULL where the hash has no such field; one of role `*` has all fields
// that no other shows.
//
// hash_row.cc declares and plans, hash_row_scan.cc reads, hash_row_modify.cc writes. A row is a
// key: no part names it.

#ifndef REDIS_FDW_TABLES_HASH_HASH_ROW_H_
#define REDIS_FDW_TABLES_HASH_HASH_ROW_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "tables/common/elements.h"
#include "tables/table.h"

namespace redis_fdw {

class HashRow : public Elements {
 public:
  explicit HashRow(Columns columns);
  static LayoutRules Layout();

  absl::string_view redis_type() const override { return "hash"; }
  bool row_is_key() const override { return true; }
  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names,
                                    absl::string_view key) const override;

  // HMGET of the fields that the output has; where all are absent, a script says whether the hash
  // is. HGETALL if the output has the fields that no part shows.
  ElementSourceFactory Open(const ScanPlan& plan, const ScanOptions& options) const override;

  std::string DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                            absl::string_view key) const override;
  // HSET of all fields; a script where others have to go (those that are NULL, or all that were
  // there if the table has a part for the rest), and where what is there must stay.
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // A script: nothing is created, only what changed is written, the TTL stays unless it is set.
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // UNLINK, if it is a hash.
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override;

  std::string DescribeRow(absl::Span<const Cell> parts, int64_t row_number) const override;

  // The part that shows a field; the part of the rest, or -1, for one that no other shows.
  int PartOf(absl::string_view field) const {
    auto found = parts_by_field_.find(field);
    return found == parts_by_field_.end() ? columns().rest_part : found->second;
  }

 private:
  bool has_rest() const { return columns().rest_part >= 0; }
  // Appends names and values of what the row has (of the changed parts), and notes the names of
  // what it lacks.
  absl::Status CollectFields(const WriteOp& op, std::vector<absl::string_view>* set,
                             std::vector<absl::string_view>* unset) const;

  absl::flat_hash_map<std::string, int> parts_by_field_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_HASH_HASH_ROW_H_
