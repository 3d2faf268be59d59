// From WHERE and join clauses to Predicates: the one place that decides what Redis may be trusted
// with.
//
// A clause becomes a Predicate only where its operator (by operator family, not by name), the types
// on both sides and the collation prove that PostgreSQL compares exactly as Semantics says; what is
// unknown is local. In particular
//
// - bytes: the default equality of text and varchar under a deterministic collation, bytea, uuid
// and the integers. Two
//   such values are equal exactly if their text forms are the same bytes (and an identity column of
//   such a type shows only values written in that form). Not char(n) (blanks), numeric (1.0
//   = 1.00), floats (-0 = 0), or anything unknown.
// - bytes in order: <, <=, >, >= of text and varchar under the collation C, and of bytea; LIKE with
// its usual escape, and ^@ (starts_with), of text and varchar under a deterministic collation.
// - integers and doubles: the default ordering of int2, int4, int8, and of float8 (float4 widened).
//
// The other side may be any expression without volatile functions, subplans, and columns of the
// scanned table itself.

#ifndef REDIS_FDW_PG_GLUE_QUALS_H_
#define REDIS_FDW_PG_GLUE_QUALS_H_

#include "pg_glue/binding.h"
#include "pg_glue/pg.h"
#include "pushdown/predicate.h"

namespace redis_fdw {

// What is known of a clause, whatever Redis holds.
enum class Truth {
  kOfRow,   // it depends on the row: a Predicate
  kAlways,  // true of every row: nothing to decide
  kNever,   // true of no row
};

// A clause that was proven.
struct ProvenClause {
  RestrictInfo* rinfo;
  Truth truth;
  // Only of kOfRow:
  int column;  // ordinal
  CompareOp op;
  Semantics semantics;
  Expr* operand;     // what is compared with; an array for kIn
  Oid operand_type;  // of the value compared (for kIn of the array's elements)
};

// The bound column of `rel` that `expr` is, but for changes of its type's name; -1: none.
int ColumnOf(const TableBinding& binding, RelOptInfo* rel, Expr* expr);

// Tries to prove a clause about `rel`. False: it stays with PostgreSQL.
bool ProveClause(PlannerInfo* root, const TableBinding& binding, RelOptInfo* rel,
                 RestrictInfo* rinfo, ProvenClause* proven);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_QUALS_H_
