#include "pg_glue/direct_modify.h"

#include <cstring>
#include <memory>
#include <utility>

#include "pg_glue/guard.h"
#include "pg_glue/pg.h"
#include "pg_glue/plan_data.h"
#include "pg_glue/scan_operands.h"
#include "pg_glue/write_checks.h"
#include "pg_glue/writes_pending.h"

namespace redis_fdw {
namespace {

DirectModify* StateOf(ForeignScanState* node) { return (DirectModify*)node->fdw_state; }

void InitSetList(DirectModify* direct, ForeignScan* plan, ForeignScanState* node,
                 MemoryContext context) {
  const TableBinding* binding = direct->scan->binding;
  TupleDesc desc = RelationGetDescr(node->ss.ss_currentRelation);
  List* ordinals = (List*)list_nth(plan->fdw_private, kDirectSet);
  direct->nset = list_length(ordinals);
  direct->ordinals = (int*)palloc0(sizeof(int) * (direct->nset + 1));
  direct->columns = (ColumnIo*)palloc0(sizeof(ColumnIo) * (direct->nset + 1));
  direct->values = (ExprState**)palloc0(sizeof(ExprState*) * (direct->nset + 1));
  direct->changed = (bool*)palloc0(sizeof(bool) * (binding->ncolumns + 1));
  for (int i = 0; i < direct->nset; ++i) {
    int ordinal = list_nth_int(ordinals, i);
    // The operands come first.
    Expr* value = (Expr*)list_nth(plan->fdw_exprs, direct->scan->noperands + i);
    direct->ordinals[i] = ordinal;
    direct->values[i] = ExecInitExpr(value, (PlanState*)node);
    direct->changed[ordinal] = true;
    if (binding->table().columns()[ordinal].identity) direct->identity_changes = true;
    InitColumnIo(&direct->columns[i], binding, ordinal,
                 TupleDescAttr(desc, binding->attnums[ordinal] - 1), context);
  }
}

// What is set, once for all rows: a cell per bound column, in the current memory context.
Cell* EvaluateSetList(DirectModify* direct, ExprContext* econtext) {
  Cell* cells = (Cell*)palloc0(sizeof(Cell) * (direct->scan->binding->ncolumns + 1));
  for (int i = 0; i < direct->nset; ++i) {
    ColumnIo* column = &direct->columns[i];
    bool is_null = false;
    Datum value = ExecEvalExpr(direct->values[i], econtext, &is_null);
    if (is_null) continue;
    int nest = column->value.session_dependent ? BeginStableOutput() : 0;
    cells[direct->ordinals[i]] = ColumnToCell(column, value);
    if (column->value.session_dependent) EndStableOutput(nest);
  }
  return cells;
}

void NameRows(DirectModify* direct) {
  RedisScan* scan = direct->scan;
  CallCpp([&] {
    absl::Span<const Cell> params(scan->operand_cells, (size_t)scan->noperands);
    direct->rows->object = new std::vector<std::vector<Cell>>(
        scan->binding->table().NamedRows(scan->runtime->object->plan, params));
    return absl::OkStatus();
  });
}

void AddRow(DirectModify* direct, const std::vector<Cell>& identity, const Cell* set) {
  const TableBinding* binding = direct->scan->binding;
  int count = (int)identity.size();
  if (!direct->is_update) {
    AddDelete(direct->batch, identity.data(), count, -1);
    return;
  }
  // A row of its own, since what names it stays where it is not set.
  Cell* cells = (Cell*)palloc(sizeof(Cell) * (binding->ncolumns + 1));
  memcpy((void*)cells, set, sizeof(Cell) * binding->ncolumns);
  int next = 0;
  for (int i = 0; i < binding->ncolumns && next < count; ++i) {
    if (!binding->table().columns()[i].identity) continue;
    if (!direct->changed[i]) cells[i] = identity[next];
    ++next;
  }
  if (direct->identity_changes) CheckKey(direct->batch, cells);
  AddUpdate(direct->batch, identity.data(), count, -1, cells, direct->changed);
}

void WriteRows(DirectModify* direct, ExprContext* econtext) {
  EvaluateOperands(direct->scan, econtext);
  // These live until the next EvaluateOperands(), as the identities do: beyond the last flush.
  MemoryContext old = MemoryContextSwitchTo(direct->scan->operand_context);
  const Cell* set = EvaluateSetList(direct, econtext);
  NameRows(direct);
  FlushPendingWrites(direct->batch->statement);
  for (const std::vector<Cell>& identity : *direct->rows->object) AddRow(direct, identity, set);
  FlushBatch(direct->batch);
  MemoryContextSwitchTo(old);
  direct->rows->Drop();
}

}  // namespace

void BeginDirectModify(ForeignScanState* node, int eflags) {
  ForeignScan* plan = (ForeignScan*)node->ss.ps.plan;
  EState* estate = node->ss.ps.state;
  MemoryContext context = estate->es_query_cxt;
  MemoryContext old = MemoryContextSwitchTo(context);
  DirectModify* direct = (DirectModify*)palloc0(sizeof(DirectModify));
  direct->scan = NewRedisScan(node);
  direct->is_update = plan->operation == CMD_UPDATE;
  direct->counts = linitial_int((List*)list_nth(plan->fdw_private, kDirectCounts)) != 0;
  direct->rows = Hang<std::vector<std::vector<Cell>>>(context);
  InitSetList(direct, plan, node, context);
  if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0) {
    direct->batch = NewWriteBatch(direct->scan->binding, estate);
    direct->batch->count_applied = true;
  }
  node->fdw_state = direct;
  MemoryContextSwitchTo(old);
}

TupleTableSlot* IterateDirectModify(ForeignScanState* node) {
  DirectModify* direct = StateOf(node);
  if (!direct->done) {
    direct->done = true;
    WriteRows(direct, node->ss.ps.ps_ExprContext);
    int64 rows = direct->batch->rows_applied;
    if (direct->counts) node->ss.ps.state->es_processed += (uint64)rows;
    if (node->ss.ps.instrument != nullptr) node->ss.ps.instrument->tuplecount += (double)rows;
  }
  return ExecClearTuple(node->ss.ss_ScanTupleSlot);
}

void EndDirectModify(ForeignScanState* node) {
  DirectModify* direct = StateOf(node);
  if (direct == nullptr) return;
  if (direct->batch != nullptr) direct->batch->runtime->Drop();
  direct->scan->runtime->Drop();
}

}  // namespace redis_fdw
