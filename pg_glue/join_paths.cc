// The way that postgres_fdw finds join clauses a remote scan could use (optimizer/paths.h: join
// clauses as such, and those that equivalence classes imply), with our own judgement of which are
// of use.

#include "pg_glue/join_paths.h"
#include "pg_glue/pg.h"
#include "pg_glue/quals.h"
#include "pg_glue/scan_choice.h"

namespace redis_fdw {
namespace {

// The outer relations that `rinfo` needs, where the clause could be proven; null otherwise.
ParamPathInfo* ParamInfoFor(PlannerInfo* root, RelOptInfo* rel, const TableBinding& binding,
                            RestrictInfo* rinfo) {
  if (!join_clause_is_movable_to(rinfo, rel)) return nullptr;
  ProvenClause proven;
  if (!ProveClause(root, binding, rel, rinfo, &proven)) return nullptr;
  Relids outer = bms_union(rinfo->clause_relids, rel->lateral_relids);
  outer = bms_del_member(outer, (int)rel->relid);
  if (bms_is_empty(outer)) return nullptr;
  return get_baserel_parampathinfo(root, rel, outer);
}

// What generate_implied_equalities_for_column() asks: is this member the column we look for now?
struct WantedMember {
  Expr* current;  // the expression found, the same for all calls of one round
  List* already;  // expressions of earlier rounds
};

bool IsWantedMember(PlannerInfo*, RelOptInfo*, EquivalenceClass*, EquivalenceMember* member,
                    void* arg) {
  WantedMember* wanted = (WantedMember*)arg;
  if (wanted->current != nullptr) return equal(member->em_expr, wanted->current);
  if (list_member(wanted->already, member->em_expr)) return false;
  wanted->current = member->em_expr;
  return true;
}

List* AddParamInfo(List* infos, ParamPathInfo* info) {
  return info == nullptr ? infos : list_append_unique_ptr(infos, info);
}

List* ImpliedParamInfos(PlannerInfo* root, RelOptInfo* rel, const TableBinding& binding,
                        List* infos) {
  WantedMember wanted = {nullptr, NIL};
  for (;;) {
    wanted.current = nullptr;
    List* clauses = generate_implied_equalities_for_column(root, rel, IsWantedMember, &wanted,
                                                           rel->lateral_referencers);
    if (wanted.current == nullptr) return infos;
    ListCell* lc;
    foreach (lc, clauses) {
      infos = AddParamInfo(infos, ParamInfoFor(root, rel, binding, (RestrictInfo*)lfirst(lc)));
    }
    wanted.already = lappend(wanted.already, wanted.current);
  }
}

// Two outer relations together may name what neither does alone: one the key, the other the field.
// More than a few are not combined, for planning's sake.
List* AddPairs(PlannerInfo* root, RelOptInfo* rel, List* infos) {
  constexpr int kFew = 5;
  int count = list_length(infos);
  if (count > kFew) return infos;
  for (int i = 0; i < count; ++i) {
    for (int j = i + 1; j < count; ++j) {
      Relids first = ((ParamPathInfo*)list_nth(infos, i))->ppi_req_outer;
      Relids second = ((ParamPathInfo*)list_nth(infos, j))->ppi_req_outer;
      if (bms_is_subset(first, second) || bms_is_subset(second, first)) continue;
      infos = AddParamInfo(infos, get_baserel_parampathinfo(root, rel, bms_union(first, second)));
    }
  }
  return infos;
}

}  // namespace

void AddJoinPaths(PlannerInfo* root, RelOptInfo* rel, const TableBinding& binding) {
  // Such a scan is complete before the first write; one that runs again for each outer row could
  // not be.
  if (binding.query_writes) return;
  List* infos = NIL;
  ListCell* lc;
  foreach (lc, rel->joininfo) {
    infos = AddParamInfo(infos, ParamInfoFor(root, rel, binding, (RestrictInfo*)lfirst(lc)));
  }
  if (rel->has_eclass_joins) infos = ImpliedParamInfos(root, rel, binding, infos);
  infos = AddPairs(root, rel, infos);

  foreach (lc, infos) {
    ParamPathInfo* info = (ParamPathInfo*)lfirst(lc);
    ScanChoice* choice = ChooseScan(root, binding, rel, ClausesOf(rel, info), ScanWish());
    if (!choice->narrows) continue;
    ForeignPathSpec spec;
    spec.rows = clamp_row_est(Min(info->ppi_rows, choice->rows));
    spec.startup = choice->startup_cost;
    spec.total = choice->total_cost;
    spec.required_outer = info->ppi_req_outer;
    add_path(rel, (Path*)NewForeignScanPath(root, rel, spec));
  }
}

}  // namespace redis_fdw
