// What is known of types, operators and collations: which comparisons PostgreSQL decides exactly as
// one of Semantics says. What is not here is unknown, and stays with PostgreSQL.

#ifndef REDIS_FDW_PG_GLUE_QUAL_TYPES_H_
#define REDIS_FDW_PG_GLUE_QUAL_TYPES_H_

#include "pg_glue/binding.h"
#include "pg_glue/pg.h"
#include "pushdown/predicate.h"

namespace redis_fdw {

// column OP operand.
struct Comparison {
  Oid opno;      // the operator, with the column on its left; or
  Oid function;  // the function of two arguments that decides it
  Oid operand_type;
  Oid collation;  // that it is made under
};

// The comparison of bound column `column` as a predicate. False if it is not known what it compares
// exactly.
bool SemanticsOf(const TableBinding& binding, int column, const Comparison& comparison,
                 CompareOp* op, Semantics* semantics);

// Whether `column` is never read as NULL. What names a row is there, or there were no row; and no
// other column is NULL that a NULL cannot be written to: Redis has no absence there. Input
// functions make no NULL of a value. Arrays and objects are not looked at.
bool IsNeverNull(const TableBinding& binding, int column);

// Whether `collation` sorts ASCII digits 0 to 9, so that of two texts that begin with equally many
// of them the first difference in these decides.
bool DigitsAscend(Oid collation);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_QUAL_TYPES_H_
