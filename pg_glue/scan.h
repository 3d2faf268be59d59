// Execution of scans: the executor callbacks of FdwRoutine that read.

#ifndef REDIS_FDW_PG_GLUE_SCAN_H_
#define REDIS_FDW_PG_GLUE_SCAN_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

void BeginForeignScan(ForeignScanState* node, int eflags);
TupleTableSlot* IterateForeignScan(ForeignScanState* node);
bool RecheckForeignScan(ForeignScanState* node, TupleTableSlot* slot);
void ReScanForeignScan(ForeignScanState* node);
void EndForeignScan(ForeignScanState* node);

// Before `statement` writes: reads what scans of it that have not begun will give, where it writes
// what they read. Raises what they do.
void CompleteScans(const EState* statement);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_SCAN_H_
