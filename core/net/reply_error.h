// Error replies as Statuses.

#ifndef REDIS_FDW_CORE_NET_REPLY_ERROR_H_
#define REDIS_FDW_CORE_NET_REPLY_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/net/endpoint.h"

namespace redis_fdw {

// Makes a Status of a server's error reply (without its leading '-'), naming command, key and
// endpoint, with a hint where one helps: WRONGTYPE, NOAUTH, WRONGPASS, NOPERM, LOADING, READONLY,
// MOVED, ASK, OOM, BUSY, MISCONF, "DB index is out of range", unknown command. The server's text is
// kept, from its code on, so NOSCRIPT or the target of a MOVED can be read from the message. Never
// contains arguments other than the key.
absl::Status ErrorFromReply(absl::string_view error, absl::string_view command,
                            absl::string_view key, const Endpoint& endpoint);

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_REPLY_ERROR_H_
