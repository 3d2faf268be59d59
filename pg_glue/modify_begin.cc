// Beginning a modification: what to convert, where the rows' names come from, what to do one row at
// a time.

#include <memory>

#include "pg_glue/guard.h"
#include "pg_glue/modify.h"
#include "pg_glue/modify_state.h"
#include "pg_glue/pg.h"
#include "pg_glue/scan_operands.h"

namespace redis_fdw {
namespace {

bool HasRowTriggers(ResultRelInfo* rinfo, CmdType operation) {
  TriggerDesc* triggers = rinfo->ri_TrigDesc;
  if (triggers == nullptr) return false;
  switch (operation) {
    case CMD_INSERT:
      return triggers->trig_insert_before_row || triggers->trig_insert_after_row;
    case CMD_UPDATE:
      return triggers->trig_update_before_row || triggers->trig_update_after_row;
    default:
      return triggers->trig_delete_before_row || triggers->trig_delete_after_row;
  }
}

ConflictPolicy ConflictOf(ModifyTable* plan, const FdwOptions& options) {
  if (plan != nullptr && plan->onConflictAction == ONCONFLICT_NOTHING) {
    return ConflictPolicy::kIgnore;
  }
  return options.strict_insert ? ConflictPolicy::kError : ConflictPolicy::kOverwrite;
}

// PostgreSQL checks partition constraints of local tables only. Rows that it routes to a partition
// belong there, unless a trigger changes them on the way.
bool ChecksPartition(ResultRelInfo* rinfo) {
  if (!rinfo->ri_RelationDesc->rd_rel->relispartition) return false;
  TriggerDesc* triggers = rinfo->ri_TrigDesc;
  bool routed = rinfo->ri_RangeTableIndex == 0;
  return !routed || (triggers != nullptr && triggers->trig_insert_before_row);
}

// Whether each row is used after it was written. The plan says so: what of it the target's
// ResultRelInfo gets, it gets after the modification has begun.
bool IsLookedAt(ModifyTable* plan) {
  return plan != nullptr && (plan->returningLists != NIL || plan->withCheckOptionLists != NIL);
}

ModifyState* NewModifyState(EState* estate, ResultRelInfo* rinfo, ModifyTable* plan,
                            CmdType operation) {
  MemoryContext context = estate->es_query_cxt;
  MemoryContext old = MemoryContextSwitchTo(context);
  Relation relation = rinfo->ri_RelationDesc;
  ModifyState* state = (ModifyState*)palloc0(sizeof(ModifyState));
  TableBinding* binding = BindForeignTable(relation, ModifyUserId(estate, rinfo), context);
  state->binding = binding;
  state->columns = (ColumnIo*)palloc0(sizeof(ColumnIo) * (binding->ncolumns + 1));
  for (int i = 0; i < binding->ncolumns; ++i) {
    Form_pg_attribute att = TupleDescAttr(RelationGetDescr(relation), binding->attnums[i] - 1);
    InitColumnIo(&state->columns[i], binding, i, att, context);
    if (state->columns[i].value.session_dependent) state->session_dependent = true;
  }
  state->checks_partition = ChecksPartition(rinfo);
  state->batch = NewWriteBatch(binding, estate);
  state->batch->conflict = ConflictOf(plan, *binding->options);
  state->batch->one_by_one = HasRowTriggers(rinfo, operation) || IsLookedAt(plan) ||
                             state->batch->conflict == ConflictPolicy::kIgnore;
  MemoryContextSwitchTo(old);
  rinfo->ri_FdwState = state;
  return state;
}

// Where the subplan delivers what names a row.
void FindIdentity(ModifyState* state, Relation relation, Plan* subplan) {
  const TableBinding* binding = state->binding;
  TupleDesc desc = RelationGetDescr(relation);
  state->identity_attnos = (AttrNumber*)palloc0(sizeof(AttrNumber) * (binding->ncolumns + 1));
  state->identity_ordinals = (int*)palloc0(sizeof(int) * (binding->ncolumns + 1));
  for (int i = 0; i < binding->ncolumns; ++i) {
    if (!binding->table().columns()[i].identity) continue;
    char* name = IdentityName(TupleDescAttr(desc, binding->attnums[i] - 1));
    AttrNumber attno = ExecFindJunkAttributeInTlist(subplan->targetlist, name);
    if (!AttributeNumberIsValid(attno)) elog(ERROR, "could not find junk column \"%s\"", name);
    state->identity_ordinals[state->nidentity] = i;
    state->identity_attnos[state->nidentity++] = attno;
  }
  if (binding->table().has_row_number()) {
    state->row_number_attno = ExecFindJunkAttributeInTlist(subplan->targetlist, kRowNumberName);
  }
  state->whole_row_attno = ExecFindJunkAttributeInTlist(subplan->targetlist, kWholeRowName);
}

// Whether a plan may deliver a row of the target more than once: all that is not known to hand on
// what scans give.
bool MayRepeatRows(Plan* plan) {
  if (plan == nullptr) return false;
  List* children = NIL;
  switch (nodeTag(plan)) {
    case T_ForeignScan:
    case T_SeqScan:
    case T_IndexScan:
    case T_IndexOnlyScan:
    case T_BitmapHeapScan:
    case T_TidScan:
      return false;
    case T_Result:
    case T_Sort:
    case T_Limit:
    case T_LockRows:
    case T_Material:
      return MayRepeatRows(outerPlan(plan));
    case T_Append:
      children = ((Append*)plan)->appendplans;
      break;
    case T_MergeAppend:
      children = ((MergeAppend*)plan)->mergeplans;
      break;
    default:
      return true;
  }
  ListCell* lc;
  foreach (lc, children) {
    if (MayRepeatRows((Plan*)lfirst(lc))) return true;
  }
  return false;
}

// PostgreSQL changes a row once a statement however often a join delivers it.
void RememberWritten(ModifyState* state, EState* estate) {
  state->written = Hang<Fingerprints>(estate->es_query_cxt);
  CallCpp([&] {
    state->written->object = new Fingerprints();
    return absl::OkStatus();
  });
}

// Which columns an update sets. The permissions that it needs say so, and unlike the plan they say
// it in the same way in all versions.
void FindChanged(ModifyState* state, EState* estate, ResultRelInfo* rinfo) {
  const TableBinding* binding = state->binding;
  state->changed = (bool*)palloc0(sizeof(bool) * (binding->ncolumns + 1));
  Bitmapset* named = ExecGetUpdatedCols(rinfo, estate);
  TriggerDesc* triggers = rinfo->ri_TrigDesc;
  state->trigger_may_change = triggers != nullptr && triggers->trig_update_before_row;
  for (int i = 0; i < binding->ncolumns; ++i) {
    const BoundColumn& column = binding->table().columns()[i];
    AttrNumber attnum = binding->attnums[i];
    Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rinfo->ri_RelationDesc), attnum - 1);
    bool set = bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, named);
    if (set && !column.writable) RaiseNotWritable(state, i);
    state->changed[i] = set || att->attgenerated == ATTRIBUTE_GENERATED_STORED;
    bool may_change = state->changed[i] || state->trigger_may_change;
    if (may_change && column.identity) state->identity_changes = true;
  }
}

