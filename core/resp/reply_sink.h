// ReplySink: where the elements of a reply go as they are decoded.
//
// A reply is a tree (RESP2: status, error, integer, bulk string, nil, array of these). It is never
// built: the decoder calls OnElement() for each node in the order of the wire, parents before
// children, as soon as it has arrived, and OnEnd() after the last. Bytes in an event live only
// during the call.

#ifndef REDIS_FDW_CORE_RESP_REPLY_SINK_H_
#define REDIS_FDW_CORE_RESP_REPLY_SINK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace redis_fdw {

enum class ReplyType { kStatus, kError, kInteger, kBulk, kNil, kArray };

struct ReplyElement {
  ReplyType type;
  int depth;                // 0: the reply itself; 1: an element of it; ...
  int64_t index;            // position in the parent array; 0 at depth 0
  int64_t integer;          // kInteger: the value; kArray: the number of elements; else 0
  absl::string_view bytes;  // kStatus, kError, kBulk; valid during the call only
};

class ReplySink {
 public:
  virtual ~ReplySink() = default;

  // One element. A non-OK status ends decoding: the connection is then broken, its other replies
  // are lost, and the status reaches whoever waits. An error reply at depth 0 does not come here
  // but to OnError(). Nested errors (of EXEC or a script) do come here, as kError.
  virtual absl::Status OnElement(const ReplyElement& element) = 0;

  // The reply is complete (not called after OnError()). May submit further commands.
  virtual absl::Status OnEnd() { return absl::OkStatus(); }

  // The server answered with an error, already made into a Status that names command, key and host.
  // Returning it fails whoever waits (the connection stays usable); returning OK swallows it.
  virtual absl::Status OnError(const absl::Status& error) { return error; }

  // True when no more should be decoded for now. Asked between replies and between chunks of input,
  // so some elements (at most one chunk's worth) may still arrive after it has turned true.
  virtual bool Full() const { return false; }
};

// Takes a reply and forgets it; error replies too.
class NullSink : public ReplySink {
 public:
  absl::Status OnElement(const ReplyElement&) override { return absl::OkStatus(); }
  absl::Status OnError(const absl::Status&) override { return absl::OkStatus(); }
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_RESP_REPLY_SINK_H_
