// WriteBatch: the rows of a modification that have not been sent yet, and the pipeline that will
// carry them.

#ifndef REDIS_FDW_PG_GLUE_WRITE_BATCH_H_
#define REDIS_FDW_PG_GLUE_WRITE_BATCH_H_

#include <memory>
#include <vector>

#include "core/base/arena.h"
#include "core/exec/pipeline.h"
#include "pg_glue/binding.h"
#include "pg_glue/context_list.h"
#include "pg_glue/hung.h"
#include "tables/table.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

// The C++ side.
struct WriteRuntime {
  std::unique_ptr<Pipeline> pipeline;
  std::unique_ptr<WriteState> state;
  std::vector<WriteOp> ops;          // views of cells that live until they are sent
  std::vector<WriteResult> results;  // of the last flush
  Arena stored;                      // what StoreCells() needs of its last row
};

// Plain data in a memory context. In the list of pending batches while it exists.
struct WriteBatch : ContextListMember {
  const EState* statement;  // that writes
  TableBinding* binding;
  Hung<WriteRuntime>* runtime;
  MemoryContext rows_context;  // cells and values of the rows in ops
  ConflictPolicy conflict;
  bool one_by_one;     // each row is flushed at once, and its result wanted
  bool count_applied;  // results are wanted to be counted
  int64 rows_sent;     // by earlier flushes
  int64 rows_applied;  // of those; if one_by_one or count_applied
  bool failed;         // a flush raised an error: nothing more is written
};

// A batch of `statement` for the table, in the statement's memory context.
WriteBatch* NewWriteBatch(TableBinding* binding, EState* statement);

// Where the cells of the next row go. What was made there of rows that have been sent is gone.
MemoryContext RowContext(WriteBatch* batch);

// Adds an insert of `cells` (one per bound column), an update of `identity` to the cells that are
// `changed`, or a delete of `identity`. What is given must live until it has been sent: in
// RowContext(), or longer. Flushes if the batch is full or one_by_one. False if the row was not
// applied (known only if one_by_one).
bool AddInsert(WriteBatch* batch, const Cell* cells);
bool AddUpdate(WriteBatch* batch, const Cell* identity, int count, int64 row_number,
               const Cell* cells, const bool* changed);
bool AddDelete(WriteBatch* batch, const Cell* identity, int count, int64 row_number);

// Sends what is there if that is enough. For rows that made something in RowContext() but were not
// added.
void FlushIfFull(WriteBatch* batch);

// The number of the next row to be added within the statement, from 1.
int64 NextRowNumber(const WriteBatch* batch);

// Sends what is there and waits for the answers; before it, what statements around this one still
// have for the same keys, so that Redis gets all in the order in which it was said.
// Scans of the statement that have not begun and would find these rows are read first.
void FlushBatch(WriteBatch* batch);

// The same when the statement reads no more.
void FlushLastBatch(WriteBatch* batch);

// What Redis generated for the row just added, as text in the current memory context, and the bound
// column that it belongs to; null if nothing. one_by_one only.
const char* GeneratedValue(WriteBatch* batch, int* column);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_WRITE_BATCH_H_
