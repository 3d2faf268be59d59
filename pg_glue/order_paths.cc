#include "pg_glue/order_paths.h"

#include "pg_glue/pg.h"
#include "pg_glue/qual_types.h"
#include "pg_glue/quals.h"
#include "pg_glue/scan_choice.h"
#include "pg_glue/settings.h"
#include "pg_glue/upper_paths.h"

namespace redis_fdw {
namespace {

// The column of `rel` that a member of the equivalence class is, before any outer join may have
// made it NULL; -1: none.
int ColumnOfClass(const TableBinding& binding, RelOptInfo* rel, EquivalenceClass* eclass) {
  int column = -1;
  ForEachMember(rel, eclass, [&](EquivalenceMember* member) {
    if (column < 0 && !IsNulledByJoin(member)) column = ColumnOf(binding, rel, member->em_expr);
  });
  return column;
}

// The type that values of the column are sorted as: varchar has no order of its own.
Oid SortedType(const TableBinding& binding, int column) {
  Oid type = getBaseType(get_atttype(binding.relid, binding.attnums[column]));
  return type == VARCHAROID ? TEXTOID : type;
}

// The order by a column alone, as merge joins want it.
void AddByColumn(PlannerInfo* root, RelOptInfo* rel, const TableBinding& binding, int column,
                 bool descending, const PathKey* done) {
  TypeCacheEntry* entry =
      lookup_type_cache(SortedType(binding, column), TYPECACHE_LT_OPR | TYPECACHE_GT_OPR);
  Oid sort_operator = descending ? entry->gt_opr : entry->lt_opr;
  if (!OidIsValid(sort_operator)) return;
  AttrNumber attnum = binding.attnums[column];
  Oid type;
  int32 typmod;
  Oid collation;
  get_atttypetypmodcoll(binding.relid, attnum, &type, &typmod, &collation);
  Var* var = makeVar((int)rel->relid, attnum, type, typmod, collation, 0);
  List* pathkeys = PathKeysOf(root, rel, (Expr*)var, sort_operator);
  pathkeys = truncate_useless_pathkeys(root, rel, pathkeys);
  PathData data;
  if (pathkeys == NIL || linitial(pathkeys) == done) return;
  if (!OrderOfPathKey(binding, rel, (PathKey*)linitial(pathkeys), &data)) return;
  AddScanPath(root, rel, binding, data, list_make1(linitial(pathkeys)));
}

}  // namespace

bool OrderOfPathKey(const TableBinding& binding, RelOptInfo* rel, const PathKey* key,
                    PathData* data) {
  if (key->pk_eclass->ec_has_volatile) return false;
  int column = ColumnOfClass(binding, rel, key->pk_eclass);
  if (column < 0 || !IsNeverNull(binding, column)) return false;
  Oid type = SortedType(binding, column);
  TypeCacheEntry* entry =
      lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY | TYPECACHE_LT_OPR | TYPECACHE_GT_OPR);
  if (entry->btree_opf != key->pk_opfamily || !OidIsValid(entry->btree_opf)) return false;
  // The only texts that Redis has in an order are ids of streams, whose digits decide it.
  const Oid collation = key->pk_eclass->ec_collation;
  if (type_is_collatable(type) && !DigitsAscend(collation)) return false;
  data->wish.order.column = column;
  data->wish.order.descending = PathKeyDescends(key);
  data->sort_operator = data->wish.order.descending ? entry->gt_opr : entry->lt_opr;
  data->collation = collation;
  return OidIsValid(data->sort_operator);
}

void AddScanPath(PlannerInfo* root, RelOptInfo* rel, const TableBinding& binding, PathData data,
                 List* pathkeys) {
  if (pathkeys_contained_in(root->query_pathkeys, pathkeys)) {
    data.wish.rows = RowsThatSuffice(root, rel);
  }
  // Of a relation that needs others (LATERAL), with the join clauses that these decide.
  ParamPathInfo* info = get_baserel_parampathinfo(root, rel, rel->lateral_relids);
  List* clauses = ClausesOf(rel, info);
  ScanChoice* choice = ChooseScan(root, binding, rel, clauses, data.wish);
  if (data.wish.rows >= 0 && (!choice->exact || choice->groups(data.wish))) {
    // PostgreSQL drops some of the rows: it may need more of them.
    data.wish.rows = -1;
    choice = ChooseScan(root, binding, rel, clauses, data.wish);
  }
  if (!choice->delivers(data.wish)) return;
  ForeignPathSpec spec;
  spec.rows = data.wish.rows >= 0 ? clamp_row_est(Min(rel->rows, data.wish.rows)) : rel->rows;
  spec.startup = choice->startup_cost;
  spec.total = choice->total_cost;
  spec.pathkeys = pathkeys;
  spec.required_outer = rel->lateral_relids;
  spec.fdw_private = EncodePathData(data);
  add_path(rel, (Path*)NewForeignScanPath(root, rel, spec));
}

void AddOrderedPaths(PlannerInfo* root, RelOptInfo* rel, const TableBinding& binding) {
  if (!enable_pushdown || !has_useful_pathkeys(root, rel)) return;
  // ORDER BY, with whatever it says of NULLs.
  const PathKey* first = nullptr;
  PathData data;
  if (root->query_pathkeys != NIL) first = (PathKey*)linitial(root->query_pathkeys);
  if (first != nullptr && OrderOfPathKey(binding, rel, first, &data)) {
    AddScanPath(root, rel, binding, data, list_make1((void*)first));
  }
  for (int column = 0; column < binding.ncolumns; ++column) {
    if (!IsNeverNull(binding, column)) continue;
    AddByColumn(root, rel, binding, column, false, first);
    AddByColumn(root, rel, binding, column, true, first);
  }
}

}  // namespace redis_fdw
