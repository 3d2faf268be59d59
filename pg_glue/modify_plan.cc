// Planning of modifications: what may be written, and which columns name a row.

#include "pg_glue/guard.h"
#include "pg_glue/modify.h"
#include "pg_glue/modify_state.h"
#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

constexpr int kAllWrites = (1 << CMD_INSERT) | (1 << CMD_UPDATE) | (1 << CMD_DELETE);

const char* PluralOf(WriteKind kind) {
  switch (kind) {
    case WriteKind::kInsert:
      return "inserts";
    case WriteKind::kUpdate:
      return "updates";
    case WriteKind::kDelete:
      return "deletes";
  }
  return "writes";
}

WriteKind KindOf(CmdType command) {
  if (command == CMD_INSERT) return WriteKind::kInsert;
  if (command == CMD_UPDATE) return WriteKind::kUpdate;
  if (command == CMD_DELETE) return WriteKind::kDelete;
  ereport(ERROR,
          (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("MERGE is not supported on Redis tables"),
           errhint("INSERT overwrites what is there; UPDATE and DELETE take joins.")));
  pg_unreachable();
}

}  // namespace

char* IdentityName(Form_pg_attribute att) {
  return psprintf("redis_fdw_%d_%u_%d_%u", att->attnum, att->atttypid, att->atttypmod,
                  att->attcollation);
}

void CheckWritable(const TableBinding* binding, WriteKind kind) {
  CallCpp([&] { return binding->table().CanWrite(kind); });
  if (binding->options->updatable) return;
  ereport(ERROR,
          (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
           errmsg("foreign table \"%s\" does not allow %s", binding->relname, PluralOf(kind)),
           errhint("Option \"updatable\" of the foreign table or its server is false.")));
}

void RaiseNotWritable(const ModifyState* state, int column) {
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("column \"%s\" of foreign table \"%s\" cannot be written",
                         state->columns[column].name, state->binding->relname),
                  errhint("It shows what Redis says. Leave it out.")));
  pg_unreachable();
}

int IsForeignRelUpdatable(Relation relation) {
  int events = 0;
  Raised raised;
  bool known = RunCpp(
      [&] {
        TableBinding* binding = nullptr;
        RETURN_IF_ERROR(CallPg(
            [&] { binding = BindForeignTable(relation, GetUserId(), CurrentMemoryContext); }));
        const Table& table = binding->table();
        if (!binding->options->updatable) return absl::OkStatus();
        if (table.CanWrite(WriteKind::kInsert).ok()) events |= 1 << CMD_INSERT;
        if (table.CanWrite(WriteKind::kUpdate).ok()) events |= 1 << CMD_UPDATE;
        if (table.CanWrite(WriteKind::kDelete).ok()) events |= 1 << CMD_DELETE;
        return absl::OkStatus();
      },
      &raised);
  if (known) return events;
  // A view over all tables must not end at one that is declared wrongly. Whoever writes to it is
  // told what is wrong.
  if (ERRCODE_TO_CATEGORY(ParkedSqlState()) == ERRCODE_OPERATOR_INTERVENTION) Raise(raised);
  ForgetParkedError();
  return kAllWrites;
}

void AddForeignUpdateTargets(PlannerInfo* root, Index rtindex, RangeTblEntry*, Relation relation) {
  TableBinding* binding = BindForeignTable(relation, GetUserId(), CurrentMemoryContext);
  CheckWritable(binding, KindOf(root->parse->commandType));
  for (int i = 0; i < binding->ncolumns; ++i) {
    if (!binding->table().columns()[i].identity) continue;
    Form_pg_attribute att = TupleDescAttr(RelationGetDescr(relation), binding->attnums[i] - 1);
    Var* var =
        makeVar((int)rtindex, att->attnum, att->atttypid, att->atttypmod, att->attcollation, 0);
    add_row_identity_var(root, var, rtindex, IdentityName(att));
  }
  if (binding->table().has_row_number()) {
    Var* var = makeVar((int)rtindex, SelfItemPointerAttributeNumber, TIDOID, -1, InvalidOid, 0);
    add_row_identity_var(root, var, rtindex, kRowNumberName);
  }
  // For an update PostgreSQL adds the same itself. It must be the same Var: tables of one
  // inheritance tree share the name.
  if (root->parse->commandType == CMD_DELETE && root->parse->returningList != NIL) {
    Var* var = makeVar((int)rtindex, InvalidAttrNumber, RECORDOID, -1, InvalidOid, 0);
    add_row_identity_var(root, var, rtindex, kWholeRowName);
  }
}

List* PlanForeignModify(PlannerInfo* root, ModifyTable* plan, Index rtindex, int) {
  if (plan->onConflictAction == ONCONFLICT_UPDATE) {
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("ON CONFLICT DO UPDATE is not supported on Redis tables"),
             errhint("INSERT overwrites by itself; ON CONFLICT DO NOTHING keeps what is there.")));
  }
  // An insert has no targets to be checked at.
  if (plan->operation == CMD_INSERT) {
    Oid relid = planner_rt_fetch(rtindex, root)->relid;
    CheckWritable(BindForeignTable(relid, GetUserId(), CurrentMemoryContext), WriteKind::kInsert);
  }
  return NIL;
}

}  // namespace redis_fdw
