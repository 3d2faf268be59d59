#include "pg_glue/scan.h"

#include <memory>
#include <string>
#include <utility>

#include "pg_glue/connect.h"
#include "pg_glue/context_list.h"
#include "pg_glue/guard.h"
#include "pg_glue/pg.h"
#include "pg_glue/plan_data.h"
#include "pg_glue/primary_reads.h"
#include "pg_glue/query_failure.h"
#include "pg_glue/scan_operands.h"
#include "pg_glue/scan_state.h"
#include "pg_glue/write_conflict.h"
#include "pg_glue/writes_pending.h"

namespace redis_fdw {
namespace {

RedisScan* ScanOf(ForeignScanState* node) { return static_cast<RedisScan*>(node->fdw_state); }

// Prepares to sort within groups, where the plan's order is one of groups.
void InitGroups(RedisScan* scan, TupleDesc desc, List* sort) {
  const Ordering order = scan->runtime->object->plan.order;
  if (order.column < 0 || !order.grouped) return;
  scan->groups = NewGroupSort(desc, scan->binding->attnums[order.column], linitial_oid(sort),
                              lsecond_oid(sort), scan->owner);
}

// A count into the slot: every column shows it.
void StoreCount(TupleTableSlot* slot, const Cell& count) {
  for (int i = 0; i < slot->tts_tupleDescriptor->natts; ++i) {
    slot->tts_values[i] = Int64GetDatum(count.int64());
    slot->tts_isnull[i] = false;
  }
  ExecStoreVirtualTuple(slot);
}

// Row `row` of the batch into the slot, as a virtual tuple; values in the current memory context.
void StoreRow(RedisScan* scan, TupleTableSlot* slot, const RowBatch& batch, size_t row) {
  ReadRow(&scan->rows, batch, row, slot->tts_tupleDescriptor->natts, slot->tts_values,
          slot->tts_isnull);
  const int64 row_number = batch.row_number(row);
  if (row_number >= 0 && scan->groups == nullptr) SetRowNumber(&slot->tts_tid, row_number);
  ExecStoreVirtualTuple(slot);
}

// As a Limit node refuses them.
void CheckLimit(const RedisScan* scan, int operand, bool is_offset) {
  if (operand < 0) return;
  const Cell& value = scan->operand_cells[operand];
  if (value.is_null() || value.int64() >= 0) return;
  if (is_offset) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_ROW_COUNT_IN_RESULT_OFFSET_CLAUSE),
                    errmsg("OFFSET must not be negative")));
  }
  ereport(ERROR, (errcode(ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE),
                  errmsg("LIMIT must not be negative")));
}

void StartScan(ForeignScanState* node, RedisScan* scan) {
  EvaluateOperands(scan, node->ss.ps.ps_ExprContext);
  const ScanPlan& plan = scan->runtime->object->plan;
  CheckLimit(scan, plan.offset_operand, true);
  CheckLimit(scan, plan.limit_operand, false);
  FlushPendingWrites(scan->statement);
  if (scan->groups != nullptr) DropGroup(scan->groups);
  const bool primary_only = MustReadPrimary(scan->statement, scan->binding->options);
  CallCpp([&] {
    scan->runtime->object->pipeline->SetPrimaryOnly(primary_only);
    absl::Span<const Cell> row(scan->operand_cells, (size_t)scan->noperands);
    scan->runtime->object->batch->Clear();
    return scan->runtime->object->scan->Start(absl::MakeConstSpan(&row, 1));
  });
  scan->started = true;
  scan->at_end = false;
  scan->next_row = 0;
}

bool BatchIsUsedUp(const RedisScan* scan) {
  return scan->next_row >= scan->runtime->object->batch->rows();
}

// Whether there is a next row in the batch, which is filled anew if it is at its end.
bool HasRow(RedisScan* scan) {
  if (!BatchIsUsedUp(scan)) return true;
  if (scan->at_end) return false;
  RowBatch* batch = scan->runtime->object->batch.get();
  scan->next_row = 0;
  CallCpp([&] { return scan->runtime->object->scan->NextBatch(batch); });
  scan->at_end = batch->rows() == 0;
  return !scan->at_end;
}

// The next row as it comes from Redis into the slot; false at the end.
bool NextRow(RedisScan* scan, TupleTableSlot* slot) {
  ExecClearTuple(slot);
  if (!HasRow(scan)) return false;
  const RowBatch& batch = *scan->runtime->object->batch;
  size_t row = scan->next_row++;
  if (scan->runtime->object->plan.output.kind == OutputKind::kCount) {
    StoreCount(slot, batch.row(row)[0]);
  } else {
    StoreRow(scan, slot, batch, row);
  }
  return true;
}

// Whether the next row is of that group.
bool GroupGoesOn(RedisScan* scan, int64 group) {
  return HasRow(scan) && scan->runtime->object->batch->row_number(scan->next_row) == group;
}

