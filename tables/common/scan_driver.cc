#include "tables/common/scan_driver.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "core/base/arena.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

class ScanDriver : public Scan {
 public:
  ScanDriver(const Columns& columns, absl::string_view key, const ScanPlan& plan,
             SourceFactory factory, Pipeline* pipeline)
      : table_(columns.table),
        key_(key),
        limits_{plan.limit, plan.limit_operand, plan.offset_operand},
        expected_rows_(plan.expected_rows),
        target_(plan.output, columns.part_of, columns.parts()),
        factory_(std::move(factory)),
        pipeline_(pipeline) {}
  // Does no I/O: whoever goes on using the pipeline calls Stop() first.
  ~ScanDriver() override = default;

  absl::Status Start(absl::Span<const absl::Span<const Cell>> params) override;
  absl::Status NextBatch(RowBatch* batch) override;
  void Stop() override;
  const Counters& counters() const override { return pipeline_->counters(); }

 private:
  // A parameter row being answered.
  struct Run {
    Run(int param_ordinal, RowWriter writer) : ordinal(param_ordinal), rows(writer) {}
    // Nothing more comes.
    bool spent() const {
      return (in_flight.empty() && source->state() == StepSource::State::kDone) ||
             rows.limit_reached();
    }
    const int ordinal;
    RowWriter rows;
    std::unique_ptr<StepSource> source;
    std::deque<std::unique_ptr<StepSink>> in_flight;
    size_t finished = 0;  // of these
  };

  // Connections that one NextBatch() may lose, and without a reply in between.
  static constexpr int kMaxLosses = 32;
  static constexpr int kMaxLossesInARow = 1;

  // As the plan says them.
  struct Limits {
    int64_t limit;
    int limit_operand;
    int offset_operand;
  };

  RowWriter NewWriter(size_t param);
  absl::Status Fill(RowBatch* batch);
  bool MayBeEnough(const RowBatch& batch);
  void Deliver(RowBatch* batch);
  bool Recover(const absl::Status& status);
  absl::Status CannotGoOn(const absl::Status& status) const;
  absl::Status SubmitReady();
  bool CanBeginRun() const;
  void BeginRun();
  bool CanSubmit() const;
  absl::Status SubmitNext();
  bool MayProceed(const RowBatch* batch) const;
  void Retire();

  const std::string table_;  // its name
  const std::string key_;
  const Limits limits_;
  const int64_t expected_rows_;
  bool expects_more_ = false;  // fewer rows than are expected were handed over so far
  RowTarget target_;
  SourceFactory factory_;
  Pipeline* pipeline_;

  Arena arena_;  // the parameters
  std::vector<absl::Span<const Cell>> params_;
  size_t next_param_ = 0;
  absl::optional<ServerInfo> server_;
  std::deque<std::unique_ptr<Run>> runs_;  // begun and not finished, in order
  size_t in_flight_ = 0;                   // steps of all runs
  int64_t replies_ = 0;                    // complete, ever
};

absl::Status ScanDriver::Start(absl::Span<const absl::Span<const Cell>> params) {
  Stop();
  arena_.Reset();
  params_.clear();
  for (absl::Span<const Cell> row : params) {
    absl::Span<Cell> copy = arena_.AllocateCells(row.size());
    for (size_t i = 0; i < row.size(); ++i) copy[i] = arena_.StoreCell(row[i]);
    params_.push_back(copy);
  }
  next_param_ = 0;
  expects_more_ = expected_rows_ > 0;
  return absl::OkStatus();
}

void ScanDriver::Stop() {
  if (in_flight_ > 0) pipeline_->Abandon();
  runs_.clear();
  in_flight_ = 0;
  server_.reset();
  next_param_ = params_.size();
  pipeline_->ReleaseIdle();
}

