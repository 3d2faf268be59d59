// Scripts that Redis has seen: after the first EVAL of a pipeline the others are EVALSHA, which
// spares the text, and Redis its hash and the search for it (https://redis.io/commands/evalsha/).

#ifndef REDIS_FDW_TABLES_COMMON_SCRIPT_CACHE_H_
#define REDIS_FDW_TABLES_COMMON_SCRIPT_CACHE_H_

#include <string>
#include <utility>
#include <vector>

#include "core/resp/command.h"

namespace redis_fdw {

// The scripts that were sent whole. For commands of one pipeline, in the order in which they are
// sent.
class SentScripts {
 public:
  // The command to send in the place of this one: EVALSHA for an EVAL whose script was sent before,
  // else the same.
  Command Shorten(const Command& command);

 private:
  std::vector<std::pair<std::string, std::string>> hashes_;  // script, SHA1 in hexadecimal
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_SCRIPT_CACHE_H_
