// From options to connections: the backend's pool, and its routers, which remember what they have
// learnt of a deployment from statement to statement.

#ifndef REDIS_FDW_PG_GLUE_CONNECT_H_
#define REDIS_FDW_PG_GLUE_CONNECT_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "core/exec/router.h"
#include "core/net/pool.h"

namespace redis_fdw {

struct FdwOptions;

// The pool of this backend. Lives as long as it. Connections made with options that have changed
// since are closed first. Neither raises nor throws.
Pool* BackendPool();

// How to reach the server: the router that serves all statements of this session with the same
// server, user, database and timeouts, until options change or Disconnect(). (Estimates have
// timeouts of their own, and so a router of their own.) No I/O. Called inside CallCpp().
absl::StatusOr<std::shared_ptr<Router>> NewRouter(const FdwOptions& options);

// Forgets what is known of a server's nodes, and its connections: idle ones are closed, those in
// use when they come back. How many connections that were. Called inside CallCpp().
size_t Disconnect(uint32_t server_id);

// Counts the times that options may have changed. What was read at one count and used at another
// may be out of date.
uint64_t OptionsGeneration();

// What servers are told that this session is called: "redis_fdw:<database>:<pid>". May raise.
const char* ClientName();

// What the options say of the pool.
PoolLimits LimitsOf(const FdwOptions& options);

// Registers the callbacks that keep the pool tidy. Once, from _PG_init.
void InitConnections();

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_CONNECT_H_
