#include "pg_glue/scan_operands.h"

#include <cstring>
#include <memory>

#include "pg_glue/guard.h"
#include "pg_glue/pg.h"
#include "pg_glue/plan_data.h"

namespace redis_fdw {
namespace {

// Elements of an array after which interrupts are looked at.
constexpr int kLookEvery = 10000;

Cell::Kind KindOf(Semantics semantics) {
  switch (semantics) {
    case Semantics::kBytes:
    case Semantics::kText:
    case Semantics::kStreamId:
      return Cell::Kind::kBytes;
    case Semantics::kInteger:
      return Cell::Kind::kInt64;
    case Semantics::kDouble:
    case Semantics::kNumeric:
      return Cell::Kind::kDouble;
  }
  return Cell::Kind::kBytes;
}

Cell OperandCell(OperandState* operand, Datum value) {
  // A float4 compares as the double it widens to, which is not what its shortest decimal reads as.
  if (operand->io.type == FLOAT4OID && operand->kind == Cell::Kind::kDouble) {
    return Cell::Double(DatumGetFloat4(value));
  }
  // The nearest double, which for a numeric beyond all doubles is an infinity.
  if (operand->io.type == NUMERICOID && operand->kind == Cell::Kind::kDouble) {
    return Cell::Double(DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value)));
  }
  return DatumToCell(&operand->io, operand->kind, value);
}

Cell ArrayCell(OperandState* operand, Datum value) {
  ArrayType* array = DatumGetArrayTypeP(value);
  int16 length;
  bool by_value;
  char align;
  get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
  Datum* values;
  bool* nulls;
  int count;
  deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &values, &nulls, &count);
  Cell* cells = (Cell*)palloc0(sizeof(Cell) * (count + 1));
  for (int i = 0; i < count; ++i) {
    if (i % kLookEvery == 0) CHECK_FOR_INTERRUPTS();
    cells[i] = nulls[i] ? Cell::Null() : OperandCell(operand, values[i]);
  }
  return Cell::List(absl::Span<const Cell>(cells, (size_t)count));
}

// The plan, from the plan tree to C++.
void DecodeInto(RedisScan* scan, List* fdw_private) {
  CallCpp([&] {
    auto runtime = std::make_unique<ScanRuntime>();
    DecodeScanPlan(fdw_private, &runtime->plan);
    runtime->options.mode = scan->binding->options->scan_mode;
    runtime->options.fetch_size = scan->binding->options->fetch_size;
    scan->runtime->object = runtime.release();
    return absl::OkStatus();
  });
}

// Collects the executor's parameters in an expression.
bool CollectParams(Node* node, void* context) {
  if (node == nullptr) return false;
  if (IsA(node, Param) && ((Param*)node)->paramkind == PARAM_EXEC) {
    Bitmapset** params = (Bitmapset**)context;
    *params = bms_add_member(*params, ((Param*)node)->paramid);
    return false;
  }
  return WalkExpression(node, CollectParams, context);
}

void InitOperands(RedisScan* scan, ForeignScan* plan, PlanState* parent, MemoryContext context) {
  List* types = (List*)list_nth(plan->fdw_private, kScanOperandTypes);
  List* arrays = (List*)list_nth(plan->fdw_private, kScanOperandArray);
  scan->noperands = list_length(types);
  scan->operands = (OperandState*)palloc0(sizeof(OperandState) * (scan->noperands + 1));
  for (int i = 0; i < scan->noperands; ++i) {
    OperandState* operand = &scan->operands[i];
    operand->expr = ExecInitExpr((Expr*)list_nth(plan->fdw_exprs, i), parent);
    operand->is_array = list_nth_int(arrays, i) != 0;
    InitValueIo(&operand->io, list_nth_oid(types, i), -1, context);
  }
  const ScanPlan& scan_plan = scan->runtime->object->plan;
  for (const PlannedPredicate& planned : scan_plan.predicates) {
    scan->operands[planned.predicate.operand].kind = KindOf(planned.predicate.semantics);
  }
  for (int limit : {scan_plan.limit_operand, scan_plan.offset_operand}) {
    if (limit >= 0) scan->operands[limit].kind = Cell::Kind::kInt64;
  }
  CollectParams((Node*)plan->fdw_exprs, &scan->operand_params);
  scan->operand_context =
      AllocSetContextCreate(context, "redis_fdw operands", ALLOCSET_SMALL_SIZES);
}

}  // namespace

RedisScan* NewRedisScan(ForeignScanState* node) {
  ForeignScan* plan = (ForeignScan*)node->ss.ps.plan;
  EState* estate = node->ss.ps.state;
  MemoryContext context = estate->es_query_cxt;
  MemoryContext old = MemoryContextSwitchTo(context);
  RedisScan* scan = (RedisScan*)palloc0(sizeof(RedisScan));
  Oid relid = exec_rt_fetch(ScannedRelation(plan), estate)->relid;
  scan->binding = BindForeignTable(relid, ScanUserId(node), context);
  scan->runtime = Hang<ScanRuntime>(context);
  scan->statement = estate;
  DecodeInto(scan, plan->fdw_private);
  InitOperands(scan, plan, (PlanState*)node, context);
  MemoryContextSwitchTo(old);
  return scan;
}

void EvaluateOperands(RedisScan* scan, ExprContext* econtext) {
  MemoryContextReset(scan->operand_context);
  MemoryContext old = MemoryContextSwitchTo(scan->operand_context);
  scan->operand_cells = (Cell*)palloc0(sizeof(Cell) * (scan->noperands + 1));
  for (int i = 0; i < scan->noperands; ++i) {
    OperandState* operand = &scan->operands[i];
    bool is_null = false;
    Datum value = ExecEvalExpr(operand->expr, econtext, &is_null);
    if (is_null) {
      scan->operand_cells[i] = Cell::Null();
    } else {
      scan->operand_cells[i] =
          operand->is_array ? ArrayCell(operand, value) : OperandCell(operand, value);
    }
  }
  MemoryContextSwitchTo(old);
}

}  // namespace redis_fdw