// The next row in the order that the plan promises.
bool NextInOrder(RedisScan* scan, TupleTableSlot* slot) {
  GroupSort* sort = scan->groups;
  if (sort == nullptr) return NextRow(scan, slot);
  if (NextGroupRow(sort, slot)) return true;
  if (!NextRow(scan, slot)) return false;
  int64 group = scan->runtime->object->batch->row_number(scan->next_row - 1);
  if (!GroupGoesOn(scan, group)) return true;  // a group of one, as most are
  BeginGroup(sort);
  PutGroupRow(sort, slot);
  MemoryContext old = MemoryContextSwitchTo(sort->values);
  while (GroupGoesOn(scan, group) && NextRow(scan, slot)) {
    PutGroupRow(sort, slot);
    MemoryContextReset(sort->values);
  }
  MemoryContextSwitchTo(old);
  EndGroup(sort);
  return NextGroupRow(sort, slot);
}

// Reads what is left into a store, from which the scan goes on. Rows live in `context`.
void FillStore(RedisScan* scan, TupleDesc desc, MemoryContext context) {
  scan->filling = true;
  MemoryContext old = MemoryContextSwitchTo(context);
  ResourceOwner old_owner = CurrentResourceOwner;
  CurrentResourceOwner = scan->owner;
  scan->store = NewScanStore(desc);
  CurrentResourceOwner = old_owner;
  // Not the scan's own slot: the executor may be using the row in it.
  TupleTableSlot* slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
  MemoryContext row_context =
      AllocSetContextCreate(context, "redis_fdw row", ALLOCSET_DEFAULT_SIZES);
  MemoryContextSwitchTo(row_context);
  while (NextInOrder(scan, slot)) {
    PutRow(scan->store, slot);
    MemoryContextReset(row_context);
  }
  MemoryContextSwitchTo(old);
  ExecDropSingleTupleTableSlot(slot);
  MemoryContextDelete(row_context);
  scan->filling = false;
}

// The pool wants this scan's connection for another scan: what is left is set aside.
absl::Status SpillScan(RedisScan* scan, TupleDesc desc, MemoryContext context) {
  // A scan that is setting its rows aside already keeps its connection until it has.
  if (!scan->started || scan->filling || scan->store != nullptr) return absl::OkStatus();
  // The row that is being read is in the batch, where the next ones would take its place.
  if (scan->rows.converting != nullptr) return absl::OkStatus();
  scan->store_is_rest = true;
  return CallPg([&] { FillStore(scan, desc, context); });
}

// Of a query that failed: nobody reads on, and nothing can be set aside without a resource owner.
void AbandonScan(void* arg) { static_cast<RedisScan*>(arg)->runtime->Drop(); }

// Opens the scan: leases nothing yet, sends nothing.
void OpenScan(RedisScan* scan, TupleDesc desc, MemoryContext context) {
  OnQueryFailure(context, AbandonScan, scan);
  CallCpp([&] {
    ScanRuntime* runtime = scan->runtime->object;
    ASSIGN_OR_RETURN(std::shared_ptr<Router> router, NewRouter(*scan->binding->options));
    runtime->pipeline = std::make_unique<Pipeline>(BackendPool(), std::move(router),
                                                   LimitsOf(*scan->binding->options));
    runtime->pipeline->SetSpill([=] { return SpillScan(scan, desc, context); });
    ASSIGN_OR_RETURN(runtime->scan, scan->binding->table().OpenScan(runtime->plan, runtime->options,
                                                                    runtime->pipeline.get()));
    runtime->batch = NewBatch(runtime->plan.output, *scan->binding->options);
    return absl::OkStatus();
  });
}

// Its rest was to be set aside for another scan, and that failed. The error went to the other one,
// which may have been caught; this one must not end as if it were complete.
[[noreturn]] void RaiseIncomplete(const RedisScan* scan) {
  ereport(ERROR, (errcode(ERRCODE_FDW_ERROR),
                  errmsg("the rest of the scan of foreign table \"%s\" could not be read",
                         scan->binding->relname),
                  errdetail("It failed while its connection was given to another scan."),
                  errhint("Raise option \"pool_max_size\" of the server, or close cursors.")));
  pg_unreachable();
}

// A scan that has to be complete before its statement writes.
struct WaitingScan : ContextListMember {
  ForeignScanState* plan_node;
};

ContextList<WaitingScan> waiting;

// Those of the rows to be written are not among them: no row is written before it was read.
void WaitForWrites(ForeignScanState* node, MemoryContext context) {
  const Index scanned = ((ForeignScan*)node->ss.ps.plan)->scan.scanrelid;
  List* targets = node->ss.ps.state->es_plannedstmt->resultRelations;
  if (list_member_int(targets, (int)scanned)) return;
  WaitingScan* scan = static_cast<WaitingScan*>(MemoryContextAllocZero(context, sizeof(*scan)));
  scan->plan_node = node;
  waiting.Add(scan, context);
}

