// ReplyDecoder: RESP2 bytes in, ReplySink calls out, on hiredis's reader with our own object
// functions.
//
// hiredis's reader cannot pause inside what it was fed, so callers feed bounded chunks (kChunk) and
// stop feeding when the sink is full; between two replies DecodeOne() stops by itself. Bulk strings
// must end in CRLF (hiredis 0.14 does not look), and a claimed length over the limit is refused as
// soon as its header is seen, before anything is allocated for it.

#ifndef REDIS_FDW_CORE_RESP_REPLY_DECODER_H_
#define REDIS_FDW_CORE_RESP_REPLY_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/resp/reply_sink.h"

struct redisReader;

namespace redis_fdw {

class ReplyDecoder {
 public:
  static constexpr size_t kChunk = size_t{32} * 1024;
  // What PostgreSQL can hold in one value (MaxAllocSize is 1 GiB - 1).
  static constexpr int64_t kDefaultMaxBulk = (int64_t{1} << 30) - 1;

  explicit ReplyDecoder(int64_t max_bulk = kDefaultMaxBulk);
  ~ReplyDecoder();
  ReplyDecoder(const ReplyDecoder&) = delete;
  ReplyDecoder& operator=(const ReplyDecoder&) = delete;

  // Adds input. kProtocol or kOutOfMemory on failure, after which the decoder is dead.
  absl::Status Feed(absl::string_view bytes);

  // Decodes from what was fed, into `sink`, until one reply is complete (true) or more input is
  // needed (false). OnElement() is called; OnEnd()/OnError() are the caller's. If the whole reply
  // is an error, *error is set to its text, and nothing was passed to the sink. Errors: kProtocol,
  // kReplyTooLarge, or what the sink returned.
  absl::StatusOr<bool> DecodeOne(ReplySink* sink, std::string* error);

  // Whether bytes are buffered that no reply has consumed, or a reply is half decoded.
  bool mid_reply() const;
  bool has_buffered() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_RESP_REPLY_DECODER_H_
