// redis_fdw_handler: the callbacks of the wrapper; redis_fdw_version; loading.

#include <memory>

#include "pg_glue/analyze.h"
#include "pg_glue/connect.h"
#include "pg_glue/ddl_check.h"
#include "pg_glue/direct_modify.h"
#include "pg_glue/explain.h"
#include "pg_glue/guard.h"
#include "pg_glue/import.h"
#include "pg_glue/modify.h"
#include "pg_glue/pg.h"
#include "pg_glue/plan.h"
#include "pg_glue/primary_reads.h"
#include "pg_glue/query_failure.h"
#include "pg_glue/scan.h"
#include "pg_glue/settings.h"
#include "pg_glue/stats.h"
#include "pg_glue/upper_paths.h"
#include "tables/registry.h"

extern "C" {
PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

PGDLLEXPORT Datum redis_fdw_handler(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum redis_fdw_version(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(redis_fdw_handler);
PG_FUNCTION_INFO_V1(redis_fdw_version);
}

namespace redis_fdw {
constexpr char kVersion[] = "1.0";
}

void _PG_init(void) {
  redis_fdw::CallCpp([] { return redis_fdw::RegistryStatus(); });
  redis_fdw::DefineSettings();
  redis_fdw::InitConnections();
  redis_fdw::InitPrimaryReads();
  redis_fdw::InitQueryFailure();
  redis_fdw::InitDdlCheck();
  redis_fdw::InitStats();
}

Datum redis_fdw_handler(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  FdwRoutine* routine = makeNode(FdwRoutine);
  routine->GetForeignRelSize = redis_fdw::GetForeignRelSize;
  routine->GetForeignPaths = redis_fdw::GetForeignPaths;
  routine->GetForeignPlan = redis_fdw::GetForeignPlan;
  routine->GetForeignUpperPaths = redis_fdw::GetForeignUpperPaths;
  routine->BeginForeignScan = redis_fdw::BeginForeignScan;
  routine->IterateForeignScan = redis_fdw::IterateForeignScan;
  routine->RecheckForeignScan = redis_fdw::RecheckForeignScan;
  routine->ReScanForeignScan = redis_fdw::ReScanForeignScan;
  routine->EndForeignScan = redis_fdw::EndForeignScan;
  routine->IsForeignRelUpdatable = redis_fdw::IsForeignRelUpdatable;
  routine->AddForeignUpdateTargets = redis_fdw::AddForeignUpdateTargets;
  routine->PlanForeignModify = redis_fdw::PlanForeignModify;
  routine->BeginForeignModify = redis_fdw::BeginForeignModify;
  routine->ExecForeignInsert = redis_fdw::ExecForeignInsert;
  routine->ExecForeignUpdate = redis_fdw::ExecForeignUpdate;
  routine->ExecForeignDelete = redis_fdw::ExecForeignDelete;
  routine->EndForeignModify = redis_fdw::EndForeignModify;
  routine->BeginForeignInsert = redis_fdw::BeginForeignInsert;
  routine->EndForeignInsert = redis_fdw::EndForeignModify;
  routine->PlanDirectModify = redis_fdw::PlanDirectModify;
  routine->BeginDirectModify = redis_fdw::BeginDirectModify;
  routine->IterateDirectModify = redis_fdw::IterateDirectModify;
  routine->EndDirectModify = redis_fdw::EndDirectModify;
  routine->ExecForeignTruncate = redis_fdw::ExecForeignTruncate;
  routine->ExplainForeignScan = redis_fdw::ExplainForeignScan;
  routine->ExplainForeignModify = redis_fdw::ExplainForeignModify;
  routine->ExplainDirectModify = redis_fdw::ExplainDirectModify;
  routine->AnalyzeForeignTable = redis_fdw::AnalyzeForeignTable;
  routine->ImportForeignSchema = redis_fdw::ImportForeignSchema;
  PG_RETURN_POINTER(routine);
}

Datum redis_fdw_version(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  PG_RETURN_TEXT_P(cstring_to_text(redis_fdw::kVersion));
}