absl::Status ScanDriver::NextBatch(RowBatch* batch) {
  batch->Clear();
  target_.SetBatch(batch);
  absl::Status status = Fill(batch);
  int in_a_row = 0;
  for (int losses = 0; !status.ok() && losses < kMaxLosses; ++losses) {
    if (in_a_row++ == kMaxLossesInARow || !Recover(status)) break;
    const int64_t before = replies_;
    status = Fill(batch);
    if (replies_ > before) in_a_row = 0;
  }
  target_.SetBatch(nullptr);
  if (!status.ok()) {
    if (GetErrorKind(status) == ErrorKind::kConnectionLost) status = CannotGoOn(status);
    Stop();
    return status;
  }
  pipeline_->mutable_counters()->rows_decoded += static_cast<int64_t>(batch->rows());
  if (runs_.empty() && next_param_ == params_.size()) pipeline_->ReleaseIdle();
  return absl::OkStatus();
}

absl::Status ScanDriver::Fill(RowBatch* batch) {
  while (true) {
    Deliver(batch);
    if (MayBeEnough(*batch)) return absl::OkStatus();
    RETURN_IF_ERROR(SubmitReady());
    if (batch->Full()) return in_flight_ > 0 ? pipeline_->Flush() : absl::OkStatus();
    if (in_flight_ == 0) {
      if (runs_.empty()) return absl::OkStatus();
      if (runs_.front()->spent()) continue;
      // Never a scan that ends before its rows do.
      return MakeError(ErrorKind::kInternal, "a scan waits for a reply that it did not ask for");
    }
    RETURN_IF_ERROR(pipeline_->RunUntil([&] { return MayProceed(batch); }));
  }
}

// Whether the caller gets what there is, though the batch is not full, and nothing is asked for
// ahead: the rows that the plan expects to be taken are there, and no reply is on its way. Once a
// scan; a caller who comes back wants more than that.
bool ScanDriver::MayBeEnough(const RowBatch& batch) {
  if (!expects_more_ || in_flight_ > 0) return false;
  if (static_cast<int64_t>(batch.rows()) < expected_rows_) return false;
  expects_more_ = false;
  return true;
}

// Makes ready to go on after an error; false if the scan ends with it.
bool ScanDriver::Recover(const absl::Status& status) {
  if (GetErrorKind(status) != ErrorKind::kConnectionLost) return false;
  pipeline_->Abandon();
  in_flight_ = 0;
  server_.reset();
  for (std::unique_ptr<Run>& run : runs_) {
    run->in_flight.clear();
    run->finished = 0;
    if (run->rows.written() == 0) {
      run->rows = NewWriter(static_cast<size_t>(run->ordinal));
      run->source = factory_(params_[static_cast<size_t>(run->ordinal)], &run->rows);
    } else if (!run->source->Resume()) {
      return false;
    }
  }
  // Of those begun, only the last may have steps to submit: the others begin again after it.
  while (runs_.size() > 1 && runs_.back()->rows.written() == 0) {
    next_param_ = static_cast<size_t>(runs_.back()->ordinal);
    runs_.pop_back();
  }
  return runs_.size() <= 1;
}

// Says of a lost connection what was lost with it.
absl::Status ScanDriver::CannotGoOn(const absl::Status& status) const {
  const ErrorInfo info = GetErrorInfo(status);
  if (!info.detail.empty()) return status;
  return MakeError(info.kind, info.message, info.hint,
                   absl::StrCat("The scan of foreign table \"", table_,
                                "\" could not go on from where it was."));
}

// Whether the next parameter row may begin. Where a limit may cut the replies of a run off, no
// other's may be behind them.
bool ScanDriver::CanBeginRun() const {
  if (next_param_ == params_.size()) return false;
  if (runs_.empty()) return true;
  const Run& last = *runs_.back();
  return last.rows.left() < 0 && last.source->state() == StepSource::State::kDone;
}

// The int64 operand of that ordinal; `otherwise` if there is none, or NULL.
int64_t OperandOr(absl::Span<const Cell> params, int operand, int64_t otherwise) {
  if (operand < 0) return otherwise;
  const Cell& cell = params[static_cast<size_t>(operand)];
  return cell.kind() == Cell::Kind::kInt64 ? cell.int64() : otherwise;
}

