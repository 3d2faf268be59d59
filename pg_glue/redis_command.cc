// redis_command(server, command, arguments...) and redis_command_bytea(): one command, for what
// tables cannot say.
//
// It runs on a connection of its own, in database 0, which is closed afterwards: whatever a command
// does to its session, no scan or write meets it. It may be a write, so it is never sent twice.
// Commands that would wait, subscribe or make no sense alone are refused beforehand
// (core/resp/command_class.h).

#include <memory>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/types/optional.h"
#include "core/base/counters.h"
#include "core/net/transport.h"
#include "core/resp/command.h"
#include "core/resp/command_class.h"
#include "pg_glue/command_reply.h"
#include "pg_glue/connect.h"
#include "pg_glue/guard.h"
#include "pg_glue/latch_waiter.h"
#include "pg_glue/options.h"
#include "pg_glue/pg.h"
#include "pg_glue/primary_reads.h"
#include "pg_glue/server_checks.h"
#include "pg_glue/stats.h"
#include "pg_glue/wrapper.h"
#include "pg_glue/writes_pending.h"

extern "C" {
PGDLLEXPORT Datum redis_fdw_command(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum redis_fdw_command_bytea(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(redis_fdw_command);
PG_FUNCTION_INFO_V1(redis_fdw_command_bytea);
}

namespace redis_fdw {
namespace {

// What a call asks for. Plain data in the current memory context.
struct CommandCall {
  const FdwOptions* options;
  const absl::string_view* args;
  int nargs;
  const char* name;  // args[0], for messages
  // Of the command under way, while there is one: whether it was sent yet.
  const Counters* counters;
};

// --- Arguments and privileges -------------------------------------------------------------------

// No command's name is longer, and messages show it.
constexpr int kMaxName = 128;

void ReadArguments(ArrayType* array, CommandCall* call) {
  if (ARR_NDIM(array) > 1) {
    ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                    errmsg("a command and its arguments must be a one-dimensional array")));
  }
  Datum* values;
  bool* nulls;
  deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_INT, &values, &nulls,
                    &call->nargs);
  absl::string_view* args =
      static_cast<absl::string_view*>(palloc(sizeof(absl::string_view) * (call->nargs + 1)));
  for (int i = 0; i < call->nargs; ++i) {
    if (nulls[i]) {
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                      i == 0 ? errmsg("the Redis command must not be null")
                             : errmsg("argument %d of the Redis command must not be null", i),
                      errhint("Redis has no NULL; say with coalesce() what is meant.")));
    }
    struct varlena* value = PG_DETOAST_DATUM_PACKED(values[i]);
    new (&args[i]) absl::string_view(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
  }
  call->args = args;
}

// So that it can be shown in messages, whatever the encoding.
void ReadName(CommandCall* call) {
  const absl::string_view name = call->nargs == 0 ? absl::string_view() : call->args[0];
  bool valid = !name.empty() && name.size() <= kMaxName;
  for (char c : name) valid = valid && c > ' ' && c <= '~';
  if (!valid) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("the Redis command is missing or is no word"),
                    errhint("Each word is an argument of its own: "
                            "redis_command('server', 'CONFIG', 'GET', 'maxmemory').")));
  }
  call->name = pnstrdup(name.data(), name.size());
}

// The server, as the current user may use it.
const FdwOptions* OpenServer(const char* name) {
  const FdwOptions* options = ReadServerOptions(FindUsableServer(name), GetUserId());
  CheckServerPrivileges(options);
  return options;
}

CommandCall* ReadCall(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0)) {
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                    errmsg("the name of the foreign server must not be null")));
  }
  if (PG_ARGISNULL(1)) {
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                    errmsg("the Redis command and its arguments must not be null")));
  }
  CommandCall* call = static_cast<CommandCall*>(palloc0(sizeof(CommandCall)));
  ReadArguments(PG_GETARG_ARRAYTYPE_P(1), call);
  ReadName(call);
  CallCpp([&] {
    return CheckRunsAlone(absl::MakeConstSpan(call->args, static_cast<size_t>(call->nargs)));
  });
  call->options = OpenServer(text_to_cstring(PG_GETARG_TEXT_PP(0)));
  return call;
}

// --- Running ------------------------------------------------------------------------------------

