#include "pg_glue/upper_paths.h"

#include "pg_glue/binding.h"
#include "pg_glue/order_paths.h"
#include "pg_glue/pg.h"
#include "pg_glue/qual_types.h"
#include "pg_glue/quals.h"
#include "pg_glue/scan_choice.h"
#include "pg_glue/settings.h"
#include "pg_glue/write_conflict.h"

namespace redis_fdw {
namespace {

// As PostgreSQL guesses a LIMIT that it does not know (preprocess_limit).
constexpr double kUnknownLimitShare = 0.1;

// Beyond it a double is no longer the number of rows that a LIMIT says; nor is there such a key.
constexpr double kMostRows = 1e15;

// The only relation of a query if it is a foreign table; null otherwise. The callbacks are called
// for ours alone.
RelOptInfo* OnlyRelation(PlannerInfo* root) {
  int relid = 0;
  if (!bms_get_singleton_member(root->all_baserels, &relid)) return nullptr;
  RelOptInfo* rel = root->simple_rel_array[relid];
  bool ours = rel != nullptr && rel->reloptkind == RELOPT_BASEREL && rel->rtekind == RTE_RELATION &&
              rel->fdwroutine != nullptr && rel->fdw_private != nullptr;
  return ours ? rel : nullptr;
}

bool HasLimit(const Query* query) {
  return (query->limitCount != nullptr || query->limitOffset != nullptr) &&
         query->limitOption != LIMIT_OPTION_WITH_TIES;
}

// A LIMIT or OFFSET that can be evaluated when the scan begins.
bool IsPlainLimit(Node* expr) {
  return expr == nullptr || (!contain_volatile_functions(expr) && !contain_subplans(expr));
}

// A LIMIT or OFFSET that is the same whenever the plan is run. PostgreSQL's own estimate takes the
// value that a stable function has now.
bool IsFixed(Node* expr) { return expr == nullptr || IsA(expr, Const); }

// What a LIMIT or OFFSET is expected to be, of so many rows.
double ExpectedRows(PlannerInfo* root, Node* expr, double otherwise, double rows) {
  if (expr == nullptr) return otherwise;
  Node* value = estimate_expression_value(root, expr);
  if (!IsA(value, Const)) return clamp_row_est(rows * kUnknownLimitShare);
  if (((Const*)value)->constisnull) return otherwise;
  return Max(0.0, (double)DatumGetInt64(((Const*)value)->constvalue));
}

// LIMIT and OFFSET, where Redis delivers the order asked for and decides every clause.
void AddLimitPath(PlannerInfo* root, RelOptInfo* final_rel) {
  Query* query = root->parse;
  RelOptInfo* rel = OnlyTableOf(root);
  if (rel == nullptr || !HasLimit(query)) return;
  if (!IsPlainLimit(query->limitCount) || !IsPlainLimit(query->limitOffset)) return;
  PathTarget* target = root->upper_targets[UPPERREL_FINAL];
  // PostgreSQL evaluates such for the rows passed over too.
  if (contain_volatile_functions((Node*)target->exprs)) return;

  const TableBinding& binding = *(TableBinding*)rel->fdw_private;
  if (binding.query_writes &&
      (VariesBetweenRuns(root, query->limitCount) || VariesBetweenRuns(root, query->limitOffset))) {
    return;
  }
  PathData data;
  data.kind = PathKind::kLimit;
  if (list_length(root->sort_pathkeys) > 1) return;
  if (root->sort_pathkeys != NIL &&
      !OrderOfPathKey(binding, rel, (PathKey*)linitial(root->sort_pathkeys), &data)) {
    return;
  }
  double offset = ExpectedRows(root, query->limitOffset, 0, rel->rows);
  double count = ExpectedRows(root, query->limitCount, rel->rows, rel->rows);
  data.wish.rows = Min(rel->rows, count + offset);
  ScanChoice* choice = ChooseScan(root, binding, rel, rel->baserestrictinfo, data.wish);
  if (!choice->exact || !choice->delivers(data.wish) || choice->groups(data.wish)) return;

  ForeignPathSpec spec;
  spec.target = target;
  spec.rows = clamp_row_est(Min(Max(rel->rows - offset, 0.0), count));
  spec.startup = choice->startup_cost;
  // Only the rows that are returned become rows of PostgreSQL.
  spec.total = choice->startup_cost +
               Min(choice->rows, data.wish.rows) * choice->plan->object->cost.per_row +
               spec.rows * cpu_tuple_cost;
  spec.pathkeys = root->sort_pathkeys;
  spec.required_outer = rel->lateral_relids;
  spec.fdw_private = EncodePathData(data);
  add_path(final_rel, (Path*)NewForeignScanPath(root, rel, spec));
}

// Whether an aggregate is a count of all rows.
bool CountsRows(const TableBinding& binding, RelOptInfo* rel, Aggref* aggref) {
  if (aggref->aggdistinct != NIL || aggref->aggorder != NIL || aggref->aggfilter != nullptr ||
      aggref->agglevelsup != 0) {
    return false;
  }
  if (aggref->aggfnoid == F_COUNT_) return true;
  if (aggref->aggfnoid != F_COUNT_ANY || list_length(aggref->args) != 1) return false;
  int column = ColumnOf(binding, rel, ((TargetEntry*)linitial(aggref->args))->expr);
  return column >= 0 && IsNeverNull(binding, column);
}

// Whether `exprs` are made of counts of all rows, and nothing else of the rows.
bool AreCounts(const TableBinding& binding, RelOptInfo* rel, List* exprs) {
  List* parts = pull_var_clause(
      (Node*)exprs, PVC_INCLUDE_AGGREGATES | PVC_INCLUDE_WINDOWFUNCS | PVC_INCLUDE_PLACEHOLDERS);
  ListCell* lc;
  foreach (lc, parts) {
    Node* part = (Node*)lfirst(lc);
    if (!IsA(part, Aggref) || !CountsRows(binding, rel, (Aggref*)part)) return false;
  }
  return parts != NIL;
}

// count(*) without groups, where Redis decides every clause.
void AddCountPath(PlannerInfo* root, RelOptInfo* grouped) {
  Query* query = root->parse;
  RelOptInfo* rel = OnlyRelation(root);
  if (rel == nullptr || !query->hasAggs || query->groupClause != NIL ||
      query->groupingSets != NIL || query->havingQual != nullptr || query->rowMarks != NIL) {
    return;
  }
  const TableBinding& binding = *(TableBinding*)rel->fdw_private;
  if (!AreCounts(binding, rel, grouped->reltarget->exprs)) return;
  // Then there may be no row at all to count, which is a row with the count 0.
  if (root->hasPseudoConstantQuals) return;
  PathData data;
  data.kind = PathKind::kCount;
  data.wish.count = true;
  ScanChoice* choice = ChooseScan(root, binding, rel, rel->baserestrictinfo, data.wish);
  if (!choice->exact || !choice->delivers(data.wish)) return;
  ForeignPathSpec spec;
  spec.target = grouped->reltarget;
  spec.rows = 1;
  spec.total = choice->startup_cost + choice->rows * choice->plan->object->cost.per_row;
  spec.startup = spec.total;
  spec.fdw_private = EncodePathData(data);
  // create_plan() asks for the plan of `grouped`; the table is found by it.
  grouped->fdw_private = rel;
  add_path(grouped, (Path*)NewForeignUpperPath(root, grouped, spec));
}

// Whether the query is planned for EXISTS (...), which reads one row. Such a sublink is planned
// before the query around it has relations, without target list, for one row; a subquery in FROM,
// which may be read for longer, comes after that.
bool IsExists(PlannerInfo* root) {
  return root->parent_root != nullptr && root->parent_root->simple_rel_array == nullptr &&
         root->parse->targetList == NIL && root->tuple_fraction == 1.0;
}

}  // namespace

RelOptInfo* OnlyTableOf(PlannerInfo* root) {
  Query* query = root->parse;
  if (query->commandType != CMD_SELECT || query->rowMarks != NIL || query->groupClause != NIL ||
      query->groupingSets != NIL || query->hasAggs || query->havingQual != nullptr ||
      query->distinctClause != NIL || query->hasWindowFuncs || query->setOperations != nullptr ||
      query->hasTargetSRFs) {
    return nullptr;
  }
  return OnlyRelation(root);
}

double RowsThatSuffice(PlannerInfo* root, RelOptInfo* rel) {
  if (!enable_pushdown || OnlyTableOf(root) != rel) return -1;
  const Query* query = root->parse;
  if (query->limitOption == LIMIT_OPTION_WITH_TIES) return -1;
  if (!IsFixed(query->limitCount) || !IsFixed(query->limitOffset)) return -1;
  if (root->limit_tuples > 0) return root->limit_tuples < kMostRows ? root->limit_tuples : -1;
  return IsExists(root) ? 1 : -1;
}

void GetForeignUpperPaths(PlannerInfo* root, UpperRelationKind stage, RelOptInfo*,
                          RelOptInfo* output, void*) {
  if (!enable_pushdown) return;
  if (stage == UPPERREL_FINAL) AddLimitPath(root, output);
  if (stage == UPPERREL_GROUP_AGG && output->fdw_private == nullptr) AddCountPath(root, output);
}

}  // namespace redis_fdw
