// redis_fdw_connections(), redis_fdw_disconnect(server), redis_fdw_disconnect_all(): the
// connections of this backend, for those who look after them.
//
// Who is told of what: superusers and members of pg_read_all_stats of every connection, others of
// those that were made as a role which they are a member of. Nothing secret is told.

#include "pg_glue/connect.h"
#include "pg_glue/guard.h"
#include "pg_glue/pg.h"
#include "pg_glue/scan.h"
#include "pg_glue/wrapper.h"

extern "C" {
PGDLLEXPORT Datum redis_fdw_connections(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum redis_fdw_disconnect(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum redis_fdw_disconnect_all(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(redis_fdw_connections);
PG_FUNCTION_INFO_V1(redis_fdw_disconnect);
PG_FUNCTION_INFO_V1(redis_fdw_disconnect_all);
}

namespace redis_fdw {
namespace {

// A connection as the function shows it. Plain data in the current memory context.
struct ShownConnection {
  Oid server;
  Oid user;
  const char* node;
  NodeRole role;
  int database;
  ConnectionInfo::State state;
  absl::Duration age;
  absl::Duration idle;
  int64 commands;
  int64 bytes_sent;
  int64 bytes_received;
};

enum Column {
  kServerName,
  kUserName,
  kNode,
  kRole,
  kDatabase,
  kState,
  kAge,
  kIdleFor,
  kCommands,
  kBytesSent,
  kBytesReceived,
  kColumns
};

ShownConnection* ListConnections(size_t* count) {
  const Pool* pool = BackendPool();
  const size_t most = pool->idle() + pool->leased();
  ShownConnection* list =
      static_cast<ShownConnection*>(palloc0(sizeof(ShownConnection) * (most + 1)));
  size_t n = 0;
  CallCpp([&] {
    absl::Status status;
    pool->ForEach([&](const ConnectionInfo& info) {
      if (!status.ok() || n == most) return;
      const std::string node = info.spec->endpoint.ToString();
      ShownConnection* shown = &list[n++];
      status = CallPg([&] { shown->node = pstrdup(node.c_str()); });
      shown->server = info.spec->server_id;
      shown->user = info.spec->user_id;
      shown->role = info.spec->role;
      shown->database = info.spec->database;
      shown->state = info.state;
      shown->age = info.age;
      shown->idle = info.idle;
      shown->commands = static_cast<int64>(info.commands);
      shown->bytes_sent = static_cast<int64>(info.bytes_sent);
      shown->bytes_received = static_cast<int64>(info.bytes_received);
    });
    return status;
  });
  *count = n;
  return list;
}

bool MaySee(const ShownConnection& shown) {
  const Oid me = GetUserId();
  return has_privs_of_role(me, ROLE_PG_READ_ALL_STATS) || has_privs_of_role(me, shown.user);
}

const char* RoleName(NodeRole role) {
  return role == NodeRole::kPrimary   ? "primary"
         : role == NodeRole::kReplica ? "replica"
                                      : "sentinel";
}

const char* StateName(ConnectionInfo::State state) {
  return state == ConnectionInfo::State::kIdle    ? "idle"
         : state == ConnectionInfo::State::kInUse ? "in use"
                                                  : "connecting";
}

Datum IntervalOf(absl::Duration duration) {
  Interval* interval = static_cast<Interval*>(palloc0(sizeof(Interval)));
  interval->time = absl::ToInt64Microseconds(duration);
  return IntervalPGetDatum(interval);
}

void PutConnection(const ShownConnection& shown, Tuplestorestate* store, TupleDesc desc) {
  Datum values[kColumns];
  bool nulls[kColumns] = {};
  // Who made it may have been dropped since.
  const ForeignServer* server = GetForeignServerExtended(shown.server, FSV_MISSING_OK);
  const char* user = GetUserNameFromId(shown.user, true);
  nulls[kServerName] = server == nullptr;
  if (server != nullptr) values[kServerName] = CStringGetTextDatum(server->servername);
  nulls[kUserName] = user == nullptr;
  if (user != nullptr) values[kUserName] = CStringGetTextDatum(user);
  values[kNode] = CStringGetTextDatum(shown.node);
  values[kRole] = CStringGetTextDatum(RoleName(shown.role));
  values[kDatabase] = Int32GetDatum(shown.database);
  values[kState] = CStringGetTextDatum(StateName(shown.state));
  values[kAge] = IntervalOf(shown.age);
  nulls[kIdleFor] = shown.state != ConnectionInfo::State::kIdle;
  if (!nulls[kIdleFor]) values[kIdleFor] = IntervalOf(shown.idle);
  values[kCommands] = Int64GetDatum(shown.commands);
  values[kBytesSent] = Int64GetDatum(shown.bytes_sent);
  values[kBytesReceived] = Int64GetDatum(shown.bytes_received);
  tuplestore_putvalues(store, desc, values, nulls);
}

// The store that a function which returns a set fills; its caller reads it afterwards.
Tuplestorestate* BeginResult(FunctionCallInfo fcinfo, TupleDesc* desc) {
  ReturnSetInfo* result = (ReturnSetInfo*)fcinfo->resultinfo;
  if (result == nullptr || !IsA(result, ReturnSetInfo) ||
      (result->allowedModes & SFRM_Materialize) == 0) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("set-valued function called in context that cannot accept a set")));
  }
  MemoryContext old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
  if (get_call_result_type(fcinfo, nullptr, desc) != TYPEFUNC_COMPOSITE ||
      (*desc)->natts != kColumns) {
    elog(ERROR, "the function's result is not what the library gives");
  }
  Tuplestorestate* store =
      tuplestore_begin_heap((result->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
  MemoryContextSwitchTo(old);
  result->returnMode = SFRM_Materialize;
  result->setResult = store;
  result->setDesc = *desc;
  return store;
}

bool MayUse(Oid server) { return CheckServerUsage(server, GetUserId()) == ACLCHECK_OK; }

size_t DisconnectFrom(Oid server) {
  size_t closed = 0;
  CallCpp([&] {
    closed = Disconnect(server);
    return absl::OkStatus();
  });
  return closed;
}

}  // namespace
}  // namespace redis_fdw

Datum redis_fdw_connections(PG_FUNCTION_ARGS) {
  TupleDesc desc;
  Tuplestorestate* store = redis_fdw::BeginResult(fcinfo, &desc);
  size_t count = 0;
  const redis_fdw::ShownConnection* list = redis_fdw::ListConnections(&count);
  for (size_t i = 0; i < count; ++i) {
    if (redis_fdw::MaySee(list[i])) redis_fdw::PutConnection(list[i], store, desc);
  }
  return (Datum)0;
}

Datum redis_fdw_disconnect(PG_FUNCTION_ARGS) {
  const Oid server = redis_fdw::FindUsableServer(text_to_cstring(PG_GETARG_TEXT_PP(0)));
  PG_RETURN_BOOL(redis_fdw::DisconnectFrom(server) > 0);
}

Datum redis_fdw_disconnect_all(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  size_t count = 0;
  const redis_fdw::ShownConnection* list = redis_fdw::ListConnections(&count);
  size_t closed = 0;
  for (size_t i = 0; i < count; ++i) {
    const Oid server = list[i].server;
    const bool exists = GetForeignServerExtended(server, FSV_MISSING_OK) != nullptr;
    if (!exists || redis_fdw::MayUse(server)) closed += redis_fdw::DisconnectFrom(server);
  }
  PG_RETURN_BOOL(closed > 0);
}
