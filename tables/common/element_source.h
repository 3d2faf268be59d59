// Scans of whole collections: one streamed command, or a cursor.
//
// Both give a flat array of elements, each of one part (a set's member) or two (a hash's field and
// value), of which the first is its identity.

#ifndef REDIS_FDW_TABLES_COMMON_ELEMENT_SOURCE_H_
#define REDIS_FDW_TABLES_COMMON_ELEMENT_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "pushdown/scan_plan.h"
#include "tables/common/fingerprints.h"
#include "tables/common/step_source.h"
#include "tables/table.h"

namespace redis_fdw {

// What an element of a reply is made of.
struct ElementShape {
  int parts;  // 1 or 2
  // Writes the row of an element. `second` is empty if it has one part; `position` counts elements
  // from the beginning of the reply.
  absl::Status (*write)(absl::string_view first, absl::string_view second, int64_t position,
                        RowWriter* rows);
};

// Takes the parts as they come, however the reply is cut.
class ElementReader {
 public:
  explicit ElementReader(const ElementShape* shape, int64_t first_position = 0)
      : shape_(shape), position_(first_position) {}

  // Takes the next part; true if its element is complete, for identity(), second() and Write()
  // until the next call.
  bool Take(absl::string_view part);
  absl::string_view identity() const { return shape_->parts == 1 ? last_ : first_; }
  // REQUIRES: an element has two parts.
  absl::string_view second() const { return last_; }
  absl::Status Write(RowWriter* rows) {
    absl::string_view second = shape_->parts == 1 ? absl::string_view() : last_;
    return shape_->write(identity(), second, position_++, rows);
  }

 private:
  const ElementShape* shape_;
  int64_t position_;
  std::string first_;  // its bytes must survive a change of batch
  absl::string_view last_;
  bool have_first_ = false;
};

// One command whose reply is the flat array: HGETALL, SMEMBERS, ZRANGE ... WITHSCORES, LRANGE.
std::unique_ptr<StepSource> NewSnapshotSource(Command command, const ElementShape* shape,
                                              RowWriter* rows, int64_t first_position = 0);

// The one step of it, for sources that choose the command when it is sent, or have several.
Step SnapshotStep(Command command, const ElementShape* shape, RowWriter* rows,
                  int64_t first_position = 0);

// How the collections that have a cursor are scanned.
struct CollectionCommands {
  Command snapshot;          // complete
  absl::string_view cursor;  // its name: HSCAN, SSCAN, ZSCAN
  const ElementShape* shape;
  // A script that takes and replies what the cursor's command does; null: none.
  const char* cursor_script = nullptr;
  // A glob: elements whose identity does not match it need not come, but may. Empty or "*": none.
  std::string match = "";
  // As in ScanPlan: how many elements will probably be taken; -1: all.
  int64_t expected_rows = -1;
  // Elements that were returned otherwise, before the cursor begins: they are not written again.
  Fingerprints returned = {};
};

// Elements that a page of a scan asks for, where so many will probably be taken; -1: all.
int64_t PageSize(const ScanOptions& options, int64_t expected = -1);

// The source that `options` asks for: the snapshot in one command, or a cursor. ScanMode::kAuto is
// a cursor with generous pages: a small collection comes whole in the first, which is a snapshot,
// and no round trip is spent on asking for its size.
//
// Every element that is there throughout is written exactly once. If the first page is the last, it
// was the whole collection in one atomic command, and nothing need be remembered of it. While a
// page is decoded the next is asked for: the cursor is the first thing in a reply.
//
// Where few elements are wanted (a limit of `rows`, or expected_rows), the first page asks for
// (COUNT) about as many, each later one for twice as many up to a full page, and none that may not
// be needed is asked for ahead. With a `match` pages are full, since little of them comes.
std::unique_ptr<StepSource> NewCollectionSource(CollectionCommands commands, absl::string_view key,
                                                const ScanOptions& options, RowWriter* rows);

// One command that replies with how many rows there are (HLEN, SCARD, ZCOUNT ...), which are not
// read.
std::unique_ptr<StepSource> NewCountSource(Command command, RowWriter* rows);

// Describes a collection's scan, as redis-cli would take it: `snapshot`, the key as it is written
// there and `rest`, or pages of `cursor`. `narrowed`: what the pages' MATCH is made of, as
// NarrowingText() has it; empty: none.
std::string DescribeCollectionScan(absl::string_view snapshot, absl::string_view cursor,
                                   absl::string_view key, absl::string_view rest,
                                   const ScanOptions& options, absl::string_view narrowed = "");

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_ELEMENT_SOURCE_H_
