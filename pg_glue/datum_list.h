// Lists of cells as arrays and as jsonb objects: what datum.cc does for columns of kind kList.

#ifndef REDIS_FDW_PG_GLUE_DATUM_LIST_H_
#define REDIS_FDW_PG_GLUE_DATUM_LIST_H_

#include "core/base/cell.h"
#include "pg_glue/datum.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

// A one-dimensional array with the lower bound 1; of no cells an empty one.
Datum ListToArray(ColumnIo* column, absl::Span<const Cell> cells, const char* key);

// The object of names and values in turn, all bytes; values become strings. Of names that occur
// twice the first counts. Raises 22021 if a name or value is no text.
Datum ListToObject(ColumnIo* column, absl::Span<const Cell> cells, const char* key);

// The elements, NULL ones too; the lower bound does not count. Raises 2202E if there is more than
// one dimension. The list is in the current memory context.
Cell ArrayToList(ColumnIo* column, Datum value);

// Names and values in turn: strings as their text, numbers and booleans as theirs, nested arrays
// and objects as JSON; members that are null are left out. Raises 22023 if it is no object. The
// list is in the current memory context.
Cell ObjectToList(const ColumnIo& column, Datum value);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_DATUM_LIST_H_
