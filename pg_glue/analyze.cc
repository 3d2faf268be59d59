#include "pg_glue/analyze.h"

#include <memory>
#include <utility>

#include "pg_glue/binding.h"
#include "pg_glue/connect.h"
#include "pg_glue/estimate.h"
#include "pg_glue/guard.h"
#include "pg_glue/hung.h"
#include "pg_glue/pg.h"
#include "pg_glue/row_datums.h"
#include "pg_glue/writes_pending.h"
#include "tables/common/fingerprints.h"

namespace redis_fdw {
namespace {

// Rows that a page of an ordinary table would hold.
constexpr double kRowsPerPage = 100;

// The C++ side. Destroyed in reverse order: the scan before the pipeline it uses.
struct SampleRuntime {
  OutputShape output;
  std::unique_ptr<Pipeline> pipeline;
  std::unique_ptr<SampleScan> scan;
  std::unique_ptr<RowBatch> batch;
};

// A sample being taken. Plain data in `context`, which owns everything.
struct Sampling {
  MemoryContext context;
  MemoryContext row_context;  // values of the current row
  TableBinding* binding;
  Hung<SampleRuntime>* runtime;
  RowDatums rows;
};

// Nothing is sent yet.
void OpenSample(Sampling* sampling, int targrows) {
  const TableBinding& binding = *sampling->binding;
  CallCpp([&] {
    sampling->runtime->object = new SampleRuntime;
    SampleRuntime* runtime = sampling->runtime->object;
    for (int i = 0; i < binding.ncolumns; ++i) runtime->output.columns.push_back(i);
    ASSIGN_OR_RETURN(std::shared_ptr<Router> router, NewRouter(*binding.options));
    runtime->pipeline =
        std::make_unique<Pipeline>(BackendPool(), std::move(router), LimitsOf(*binding.options));
    ScanOptions options;
    options.mode = binding.options->scan_mode;
    options.fetch_size = binding.options->fetch_size;
    ASSIGN_OR_RETURN(runtime->scan, binding.table().OpenSample(targrows, RandomBits(), options,
                                                               runtime->pipeline.get()));
    runtime->batch = NewBatch(runtime->output, *binding.options);
    absl::Span<const Cell> none;
    return runtime->scan->Start(absl::MakeConstSpan(&none, 1));
  });
}

Sampling* BeginSampling(Relation relation, int targrows) {
  MemoryContext context =
      AllocSetContextCreate(CurrentMemoryContext, "redis_fdw sample", ALLOCSET_DEFAULT_SIZES);
  MemoryContext old = MemoryContextSwitchTo(context);
  Sampling* sampling = (Sampling*)palloc0(sizeof(Sampling));
  sampling->context = context;
  sampling->row_context = AllocSetContextCreate(context, "redis_fdw row", ALLOCSET_DEFAULT_SIZES);
  sampling->binding = BindForeignTable(relation, relation->rd_rel->relowner, context);
  sampling->runtime = Hang<SampleRuntime>(context);
  OpenSample(sampling, targrows);
  InitRowDatums(&sampling->rows, sampling->binding, &sampling->runtime->object->output,
                RelationGetDescr(relation), context);
  MemoryContextSwitchTo(old);
  return sampling;
}

// A row of the batch as a tuple in the current memory context.
HeapTuple MakeTuple(Sampling* sampling, TupleDesc desc, size_t row) {
  MemoryContext old = MemoryContextSwitchTo(sampling->row_context);
  Datum* values = (Datum*)palloc(sizeof(Datum) * desc->natts);
  bool* nulls = (bool*)palloc(sizeof(bool) * desc->natts);
  ReadRow(&sampling->rows, *sampling->runtime->object->batch, row, desc->natts, values, nulls);
  MemoryContextSwitchTo(old);
  HeapTuple tuple = heap_form_tuple(desc, values, nulls);
  MemoryContextReset(sampling->row_context);
  return tuple;
}

int AcquireSampleRows(Relation relation, int elevel, HeapTuple* rows, int targrows,
                      double* totalrows, double* totaldeadrows) {
  FlushPendingWrites(nullptr);
  Sampling* sampling = BeginSampling(relation, targrows);
  SampleRuntime* runtime = sampling->runtime->object;
  int count = 0;
  do {
    CHECK_FOR_INTERRUPTS();
    CallCpp([&] { return runtime->scan->NextBatch(runtime->batch.get()); });
    for (size_t i = 0; i < runtime->batch->rows() && count < targrows; ++i) {
      rows[count++] = MakeTuple(sampling, RelationGetDescr(relation), i);
    }
  } while (runtime->batch->rows() > 0);
  *totalrows = runtime->scan->total_rows();
  *totaldeadrows = 0;
  sampling->runtime->Drop();
  MemoryContextDelete(sampling->context);
  ereport(elevel, (errmsg("\"%s\": table contains %.0f rows, %d rows in sample",
                          RelationGetRelationName(relation), *totalrows, count)));
  return count;
}

}  // namespace

bool AnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc* func, BlockNumber* totalpages) {
  *func = AcquireSampleRows;
  // Redis has no pages; what counts is that the share of a partition in the sample of its parent
  // fits its rows.
  TableBinding* binding =
      BindForeignTable(relation, relation->rd_rel->relowner, CurrentMemoryContext);
  double rows = RemoteRows(*binding);
  if (rows < 0) rows = relation->rd_rel->reltuples;
  binding->hung->Drop();
  *totalpages = (BlockNumber)Max(1.0, Min(rows / kRowsPerPage, (double)MaxBlockNumber));
  return true;
}

}  // namespace redis_fdw
