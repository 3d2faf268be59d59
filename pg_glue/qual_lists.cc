#include "pg_glue/qual_lists.h"
#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

struct Elements {
  Datum* values;
  bool* nulls;
  int count;
  Oid type;
  int16 length;
  bool by_value;
};

Elements ElementsOf(Const* list) {
  ArrayType* array = DatumGetArrayTypeP(list->constvalue);
  Elements elements;
  elements.type = ARR_ELEMTYPE(array);
  char align;
  get_typlenbyvalalign(elements.type, &elements.length, &elements.by_value, &align);
  deconstruct_array(array, elements.type, elements.length, elements.by_value, align,
                    &elements.values, &elements.nulls, &elements.count);
  return elements;
}

bool AddValue(ValueList* list, Expr* value) {
  Oid type = exprType((Node*)value);
  if (list->exprs != NIL && type != list->type) return false;
  list->type = type;
  list->collation = exprCollation((Node*)value);
  list->exprs = lappend(list->exprs, value);
  return true;
}

bool AddConstants(ValueList* list, Const* array) {
  if (array->constisnull) return true;  // equal to nothing
  Elements elements = ElementsOf(array);
  for (int i = 0; i < elements.count; ++i) {
    if (elements.nulls[i]) continue;
    Const* value = makeConst(elements.type, -1, array->constcollid, elements.length,
                             elements.values[i], false, elements.by_value);
    if (!AddValue(list, (Expr*)value)) return false;
  }
  return true;
}

}  // namespace

Truth TruthOfList(ScalarArrayOpExpr* clause) {
  Node* list = (Node*)lsecond(clause->args);
  if (!IsA(list, Const)) return Truth::kOfRow;
  if (((Const*)list)->constisnull) return Truth::kNever;
  Elements elements = ElementsOf((Const*)list);
  if (elements.count == 0) return clause->useOr ? Truth::kNever : Truth::kAlways;
  if (!op_strict(clause->opno)) return Truth::kOfRow;
  bool all_null = true;
  bool any_null = false;
  for (int i = 0; i < elements.count; ++i) {
    all_null &= elements.nulls[i];
    any_null |= elements.nulls[i];
  }
  return (clause->useOr ? all_null : any_null) ? Truth::kNever : Truth::kOfRow;
}

bool AddToList(ValueList* list, Expr* operand, bool is_array) {
  if (!is_array) return AddValue(list, operand);
  if (IsA(operand, Const)) return AddConstants(list, (Const*)operand);
  if (!IsA(operand, ArrayExpr) || ((ArrayExpr*)operand)->multidims) return false;
  ListCell* lc;
  foreach (lc, ((ArrayExpr*)operand)->elements) {
    if (!AddValue(list, (Expr*)lfirst(lc))) return false;
  }
  return true;
}

Expr* ArrayOfValues(PlannerInfo* root, const ValueList& list) {
  ArrayExpr* array = makeNode(ArrayExpr);
  array->array_typeid = get_array_type(list.type);
  if (!OidIsValid(array->array_typeid)) return nullptr;
  array->array_collid = list.collation;
  array->element_typeid = list.type;
  array->elements = list.exprs;
  array->multidims = false;
  array->location = -1;
  return (Expr*)eval_const_expressions(root, (Node*)array);
}

}  // namespace redis_fdw
