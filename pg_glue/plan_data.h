// A ScanPlan inside PostgreSQL's plan tree, as lists that copyObject() and plan caches understand.

#ifndef REDIS_FDW_PG_GLUE_PLAN_DATA_H_
#define REDIS_FDW_PG_GLUE_PLAN_DATA_H_

#include "pg_glue/pg.h"
#include "pushdown/scan_plan.h"

namespace redis_fdw {

// The slots of ForeignScan.fdw_private. Operand values are not among them: their expressions are
// fdw_exprs, in the order of the operand ordinals, where PostgreSQL turns Vars of outer relations
// into parameters.
enum ScanPrivateSlot {
  kScanShape,         // IntList: op, output kind, order column, order descending, key access,
                      // how many output columns only name the row, order grouped, limit operand,
                      // offset operand
  kScanLimits,        // List of String: limit and expected rows, decimal
  kScanPredicates,    // List of IntList: column, op, semantics, operand, answer
  kScanColumns,       // IntList: output columns
  kScanOperandTypes,  // OidList: per operand, the type of the value (of the elements, for an array)
  kScanOperandArray,  // IntList: per operand, whether it is an array
  kScanOperandNames,  // List of String: NamesInPlan() of the operands
  kScanSort,          // OidList: of an order by groups, how to sort within one: operator, collation
  kScanSlots,
  // What direct modification adds. The expressions that it sets follow the operands in fdw_exprs.
  kDirectSet = kScanSlots,  // IntList: ordinals of the columns that are set; NIL for DELETE
  kDirectCounts,            // IntList of one: whether the rows count in the command tag
};

// Plain lists from a plan, but for kScanSort. Raises only for want of memory. `plan` is read,
// nothing kept.
List* EncodeScanPlan(const ScanPlan& plan, List* operand_types, List* operand_array,
                     List* operand_names);

void SetSortOperator(List* fdw_private, Oid sort_operator, Oid collation);

// The reverse, into *plan (a C++ object): call it inside CallCpp(); it reads lists only.
void DecodeScanPlan(List* fdw_private, ScanPlan* plan);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_PLAN_DATA_H_
