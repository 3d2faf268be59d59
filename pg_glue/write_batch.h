// WriteBatch: the rows of a modification that have not been sent yet, and the pipeline that will
// carry them.

#ifndef REDIS_FDW_PG_GLUE_WRITE_BATCH_H_
#define REDIS_FDW_PG_GLUE_WRITE_BATCH_H_

#include <memory>
#include <vector>

#include "core/exec/pipeline.h"
#include "pg_glue/binding.h"
#include "pg_glue/hung.h"
#include "tables/table.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

// The C++ side.
struct WriteRuntime {
  std::unique_ptr<Pipeline> pipeline;
  std::unique_ptr<WriteState> state;
  std::vector<WriteOp> ops;          // views of cells in WriteBatch::rows_context
  std::vector<WriteResult> results;  // of the last flush
};

// Plain data in a memory context. Linked into the list of pending batches while it exists.
struct WriteBatch {
  const EState* statement;  // that writes
  TableBinding* binding;
  Hung<WriteRuntime>* runtime;
  MemoryContext rows_context;  // cells and values of the rows in ops
  ConflictPolicy conflict;
  bool one_by_one;   // each row is flushed at once, and its result wanted
  int64 rows_sent;   // by earlier flushes
  bool failed;       // a flush raised an error: nothing more is written
  WriteBatch* next;  // in the list of pending batches
  WriteBatch* prev;
  MemoryContextCallback unlink;
};

// A batch of `statement` for the table, in the statement's memory context.
WriteBatch* NewWriteBatch(TableBinding* binding, EState* statement);

// Adds an insert of `cells` (one per bound column) or a delete of `identity`; both must live in
// batch->rows_context. Flushes if the batch is full or one_by_one. False if the row was not applied
// (known only if one_by_one).
bool AddInsert(WriteBatch* batch, const Cell* cells);
bool AddDelete(WriteBatch* batch, const Cell* identity, int count, int64 row_number);

// Sends what is there and waits for the answers.
void FlushBatch(WriteBatch* batch);

// The id that Redis generated for the row just added, as text in the current memory context; null
// if none. one_by_one only.
const char* GeneratedId(WriteBatch* batch);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_WRITE_BATCH_H_
