#include "pg_glue/write_conflict.h"

#include <cstring>
#include <string>
#include <vector>

#include "core/net/endpoint.h"
#include "pg_glue/guard.h"
#include "pg_glue/pg.h"
#include "pg_glue/wrapper.h"

namespace redis_fdw {
namespace {

bool HasChildren(Oid target) {
  return get_rel_relkind(target) == RELKIND_PARTITIONED_TABLE || has_subclass(target);
}

// Whether writing to `target`, and not to a child of it, may change a key of `binding`.
bool WritesKeyItself(Oid target, const TableBinding* binding) {
  if (target == binding->relid) return true;
  if (get_rel_relkind(target) != RELKIND_FOREIGN_TABLE || !IsOurTable(target)) return false;
  // Where the data is does not depend on the user; a missing mapping is no error.
  TableBinding* theirs = BindForeignTable(target, GetUserId(), CurrentMemoryContext);
  bool shares = SharesKeys(*theirs, *binding);
  theirs->hung->Drop();
  return shares;
}

// Whether writing to `target` may change a key of `binding`.
bool WritesKey(Oid target, const TableBinding* binding) {
  // Which partition a row goes to is not known beforehand.
  return HasChildren(target) || WritesKeyItself(target, binding);
}

// Whether two servers may be the same Redis: they have an address in common. (Those of a deployment
// whose lists have none, or one server under two names, are not known to be.)
absl::StatusOr<bool> SharesServer(const FdwOptions& a, const FdwOptions& b) {
  if (a.server_id == b.server_id || strcmp(a.host_port, b.host_port) == 0) return true;
  ASSIGN_OR_RETURN(const std::vector<Endpoint> ours, ParseHostPort(a.host_port));
  ASSIGN_OR_RETURN(const std::vector<Endpoint> theirs, ParseHostPort(b.host_port));
  for (const Endpoint& endpoint : ours) {
    for (const Endpoint& other : theirs) {
      if (endpoint.ToString() == other.ToString()) return true;
    }
  }
  return false;
}

// The children that a write reaches may not be known yet, nor be locked: all of them are looked at,
// since a plan that takes no operands is a slow one.
bool TargetOfQueryWrites(Query* query, const TableBinding* binding) {
  if (query->resultRelation == 0) return false;
  const Oid target = rt_fetch(query->resultRelation, query->rtable)->relid;
  if (!HasChildren(target)) return WritesKeyItself(target, binding);
  ListCell* lc;
  foreach (lc, find_all_inheritors(target, AccessShareLock, nullptr)) {
    if (WritesKeyItself(lfirst_oid(lc), binding)) return true;
  }
  return false;
}

// Whether the parameter is what a subquery that runs once a statement has found.
bool IsOfStatement(PlannerInfo* root, const Param* param) {
  // One in a SELECT within another query may run again with it.
  while (root->parent_root != nullptr && root->parse->commandType == CMD_SELECT) {
    root = root->parent_root;
  }
  ListCell* lc;
  foreach (lc, root->init_plans) {
    if (list_member_int(((SubPlan*)lfirst(lc))->setParam, param->paramid)) return true;
  }
  return false;
}

bool HasVarying(Node* node, void* context) {
  if (node == nullptr) return false;
  if (IsA(node, Var) || IsA(node, PlaceHolderVar)) return true;
  if (IsA(node, Param) && ((Param*)node)->paramkind != PARAM_EXTERN) {
    return !IsOfStatement((PlannerInfo*)context, (Param*)node);
  }
  return WalkExpression(node, HasVarying, context);
}

}  // namespace

bool SharesKeys(const TableBinding& a, const TableBinding& b) {
  if (a.options->database != b.options->database) return false;
  bool shares = true;
  CallCpp([&] {
    ASSIGN_OR_RETURN(shares, SharesServer(*a.options, *b.options));
    if (shares) shares = a.table().SharesKeys(b.table());
    return absl::OkStatus();
  });
  return shares;
}

bool StatementWrites(EState* estate, const TableBinding* binding) {
  PlannedStmt* statement = estate->es_plannedstmt;
  if (statement == nullptr) return false;
  ListCell* lc;
  foreach (lc, statement->resultRelations) {
    Oid target = exec_rt_fetch((Index)lfirst_int(lc), estate)->relid;
    if (WritesKey(target, binding)) return true;
  }
  return false;
}

bool QueryWrites(PlannerInfo* root, const TableBinding* binding) {
  for (PlannerInfo* level = root; level != nullptr; level = level->parent_root) {
    if (TargetOfQueryWrites(level->parse, binding)) return true;
    if (!level->parse->hasModifyingCTE) continue;
    ListCell* lc;
    foreach (lc, level->parse->cteList) {
      Query* query = (Query*)((CommonTableExpr*)lfirst(lc))->ctequery;
      if (IsA(query, Query) && TargetOfQueryWrites(query, binding)) return true;
    }
  }
  return false;
}

bool VariesBetweenRuns(PlannerInfo* root, Node* expr) { return HasVarying(expr, root); }

}  // namespace redis_fdw
