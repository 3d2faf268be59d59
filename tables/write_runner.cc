#include "tables/write_runner.h"

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "core/base/status.h"
#include "tables/common/script_cache.h"
#include "tables/common/write_error.h"

namespace redis_fdw {
namespace {

constexpr size_t kFlushEvery = 128;

// The first refusal of a batch, with the command that met it.
struct Refusal {
  absl::Status status;
  const PlannedWrite* write = nullptr;
  // What was refused of the batch: one op where the reply tells which, else all of the command.
  size_t first_op = 0;
  size_t op_count = 0;
};

// Takes one command's reply. Refusals are noted rather than returned, so that the other replies are
// read and the connection stays usable.
class WriteSink : public ReplySink {
 public:
  WriteSink(const PlannedWrite* write, absl::Span<WriteResult> results, Refusal* refusal)
      : write_(write), results_(results), refusal_(refusal) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (write_->interpret == nullptr) return absl::OkStatus();
    Note(write_->interpret(element, results_));
    for (WriteResult& result : results_) {
      if (!result.generated_id.empty()) result.generated_column = write_->generated_column;
    }
    return absl::OkStatus();
  }
  absl::Status OnError(const absl::Status& error) override {
    unknown_script_ = !unknown_script_ && GetErrorKind(error) == ErrorKind::kUnknownScript;
    if (unknown_script_) return absl::OkStatus();
    if (write_->passes_over_other_types && GetErrorKind(error) == ErrorKind::kWrongType) {
      for (WriteResult& result : results_) result.applied = false;
      return absl::OkStatus();
    }
    Note(write_->explain == nullptr ? error : write_->explain(error));
    return absl::OkStatus();
  }

  const PlannedWrite* write() const { return write_; }
  // Redis did not know the script of an EVALSHA and did nothing: the whole command is to be sent.
  bool unknown_script() const { return unknown_script_; }

 private:
  void Note(const absl::Status& status) {
    if (status.ok() || refusal_->write != nullptr) return;
    refusal_->status = status;
    refusal_->write = write_;
    absl::optional<size_t> op = RowOf(status);  // within the command
    refusal_->first_op = write_->first_op + op.value_or(0);
    refusal_->op_count = op.has_value() ? 1 : write_->op_count;
  }

