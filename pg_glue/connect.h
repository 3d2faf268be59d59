// From options to connections: the backend's pool, routers for servers, and what of an option only
// the C++ side can judge.

#ifndef REDIS_FDW_PG_GLUE_CONNECT_H_
#define REDIS_FDW_PG_GLUE_CONNECT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "core/exec/router.h"
#include "core/net/pool.h"

namespace redis_fdw {

struct FdwOptions;

// Raises if the text is no host_port.
void CheckHostPort(const char* text);
// Raises if the current user may not put this host_port into a server: a unix socket needs a
// superuser. For DDL only; whoever may use the server need not be one.
void CheckMayName(const char* host_port);
// Raises if there is no such table type, naming those there are.
void CheckTableType(const char* text);
// "hash, list, ...", in the current memory context.
const char* TableTypeList();
// Raises where a server needs a superuser as its owner (unix sockets): at use, since a wrapper may
// have no validator.
void CheckServerPrivileges(const FdwOptions* options);

// The pool of this backend. Lives as long as it. Connections made with options that have changed
// since are closed first. Neither raises nor throws.
Pool* BackendPool();

// How to reach the server. Called inside CallCpp().
absl::StatusOr<std::shared_ptr<Router>> NewRouter(const FdwOptions& options);

// What the options say of the pool.
PoolLimits LimitsOf(const FdwOptions& options);

// Registers the callbacks that keep the pool tidy. Once, from _PG_init.
void InitConnections();

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_CONNECT_H_
