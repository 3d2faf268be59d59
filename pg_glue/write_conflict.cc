#include "pg_glue/write_conflict.h"

#include <cstring>

#include "pg_glue/guard.h"
#include "pg_glue/pg.h"
#include "pg_glue/wrapper.h"

namespace redis_fdw {
namespace {

// Whether writing to `target` may change a key of `binding`.
bool WritesKey(Oid target, const TableBinding* binding) {
  if (target == binding->relid) return true;
  char kind = get_rel_relkind(target);
  // Which partition a row goes to is not known beforehand, nor are, while a query is planned, the
  // children that an update reaches.
  if (kind == RELKIND_PARTITIONED_TABLE || has_subclass(target)) return true;
  if (kind != RELKIND_FOREIGN_TABLE || !IsOurTable(target)) return false;
  // Where the data is does not depend on the user; a missing mapping is no error.
  TableBinding* theirs = BindForeignTable(target, GetUserId(), CurrentMemoryContext);
  bool shares = SharesKeys(*theirs, *binding);
  theirs->hung->Drop();
  return shares;
}

bool TargetOfQueryWrites(Query* query, const TableBinding* binding) {
  if (query->resultRelation == 0) return false;
  return WritesKey(rt_fetch(query->resultRelation, query->rtable)->relid, binding);
}

}  // namespace

bool SharesKeys(const TableBinding& a, const TableBinding& b) {
  if (strcmp(a.options->host_port, b.options->host_port) != 0) return false;
  if (a.options->database != b.options->database) return false;
  bool shares = true;
  CallCpp([&] {
    shares = a.table().SharesKeys(b.table());
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

}  // namespace redis_fdw
