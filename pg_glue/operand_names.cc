#include "pg_glue/operand_names.h"

#include <cstring>

#include "pg_glue/plan_data.h"
#include "pg_glue/quals.h"

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

const char* Printed(Expr* expr, List* context) {
  const char* text = deparse_expression((Node*)expr, context, true, false);
  return strlen(text) <= kLongestShown ? text : kUnnamed;
}

// An operand with columns of other relations.
const char* NameWithColumns(PlannerInfo* root, Expr* operand) {
  operand = StripRelabel(operand);
  if (IsA(operand, Var)) {
    Var* var = (Var*)operand;
    if (var->varno > 0 && var->varno < root->simple_rel_array_size) {
      RangeTblEntry* rte = planner_rt_fetch(var->varno, root);
      return psprintf("%s.%s", quote_identifier(rte->eref->aliasname),
                      quote_identifier(get_rte_attribute_name(rte, var->varattno)));
    }
  }
  List* tables = root->parse->rtable;
  if (list_length(tables) > kMostTables || IsUnprintable((Node*)operand, tables)) return kUnnamed;
  PlannedStmt* statement = makeNode(PlannedStmt);
  statement->rtable = tables;
  Bitmapset* all = nullptr;
  for (int i = 1; i <= list_length(tables); ++i) all = bms_add_member(all, i);
  return Printed(operand, deparse_context_for_plan_tree(
                              statement, select_rtable_names_for_explain(tables, all)));
}

const char* NameOfConst(const Const* operand, bool is_rows) {
  if (operand->constisnull) return "NULL";
  if (is_rows) return psprintf(INT64_FORMAT, DatumGetInt64(operand->constvalue));
  Oid out;
  bool varlena;
  getTypeOutputInfo(operand->consttype, &out, &varlena);
  return quote_literal_cstr(OidOutputFunctionCall(out, operand->constvalue));
}

// An operand of a finished plan. `is_rows`: it is a LIMIT or OFFSET.
const char* NameInExplain(Expr* operand, bool is_rows) {
  operand = StripRelabel(operand);
  if (IsA(operand, Const)) return NameOfConst((Const*)operand, is_rows);
  if (IsA(operand, Param)) return psprintf("$%d", ((Param*)operand)->paramid);
  return IsUnprintable((Node*)operand, NIL) ? kUnnamed : Printed(operand, NIL);
}

}  // namespace

List* NamesInPlan(PlannerInfo* root, List* operands) {
  List* names = NIL;
  ListCell* lc;
  foreach (lc, operands) {
    Expr* operand = (Expr*)lfirst(lc);
    const char* name = contain_var_clause((Node*)operand) ? NameWithColumns(root, operand) : "";
    names = lappend(names, makeString(pstrdup(name)));
  }
  return names;
}

List* OperandNames(const ForeignScan* scan) {
  // Those after the predicates' are numbers of rows.
  const int predicates = list_length((List*)list_nth(scan->fdw_private, kScanPredicates));
  List* names = NIL;
  ListCell* lc;
  foreach (lc, (List*)list_nth(scan->fdw_private, kScanOperandNames)) {
    const char* name = StringValue(lfirst(lc));
    const int operand = foreach_current_index(lc);
    if (name[0] == '\0') {
      name = NameInExplain((Expr*)list_nth(scan->fdw_exprs, operand), operand >= predicates);
    }
    names = lappend(names, (void*)name);
  }
  return names;
}

}  // namespace redis_fdw
