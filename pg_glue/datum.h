// Values between PostgreSQL's Datums and Cells, one column at a time.
//
// Text in Redis does not depend on the session: values are written with ISO dates, UTC and
// shortest-exact floats, and read by the type's input function. text and bytea are passed through
// as bytes, domains over them too. Everything here is C-like: it may raise, and holds no C++
// object.

#ifndef REDIS_FDW_PG_GLUE_DATUM_H_
#define REDIS_FDW_PG_GLUE_DATUM_H_

#include "core/base/cell.h"
#include "pg_glue/binding.h"
#include "pg_glue/stable_text.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

// How one SQL type is read and written. Plain data.
struct ValueIo {
  // Of the type, or of what a domain is over. The bytes of kText and kBytea are the value.
  enum class Form : uint8 {
    kText,
    kBytea,
    kInt2,
    kInt4,
    kInt8,
    kFloat4,
    kFloat8,
    kDate,
    kTimestamp,
    kTimestampTz,
    kStreamId,
    kOther
  };

  Oid type;
  int32 typmod;
  Form form;
  bool session_dependent;  // its output function heeds settings: write within a StableOutput
  bool is_domain;          // a NULL too goes through its input function
  void* domain_cache;      // of domain_check()
  Oid io_param;
  FmgrInfo input;
  FmgrInfo output;
};

struct ArrayIo;

// A column of a foreign table.
struct ColumnIo {
  ValueIo value;
  const char* name;
  const char* table;
  Cell::Kind kind;   // what its cells are
  bool round_trips;  // an identity that must write back the very bytes it was read from
  ArrayIo* array;    // kList: of an array; null: of a jsonb object
};

// The array type that a column of lists has, domains taken off.
struct ArrayIo {
  Oid element_type;
  int16 length;
  bool by_value;
  char align;
  ColumnIo element;  // named like the column
};

// Looks the type's functions up; they live in `context`.
void InitValueIo(ValueIo* io, Oid type, int32 typmod, MemoryContext context);

// Prepares the conversion of a bound column.
void InitColumnIo(ColumnIo* io, const TableBinding* binding, int ordinal, Form_pg_attribute att,
                  MemoryContext context);

// The Datum of a cell, in the current memory context. Raises 22xxx on what the type does not take,
// naming the column; the caller's error context names key and element.
Datum CellToDatum(ColumnIo* column, const Cell& cell, const char* key, bool* is_null);

// The cell of a column's value. Bytes live in the Datum or the current memory context, lists with
// all they hold in the current memory context. Errors name the column. REQUIRES: within a
// StableOutput if column->value.session_dependent.
Cell ColumnToCell(ColumnIo* column, Datum value);

// The cell of a value, for an operand of cells of `kind`, which is no list. Otherwise as above.
Cell DatumToCell(ValueIo* io, Cell::Kind kind, Datum value);

// Steps that datum_list.cc shares.
// Raises unless `bytes` are valid in the database's encoding. `part` names them: "value", "field
// \"a\"".
void CheckText(const ColumnIo& column, const char* part, const char* key, absl::string_view bytes);
// Applies the constraints of a domain to a value that did not come through its input function.
void CheckDomain(ValueIo* io, Datum value);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_DATUM_H_
