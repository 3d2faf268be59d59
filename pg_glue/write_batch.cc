#include "pg_glue/write_batch.h"

#include <memory>
#include <string>
#include <utility>

#include "pg_glue/connect.h"
#include "pg_glue/guard.h"
#include "pg_glue/pg.h"
#include "pg_glue/primary_reads.h"
#include "pg_glue/query_failure.h"
#include "pg_glue/scan.h"
#include "pg_glue/write_conflict.h"
#include "pg_glue/writes_pending.h"
#include "tables/write_runner.h"

namespace redis_fdw {
namespace {

// Bytes of values that a batch may collect whatever batch_size says.
constexpr Size kBatchBytes = 4 * 1024 * 1024;

ContextList<WriteBatch> pending;

// Of a query that failed: its rows are not written any more.
void AbandonBatch(void* arg) {
  WriteBatch* batch = static_cast<WriteBatch*>(arg);
  batch->failed = true;
  batch->runtime->Drop();
}

[[noreturn]] void RaiseFailedBefore() {
  ereport(ERROR, (errcode(ERRCODE_FDW_ERROR), errmsg("an earlier write of this statement failed"),
                  errdetail("Its error was caught while a function or trigger read from Redis.")));
  pg_unreachable();
}

// Adds an op that `fill` completes.
template <typename Fill>
void AddOp(WriteBatch* batch, WriteKind kind, Fill&& fill) {
  if (batch->failed) RaiseFailedBefore();
  CallCpp([&] {
    WriteOp op;
    op.kind = kind;
    op.conflict = batch->conflict;
    fill(&op);
    batch->runtime->object->ops.push_back(std::move(op));
    return absl::OkStatus();
  });
}

bool Finish(WriteBatch* batch) {
  WriteRuntime* runtime = batch->runtime->object;
  if (batch->one_by_one) {
    FlushBatch(batch);
    return runtime->results.empty() || runtime->results.back().applied;
  }
  FlushIfFull(batch);
  return true;
}

// Statements within another end before it goes on, so what is older belongs to those around.
void FlushOlder(WriteBatch* batch) {
  for (WriteBatch* older = pending.older(batch); older != nullptr; older = pending.older(older)) {
    if (older->statement == batch->statement || older->failed) continue;
    if (older->runtime->object == nullptr || older->runtime->object->ops.empty()) continue;
    if (SharesKeys(*older->binding, *batch->binding)) FlushBatch(older);
  }
}

}  // namespace

WriteBatch* NewWriteBatch(TableBinding* binding, EState* statement) {
  MemoryContext context = statement->es_query_cxt;
  MemoryContext old = MemoryContextSwitchTo(context);
  WriteBatch* batch = (WriteBatch*)palloc0(sizeof(WriteBatch));
  batch->statement = statement;
  batch->binding = binding;
  batch->runtime = Hang<WriteRuntime>(context);
  batch->rows_context =
      AllocSetContextCreate(context, "redis_fdw write batch", ALLOCSET_DEFAULT_SIZES);
  CallCpp([&] {
    auto runtime = std::make_unique<WriteRuntime>();
    ASSIGN_OR_RETURN(std::shared_ptr<Router> router, NewRouter(*binding->options));
    runtime->pipeline =
        std::make_unique<Pipeline>(BackendPool(), std::move(router), LimitsOf(*binding->options));
    runtime->pipeline->SetPrimaryOnly(true);
    runtime->state = binding->table().NewWriteState();
    batch->runtime->object = runtime.release();
    return absl::OkStatus();
  });
  pending.Add(batch, context);
  OnQueryFailure(context, AbandonBatch, batch);
  MemoryContextSwitchTo(old);
  return batch;
}

MemoryContext RowContext(WriteBatch* batch) {
  if (batch->runtime->object->ops.empty()) MemoryContextReset(batch->rows_context);
  return batch->rows_context;
}

bool AddInsert(WriteBatch* batch, const Cell* cells) {
  AddOp(batch, WriteKind::kInsert, [&](WriteOp* op) {
    op->new_cells = absl::MakeConstSpan(cells, static_cast<size_t>(batch->binding->ncolumns));
  });
  return Finish(batch);
}

bool AddUpdate(WriteBatch* batch, const Cell* identity, int count, int64 row_number,
               const Cell* cells, const bool* changed) {
  AddOp(batch, WriteKind::kUpdate, [&](WriteOp* op) {
    op->old.cells = absl::MakeConstSpan(identity, static_cast<size_t>(count));
    op->old.row_number = row_number;
    op->new_cells = absl::MakeConstSpan(cells, static_cast<size_t>(batch->binding->ncolumns));
    op->changed.assign(changed, changed + batch->binding->ncolumns);
  });
  return Finish(batch);
}

bool AddDelete(WriteBatch* batch, const Cell* identity, int count, int64 row_number) {
  AddOp(batch, WriteKind::kDelete, [&](WriteOp* op) {
    op->old.cells = absl::MakeConstSpan(identity, static_cast<size_t>(count));
    op->old.row_number = row_number;
  });
  return Finish(batch);
}

void FlushIfFull(WriteBatch* batch) {
  size_t rows = batch->runtime->object->ops.size();
  if (rows >= static_cast<size_t>(batch->binding->options->batch_size) ||
      MemoryContextMemAllocated(batch->rows_context, true) >= kBatchBytes) {
    FlushBatch(batch);
  }
}

int64 NextRowNumber(const WriteBatch* batch) {
  return batch->rows_sent + static_cast<int64>(batch->runtime->object->ops.size()) + 1;
}

void FlushBatch(WriteBatch* batch) {
  WriteRuntime* runtime = batch->runtime->object;
  if (!batch->failed && runtime != nullptr && !runtime->ops.empty()) {
    CompleteScans(batch->statement);
  }
  FlushLastBatch(batch);
}

void FlushLastBatch(WriteBatch* batch) {
  if (batch->failed) RaiseFailedBefore();
  WriteRuntime* runtime = batch->runtime->object;
  if (runtime == nullptr || runtime->ops.empty()) return;
  FlushOlder(batch);
  // Whatever happens now, these rows are not tried again; and if it is an error, nothing after them
  // is.
  batch->failed = true;
  NoteWrite(batch->binding->options);
  bool want_results = batch->one_by_one || batch->count_applied;
  CallCpp([&] {
    absl::Status status =
        RunWrites(batch->binding->table(), runtime->ops, want_results, batch->rows_sent + 1,
                  runtime->state.get(), runtime->pipeline.get(), &runtime->results);
    batch->rows_sent += static_cast<int64>(runtime->ops.size());
    runtime->ops.clear();
    for (const WriteResult& result : runtime->results) batch->rows_applied += result.applied;
    return status;
  });
  batch->failed = false;
}

const char* GeneratedValue(WriteBatch* batch, int* column) {
  const char* value = nullptr;
  CallCpp([&] {
    const std::vector<WriteResult>& results = batch->runtime->object->results;
    if (results.empty() || results.back().generated_id.empty()) return absl::OkStatus();
    *column = results.back().generated_column;
    if (*column < 0) return absl::OkStatus();
    const std::string& generated = results.back().generated_id;
    return CallPg([&] { value = pstrdup(generated.c_str()); });
  });
  return value;
}

void FlushPendingWrites(const EState* reader) {
  // What functions write while scans are completed for a flush is newer, and gone when they end.
  for (WriteBatch* batch = pending.newest(); batch != nullptr; batch = pending.older(batch)) {
    if (batch->statement != reader && !batch->failed) FlushBatch(batch);
  }
}

}  // namespace redis_fdw
