// The TTL of a key: reading it beside the key's rows, and setting it in one atomic step with a
// write.

#ifndef REDIS_FDW_TABLES_COMMON_KEY_TTL_H_
#define REDIS_FDW_TABLES_COMMON_KEY_TTL_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "core/net/connection.h"
#include "core/resp/command.h"
#include "tables/common/elements.h"
#include "tables/common/step_source.h"

namespace redis_fdw {

// Shares the TTL of `key` (kTtlPart, in seconds, rounded as TTL does it; -1: none) with the rows
// written after the reply. PTTL.
Step TtlStep(absl::string_view key, RowWriter* rows);
// The same of the instant at which it expires (kExpiresPart; NULL: never). PEXPIRETIME, or a script
// before Redis 7.0.
Step ExpiresStep(absl::string_view key, const ServerInfo& server, RowWriter* rows);

// Lua for the beginning of scripts: expire(key, how, ms) does what two arguments of AppendTtl()
// say.
extern const char kExpireLua[];
// Appends two arguments: how, and milliseconds.
void AppendTtl(const TtlChange& ttl, Command* command);

// A script that runs `command`, whose key is its first argument, and then sets the TTL of the key,
// but not if `if_applied` and the command replied 0 or nil. Replies what the command replies.
// REQUIRES: command.size() <= kMostScriptArguments.
Command WithTtl(const Command& command, const TtlChange& ttl, bool if_applied);

// Lua's stack holds 8000 values: no script can run a command of more.
constexpr size_t kMostScriptArguments = 7500;

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_KEY_TTL_H_
