#include "pg_glue/quals.h"
#include "pg_glue/pg.h"
#include "pg_glue/settings.h"

namespace redis_fdw {
namespace {

Expr* StripRelabel(Expr* expr) {
  while (expr != nullptr && IsA(expr, RelabelType)) expr = ((RelabelType*)expr)->arg;
  return expr;
}

bool UsableOperand(PlannerInfo* root, RelOptInfo* rel, Expr* expr) {
  Relids used = pull_varnos(root, (Node*)expr);
  bool own = bms_is_member((int)rel->relid, used);
  bms_free(used);
  return !own && !contain_volatile_functions((Node*)expr) && !contain_subplans((Node*)expr);
}

bool IsInteger(Oid type) { return type == INT2OID || type == INT4OID || type == INT8OID; }

// Types whose default equality is equality of the text forms that we write. Not numeric (1.0 = 1),
// floats (0 = -0), interval (24:00 = 1 day), timetz and bpchar.
bool EqualAsBytes(Oid type) {
  return type == TEXTOID || type == VARCHAROID || type == BYTEAOID || type == UUIDOID ||
         type == DATEOID || type == TIMEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID ||
         type == BOOLOID || IsInteger(type) || type_is_enum(type);
}

// The strategy of `opno` in the default btree family of `type`, 0 if it is not in it.
int DefaultStrategy(Oid opno, Oid type) {
  TypeCacheEntry* entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
  if (!OidIsValid(entry->btree_opf)) return 0;
  return get_op_opfamily_strategy(opno, entry->btree_opf);
}

bool OpOfStrategy(int strategy, CompareOp* op) {
  switch (strategy) {
    case BTEqualStrategyNumber:
      *op = CompareOp::kEq;
      return true;
    case BTLessStrategyNumber:
      *op = CompareOp::kLt;
      return true;
    case BTLessEqualStrategyNumber:
      *op = CompareOp::kLe;
      return true;
    case BTGreaterStrategyNumber:
      *op = CompareOp::kGt;
      return true;
    case BTGreaterEqualStrategyNumber:
      *op = CompareOp::kGe;
      return true;
    default:
      return false;
  }
}

bool IsText(Oid type) { return type == TEXTOID || type == VARCHAROID; }

// Whether the order of `type` under `collation` is that of its bytes.
bool OrderedAsBytes(Oid type, Oid collation) {
  if (type == BYTEAOID) return true;
  return IsText(type) && OidIsValid(collation) && CollationIsC(collation);
}

bool DeterministicFor(Oid type, Oid collation) {
  if (type != TEXTOID && type != VARCHAROID) return true;
  return OidIsValid(collation) && get_collation_isdeterministic(collation);
}

// What the comparison of a column of base type `type` and cells of `kind` with an operand of
// `operand_type` compares.
bool SemanticsOf(Cell::Kind kind, Oid type, Oid operand_type, CompareOp op, Oid collation,
                 Semantics* semantics) {
  if (kind == Cell::Kind::kBytes) {
    *semantics = Semantics::kBytes;
    bool same = type == operand_type || (IsInteger(type) && IsInteger(operand_type)) ||
                (type == VARCHAROID && operand_type == TEXTOID) ||
                (type == TEXTOID && operand_type == VARCHAROID);
    if (op != CompareOp::kEq) return same && OrderedAsBytes(type, collation);
    return same && EqualAsBytes(type);
  }
  if (IsInteger(type)) {
    *semantics = Semantics::kInteger;
    return IsInteger(operand_type);
  }
  if (kind == Cell::Kind::kDouble && type == FLOAT8OID) {
    *semantics = Semantics::kDouble;
    return operand_type == FLOAT8OID || operand_type == FLOAT4OID;
  }
  return false;
}

bool IsPattern(CompareOp op) { return op == CompareOp::kLike || op == CompareOp::kPrefix; }

// LIKE and ^@ are in no btree family: they are known by their functions.
bool OpOfPattern(Oid opno, Oid type, CompareOp* op) {
  if (!IsText(type)) return false;
  Oid function = get_opcode(opno);
  if (function == F_TEXTLIKE) {
    *op = CompareOp::kLike;
  } else if (function == F_STARTS_WITH) {
    *op = CompareOp::kPrefix;
  } else {
    return false;
  }
  return true;
}

// column OP operand, with the operand of a given type; fills what it proves.
bool ProveComparison(const TableBinding& binding, int column, Oid opno, Oid collation,
                     Oid operand_type, ProvenClause* proven) {
  Oid type = getBaseType(get_atttype(binding.relid, binding.attnums[column]));
  operand_type = getBaseType(operand_type);
  // varchar has no operators of its own: it compares as text.
  int strategy = DefaultStrategy(opno, type == VARCHAROID ? TEXTOID : type);
  if (!OpOfStrategy(strategy, &proven->op) && !OpOfPattern(opno, type, &proven->op)) return false;
  if (!DeterministicFor(type, collation)) return false;
  Cell::Kind kind = binding.table().columns()[column].kind;
  if (IsPattern(proven->op)) {
    if (kind != Cell::Kind::kBytes || !IsText(operand_type)) return false;
    proven->semantics = Semantics::kBytes;
  } else if (!SemanticsOf(kind, type, operand_type, proven->op, collation, &proven->semantics)) {
    return false;
  }
  proven->column = column;
  proven->operand_type = operand_type;
  return true;
}

bool ProveOpExpr(PlannerInfo* root, const TableBinding& binding, RelOptInfo* rel, OpExpr* clause,
                 ProvenClause* proven) {
  if (list_length(clause->args) != 2) return false;
  Expr* left = (Expr*)linitial(clause->args);
  Expr* right = (Expr*)lsecond(clause->args);
  Oid opno = clause->opno;
  int column = ColumnOf(binding, rel, left);
  if (column < 0 || !UsableOperand(root, rel, right)) {
    column = ColumnOf(binding, rel, right);
    right = left;
    opno = get_commutator(opno);
    if (column < 0 || !OidIsValid(opno) || !UsableOperand(root, rel, right)) return false;
  }
  proven->operand = right;
  return ProveComparison(binding, column, opno, clause->inputcollid, exprType((Node*)right),
                         proven);
}

// column = ANY (array).
bool ProveArrayExpr(PlannerInfo* root, const TableBinding& binding, RelOptInfo* rel,
                    ScalarArrayOpExpr* clause, ProvenClause* proven) {
  if (!clause->useOr || list_length(clause->args) != 2) return false;
  Expr* array = (Expr*)lsecond(clause->args);
  int column = ColumnOf(binding, rel, (Expr*)linitial(clause->args));
  if (column < 0 || !UsableOperand(root, rel, array)) return false;
  Oid element = get_base_element_type(exprType((Node*)array));
  if (!OidIsValid(element)) return false;
  proven->operand = array;
  if (!ProveComparison(binding, column, clause->opno, clause->inputcollid, element, proven)) {
    return false;
  }
  if (proven->op != CompareOp::kEq) return false;
  proven->op = CompareOp::kIn;
  return true;
}

}  // namespace

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
  proven->rinfo = rinfo;
  proven->truth = Truth::kOfRow;
  Expr* clause = rinfo->clause;
  if (IsA(clause, OpExpr)) return ProveOpExpr(root, binding, rel, (OpExpr*)clause, proven);
  if (IsA(clause, ScalarArrayOpExpr)) {
    return ProveArrayExpr(root, binding, rel, (ScalarArrayOpExpr*)clause, proven);
  }
  return false;
}

}  // namespace redis_fdw
