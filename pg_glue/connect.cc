#include "pg_glue/connect.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/net/endpoint.h"
#include "core/net/transport.h"
#include "pg_glue/guard.h"
#include "pg_glue/latch_waiter.h"
#include "pg_glue/options.h"
#include "pg_glue/pg.h"
#include "pg_glue/stats.h"
#include "tables/registry.h"

namespace redis_fdw {
namespace {

// Set by cache invalidation, which may come at any moment; heeded when the pool is next used.
bool options_changed = false;

Pool* pool = nullptr;  // never destroyed: the process ends without running destructors

absl::StatusOr<Endpoint> SingleEndpoint(const char* text) {
  ASSIGN_OR_RETURN(std::vector<Endpoint> endpoints, ParseHostPort(text));
  if (endpoints.size() != 1) {
    return MakeError(ErrorKind::kUnsupported,
                     "several addresses in option \"host_port\" are not supported yet",
                     "Redis Cluster and Sentinel come in a later version; name one server.");
  }
  if (endpoints[0].tls) {
    return MakeError(ErrorKind::kUnsupported, "rediss:// (TLS) is not supported yet",
                     "Use redis:// or host:port.");
  }
  return endpoints[0];
}

bool NamesUnixSocket(const char* text) {
  bool is_unix = false;
  CallCpp([&] {
    ASSIGN_OR_RETURN(Endpoint endpoint, SingleEndpoint(text));
    is_unix = endpoint.is_unix();
    return absl::OkStatus();
  });
  return is_unix;
}

absl::Duration TimeoutOf(int ms) {
  return ms == 0 ? absl::InfiniteDuration() : absl::Milliseconds(ms);
}

void OnOptionsChanged(Datum, int, uint32) { options_changed = true; }

// Closing what is too old only closes descriptors; it cannot fail and asks nothing of the catalogs.
void OnTransactionEnd(XactEvent event, void*) {
  if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
    return;
  ForgetParkedError();
  if (pool == nullptr) return;
  Raised ignored;
  RunCpp(
      [] {
        BackendPool()->Tidy();
        return absl::OkStatus();
      },
      &ignored);
}

}  // namespace

void CheckHostPort(const char* text) { (void)NamesUnixSocket(text); }

void CheckMayName(const char* host_port) {
  if (NamesUnixSocket(host_port) && !superuser()) {
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("only a superuser may name a unix socket in option \"host_port\""),
                    errhint("Use host:port, or ask a superuser to create the server.")));
  }
}

void CheckServerPrivileges(const FdwOptions* options) {
  if (NamesUnixSocket(options->host_port) && !superuser_arg(options->server_owner)) {
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("server \"%s\" names a unix socket, but its owner is no superuser",
                           options->server_name),
                    errhint("Make a superuser its owner: ALTER SERVER ... OWNER TO ...")));
  }
}

void CheckTableType(const char* text) {
  CallCpp([&] {
    if (FindTableType(text) != nullptr) return absl::OkStatus();
    return MakeError(
        ErrorKind::kInvalidOption,
        absl::StrCat("invalid value for option \"table_type\": \"", text, "\""),
        absl::StrCat("Allowed values are: ", absl::StrJoin(TableTypeNames(), ", "), "."));
  });
}

const char* TableTypeList() {
  const char* list = "";
  CallCpp([&] {
    std::string names = absl::StrJoin(TableTypeNames(), ", ");
    return CallPg([&] { list = pstrdup(names.c_str()); });
  });
  return list;
}

Pool* BackendPool() {
  if (pool == nullptr) {
    pool = new Pool(SocketTransportFactory(), new LatchWaiter);
    pool->SetTrafficListener(TrafficStats());
  }
  if (options_changed) {
    options_changed = false;
    pool->Invalidate();
  }
  return pool;
}

absl::StatusOr<std::shared_ptr<Router>> NewRouter(const FdwOptions& options) {
  ConnectionSpec spec;
  ASSIGN_OR_RETURN(spec.endpoint, SingleEndpoint(options.host_port));
  if (options.username != nullptr) spec.username = options.username;
  if (options.password != nullptr) spec.password = options.password;
  spec.database = options.database;
  spec.server_id = options.server_id;
  spec.user_id = options.user_id;
  spec.connect_timeout = TimeoutOf(options.connect_timeout_ms);
  spec.command_timeout = TimeoutOf(options.command_timeout_ms);
  return std::shared_ptr<Router>(std::make_shared<StandaloneRouter>(std::move(spec)));
}

PoolLimits LimitsOf(const FdwOptions& options) {
  PoolLimits limits;
  limits.max_size = static_cast<size_t>(options.pool_max_size);
  limits.idle_timeout = absl::Seconds(options.pool_idle_timeout_secs);
  limits.max_lifetime = absl::Seconds(options.pool_max_lifetime_secs);
  limits.test_on_check_out = options.pool_test_on_check_out;
  return limits;
}

void InitConnections() {
  RegisterXactCallback(OnTransactionEnd, nullptr);
  CacheRegisterSyscacheCallback(FOREIGNSERVEROID, OnOptionsChanged, (Datum)0);
  CacheRegisterSyscacheCallback(USERMAPPINGOID, OnOptionsChanged, (Datum)0);
}

}  // namespace redis_fdw
