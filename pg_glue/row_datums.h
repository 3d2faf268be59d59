// Rows that a scan returns as values of a table's columns: for scans and for ANALYZE.

#ifndef REDIS_FDW_PG_GLUE_ROW_DATUMS_H_
#define REDIS_FDW_PG_GLUE_ROW_DATUMS_H_

#include <memory>

#include "core/base/row_batch.h"
#include "pg_glue/binding.h"
#include "pg_glue/datum.h"
#include "pushdown/scan_plan.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

// Plain data in a memory context.
struct RowDatums {
  const TableBinding* binding;
  const OutputShape* output;  // of the rows; not owned
  int count;                  // columns that get values; the first ones of the output
  ColumnIo* columns;          // one for each of them
  AttrNumber* attnums;

  // For error contexts.
  ColumnIo* converting;  // null: no row is being read
  const RowBatch* batch;
  size_t row;
};

// A batch for rows of that shape, fetch_size of them at most. Called inside CallCpp().
std::unique_ptr<RowBatch> NewBatch(const OutputShape& output, const FdwOptions& options);

// Prepares for rows of that shape. What it needs lives in `context`.
void InitRowDatums(RowDatums* rows, const TableBinding* binding, const OutputShape* output,
                   TupleDesc desc, MemoryContext context);

// The values of a row by attribute, `natts` of them, NULL for those that the output lacks; in the
// current memory context. Raises where a column cannot take its value, naming column, key and row.
void ReadRow(RowDatums* rows, const RowBatch& batch, size_t row, int natts, Datum* values,
             bool* nulls);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_ROW_DATUMS_H_
