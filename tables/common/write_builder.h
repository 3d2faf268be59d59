// Building the commands of a run of WriteOps, and reading their replies.

#ifndef REDIS_FDW_TABLES_COMMON_WRITE_BUILDER_H_
#define REDIS_FDW_TABLES_COMMON_WRITE_BUILDER_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/resp/command.h"
#include "tables/common/elements.h"
#include "tables/common/script.h"
#include "tables/common/write_error.h"
#include "tables/table.h"

namespace redis_fdw {

// One command takes at most this many ops and begins no further op beyond this many bytes: enough
// that a round trip and a parse are nothing beside the work, little enough that Redis serves others
// in between.
constexpr size_t kMaxOpsPerCommand = 512;
constexpr size_t kMaxBytesPerCommand = 1 << 20;

// Appends the arguments of one op. An error is reported as about that op.
using AppendOp = absl::FunctionRef<absl::Status(const WriteOp& op, Command* command)>;

// How a run's ops are put into commands.
struct WriteGrouping {
  size_t max_ops = kMaxOpsPerCommand;  // 1: one command each
  size_t max_bytes = kMaxBytesPerCommand;
  PlannedWrite::Interpret interpret = nullptr;
  absl::Status (*explain)(const absl::Status& error) = nullptr;  // as PlannedWrite::explain
  bool sets_ttl = false;  // the commands set the run's TTL themselves, or must not
};

// For commands that reply how many ops applied: together, unless each op's result is wanted.
WriteGrouping CountedGrouping(const WriteRun& run);

// Whether an update sets this part.
bool IsChanged(const WriteOp& op, int part);

// Commands that begin with `start`, whose first argument is the key, each followed by the arguments
// of as many ops as may be. If the run sets a TTL, they do so in the same step (key_ttl.h);
// kUnsupported if a row is too long for that.
absl::Status AppendCommands(const WriteRun& run, const Command& start,
                            const WriteGrouping& grouping, AppendOp append,
                            std::vector<PlannedWrite>* out);

// Removes the key if it holds `type`: for rows that are keys. One op a command.
absl::Status AppendTypedUnlinks(const WriteRun& run, absl::string_view type,
                                std::vector<PlannedWrite>* out);

// --- Replies ------------------------------------------------------------------------------------
//
// Each takes the top-level reply and its children.

// An integer: how many the command applied to; for commands of one op.
absl::Status InterpretCount(const ReplyElement& element, absl::Span<WriteResult> results);
// The same where none means that the element is there already: kUniqueViolation.
absl::Status InterpretCountOrExists(const ReplyElement& element, absl::Span<WriteResult> results);
// Nil: not applied. Anything else: applied. For commands of one op.
absl::Status InterpretNil(const ReplyElement& element, absl::Span<WriteResult> results);
absl::Status InterpretNilOrExists(const ReplyElement& element, absl::Span<WriteResult> results);
// A script's array with an integer an op, or one integer for one op: 1 applied, 0 vanished, -1 the
// new name is taken (kUniqueViolation), -2 nothing would be left of the row (kNullNotAllowed).
absl::Status InterpretEach(const ReplyElement& element, absl::Span<WriteResult> results);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_WRITE_BUILDER_H_
