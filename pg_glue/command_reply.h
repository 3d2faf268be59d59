// The replies of single commands, as redis_command() and redis_command_bytea() return them.
//
// Both are sinks for one reply. What is built is in the memory context that was current when it
// arrived. A reply that cannot be shown (text that is not valid, an error among an array's
// elements) is read to its end and then fails as a whole, saying that the command was carried out.

#ifndef REDIS_FDW_PG_GLUE_COMMAND_REPLY_H_
#define REDIS_FDW_PG_GLUE_COMMAND_REPLY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/net/endpoint.h"
#include "core/resp/reply_sink.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

class CommandReply : public ReplySink {
 public:
  // The command's name and the server, for messages.
  CommandReply(std::string command, Endpoint endpoint)
      : command_(std::move(command)), endpoint_(std::move(endpoint)) {}

  absl::Status OnElement(const ReplyElement& element) final;
  absl::Status OnEnd() final;
  absl::Status OnError(const absl::Status& error) final;

  bool complete() const { return complete_; }

 protected:
  // An element that is no error. Within CallCpp().
  virtual absl::Status Take(const ReplyElement& element) = 0;

  // What follows of the reply is ignored and this is how it ends; the first counts.
  void FailAtEnd(ErrorKind kind, const std::string& message, const std::string& hint);
  // Beyond what we are willing to hold: to be returned at once, so that the rest is not even read.
  absl::Status TooLarge(absl::string_view limit) const;

  const std::string& command() const { return command_; }

 private:
  const std::string command_;
  const Endpoint endpoint_;
  absl::Status failure_;
  bool complete_ = false;
};

// Strings and statuses become JSON strings, integers numbers, nil null, and arrays arrays.
class JsonReply : public CommandReply {
 public:
  using CommandReply::CommandReply;

  // What a reply may come to: the bytes of its strings, and kElementBytes for each element. It
  // keeps within what jsonb and palloc can hold.
  static constexpr size_t kMaxBytes = size_t{256} * 1024 * 1024;
  static constexpr size_t kElementBytes = sizeof(JsonbValue);

  // Null if the reply was nil. REQUIRES: complete().
  JsonbValue* value() const { return value_; }

 protected:
  absl::Status Take(const ReplyElement& element) override;

 private:
  absl::Status Charge(const ReplyElement& element);
  bool CheckText(const ReplyElement& element);
  absl::Status CloseFullArrays();

  JsonbParseState* state_ = nullptr;
  JsonbValue* value_ = nullptr;
  std::vector<int64_t> missing_;  // of each open array: elements still to come
  size_t charged_ = 0;
};

// The bytes of a string or status, an integer in decimal. An array fails (kUnsupported).
class BytesReply : public CommandReply {
 public:
  using CommandReply::CommandReply;

  // Null if the reply was nil. REQUIRES: complete().
  bytea* value() const { return value_; }

 protected:
  absl::Status Take(const ReplyElement& element) override;

 private:
  bytea* value_ = nullptr;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_COMMAND_REPLY_H_
