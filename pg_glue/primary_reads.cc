#include "pg_glue/primary_reads.h"

#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

// The servers that this transaction has written to; in TopTransactionContext.
List* written = NIL;

void Forget(XactEvent event, void*) {
  if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) {
    written = NIL;  // freed with its context
  }
}

}  // namespace

void NoteWrite(const FdwOptions* options) {
  if (list_member_oid(written, options->server_id)) return;
  MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
  written = lappend_oid(written, options->server_id);
  MemoryContextSwitchTo(old);
}

bool MustReadPrimary(const EState* statement, const FdwOptions* options) {
  if (options->read_from == ReadFrom::kPrimary) return false;  // as it is
  const PlannedStmt* plan = statement->es_plannedstmt;
  if (plan == nullptr || plan->commandType != CMD_SELECT || plan->hasModifyingCTE ||
      plan->rowMarks != NIL) {
    return true;
  }
  return list_member_oid(written, options->server_id);
}

void InitPrimaryReads() { RegisterXactCallback(Forget, nullptr); }

}  // namespace redis_fdw