WriteKind KindOf(CmdType operation) {
  if (operation == CMD_INSERT) return WriteKind::kInsert;
  return operation == CMD_UPDATE ? WriteKind::kUpdate : WriteKind::kDelete;
}

}  // namespace

void BeginForeignModify(ModifyTableState* node, ResultRelInfo* rinfo, List*, int, int) {
  ModifyTable* plan = (ModifyTable*)node->ps.plan;
  EState* estate = node->ps.state;
  ModifyState* state = NewModifyState(estate, rinfo, plan, node->operation);
  CheckWritable(state->binding, KindOf(node->operation));
  if (node->operation == CMD_INSERT) return;
  MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);
  FindIdentity(state, rinfo->ri_RelationDesc, outerPlan(plan));
  if (node->operation == CMD_UPDATE) FindChanged(state, estate, rinfo);
  if (MayRepeatRows(outerPlan(plan))) RememberWritten(state, estate);
  MemoryContextSwitchTo(old);
}

void BeginForeignInsert(ModifyTableState* node, ResultRelInfo* rinfo) {
  // COPY has no plan.
  ModifyTable* plan = (ModifyTable*)node->ps.plan;
  if (plan != nullptr && plan->operation == CMD_UPDATE &&
      (rinfo->ri_usesFdwDirectModify || rinfo->ri_FdwState != nullptr)) {
    // Its scan may be yet to come, and would find the rows that were moved there.
    ereport(
        ERROR,
        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
         errmsg("cannot move rows into foreign table \"%s\", which the same UPDATE changes",
                RelationGetRelationName(rinfo->ri_RelationDesc)),
         errhint("Let the WHERE clause leave out its rows, or update one partition at a time.")));
  }
  ModifyState* state = NewModifyState(node->ps.state, rinfo, plan, CMD_INSERT);
  CheckWritable(state->binding, WriteKind::kInsert);
}

}  // namespace redis_fdw
