// What a running ForeignScan keeps: shared by scan.cc (execution) and explain.cc.

#ifndef REDIS_FDW_PG_GLUE_SCAN_STATE_H_
#define REDIS_FDW_PG_GLUE_SCAN_STATE_H_

#include <memory>

#include "core/base/row_batch.h"
#include "core/exec/pipeline.h"
#include "pg_glue/binding.h"
#include "pg_glue/datum.h"
#include "pg_glue/group_sort.h"
#include "pg_glue/hung.h"
#include "pg_glue/row_datums.h"
#include "pg_glue/scan_store.h"
#include "tables/table.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

// The C++ side. Destroyed in reverse order: the scan before the pipeline it uses.
struct ScanRuntime {
  ScanPlan plan;
  ScanOptions options;
  std::unique_ptr<Pipeline> pipeline;  // null while only explained
  std::unique_ptr<Scan> scan;
  std::unique_ptr<RowBatch> batch;
};

// An operand of the plan, evaluated at each start.
struct OperandState {
  ExprState* expr;
  ValueIo io;       // of the value, or of the array's elements
  Cell::Kind kind;  // what the plan's semantics want
  bool is_array;
};

// Plain data in the query's memory context.
struct RedisScan {
  const EState* statement;
  TableBinding* binding;
  Hung<ScanRuntime>* runtime;

  int noperands;
  OperandState* operands;
  Bitmapset* operand_params;      // of the executor, that operands depend on
  MemoryContext operand_context;  // values of the current run
  Cell* operand_cells;

  RowDatums rows;  // from a batch into the slot

  bool starting;    // its operands are being evaluated, perhaps by functions that read and write
  bool started;     // Scan::Start() has been called for the current parameters
  size_t next_row;  // in the batch
  bool at_end;
  GroupSort* groups;   // sorts within groups of rows; null: they come in order, or in none
  ScanStore* store;    // rows set aside, which the scan goes on with; else null
  bool store_is_rest;  // it lacks the rows returned before, so it cannot be read again
  bool filling;        // it is being filled
  ResourceOwner
      owner;  // of the query: keeps the store's file, whoever's turn it is when it is filled
  bool complete_first;  // the statement writes what this scan reads: all is set aside first
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_SCAN_STATE_H_
