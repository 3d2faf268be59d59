// Lists that a column is compared with: IN, = ANY, and ORs that come to the same.

#ifndef REDIS_FDW_PG_GLUE_QUAL_LISTS_H_
#define REDIS_FDW_PG_GLUE_QUAL_LISTS_H_

#include "pg_glue/pg.h"
#include "pg_glue/quals.h"

namespace redis_fdw {

// What is known of `scalar OP ANY (list)` or `scalar OP ALL (list)` from a constant list alone:
//
// - NULL instead of a list: never true;
// - an empty list: ANY is never true, ALL always, even of NULL;
// - NULL in it, under a strict operator: ALL is never true (so is NOT IN with a NULL), ANY neither
//   if there is nothing else.
//
// kOfRow: it depends.
Truth TruthOfList(ScalarArrayOpExpr* clause);

// The values of one column that an OR of equalities names, gathered arm by arm.
struct ValueList {
  bool empty;   // no arm so far
  List* exprs;  // of Expr, all of type `type`
  Oid type;
  Oid collation;
};

// Adds the operand of an equality: a value, or an array whose elements are known one by one (a
// constant, ARRAY[...]). False if it is another array, or of a type unlike those before.
bool AddToList(ValueList* list, Expr* operand, bool is_array);

// An array of the values; a constant if all of them are. Null if there is no type of such arrays.
Expr* ArrayOfValues(PlannerInfo* root, const ValueList& list);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_QUAL_LISTS_H_
