#include "pg_glue/connect.h"

#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "core/exec/cluster_router.h"
#include "core/exec/sentinel_router.h"
#include "core/net/endpoint.h"
#include "core/net/transport.h"
#include "pg_glue/guard.h"
#include "pg_glue/latch_waiter.h"
#include "pg_glue/options.h"
#include "pg_glue/pg.h"
#include "pg_glue/stats.h"

namespace redis_fdw {
namespace {

// Counted up by cache invalidation, which may come at any moment; heeded when the pool or a router
// is next asked for.
uint64_t generation = 0;
uint64_t heeded_generation = 0;

Pool* pool = nullptr;  // never destroyed: the process ends without running destructors

// What decides a router, given the options of a generation: server, user, database, and timeouts
// for connecting and for answers, in milliseconds.
using RouterKey = std::tuple<Oid, Oid, int, int, int>;
using RouterMap = std::map<RouterKey, std::shared_ptr<Router>>;

// Never destroyed, either. A router that is dropped here lives on in the statements that use it.
RouterMap& Routers() {
  static auto* const routers = new RouterMap;
  return *routers;
}

void HeedChanges() {
  if (heeded_generation == generation) return;
  heeded_generation = generation;
  Routers().clear();
  if (pool != nullptr) pool->Invalidate();
}

absl::Duration TimeoutOf(int ms) {
  return ms == 0 ? absl::InfiniteDuration() : absl::Milliseconds(ms);
}

void OnOptionsChanged(Datum, int, uint32) { ++generation; }

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

// An empty text where there is none.
const char* TextOf(const char* option) { return option == nullptr ? "" : option; }

ConnectionSpec SpecOf(const FdwOptions& options) {
  ConnectionSpec spec;
  spec.username = TextOf(options.username);
  spec.password = TextOf(options.password);
  spec.database = options.database;
  spec.tls.ca_file = TextOf(options.tls_ca_file);
  spec.tls.cert_file = TextOf(options.tls_cert_file);
  spec.tls.key_file = TextOf(options.tls_key_file);
  spec.tls.server_name = TextOf(options.tls_server_name);
  spec.tls.verify = options.tls_verify;
  spec.connect_timeout = TimeoutOf(options.connect_timeout_ms);
  spec.command_timeout = TimeoutOf(options.command_timeout_ms);
  spec.server_id = options.server_id;
  spec.user_id = options.user_id;
  spec.client_name = options.client_name;
  return spec;
}

absl::StatusOr<std::shared_ptr<Router>> MakeRouter(const FdwOptions& options) {
  ASSIGN_OR_RETURN(std::vector<Endpoint> endpoints, ParseHostPort(options.host_port));
  ConnectionSpec spec = SpecOf(options);
  std::shared_ptr<Router> router;
  switch (options.mode) {
    case ServerMode::kStandalone:
      spec.endpoint = endpoints[0];
      router = std::make_shared<StandaloneRouter>(std::move(spec));
      break;
    case ServerMode::kSentinel: {
      SentinelOptions sentinel;
      sentinel.master = TextOf(options.sentinel_master);
      sentinel.username = TextOf(options.sentinel_username);
      sentinel.password = TextOf(options.sentinel_password);
      sentinel.read_from = options.read_from;
      sentinel.replica_choice = static_cast<uint32_t>(MyProcPid);
      router = std::make_shared<SentinelRouter>(spec, endpoints, std::move(sentinel));
      break;
    }
    case ServerMode::kAuto:
    case ServerMode::kCluster: {
      ClusterOptions cluster;
      cluster.must_be_cluster = options.mode == ServerMode::kCluster;
      cluster.read_from = options.read_from;
      cluster.replica_choice = static_cast<uint32_t>(MyProcPid);
      router = std::make_shared<ClusterRouter>(spec, endpoints, std::move(cluster));
      break;
    }
  }
  return router;
}

}  // namespace

Pool* BackendPool() {
  if (pool == nullptr) {
    pool = new Pool(SocketTransportFactory(), new LatchWaiter);
    pool->SetTrafficListener(TrafficStats());
  }
  HeedChanges();
  return pool;
}

absl::StatusOr<std::shared_ptr<Router>> NewRouter(const FdwOptions& options) {
  HeedChanges();
  // Options that were read before a change that is heeded by now must not outlive their statement.
  if (options.generation != generation) return MakeRouter(options);
  const RouterKey key(options.server_id, options.user_id, options.database,
                      options.connect_timeout_ms, options.command_timeout_ms);
  const auto found = Routers().find(key);
  if (found != Routers().end()) return found->second;
  ASSIGN_OR_RETURN(std::shared_ptr<Router> router, MakeRouter(options));
  Routers().emplace(key, router);
  return router;
}

size_t Disconnect(uint32_t server_id) {
  for (auto it = Routers().begin(); it != Routers().end();) {
    it = std::get<0>(it->first) == server_id ? Routers().erase(it) : std::next(it);
  }
  return BackendPool()->Close(
      [server_id](const ConnectionSpec& spec) { return spec.server_id == server_id; });
}

uint64_t OptionsGeneration() { return generation; }

const char* ClientName() {
  // A database that is connected to keeps its name.
  static char name[NAMEDATALEN + 32];
  if (name[0] == '\0') {
    const char* database = get_database_name(MyDatabaseId);
    snprintf(name, sizeof(name), "redis_fdw:%s:%d", database == nullptr ? "" : database, MyProcPid);
  }
  return name;
}

PoolLimits LimitsOf(const FdwOptions& options) {
  PoolLimits limits;
  limits.max_size = static_cast<size_t>(options.pool_max_size);
  limits.acquire_timeout = TimeoutOf(options.pool_connection_timeout_ms);
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
