// LookupSource: elements by name, where Redis has a command for one and one for several.
//
// HGET and HMGET, SISMEMBER and SMISMEMBER, ZSCORE and ZMSCORE: the reply is an answer, or an array
// of answers in the order of the operands. Operands go in chunks, each of which is one command.

#ifndef REDIS_FDW_TABLES_COMMON_LOOKUP_SOURCE_H_
#define REDIS_FDW_TABLES_COMMON_LOOKUP_SOURCE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tables/common/step_source.h"

namespace redis_fdw {

struct LookupCommands {
  const char* one;   // takes a key and an operand
  const char* many;  // takes a key and operands
  // Whether the server has `many`; null: every server has.
  bool (*has_many)(const ServerInfo& server);
  // Writes the row that the answer to `operand` makes, if it makes one.
  absl::Status (*decode)(absl::string_view operand, const ReplyElement& answer, RowWriter* rows);
  // A script that takes what `many` takes and always replies with an array; then the names are only
  // for messages. Null: none.
  const char* script = nullptr;
};

class LookupSource : public StepSource {
 public:
  // At most `chunk` operands a command. `key` and what the operands point at must outlive the
  // source; `commands` is static.
  LookupSource(absl::string_view key, std::vector<absl::string_view> operands, size_t chunk,
               const LookupCommands* commands, RowWriter* rows);

  State state() const override { return next_ < operands_.size() ? State::kReady : State::kDone; }
  absl::StatusOr<Step> Next(const ServerInfo& server) override;
  size_t window() const override { return single_ ? kPipelinedLookups : 2; }

 private:
  // How many of the operands left go into one command.
  size_t ChunkSize() const;

  absl::string_view key_;
  std::vector<absl::string_view> operands_;
  size_t chunk_;
  const LookupCommands* commands_;
  RowWriter* rows_;
  size_t next_ = 0;
  bool single_ = false;  // one operand a command, since the server has no other
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_LOOKUP_SOURCE_H_
