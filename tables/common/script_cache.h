// Scripts that Redis has seen: after the first EVAL of a pipeline to a server the others are
// EVALSHA, which spares the text, and Redis its hash and the search for it
// (https://redis.io/commands/evalsha/).

#ifndef REDIS_FDW_TABLES_COMMON_SCRIPT_CACHE_H_
#define REDIS_FDW_TABLES_COMMON_SCRIPT_CACHE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/resp/command.h"

namespace redis_fdw {

// The scripts that were sent whole, and to whom. For commands of one pipeline, in the order in
// which they are sent.
class SentScripts {
 public:
  // The command to send to that process in the place of this one: EVALSHA for an EVAL whose script
  // was sent there before, else the same.
  Command Shorten(const Command& command, absl::string_view run_id);
  // The EVAL is sent whole.
  void SendWhole(const Command& command, absl::string_view run_id);

 private:
  struct Script {
    std::string text;
    std::string hash;                  // SHA1 in hexadecimal
    std::vector<std::string> sent_to;  // run ids
  };
  Script* ScriptOf(const Command& command);

  std::vector<Script> scripts_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_SCRIPT_CACHE_H_