RowWriter ScanDriver::NewWriter(size_t param) {
  absl::Span<const Cell> params = params_[param];
  int64_t limit = OperandOr(params, limits_.limit_operand, -1);
  if (limit < 0 || (limits_.limit >= 0 && limits_.limit < limit)) limit = limits_.limit;
  return RowWriter(&target_, static_cast<int>(param), limit,
                   OperandOr(params, limits_.offset_operand, 0));
}

void ScanDriver::BeginRun() {
  auto run = std::make_unique<Run>(static_cast<int>(next_param_), NewWriter(next_param_));
  run->source = factory_(params_[next_param_], &run->rows);
  ++next_param_;
  runs_.push_back(std::move(run));
}

bool ScanDriver::CanSubmit() const {
  if (runs_.empty()) return false;
  const Run& run = *runs_.back();
  return run.source->state() == StepSource::State::kReady && !run.rows.limit_reached() &&
         in_flight_ < run.source->window();
}

absl::Status ScanDriver::SubmitNext() {
  // On a cluster the key may be elsewhere by now.
  if (!server_.has_value() || server_->cluster_enabled) {
    Command probe("EXISTS");  // never sent: it says which node will be asked
    probe.Key(key_).ReadOnly();
    ASSIGN_OR_RETURN(const ServerInfo* server, pipeline_->ServerFor(probe));
    if (!server_.has_value() || server_->run_id != server->run_id) server_ = *server;
    // What has come meanwhile may have been enough.
    if (!CanSubmit()) return absl::OkStatus();
  }
  Run& run = *runs_.back();
  ASSIGN_OR_RETURN(Step step, run.source->Next(*server_));
  if (step.sink == nullptr) return absl::OkStatus();
  step.sink->CountFinished(&run.finished);
  run.in_flight.push_back(std::move(step.sink));
  ++in_flight_;
  return pipeline_->Submit(std::move(step.command), run.in_flight.back().get());
}

absl::Status ScanDriver::SubmitReady() {
  while (true) {
    if (CanSubmit()) {
      RETURN_IF_ERROR(SubmitNext());
    } else if (CanBeginRun()) {
      BeginRun();
    } else {
      return absl::OkStatus();
    }
  }
}

// Whether there is something to do other than to wait for replies.
bool ScanDriver::MayProceed(const RowBatch* batch) const {
  if (batch->Full() || CanSubmit()) return true;
  const Run& first = *runs_.front();
  return first.spent() || first.finished > 0;
}

// Puts into the batch what the finished replies have left to be put there, and forgets them.
void ScanDriver::Deliver(RowBatch* batch) {
  while (!runs_.empty()) {
    Retire();
    Run& run = *runs_.front();
    if (!run.spent()) return;
    if (target_.counts()) {
      if (batch->Full()) return;
      batch->AddRow(run.ordinal)[0] = Cell::Int64(run.rows.counted());
    }
    runs_.pop_front();
  }
}

// Forgets the first run's steps that are finished, and those that nobody waits for.
void ScanDriver::Retire() {
  Run& run = *runs_.front();
  in_flight_ -= run.finished;
  replies_ += run.finished;
  while (run.finished > 0 && run.in_flight.front()->finished()) {
    run.in_flight.pop_front();
    --run.finished;
  }
  if (run.finished > 0) {
    // Of another node than the first.
    auto finished = [](const std::unique_ptr<StepSink>& sink) { return sink->finished(); };
    run.in_flight.erase(std::remove_if(run.in_flight.begin(), run.in_flight.end(), finished),
                        run.in_flight.end());
    run.finished = 0;
  }
  if (!run.rows.limit_reached() || run.in_flight.empty()) return;
  pipeline_->Abandon();
  in_flight_ -= run.in_flight.size();
  run.in_flight.clear();
  server_.reset();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Scan>> NewDrivenScan(const Columns& columns, absl::string_view key,
                                                    const ScanPlan& plan, SourceFactory factory,
                                                    Pipeline* pipeline) {
  return std::unique_ptr<Scan>(
      std::make_unique<ScanDriver>(columns, key, plan, std::move(factory), pipeline));
}

}  // namespace redis_fdw
