// What a row must satisfy before it is written. PostgreSQL looks at some of it only afterwards, and
// a write to Redis is not undone by the error.

#ifndef REDIS_FDW_PG_GLUE_WRITE_CHECKS_H_
#define REDIS_FDW_PG_GLUE_WRITE_CHECKS_H_

#include "pg_glue/binding.h"
#include "pg_glue/write_batch.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

// Whether the row that the batch gets next (a cell per bound column) belongs to the keys of the
// table: an error, or a warning where option "strict_key_prefix" is false.
void CheckKey(const WriteBatch* batch, const Cell* cells);

// Whether it belongs to this partition. PostgreSQL does not move rows out of foreign partitions.
void CheckPartition(EState* estate, ResultRelInfo* rinfo, TupleTableSlot* slot, bool is_insert);

// WITH CHECK OPTION of the views that lead to the table. A row whose name Redis will choose is left
// to PostgreSQL, which looks again afterwards.
void CheckViewOptions(EState* estate, ResultRelInfo* rinfo, TupleTableSlot* slot,
                      const TableBinding* binding);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_WRITE_CHECKS_H_
