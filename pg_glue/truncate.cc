// TRUNCATE.

#include <memory>
#include <utility>

#include "pg_glue/connect.h"
#include "pg_glue/guard.h"
#include "pg_glue/hung.h"
#include "pg_glue/modify.h"
#include "pg_glue/modify_state.h"
#include "pg_glue/pg.h"
#include "pg_glue/primary_reads.h"
#include "pg_glue/writes_pending.h"

namespace redis_fdw {
namespace {

void CheckTruncatable(const TableBinding* binding) {
  CallCpp([&] { return binding->table().CanWrite(WriteKind::kDelete); });
  if (binding->options->updatable) return;
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("foreign table \"%s\" does not allow truncates", binding->relname),
                  errhint("Option \"updatable\" of the foreign table or its server is false.")));
}

void Truncate(const TableBinding* binding) {
  Hung<Pipeline>* pipeline = Hang<Pipeline>(CurrentMemoryContext);
  NoteWrite(binding->options);
  CallCpp([&] {
    ASSIGN_OR_RETURN(std::shared_ptr<Router> router, NewRouter(*binding->options));
    pipeline->object = new Pipeline(BackendPool(), std::move(router), LimitsOf(*binding->options));
    pipeline->object->SetPrimaryOnly(true);
    absl::Status status = binding->table().Truncate(pipeline->object);
    if (!status.ok()) pipeline->object->Abandon();  // its sinks have ended
    return status;
  });
  pipeline->Drop();
}

}  // namespace

void ExecForeignTruncate(List* relations, DropBehavior, bool) {
  int count = list_length(relations);
  TableBinding** bindings = (TableBinding**)palloc(sizeof(TableBinding*) * (count + 1));
  // None is emptied if one of them cannot be.
  for (int i = 0; i < count; ++i) {
    bindings[i] =
        BindForeignTable((Relation)list_nth(relations, i), GetUserId(), CurrentMemoryContext);
    CheckTruncatable(bindings[i]);
  }
  // A statement around this one may have written to these keys by another foreign table: what it
  // wrote goes, and does not come back with its batch.
  FlushPendingWrites(nullptr);
  for (int i = 0; i < count; ++i) Truncate(bindings[i]);
}

}  // namespace redis_fdw