  const PlannedWrite* write_;
  absl::Span<WriteResult> results_;
  Refusal* refusal_;
  bool unknown_script_ = false;
};

// "The row is field "a"." where one row was refused whose values are known; else empty.
std::string NameRow(const Table& table, const Refusal& refusal, absl::Span<const WriteOp> ops) {
  if (refusal.op_count != 1) return "";
  const WriteOp& op = ops[refusal.first_op];
  if (op.kind == WriteKind::kDelete) return "";
  OutputShape all;
  std::vector<Cell> cells(op.new_cells.begin(), op.new_cells.end());
  size_t identity = 0;
  for (size_t i = 0; i < cells.size(); ++i) {
    all.columns.push_back(static_cast<int>(i));
    if (!table.columns()[i].identity) continue;
    // A write without a scan has no new cells where it changes nothing.
    if (cells[i].is_null() && identity < op.old.cells.size()) cells[i] = op.old.cells[identity];
    ++identity;
  }
  return absl::StrCat("The row is ", table.DescribeRow(all, cells, op.old.row_number), ".");
}

absl::Status DescribeRefusal(const Table& table, absl::Span<const WriteOp> ops,
                             const Refusal& refusal, int64_t first_row, bool other_commands) {
  const size_t batch_rows = ops.size();
  ErrorInfo info = GetErrorInfo(refusal.status);
  const std::string name = NameRow(table, refusal, ops);
  int64_t first = first_row + static_cast<int64_t>(refusal.first_op);
  int64_t last = first + static_cast<int64_t>(refusal.op_count) - 1;
  if (first == 1 && batch_rows == 1) {  // perhaps a statement of one row
    if (info.kind != ErrorKind::kUniqueViolation || !info.detail.empty()) return refusal.status;
    return MakeError(info.kind, info.message, info.hint, name);
  }
  std::string rows = first == last ? absl::StrCat("Row ", first, " of the statement was")
                                   : absl::StrCat("Rows ", first, " to ", last,
                                                  " of the statement, sent as one command, were");
  std::string detail = absl::StrCat(rows, " refused.", name.empty() ? "" : " ", name);
  if (first > 1) absl::StrAppend(&detail, " Rows before may have been written.");
  if (other_commands) {
    absl::StrAppend(&detail, " Rows after, up to row ",
                    first_row + static_cast<int64_t>(batch_rows) - 1,
                    ", may have been written as well.");
  }
  if (!info.detail.empty()) absl::StrAppend(&detail, " ", info.detail);
  return MakeError(info.kind, info.message, info.hint, detail);
}

// Says how far the statement may have come when its writes were lost on the way.
absl::Status DescribeLoss(const absl::Status& status, int64_t last_row) {
  const ErrorInfo info = GetErrorInfo(status);
  if (info.kind == ErrorKind::kHost) return status;
  std::string detail = info.detail;
  absl::StrAppend(&detail, detail.empty() ? "" : " ", "Rows of the statement up to row ", last_row,
                  " may have been written.");
  return MakeError(info.kind, info.message, info.hint, detail);
}

// Names the row of a batch that could not become commands.
absl::Status DescribeUnbuilt(const absl::Status& status, int64_t first_row, size_t batch_rows) {
  absl::optional<size_t> op = RowOf(status);
  if (!op.has_value() || (first_row == 1 && batch_rows == 1)) return status;
  ErrorInfo info = GetErrorInfo(status);
  std::string detail = info.detail;
  absl::StrAppend(&detail, detail.empty() ? "" : " ", "Row ", first_row + static_cast<int64_t>(*op),
                  " of the statement was refused; nothing of its batch was sent.");
  if (first_row > 1) absl::StrAppend(&detail, " Rows of earlier batches have been written.");
  return MakeError(info.kind, info.message, info.hint, detail);
}

// The keys of a command: all that a script names, else one.
std::vector<absl::string_view> KeysOf(const Command& command) {
  constexpr size_t kCount = 2;  // where EVAL says how many keys follow
  int count = 0;
  if (command.name() != "EVAL" || !absl::SimpleAtoi(command.arg(kCount), &count)) {
    return {command.key()};
  }
  std::vector<absl::string_view> keys;
  for (size_t i = 0; i < static_cast<size_t>(count); ++i)
    keys.push_back(command.arg(kCount + 1 + i));
  return keys;
}

// Which commands may be sent once more after all others: no other that follows is about their keys.
std::vector<bool> MayBeLate(const std::vector<WriteSink>& sinks) {
  std::vector<bool> may(sinks.size());
  // Only of scripts is it asked.
  const auto is_script = [](const WriteSink& sink) {
    return sink.write()->command.name() == "EVAL";
  };
  if (std::none_of(sinks.begin(), sinks.end(), is_script)) return may;
  absl::flat_hash_set<absl::string_view> later;
  for (size_t i = sinks.size(); i-- > 0;) {
    const std::vector<absl::string_view> keys = KeysOf(sinks[i].write()->command);
    may[i] = std::none_of(keys.begin(), keys.end(),
                          [&later](absl::string_view key) { return later.contains(key); });
    later.insert(keys.begin(), keys.end());
  }
  return may;
}

// Sends all, and then those whose script was not known, whole. Only commands that may be late are
// shortened to the script's hash: Redis may forget it at any moment, and a slot may move to a node
// that has not seen it.
absl::Status Send(std::vector<WriteSink>* sinks, Pipeline* pipeline) {
  SentScripts scripts;
  const std::vector<bool> may_be_late = MayBeLate(*sinks);
  for (size_t i = 0; i < sinks->size(); ++i) {
    WriteSink& sink = (*sinks)[i];
    const Command& command = sink.write()->command;
    if (command.name() != "EVAL") {
      RETURN_IF_ERROR(pipeline->Submit(command, &sink));
    } else {
      ASSIGN_OR_RETURN(const ServerInfo* server, pipeline->ServerFor(command));
      if (may_be_late[i]) {
        RETURN_IF_ERROR(pipeline->Submit(scripts.Shorten(command, server->run_id), &sink));
      } else {
        scripts.SendWhole(command, server->run_id);
        RETURN_IF_ERROR(pipeline->Submit(command, &sink));
      }
    }
    // Redis works on the first while the others are being formatted.
    if (i % kFlushEvery == kFlushEvery - 1) RETURN_IF_ERROR(pipeline->Flush());
  }
  RETURN_IF_ERROR(pipeline->Drain());
  for (WriteSink& sink : *sinks) {
    if (sink.unknown_script()) RETURN_IF_ERROR(pipeline->Submit(sink.write()->command, &sink));
  }
  return pipeline->Drain();
}

}  // namespace

absl::Status RunWrites(const Table& table, absl::Span<const WriteOp> ops, bool want_results,
                       int64_t first_row, WriteState* state, Pipeline* pipeline,
                       std::vector<WriteResult>* results) {
  results->assign(ops.size(), WriteResult());
  if (ops.empty()) return absl::OkStatus();

  Command probe("EXISTS");  // never sent: it says which node will be written to
  probe.Key(table.key());
  const absl::StatusOr<const ServerInfo*> server = pipeline->ServerFor(probe);
  if (!server.ok()) {
    return first_row == 1 ? server.status() : DescribeLoss(server.status(), first_row - 1);
  }

  std::vector<PlannedWrite> writes;
  absl::Status built = table.BuildWrites(ops, **server, want_results, state, &writes);
  if (!built.ok()) return DescribeUnbuilt(built, first_row, ops.size());
  Refusal refusal;
  std::vector<WriteSink> sinks;
  sinks.reserve(writes.size());  // the pipeline keeps pointers to them
  for (const PlannedWrite& write : writes) {
    sinks.emplace_back(&write, absl::MakeSpan(*results).subspan(write.first_op, write.op_count),
                       &refusal);
  }
  absl::Status status = Send(&sinks, pipeline);
  if (!status.ok()) {
    pipeline->Abandon();  // the sinks end here
    const int64_t last_row = first_row + static_cast<int64_t>(ops.size()) - 1;
    return last_row == 1 ? status : DescribeLoss(status, last_row);
  }
  pipeline->ReleaseIdle();
  if (refusal.write == nullptr) return absl::OkStatus();
  bool more_after = refusal.write != &writes.back();
  return DescribeRefusal(table, ops, refusal, first_row, more_after);
}

}  // namespace redis_fdw
