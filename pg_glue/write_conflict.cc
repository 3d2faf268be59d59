#include "pg_glue/write_conflict.h"

#include <cstring>
#include "pg_glue/pg.h"
#include "pg_glue/wrapper.h"

namespace redis_fdw {
namespace {

// Whether writing to `target` may change the key of `binding`.
bool WritesKey(Oid target, const TableBinding* binding) {
  if (target == binding->relid) return true;
  char kind = get_rel_relkind(target);
  // Which partition a row goes to is not known beforehand.
  if (kind == RELKIND_PARTITIONED_TABLE) return true;
  if (kind != RELKIND_FOREIGN_TABLE || !IsOurTable(target)) return false;
  // Where the data is does not depend on the user; a missing mapping is no error.
  const FdwOptions* theirs = ReadTableOptions(target, GetUserId());
  const FdwOptions* ours = binding->options;
  if (strcmp(theirs->host_port, ours->host_port) != 0 || theirs->database != ours->database) {
    return false;
  }
  // A template may stand for any key.
  if (theirs->table_key_prefix == nullptr || ours->table_key_prefix == nullptr) return true;
  return strcmp(theirs->table_key_prefix, ours->table_key_prefix) == 0;
}

bool TargetOfQueryWrites(Query* query, const TableBinding* binding) {
  if (query->resultRelation == 0) return false;
  return WritesKey(rt_fetch(query->resultRelation, query->rtable)->relid, binding);
}

}  // namespace

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
