// Error replies as Statuses.

#ifndef REDIS_FDW_CORE_NET_REPLY_ERROR_H_
#define REDIS_FDW_CORE_NET_REPLY_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "core/net/endpoint.h"

namespace redis_fdw {

// Makes a Status of a server's error reply (without its leading '-'), naming command, key and
// endpoint, with a hint where one helps: WRONGTYPE, NOAUTH, WRONGPASS, NOPERM, LOADING, READONLY,
// MOVED, ASK, OOM, BUSY, MISCONF, "DB index is out of range", unknown command. The server's text is
// kept, from its code on, so NOSCRIPT or the target of a MOVED can be read from the message. Never
// contains arguments other than the key.
absl::Status ErrorFromReply(absl::string_view error, absl::string_view command,
                            absl::string_view key, const Endpoint& endpoint);

// Where MOVED or ASK sends (https://redis.io/docs/reference/cluster-spec/).
struct Redirect {
  bool ask = false;  // ASK: for this command alone, after ASKING; else MOVED: from now on
  int slot = 0;
  std::string host;  // empty: that of the node which answered
  int port = 0;
};

// The code of an error reply that a Status was made of: "WRONGTYPE", "LOADING", "ERR"; empty if it
// was made of none. Not kept by Annotate() and MakeError().
std::string ReplyCode(const absl::Status& status);
// Its redirect, if it is a MOVED or ASK that can be understood.
absl::optional<Redirect> ReplyRedirect(const absl::Status& status);

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_REPLY_ERROR_H_
