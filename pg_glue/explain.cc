#include "pg_glue/explain.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "pg_glue/direct_modify.h"
#include "pg_glue/guard.h"
#include "pg_glue/modify_state.h"
#include "pg_glue/operand_names.h"
#include "pg_glue/pg.h"
#include "pg_glue/plan_data.h"
#include "pg_glue/scan_state.h"

namespace redis_fdw {
namespace {

const char* ElementOpLabel(ScanOp op) {
  switch (op) {
    case ScanOp::kScan:
      return "Scan";
    case ScanOp::kLookup:
      return "Lookup";
    case ScanOp::kRange:
      return "Range";
    case ScanOp::kCount:
      return "Count";
    case ScanOp::kNothing:
      return "Nothing";
  }
  return "?";
}

// How keys are found and what is read of them.
const char* OpLabel(const ScanPlan& plan) {
  if (plan.keys == KeyAccess::kOne) return ElementOpLabel(plan.op);
  const char* keys = plan.keys == KeyAccess::kLookup ? "Key Lookup" : "Key Scan";
  return plan.op == ScanOp::kScan ? keys : psprintf("%s, %s", keys, ElementOpLabel(plan.op));
}

// A C++ string as a palloc'd one.
absl::Status CopyOut(const std::string& text, const char** out) {
  return CallPg([&] { *out = pstrdup(text.c_str()); });
}

std::string PredicateText(const RedisScan& scan, const Predicate& predicate,
                          const std::vector<std::string>& names) {
  std::string operand = names[static_cast<size_t>(predicate.operand)];
  if (predicate.op == CompareOp::kIn) operand = absl::StrCat("(", operand, ")");
  return absl::StrCat(scan.binding->names[predicate.column], " ", OpName(predicate.op), " ",
                      operand);
}

// The predicates that Redis answers in that way, joined by AND; empty if none.
std::string PredicatesText(const RedisScan& scan, Answer answer,
                           const std::vector<std::string>& names) {
  std::vector<std::string> texts;
  for (const PlannedPredicate& planned : scan.runtime->object->plan.predicates) {
    if (planned.answer != answer) continue;
    texts.push_back(PredicateText(scan, planned.predicate, names));
  }
  return absl::StrJoin(texts, " AND ");
}

void ExplainCounters(const Counters& counters, bool rows, ExplainState* es) {
  ExplainPropertyInteger("Redis Commands Sent", nullptr, counters.commands, es);
  ExplainPropertyInteger("Redis Round Trips", nullptr, counters.round_trips, es);
  if (counters.nodes > 1 || es->format != EXPLAIN_FORMAT_TEXT) {
    ExplainPropertyInteger("Redis Nodes", nullptr, counters.nodes, es);
  }
  ExplainPropertyInteger("Redis Bytes Sent", "B", counters.bytes_sent, es);
  ExplainPropertyInteger("Redis Bytes Received", "B", counters.bytes_received, es);
  if (rows) ExplainPropertyInteger("Redis Rows Decoded", nullptr, counters.rows_decoded, es);
  if (counters.retries > 0 || es->format != EXPLAIN_FORMAT_TEXT) {
    ExplainPropertyInteger("Redis Retries", nullptr, counters.retries, es);
  }
  if (counters.redirects > 0 || es->format != EXPLAIN_FORMAT_TEXT) {
    ExplainPropertyInteger("Redis Redirects", nullptr, counters.redirects, es);
  }
  if (es->timing) {
    ExplainPropertyFloat("Redis Wait Time", "ms", absl::ToDoubleMilliseconds(counters.wait_time), 3,
                         es);
  }
}

// The texts that EXPLAIN shows of a scan, palloc'd.
struct ScanTexts {
  const char* exact;
  const char* superset;
  const char* order;
  const char* limit;
  const char* offset;
  List* commands;  // of char*
};

std::string OrderText(const RedisScan& scan, const Ordering& order) {
  if (order.column < 0) return "";
  return absl::StrCat(scan.binding->names[order.column], order.descending ? " DESC" : "",
                      order.grouped ? " (by groups, sorted within them)" : "");
}

std::string LimitText(const ScanPlan& plan, const std::vector<std::string>& names) {
  if (plan.limit_operand >= 0) return names[static_cast<size_t>(plan.limit_operand)];
  return plan.limit >= 0 ? absl::StrCat(plan.limit) : "";
}

void MakeScanTexts(RedisScan* scan, const ForeignScan* node, bool with_commands, ScanTexts* texts) {
  List* operands = OperandNames(node);
  CallCpp([&] {
    const ScanRuntime& runtime = *scan->runtime->object;
    std::vector<std::string> names;
    ListCell* lc;
    foreach (lc, operands) names.emplace_back((const char*)lfirst(lc));
    const ScanPlan& plan = runtime.plan;
    RETURN_IF_ERROR(CopyOut(PredicatesText(*scan, Answer::kExact, names), &texts->exact));
    RETURN_IF_ERROR(CopyOut(PredicatesText(*scan, Answer::kSuperset, names), &texts->superset));
    RETURN_IF_ERROR(CopyOut(OrderText(*scan, plan.order), &texts->order));
    RETURN_IF_ERROR(CopyOut(LimitText(plan, names), &texts->limit));
    if (plan.offset_operand >= 0) {
      RETURN_IF_ERROR(CopyOut(names[static_cast<size_t>(plan.offset_operand)], &texts->offset));
    }
    if (!with_commands) return absl::OkStatus();
    for (const std::string& line :
         scan->binding->table().Describe(runtime.plan, runtime.options, names)) {
      const char* copy = nullptr;
      RETURN_IF_ERROR(CopyOut(line, &copy));
      RETURN_IF_ERROR(CallPg([&] { texts->commands = lappend(texts->commands, (void*)copy); }));
    }
    return absl::OkStatus();
  });
}

// What a scan counts: PostgreSQL names only the relations that it scans itself.
void ExplainCountOf(const RedisScan* scan, ExplainState* es) {
  const char* name = quote_identifier(scan->binding->relname);
  if (es->verbose) {
    const char* schema = get_namespace_name(get_rel_namespace(scan->binding->relid));
    name = psprintf("%s.%s", quote_identifier(schema), name);
  }
  ExplainPropertyText("Relations", psprintf("Aggregate on (%s)", name), es);
}

// The command that writes.
void ExplainWrite(const TableBinding* binding, WriteKind kind, ConflictPolicy conflict,
                  ExplainState* es) {
  const char* command = "";
  CallCpp([&] { return CopyOut(binding->table().DescribeWrite(kind, conflict), &command); });
  if (es->format == EXPLAIN_FORMAT_TEXT) {
    ExplainPropertyText("Redis Command", command, es);
  } else {
    ExplainPropertyList("Redis Commands", list_make1((void*)command), es);
  }
}

WriteKind KindOf(CmdType operation) {
  if (operation == CMD_INSERT) return WriteKind::kInsert;
  return operation == CMD_UPDATE ? WriteKind::kUpdate : WriteKind::kDelete;
}

}  // namespace

void ExplainForeignScan(ForeignScanState* node, ExplainState* es) {
  RedisScan* scan = (RedisScan*)node->fdw_state;
  if (scan == nullptr || scan->runtime->object == nullptr) return;
  ScanTexts texts = {"", "", "", "", "", NIL};
  MakeScanTexts(scan, (ForeignScan*)node->ss.ps.plan, true, &texts);

  if (scan->runtime->object->plan.output.kind == OutputKind::kCount) ExplainCountOf(scan, es);
  ExplainPropertyText("Redis Key", scan->binding->key_text, es);
  ExplainPropertyText("Redis Operation", OpLabel(scan->runtime->object->plan), es);
  if (texts.exact[0] != '\0') ExplainPropertyText("Redis Condition", texts.exact, es);
  if (texts.superset[0] != '\0') {
    ExplainPropertyText("Redis Condition (rechecked)", texts.superset, es);
  }
  if (texts.order[0] != '\0') ExplainPropertyText("Redis Order", texts.order, es);
  if (texts.limit[0] != '\0') ExplainPropertyText("Redis Limit", texts.limit, es);
  if (texts.offset[0] != '\0') ExplainPropertyText("Redis Offset", texts.offset, es);
  if (es->verbose) {
    if (es->format == EXPLAIN_FORMAT_TEXT) {
      ListCell* lc;
      foreach (lc, texts.commands) {
        ExplainPropertyText("Redis Command", (const char*)lfirst(lc), es);
      }
    } else {
      ExplainPropertyList("Redis Commands", texts.commands, es);
    }
  }
  if (scan->complete_first && es->verbose) {
    ExplainPropertyText("Redis Rows", "read before the first write", es);
  }
  if (es->analyze && scan->runtime->object->scan != nullptr) {
    ExplainCounters(scan->runtime->object->scan->counters(), true, es);
  }
}

void ExplainForeignModify(ModifyTableState* node, ResultRelInfo* rinfo, List*, int,
                          ExplainState* es) {
  ModifyState* state = (ModifyState*)rinfo->ri_FdwState;
  if (state == nullptr) return;
  ExplainPropertyText("Redis Key", state->binding->key_text, es);
  int batch = state->batch->one_by_one ? 1 : state->binding->options->batch_size;
  ExplainPropertyInteger("Redis Batch Size", nullptr, batch, es);
  if (es->verbose) {
    ExplainWrite(state->binding, KindOf(node->operation), state->batch->conflict, es);
  }
  if (!es->analyze) return;
  // The last batch would otherwise be written after it was counted.
  FlushLastBatch(state->batch);
  ExplainCounters(state->batch->runtime->object->pipeline->counters(), false, es);
}

void ExplainDirectModify(ForeignScanState* node, ExplainState* es) {
  DirectModify* direct = (DirectModify*)node->fdw_state;
  if (direct == nullptr) return;
  ScanTexts texts = {"", "", "", "", "", NIL};
  MakeScanTexts(direct->scan, (ForeignScan*)node->ss.ps.plan, false, &texts);
  ExplainPropertyText("Redis Key", direct->scan->binding->key_text, es);
  ExplainPropertyText(direct->is_update ? "Redis Direct Update" : "Redis Direct Delete",
                      texts.exact[0] != '\0' ? texts.exact : "all there is", es);
  if (es->verbose) {
    ExplainWrite(direct->scan->binding, direct->is_update ? WriteKind::kUpdate : WriteKind::kDelete,
                 ConflictPolicy::kOverwrite, es);
  }
  if (es->verbose && direct->is_update) {
    List* set = NIL;
    for (int i = 0; i < direct->nset; ++i) set = lappend(set, (void*)direct->columns[i].name);
    ExplainPropertyList("Redis Columns Set", set, es);
  }
  if (es->analyze && direct->batch != nullptr) {
    ExplainCounters(direct->batch->runtime->object->pipeline->counters(), false, es);
  }
}

}  // namespace redis_fdw
