#include "pg_glue/ddl_check.h"

#include "pg_glue/binding.h"
#include "pg_glue/pg.h"
#include "pg_glue/wrapper.h"

namespace redis_fdw {
namespace {

ProcessUtility_hook_type next_utility_hook = nullptr;
object_access_hook_type next_access_hook = nullptr;

// A relation that a statement has touched.
struct Touched {
  Oid relid;
  int depth;    // of the statement
  bool is_new;  // created by it
};

// How many utility statements are being run, one within the other (functions and triggers run some;
// the steps of a statement do not count), and what the innermost is.
int depth = 0;
NodeTag running = T_Invalid;

// Relations touched and not judged yet, as Touched; in TopTransactionContext.
List* touched = NIL;
// A statement that began before the hooks were set has made or changed some foreign table.
bool touched_unseen = false;

void Touch(Oid relid, bool is_new) {
  if (touched != NIL) {
    const Touched* last = (const Touched*)llast(touched);
    if (last->relid == relid && last->depth == depth) return;
  }
  MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
  Touched* mark = (Touched*)palloc(sizeof(Touched));
  mark->relid = relid;
  mark->depth = depth;
  mark->is_new = is_new;
  touched = lappend(touched, mark);
  MemoryContextSwitchTo(old);
}

void OnObjectAccess(ObjectAccessType access, Oid class_id, Oid object_id, int sub_id, void* arg) {
  if (next_access_hook != nullptr) next_access_hook(access, class_id, object_id, sub_id, arg);
  bool is_column = class_id == RelationRelationId && sub_id != 0;
  switch (access) {
    case OAT_POST_CREATE:
      // Columns are created in tables that were there.
      if (class_id == RelationRelationId) Touch(object_id, !is_column);
      break;
    case OAT_POST_ALTER:
      // The table's options or a column. What else can be altered of a table is not ours to judge.
      if (class_id == ForeignTableRelationId || is_column) Touch(object_id, false);
      break;
    case OAT_DROP:
      if (is_column && running == T_AlterTableStmt) Touch(object_id, false);
      break;
    default:
      break;
  }
}

void Judge(Oid relid, bool is_new) {
  if (get_rel_relkind(relid) != RELKIND_FOREIGN_TABLE) return;
  Relation relation = try_relation_open(relid, AccessShareLock);
  if (relation == nullptr) return;
  if (IsOurTable(relid)) CheckDeclaration(relation, is_new);
  relation_close(relation, NoLock);
}

// The foreign tables whose options this transaction has written.
List* TablesOfTransaction() {
  List* relids = NIL;
  Relation catalog = table_open(ForeignTableRelationId, AccessShareLock);
  SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, nullptr, 0, nullptr);
  HeapTuple tuple;
  while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
    if (TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data))) {
      relids = lappend_oid(relids, ((Form_pg_foreign_table)GETSTRUCT(tuple))->ftrelid);
    }
  }
  systable_endscan(scan);
  table_close(catalog, AccessShareLock);
  return relids;
}

// Takes what was touched at `least_depth` or deeper off the list, as Touched.
List* TakeTouched(int least_depth) {
  List* taken = NIL;
  while (touched != NIL && ((const Touched*)llast(touched))->depth >= least_depth) {
    taken = lcons(llast(touched), taken);
    touched = list_delete_last(touched);
  }
  return taken;
}

// Judges the tables of this transaction that are not among `judged`. Which of them are new is not
// known; advice on one that was altered does no harm.
void JudgeUnseen(const List* judged) {
  List* relids = TablesOfTransaction();
  ListCell* lc;
  foreach (lc, judged) relids = list_delete_oid(relids, ((const Touched*)lfirst(lc))->relid);
  foreach (lc, relids) Judge(lfirst_oid(lc), true);
  list_free(relids);
}

// Judges what was touched at `least_depth` or deeper.
void JudgeTouched(int least_depth) {
  bool unseen = touched_unseen && least_depth == 0;
  List* taken = TakeTouched(least_depth);
  if (unseen) touched_unseen = false;
  // pg_dump turns it off: what a table lacks comes with later statements.
  if ((taken == NIL && !unseen) || !check_function_bodies || IsBinaryUpgrade) return;
  CommandCounterIncrement();
  ListCell* lc;
  foreach (lc, taken) {
    const Touched* mark = (const Touched*)lfirst(lc);
    Judge(mark->relid, mark->is_new);
  }
  if (unseen) JudgeUnseen(taken);
  list_free(taken);
}

void OnUtility(PlannedStmt* statement, const char* query, bool read_only_tree,
               ProcessUtilityContext context, ParamListInfo params, QueryEnvironment* environment,
               DestReceiver* dest, QueryCompletion* completion) {
  ProcessUtility_hook_type next =
      next_utility_hook != nullptr ? next_utility_hook : standard_ProcessUtility;
  // Steps of a statement are not judged; statements about transactions touch nothing, and there may
  // be no transaction when they are done.
  if (context == PROCESS_UTILITY_SUBCOMMAND || IsA(statement->utilityStmt, TransactionStmt)) {
    next(statement, query, read_only_tree, context, params, environment, dest, completion);
    return;
  }
  const NodeTag outer = running;
  volatile bool done = false;
  running = nodeTag(statement->utilityStmt);
  ++depth;
  PG_TRY();
  {
    next(statement, query, read_only_tree, context, params, environment, dest, completion);
    // What the hooks did not see begin is complete if nothing is around this statement.
    if (IsTransactionState()) JudgeTouched(depth == 1 ? 0 : depth);
    done = true;
  }
  PG_FINALLY();
  {
    // What a failed statement touched is undone.
    if (!done) list_free(TakeTouched(depth));
    --depth;
    running = outer;
  }
  PG_END_TRY();
}

void OnTransactionEvent(XactEvent event, void*) {
  switch (event) {
    case XACT_EVENT_PRE_COMMIT:
    case XACT_EVENT_PRE_PREPARE:
      JudgeTouched(0);
      break;
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_PREPARE:
    case XACT_EVENT_ABORT:
      touched = NIL;  // freed with its context
      touched_unseen = false;
      break;
    default:
      break;
  }
}

}  // namespace

void InitDdlCheck() {
  next_utility_hook = ProcessUtility_hook;
  ProcessUtility_hook = OnUtility;
  next_access_hook = object_access_hook;
  object_access_hook = OnObjectAccess;
  RegisterXactCallback(OnTransactionEvent, nullptr);
}

void NoteTableOptions() {
  if (depth == 0) touched_unseen = true;
}

}  // namespace redis_fdw
