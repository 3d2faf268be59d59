// Scripts: what no one command of Redis does in one step.
//
// The whole text is sent each time: Redis knows a script it has seen by its hash, and one it has
// not is not an error.

#ifndef REDIS_FDW_TABLES_COMMON_SCRIPT_H_
#define REDIS_FDW_TABLES_COMMON_SCRIPT_H_

#include "absl/strings/string_view.h"
#include "core/resp/command.h"

namespace redis_fdw {

// Lua for the beginning of scripts: other(key, type) is nil if the key holds that type, else what
// to reply: 0 if the key is not there, the error that Redis's own commands give if it holds
// another.
constexpr char kTypeLua[] = R"lua(
local function other(key, kind)
  local held = redis.call('TYPE', key).ok
  if held == kind then return nil end
  if held == 'none' then return 0 end
  return redis.error_reply('WRONGTYPE Operation against a key holding the wrong kind of value')
end
)lua";

// A command that runs `script` on the one key, up to where its own arguments begin.
inline Command ScriptCommand(absl::string_view script, absl::string_view key) {
  Command command("EVAL");
  command.Arg(script).ArgInt(1).Key(key);
  return command;
}

// The same with a second key, where rows move to; it may be the same.
inline Command MoveScriptCommand(absl::string_view script, absl::string_view key,
                                 absl::string_view new_key) {
  Command command("EVAL");
  command.Arg(script).ArgInt(2).Key(key).Arg(new_key);
  return command;
}

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_SCRIPT_H_
