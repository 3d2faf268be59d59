// The table type "stream": a row per entry of a stream, (stream_id, ...), in the order of ids.
//
// Each further part is the entry's field of its name (or of its column option `field`): the first
// value if the field occurs twice, NULL if it does not occur. One of role `*` has all fields that
// no other shows.
//
// The id is declared as redis_stream_id, which sorts as Redis does, or as text or bytea, which keep
// the order that SQL gives to texts: '10-0' before '9-0'.
//
// stream_table.cc declares and plans, stream_scan.cc reads (stream_pages.cc ranges, entry_sink.cc
// replies), stream_modify.cc writes.

#ifndef REDIS_FDW_TABLES_STREAM_STREAM_TABLE_H_
#define REDIS_FDW_TABLES_STREAM_STREAM_TABLE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "tables/common/elements.h"
#include "tables/table.h"

namespace redis_fdw {

class StreamElements : public Elements {
 public:
  static constexpr int kId = 0;

  explicit StreamElements(Columns columns);
  static LayoutRules Layout();

  absl::string_view redis_type() const override { return "stream"; }
  int generated_part() const override { return kId; }
  // Entries cannot be changed.
  absl::Status CanWrite(WriteKind kind) const override;
  // Names the better type, where the id is text.
  std::string Advice() const override;

  // Lookups and comparisons of ids are exact; comparisons of their texts narrow the scan to whole
  // milliseconds. Order by the id comes as Redis keeps it, that of texts by groups.
  ScanPlan Plan(const ScanRequest& request) const override;
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions& options,
                                    absl::Span<const std::string> operand_names,
                                    absl::string_view key) const override;

  // A lookup is XRANGE id id (O(log n)), several in a pipeline; only a canonical id can be that of
  // an entry. A scan is XRANGE or XREVRANGE in pages of fetch_size (stream_pages.h), a count
  // without conditions XLEN (O(1)).
  ElementSourceFactory Open(const ScanPlan& plan, const ScanOptions& options) const override;
  const char* size_command() const override { return "XLEN"; }
  // XRANGEs, each of up to a hundred entries, from points that are spread over the time between the
  // first entry and the last: a stream cannot be asked for an entry by its number. Where many came
  // at once fewer of them are taken than of others.
  std::unique_ptr<StepSource> OpenSample(absl::string_view key, const ElementSample& sample,
                                         RowWriter* rows) const override;

  std::string DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                            absl::string_view key) const override;
  // XADD, one an entry; NULL fields are left out.
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  // XDEL of many ids.
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override;

  bool MayExist(int part, const Cell& identity) const override;
  std::string DescribeRow(absl::Span<const Cell> parts, int64_t row_number) const override;

  // The part that shows a field; the part of the rest, or -1, for one that no other shows.
  int PartOf(absl::string_view field) const {
    auto found = parts_by_field_.find(field);
    return found == parts_by_field_.end() ? columns().rest_part : found->second;
  }

 private:
  bool IdsAreText() const { return columns().type_of(kId) != ColumnType::kStreamId; }
  // Whether the plan needs to know how many digits the ids have.
  static bool AsksForDigits(const ScanPlan& plan);
  absl::Status AppendEntry(const WriteOp& op, Command* command) const;
  absl::Status AppendRest(const Cell& rest, bool* any, Command* command) const;

  absl::flat_hash_map<std::string, int> parts_by_field_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_STREAM_STREAM_TABLE_H_
