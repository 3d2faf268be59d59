// Command: one Redis command as arguments with lengths, and what may be done with it.
//
// Arguments are bytes; nothing is ever formatted into them. The RESP form is made by hiredis
// (redisFormatCommandArgv).
//
// Example:
//   Command c("HGET");
//   c.Key(table_key).Arg(field).ReadOnly();

#ifndef REDIS_FDW_CORE_RESP_COMMAND_H_
#define REDIS_FDW_CORE_RESP_COMMAND_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"

namespace redis_fdw {

// What may be done with a command whose connection broke after it was (perhaps partly) sent.
enum class RetryClass {
  kNever,     // a write: its effect is unknown
  kIfUnsent,  // a write of which certainly no byte was sent may be sent again; kNever from then on
  kAlways,    // a read
};

class Command {
 public:
  // Where the command goes.
  enum class Target {
    kKey,           // the node that serves key(); the default once Key() was called
    kNode,          // node()
    kAllPrimaries,  // one copy to each primary
    kAny,           // whichever node: no key (PING, INFO)
  };

  explicit Command(absl::string_view name) { Arg(name); }

  // Each appends one argument and returns *this.
  Command& Arg(absl::string_view bytes);
  Command& ArgInt(int64_t value);
  Command& ArgDouble(double value);     // shortest exact; inf and -inf as Redis takes them
  Command& Key(absl::string_view key);  // appends, and routes by this argument

  // Each sets a property and returns *this.
  Command& ReadOnly() {
    read_only_ = true;
    retry_ = RetryClass::kAlways;
    return *this;
  }
  Command& Retry(RetryClass retry) {
    retry_ = retry;
    return *this;
  }
  Command& ToNode(int node) {
    target_ = Target::kNode;
    node_ = node;
    return *this;
  }
  Command& ToAllPrimaries() {
    target_ = Target::kAllPrimaries;
    return *this;
  }
  // Commands of the same non-zero group (MULTI ... EXEC) go to one connection, with none between.
  Command& AtomicGroup(int group) {
    atomic_group_ = group;
    return *this;
  }
  // A cursor belongs to one server process: the command is refused (kConnectionLost) on any other.
  Command& CursorOf(absl::string_view run_id) {
    run_id_ = std::string(run_id);
    return *this;
  }

  size_t size() const { return ends_.size(); }
  absl::string_view arg(size_t i) const {
    size_t begin = i == 0 ? 0 : ends_[i - 1];
    return absl::string_view(bytes_).substr(begin, ends_[i] - begin);
  }
  absl::string_view name() const { return arg(0); }
  // Empty if the command has no key.
  absl::string_view key() const { return key_index_ == 0 ? absl::string_view() : arg(key_index_); }
  bool has_key() const { return key_index_ != 0; }

  Target target() const { return target_; }
  int node() const { return node_; }
  bool read_only() const { return read_only_; }
  RetryClass retry() const { return retry_; }
  int atomic_group() const { return atomic_group_; }
  absl::string_view run_id() const { return run_id_; }
  // Bytes of all arguments.
  size_t payload() const { return bytes_.size(); }

  // Beyond what Redis takes (512 MB an argument, a million arguments, 1 GB in all); never sent.
  bool TooLarge() const { return payload() > (size_t{1} << 30) || size() > (size_t{1} << 20); }

  // Appends the RESP form to *out. REQUIRES: !TooLarge(). May throw std::bad_alloc.
  void AppendTo(std::string* out) const;

  // For EXPLAIN and tests: arguments separated by blanks, quoted and escaped where needed, as
  // redis-cli takes them. Never call it on AUTH.
  std::string DebugString() const;

 private:
  std::string bytes_;  // all arguments, end to end
  absl::InlinedVector<size_t, 6> ends_;
  Target target_ = Target::kAny;
  size_t key_index_ = 0;  // 0: none (argument 0 is the name)
  int node_ = 0;
  int atomic_group_ = 0;
  bool read_only_ = false;
  RetryClass retry_ = RetryClass::kIfUnsent;
  std::string run_id_;
};

// An argument as redis-cli would print or take it: plain where it can be, else quoted with escapes.
std::string QuoteArgument(absl::string_view bytes);

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_RESP_COMMAND_H_
