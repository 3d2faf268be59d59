#include "pg_glue/operand_names.h"

#include <cstring>

namespace redis_fdw {
namespace {

constexpr char kUnnamed[] = "(expression)";
// Bytes of an expression beyond which it is not shown.
constexpr size_t kLongestShown = 100;
// Tables of a query (partitions among them) beyond which it would take long.
constexpr int kMostTables = 50;

// Whether PostgreSQL can be asked to print the expression before the plan is complete. What it does
// not know there it raises, and no query may fail for the sake of EXPLAIN.
bool IsUnprintable(Node* node, void* context) {
  if (node == nullptr) return false;
  const List* tables = (const List*)context;
  switch (nodeTag(node)) {
    case T_Var: {
      Var* var = (Var*)node;
      return var->varlevelsup != 0 || var->varno <= 0 || var->varno > list_length(tables) ||
             var->varattno <= 0;
    }
    case T_Param:  // of a subquery: looked for in the plan that there is not yet
      return ((Param*)node)->paramkind != PARAM_EXTERN;
    case T_Const:
    case T_FuncExpr:
    case T_OpExpr:
    case T_RelabelType:
    case T_CoerceViaIO:
    case T_ArrayExpr:
    case T_List:
      return WalkExpression(node, IsUnprintable, context);
    default:
      return true;
  }
}

const char* PrintedExpression(PlannerInfo* root, Expr* expr) {
  List* tables = root->parse->rtable;
  if (list_length(tables) > kMostTables || IsUnprintable((Node*)expr, tables)) return kUnnamed;
  PlannedStmt* statement = makeNode(PlannedStmt);
  statement->rtable = tables;
  Bitmapset* all = nullptr;
  for (int i = 1; i <= list_length(tables); ++i) all = bms_add_member(all, i);
  List* context =
      deparse_context_for_plan_tree(statement, select_rtable_names_for_explain(tables, all));
  const char* text = deparse_expression((Node*)expr, context, true, false);
  return strlen(text) <= kLongestShown ? text : kUnnamed;
}

const char* OperandName(PlannerInfo* root, Expr* operand) {
  if (IsA(operand, RelabelType)) return OperandName(root, ((RelabelType*)operand)->arg);
  if (IsA(operand, Const)) {
    Const* c = (Const*)operand;
    if (c->constisnull) return "NULL";
    Oid out;
    bool varlena;
    getTypeOutputInfo(c->consttype, &out, &varlena);
    return quote_literal_cstr(OidOutputFunctionCall(out, c->constvalue));
  }
  if (IsA(operand, Param)) return psprintf("$%d", ((Param*)operand)->paramid);
  if (IsA(operand, Var)) {
    Var* var = (Var*)operand;
    if (var->varno > 0 && var->varno < root->simple_rel_array_size) {
      RangeTblEntry* rte = planner_rt_fetch(var->varno, root);
      return psprintf("%s.%s", quote_identifier(rte->eref->aliasname),
                      quote_identifier(get_rte_attribute_name(rte, var->varattno)));
    }
  }
  return PrintedExpression(root, operand);
}

}  // namespace

List* OperandNames(PlannerInfo* root, const ScanChoice* choice) {
  // Those after the predicates' are numbers of rows.
  const int predicates = (int)choice->plan->object->predicates.size();
  List* names = NIL;
  ListCell* lc;
  foreach (lc, choice->operands) {
    Expr* operand = (Expr*)lfirst(lc);
    const char* name = OperandName(root, operand);
    bool is_number = foreach_current_index(lc) >= predicates && IsA(operand, Const) &&
                     !((Const*)operand)->constisnull;
    if (is_number) name = psprintf(INT64_FORMAT, DatumGetInt64(((Const*)operand)->constvalue));
    names = lappend(names, makeString(pstrdup(name)));
  }
  return names;
}

}  // namespace redis_fdw
