// EntrySink: what XRANGE and XREVRANGE reply, as rows.

#ifndef REDIS_FDW_TABLES_STREAM_ENTRY_SINK_H_
#define REDIS_FDW_TABLES_STREAM_ENTRY_SINK_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/base/cell.h"
#include "core/resp/reply_sink.h"
#include "tables/common/step_source.h"
#include "tables/stream/stream_table.h"

namespace redis_fdw {

// Takes an array of entries, each an array of an id and an array of fields and values in turn. An
// entry becomes a row when its last value has come; until then its values are here, since the batch
// may be changed in between.
class EntrySink : public StepSink {
 public:
  // `table` outlives it.
  EntrySink(const StreamElements* table, RowWriter* rows);

  absl::Status OnElement(const ReplyElement& element) override;

  // How many have been complete.
  int64_t entries() const { return entries_; }

 protected:
  // An entry is complete and becomes a row, of group *group where that is set (Ordering::grouped).
  virtual absl::Status OnEntry(absl::string_view /*id*/, int64_t* /*group*/) {
    return absl::OkStatus();
  }

 private:
  absl::Status BeginEntry(const ReplyElement& element);
  absl::Status BeginFields(const ReplyElement& element);
  absl::Status AddPart(const ReplyElement& element);
  absl::Status EndEntry();
  int PartOf(absl::string_view field);
  void Put(size_t part, absl::string_view bytes);

  const StreamElements* table_;
  std::vector<std::string> values_;  // by part
  std::vector<Cell> cells_;          // by part; views of values_ and rest_cells_
  std::vector<std::string> rest_;    // names and values in turn
  std::vector<Cell> rest_cells_;
  int64_t parts_left_ = 0;
  int part_ = -1;          // of the field whose value comes next
  size_t next_guess_ = 1;  // the part whose field is expected next
  int64_t entries_ = 0;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_STREAM_ENTRY_SINK_H_
