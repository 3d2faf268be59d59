// Values between PostgreSQL's Datums and Cells, one column at a time.
//
// Text in Redis does not depend on the session: values are written with ISO dates, UTC and
// shortest-exact floats, and read by the type's input function. text and bytea are passed through
// as bytes. Everything here is C-like: it may raise, and holds no C++ object.

#ifndef REDIS_FDW_PG_GLUE_DATUM_H_
#define REDIS_FDW_PG_GLUE_DATUM_H_

#include "core/base/cell.h"
#include "pg_glue/pg.h"

namespace redis_fdw {

// How one SQL type is read and written. Plain data.
struct ValueIo {
  enum class Form : uint8 { kText, kBytea, kInt2, kInt4, kInt8, kFloat8, kOther };

  Oid type;
  int32 typmod;
  Form form;
  bool session_dependent;  // its output function heeds settings: write within a StableOutput
  bool is_domain;          // a NULL too goes through its input function
  Oid io_param;
  FmgrInfo input;
  FmgrInfo output;
};

// A column of a foreign table.
struct ColumnIo {
  ValueIo value;
  const char* name;
  Cell::Kind kind;   // what its cells are
  bool round_trips;  // an identity that must write back the very bytes it was read from
};

// Looks the type's functions up; they live in `context`.
void InitValueIo(ValueIo* io, Oid type, int32 typmod, MemoryContext context);

// The Datum of a cell, in the current memory context. Raises 22xxx on what the type does not take,
// naming the column; the caller's error context names key and element.
Datum CellToDatum(ColumnIo* column, const Cell& cell, const char* key, bool* is_null);

// The cell of a value, for a column or operand whose cells are `kind`. Bytes live in the Datum or
// the current memory context. REQUIRES: within a StableOutput if io->session_dependent.
Cell DatumToCell(ValueIo* io, Cell::Kind kind, Datum value);

// While it is in force, output functions write what does not depend on the session. Not a C++
// object with a destructor: an error undoes it with the transaction.
int BeginStableOutput();
void EndStableOutput(int nest_level);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_DATUM_H_
