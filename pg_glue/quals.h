// From WHERE and join clauses to Predicates: the one place that decides what Redis may be trusted
// with.
//
// A clause becomes a Predicate only where its operator (by operator family, not by name), the types
// on both sides and the collation prove that PostgreSQL compares exactly as Semantics says
// (qual_types.cc has the rules); what is unknown is local. In particular
//
// - column OP operand, operand OP column, column = ANY (array), an OR of equalities on one column
//   (as if it were = ANY), LIKE, ^@, starts_with();
// - <>, <> ALL, NOT, NOT IN, IS [NOT] DISTINCT FROM, < ANY and rows compared as such are local:
//   they keep most rows, or nobody writes them;
// - a cast of the column that only renames its type (varchar to text, a domain to its base) is
//   looked through; one that calls a function is local;
// - what no row can change (IS NULL of a column that is never NULL, IN of an empty list) is not a
//   Predicate, but known at once.
//
// The other side may be any expression without volatile functions, subplans, and columns of the
// scanned table itself: constants, parameters, columns of other relations. It is evaluated when the
// scan starts, as postgres_fdw does, so an error in it is raised even if there is no row.
//
// Security barriers: as in postgres_fdw, it does not matter whether an operator is leakproof. No
// function of the user's is ever called with a row that a barrier would have withheld: Redis
// compares bytes and numbers and tells nobody; what stays with PostgreSQL it calls in its order.

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

// Without changes of its type's name alone.
Expr* StripRelabel(Expr* expr);

// The bound column of `rel` that `expr` is, but for changes of its type's name; -1: none.
int ColumnOf(const TableBinding& binding, RelOptInfo* rel, Expr* expr);

// Tries to prove a clause about `rel`. False: it stays with PostgreSQL.
bool ProveClause(PlannerInfo* root, const TableBinding& binding, RelOptInfo* rel,
                 RestrictInfo* rinfo, ProvenClause* proven);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_QUALS_H_