// Whether the operands can be evaluated whatever row the plan around the scan is at. (What a
// subquery that has run found can, too, but looks like what comes from a row.)
bool NeedsNoRow(const RedisScan* scan) {
  int param = -1;
  while ((param = bms_next_member(scan->operand_params, param)) >= 0) {
    if (scan->statement->es_param_exec_vals[param].execPlan == nullptr) return false;
  }
  return true;
}

void RunScan(ForeignScanState* node, RedisScan* scan) {
  scan->starting = true;
  StartScan(node, scan);
  scan->starting = false;
  if (!scan->complete_first) return;
  FillStore(scan, node->ss.ss_ScanTupleSlot->tts_tupleDescriptor, node->ss.ps.state->es_query_cxt);
}

}  // namespace

void CompleteScans(const EState* statement) {
  for (WaitingScan* next = waiting.newest(); next != nullptr; next = waiting.older(next)) {
    RedisScan* scan = ScanOf(next->plan_node);
    if (scan->statement != statement || scan->starting || scan->started) continue;
    if (scan->runtime->object == nullptr || !NeedsNoRow(scan)) continue;
    RunScan(next->plan_node, scan);
  }
}

void BeginForeignScan(ForeignScanState* node, int eflags) {
  ForeignScan* plan = (ForeignScan*)node->ss.ps.plan;
  EState* estate = node->ss.ps.state;
  MemoryContext context = estate->es_query_cxt;
  MemoryContext old = MemoryContextSwitchTo(context);

  RedisScan* scan = NewRedisScan(node);
  TupleDesc desc = node->ss.ss_ScanTupleSlot->tts_tupleDescriptor;
  scan->owner = CurrentResourceOwner;
  InitRowDatums(&scan->rows, scan->binding, &scan->runtime->object->plan.output, desc, context);
  InitGroups(scan, desc, (List*)list_nth(plan->fdw_private, kScanSort));
  scan->complete_first = StatementWrites(estate, scan->binding);
  node->fdw_state = scan;
  if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0) {
    OpenScan(scan, desc, context);
    if (scan->complete_first) WaitForWrites(node, context);
  }
  MemoryContextSwitchTo(old);
}

TupleTableSlot* IterateForeignScan(ForeignScanState* node) {
  RedisScan* scan = ScanOf(node);
  if (scan->filling) RaiseIncomplete(scan);
  TupleTableSlot* slot = node->ss.ss_ScanTupleSlot;
  if (!scan->started) {
    RunScan(node, scan);
  } else if (scan->store == nullptr && !scan->at_end && BatchIsUsedUp(scan)) {
    // A function called on the rows so far may have written. To send that may want the connection
    // of this scan, whose rest is then set aside: not while a row is on its way.
    FlushPendingWrites(scan->statement);
  }
  if (scan->store != nullptr) {
    GetRow(scan->store, slot);
  } else {
    NextInOrder(scan, slot);
  }
  return slot;
}

// Asked while PostgreSQL checks a row that somebody has changed meanwhile. A scan of more than one
// relation brings its row itself then, and so does a count, which PostgreSQL takes for one: it is
// counted again. (Minor releases up to autumn 2025 ask so in subqueries in the list of what is set,
// too, and without an answer take it that there is no row.)
bool RecheckForeignScan(ForeignScanState* node, TupleTableSlot* slot) {
  if (((ForeignScan*)node->ss.ps.plan)->scan.scanrelid > 0) return true;
  Assert(slot == node->ss.ss_ScanTupleSlot);
  (void)IterateForeignScan(node);
  return !TupIsNull(slot);
}

void ReScanForeignScan(ForeignScanState* node) {
  RedisScan* scan = ScanOf(node);
  if (scan == nullptr || !scan->started) return;
  if (scan->store != nullptr) {
    // Parameters that only the target list is about change nothing of what was read.
    if (!bms_overlap(node->ss.ps.chgParam, scan->operand_params) && !scan->store_is_rest) {
      RewindStore(scan->store);
      return;
    }
    DropStore(scan->store);
    scan->store = nullptr;
    scan->store_is_rest = false;
  }
  scan->started = false;
}

void EndForeignScan(ForeignScanState* node) {
  RedisScan* scan = ScanOf(node);
  if (scan == nullptr || scan->runtime->object == nullptr) return;
  if (scan->started) {
    CallCpp([&] {
      scan->runtime->object->scan->Stop();
      return absl::OkStatus();
    });
  }
  if (scan->groups != nullptr) DropGroup(scan->groups);
  if (scan->store != nullptr) DropStore(scan->store);
  scan->store = nullptr;
  scan->runtime->Drop();
}

}  // namespace redis_fdw
