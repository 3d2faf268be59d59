#include "pg_glue/quals.h"
#include "pg_glue/pg.h"
#include "pg_glue/qual_lists.h"
#include "pg_glue/qual_types.h"
#include "pg_glue/settings.h"
#include "pg_glue/write_conflict.h"

namespace redis_fdw {
namespace {

// What clauses are proven about.
struct Subject {
  PlannerInfo* root;
  const TableBinding* binding;
  RelOptInfo* rel;
};

bool ProveExpr(const Subject& about, Expr* clause, ProvenClause* proven);

int ColumnOf(const Subject& about, Node* expr) {
  return ColumnOf(*about.binding, about.rel, (Expr*)expr);
}

bool UsableOperand(const Subject& about, Expr* expr) {
  Relids used = pull_varnos(about.root, (Node*)expr);
  bool own = bms_is_member((int)about.rel->relid, used);
  bms_free(used);
  if (own || contain_volatile_functions((Node*)expr) || contain_subplans((Node*)expr)) return false;
  return !about.binding->query_writes || !VariesBetweenRuns(about.root, (Node*)expr);
}

bool ProveComparison(const Subject& about, int column, const Comparison& comparison, Expr* operand,
                     ProvenClause* proven) {
  if (column < 0 || !UsableOperand(about, operand)) return false;
  if (!SemanticsOf(*about.binding, column, comparison, &proven->op, &proven->semantics)) {
    return false;
  }
  proven->column = column;
  proven->operand = operand;
  proven->operand_type = getBaseType(comparison.operand_type);
  return true;
}

// column OP operand, or operand OP column where the operator has a commutator.
bool ProveOpExpr(const Subject& about, OpExpr* clause, ProvenClause* proven) {
  if (list_length(clause->args) != 2) return false;
  Node* left = (Node*)linitial(clause->args);
  Node* right = (Node*)lsecond(clause->args);
  Comparison comparison = {clause->opno, InvalidOid, exprType(right), clause->inputcollid};
  if (ProveComparison(about, ColumnOf(about, left), comparison, (Expr*)right, proven)) return true;
  comparison.opno = get_commutator(clause->opno);
  comparison.operand_type = exprType(left);
  return OidIsValid(comparison.opno) &&
         ProveComparison(about, ColumnOf(about, right), comparison, (Expr*)left, proven);
}

// starts_with(column, operand).
bool ProveFuncExpr(const Subject& about, FuncExpr* clause, ProvenClause* proven) {
  if (list_length(clause->args) != 2) return false;
  Node* operand = (Node*)lsecond(clause->args);
  const Comparison comparison = {InvalidOid, clause->funcid, exprType(operand),
                                 clause->inputcollid};
  return ProveComparison(about, ColumnOf(about, (Node*)linitial(clause->args)), comparison,
                         (Expr*)operand, proven);
}

// column = ANY (array). NULLs in the array are equal to nothing, and duplicates say nothing new:
// both are left out when the array is known. Of ALL, and of other operators, only what a constant
// list says by itself.
bool ProveArrayExpr(const Subject& about, ScalarArrayOpExpr* clause, ProvenClause* proven) {
  const int column = ColumnOf(about, (Node*)linitial(clause->args));
  if (column < 0) return false;
  proven->truth = TruthOfList(clause);
  if (proven->truth != Truth::kOfRow) return true;
  Node* array = (Node*)lsecond(clause->args);
  const Oid element = get_base_element_type(exprType(array));
  if (!clause->useOr || !OidIsValid(element)) return false;
  const Comparison comparison = {clause->opno, InvalidOid, element, clause->inputcollid};
  if (!ProveComparison(about, column, comparison, (Expr*)array, proven)) return false;
  if (proven->op != CompareOp::kEq) return false;
  proven->op = CompareOp::kIn;
  return true;
}

// column IS NULL, column IS NOT NULL. (Of a composite type these ask about its fields.)
bool ProveNullTest(const Subject& about, NullTest* clause, ProvenClause* proven) {
  const int column = ColumnOf(about, (Node*)clause->arg);
  if (clause->argisrow || column < 0 || !IsNeverNull(*about.binding, column)) return false;
  proven->truth = clause->nulltesttype == IS_NULL ? Truth::kNever : Truth::kAlways;
  return true;
}

bool IsEquality(const ProvenClause& proven) {
  return proven.op == CompareOp::kEq || proven.op == CompareOp::kIn;
}

// Adds one arm of an OR; false if it is no equality like those before.
bool AddArm(const ProvenClause& arm, ValueList* values, ProvenClause* proven) {
  if (!IsEquality(arm)) return false;
  if (values->empty) {
    *proven = arm;
    values->empty = false;
  } else if (arm.column != proven->column || arm.semantics != proven->semantics ||
             arm.operand_type != proven->operand_type) {
    return false;
  }
  return AddToList(values, arm.operand, arm.op == CompareOp::kIn);
}

// column = x OR column = y OR column IN (...), ORs in it too: column = ANY (all of them). Arms that
// are true of no row count for nothing.
bool ProveOr(const Subject& about, BoolExpr* clause, ProvenClause* proven) {
  ValueList values = {true, NIL, InvalidOid, InvalidOid};
  ListCell* lc;
  foreach (lc, clause->args) {
    ProvenClause arm = {};
    if (!ProveExpr(about, (Expr*)lfirst(lc), &arm)) return false;
    if (arm.truth == Truth::kAlways) {
      proven->truth = Truth::kAlways;
      return true;
    }
    if (arm.truth == Truth::kOfRow && !AddArm(arm, &values, proven)) return false;
  }
  if (values.exprs == NIL) {
    proven->truth = Truth::kNever;
    return true;
  }
  proven->op = CompareOp::kIn;
  proven->operand = ArrayOfValues(about.root, values);
  return proven->operand != nullptr;
}

// All but proven->rinfo.
bool ProveExpr(const Subject& about, Expr* clause, ProvenClause* proven) {
  proven->truth = Truth::kOfRow;
  switch (nodeTag(clause)) {
    case T_OpExpr:
      return ProveOpExpr(about, (OpExpr*)clause, proven);
    case T_FuncExpr:
      return ProveFuncExpr(about, (FuncExpr*)clause, proven);
    case T_ScalarArrayOpExpr:
      return ProveArrayExpr(about, (ScalarArrayOpExpr*)clause, proven);
    case T_NullTest:
      return ProveNullTest(about, (NullTest*)clause, proven);
    case T_BoolExpr:
      if (((BoolExpr*)clause)->boolop != OR_EXPR) return false;
      return ProveOr(about, (BoolExpr*)clause, proven);
    default:
      return false;
  }
}

}  // namespace

Expr* StripRelabel(Expr* expr) {
  while (expr != nullptr && IsA(expr, RelabelType)) expr = ((RelabelType*)expr)->arg;
  return expr;
}

int ColumnOf(const TableBinding& binding, RelOptInfo* rel, Expr* expr) {
  expr = StripRelabel(expr);
  if (expr == nullptr || !IsA(expr, Var)) return -1;
  Var* var = (Var*)expr;
  if (var->varno != (int)rel->relid || var->varlevelsup != 0) return -1;
  if (var->varattno <= 0 || var->varattno > binding.natts) return -1;
  return binding.ordinals[var->varattno - 1];
}

bool ProveClause(PlannerInfo* root, const TableBinding& binding, RelOptInfo* rel,
                 RestrictInfo* rinfo, ProvenClause* proven) {
  if (!enable_pushdown || rinfo->pseudoconstant) return false;
  const Subject about = {root, &binding, rel};
  if (!ProveExpr(about, rinfo->clause, proven)) return false;
  proven->rinfo = rinfo;
  return true;
}

}  // namespace redis_fdw
