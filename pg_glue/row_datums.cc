#include "pg_glue/row_datums.h"

#include <cstring>
#include <string>

#include "pg_glue/guard.h"
#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

// Bytes of values a batch may hold; the rows are bounded by fetch_size.
constexpr size_t kBatchBytes = 1024 * 1024;

// Error context of a conversion: which row of which key.
void ConversionContext(void* arg) {
  const RowDatums* rows = static_cast<RowDatums*>(arg);
  if (rows->converting == nullptr) return;
  char row[256] = "";
  Raised ignored;
  RunCpp(
      [&] {
        std::string text = rows->binding->table().DescribeRow(
            *rows->output, rows->batch->row(rows->row), rows->batch->row_number(rows->row));
        size_t n = (size_t)pg_mbcliplen(text.data(), (int)text.size(), (int)sizeof(row) - 1);
        memcpy(row, text.data(), n);
        row[n] = '\0';
        return absl::OkStatus();
      },
      &ignored);
  errcontext("column \"%s\" of foreign table \"%s\", Redis key \"%s\"%s%s", rows->converting->name,
             rows->binding->relname, rows->binding->key_text, row[0] != '\0' ? ", " : "", row);
}

}  // namespace

std::unique_ptr<RowBatch> NewBatch(const OutputShape& output, const FdwOptions& options) {
  return std::make_unique<RowBatch>(output.width(), static_cast<size_t>(options.fetch_size),
                                    kBatchBytes);
}

void InitRowDatums(RowDatums* rows, const TableBinding* binding, const OutputShape* output,
                   TupleDesc desc, MemoryContext context) {
  rows->binding = binding;
  rows->output = output;
  rows->count = (int)output->columns.size() - output->naming;
  rows->columns = (ColumnIo*)MemoryContextAllocZero(context, sizeof(ColumnIo) * (rows->count + 1));
  rows->attnums =
      (AttrNumber*)MemoryContextAllocZero(context, sizeof(AttrNumber) * (rows->count + 1));
  for (int i = 0; i < rows->count; ++i) {
    int ordinal = output->columns[i];
    rows->attnums[i] = binding->attnums[ordinal];
    InitColumnIo(&rows->columns[i], binding, ordinal, TupleDescAttr(desc, rows->attnums[i] - 1),
                 context);
  }
}

void ReadRow(RowDatums* rows, const RowBatch& batch, size_t row, int natts, Datum* values,
             bool* nulls) {
  memset(nulls, true, sizeof(bool) * natts);
  memset(values, 0, sizeof(Datum) * natts);
  rows->batch = &batch;
  rows->row = row;
  const Cell* cells = batch.row(row).data();
  ErrorContextCallback context = {error_context_stack, ConversionContext, rows};
  error_context_stack = &context;
  for (int i = 0; i < rows->count; ++i) {
    int att = rows->attnums[i] - 1;
    rows->converting = &rows->columns[i];
    values[att] = CellToDatum(&rows->columns[i], cells[i], rows->binding->key_text, &nulls[att]);
  }
  rows->converting = nullptr;
  error_context_stack = context.previous;
}

}  // namespace redis_fdw