// Of a cancel, which itself knows nothing of Redis.
void AddContext(void* arg) {
  const CommandCall* call = static_cast<const CommandCall*>(arg);
  if (call->counters == nullptr) return;
  if (call->counters->bytes_sent == 0) {
    errcontext("connecting to Redis server \"%s\" to run %s", call->options->server_name,
               call->name);
  } else {
    errcontext("waiting for Redis server \"%s\" to answer %s, which may have been applied",
               call->options->server_name, call->name);
  }
}

absl::StatusOr<Command> MakeCommand(const CommandCall& call) {
  Command command(call.args[0]);
  for (int i = 1; i < call.nargs; ++i) command.Arg(call.args[i]);
  command.Retry(RetryClass::kNever);
  if (!command.TooLarge()) return command;
  return MakeError(ErrorKind::kReplyTooLarge,
                   absl::StrCat(call.name, " with ", command.size(), " arguments of ",
                                command.payload(), " bytes is more than Redis takes"));
}

// Sends the command and waits until `Reply`, a CommandReply, is complete; *value is what it holds.
// REQUIRES: within CallCpp().
template <typename Reply, typename Value>
absl::Status RunOnOwnConnection(CommandCall* call, Value** value) {
  ASSIGN_OR_RETURN(const Command command, MakeCommand(*call));
  ASSIGN_OR_RETURN(const std::shared_ptr<Router> router, NewRouter(*call->options));
  LatchWaiter waiter;
  absl::optional<Reply> reply;
  // The pool ends with this function, and its connection with it.
  Pool pool(SocketTransportFactory(), &waiter);
  pool.SetTrafficListener(TrafficStats());
  Pipeline pipeline(&pool, router, LimitsOf(*call->options));
  pipeline.SetPrimaryOnly(true);
  call->counters = &pipeline.counters();
  const absl::Cleanup forget = [call] { call->counters = nullptr; };
  // Some primary: which keys a command has is not known here. A cluster's node redirects it to the
  // one that serves them.
  RETURN_IF_ERROR(pipeline.ServerFor(command).status());
  ASSIGN_OR_RETURN(const int node, router->Route(command, true));
  reply.emplace(call->name, router->Spec(node).endpoint);
  RETURN_IF_ERROR(pipeline.Submit(command, &*reply));
  RETURN_IF_ERROR(pipeline.RunUntil([&reply] { return reply->complete(); }));
  *value = reply->value();
  return absl::OkStatus();
}

// The same, from PostgreSQL: raises what goes wrong. Null if the reply was nil.
template <typename Reply, typename Value>
Value* RunCommand(CommandCall* call) {
  // The command may read what a statement of this backend is still collecting, and comes after it.
  FlushPendingWrites(nullptr);
  NoteWrite(call->options);  // whatever it is
  Value* value = nullptr;
  ErrorContextCallback context;
  context.callback = AddContext;
  context.arg = call;
  context.previous = error_context_stack;
  error_context_stack = &context;
  Raised raised;
  const bool done =
      RunCpp([call, &value] { return RunOnOwnConnection<Reply>(call, &value); }, &raised);
  error_context_stack = context.previous;
  if (!done) Raise(raised);
  return value;
}

}  // namespace
}  // namespace redis_fdw

Datum redis_fdw_command(PG_FUNCTION_ARGS) {
  // The elements of a large array are not needed any more once it is one value.
  MemoryContext work =
      AllocSetContextCreate(CurrentMemoryContext, "redis_command", ALLOCSET_DEFAULT_SIZES);
  MemoryContext caller = MemoryContextSwitchTo(work);
  redis_fdw::CommandCall* call = redis_fdw::ReadCall(fcinfo);
  JsonbValue* value = redis_fdw::RunCommand<redis_fdw::JsonReply, JsonbValue>(call);
  MemoryContextSwitchTo(caller);
  Jsonb* result = value == nullptr ? nullptr : JsonbValueToJsonb(value);
  MemoryContextDelete(work);
  if (result == nullptr) PG_RETURN_NULL();
  PG_RETURN_JSONB_P(result);
}

Datum redis_fdw_command_bytea(PG_FUNCTION_ARGS) {
  redis_fdw::CommandCall* call = redis_fdw::ReadCall(fcinfo);
  bytea* result = redis_fdw::RunCommand<redis_fdw::BytesReply, bytea>(call);
  if (result == nullptr) PG_RETURN_NULL();
  PG_RETURN_BYTEA_P(result);
}
