// What differs between the releases of hiredis (0.14 to 1.x), hidden here and nowhere else.
//
//   - the table of object functions grew (createDouble, createBool) and createArray's count
//   widened;
//   - the reader's stack of tasks became an array of pointers;
//   - redisFormatCommandArgv's result widened.

#ifndef REDIS_FDW_CORE_RESP_HIREDIS_COMPAT_H_
#define REDIS_FDW_CORE_RESP_HIREDIS_COMPAT_H_

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#include <cstddef>
#include <cstdlib>

#include "absl/strings/string_view.h"

namespace redis_fdw {
namespace hiredis_compat {

namespace internal {

// The type of createArray's second parameter: int up to 0.14, size_t from 1.0.
template <typename F>
struct SecondParameter;
template <typename R, typename A, typename B>
struct SecondParameter<R (*)(A, B)> {
  using type = B;
};

// From 1.1 the stack is `redisReadTask** task`, before it was `redisReadTask rstack[9]`.
template <typename Reader>
auto TaskAt(const Reader* reader, int i, int) -> decltype(reader->task[i]->type) {
  return reader->task[i]->type;
}
template <typename Reader>
auto TaskAt(const Reader* reader, int i, long) -> decltype(reader->rstack[i].type) {
  return reader->rstack[i].type;
}

}  // namespace internal

using ArrayCount =
    internal::SecondParameter<decltype(redisReplyObjectFunctions::createArray)>::type;

// A table of object functions. `refuse` is called for what RESP3 added; it returns null.
inline redisReplyObjectFunctions ObjectFunctions(
    void* (*string)(const redisReadTask*, char*, size_t),
    void* (*array)(const redisReadTask*, ArrayCount),
    void* (*integer)(const redisReadTask*, long long),  // NOLINT(runtime/int): hiredis's type
    void* (*nil)(const redisReadTask*), void* (*refuse)(const redisReadTask*)) {
  redisReplyObjectFunctions functions = {};
  functions.createString = string;
  functions.createArray = array;
  functions.createInteger = integer;
  functions.createNil = nil;
#if defined(HIREDIS_MAJOR) && HIREDIS_MAJOR >= 1
  static auto* refuse_resp3 = refuse;
  functions.createDouble = [](const redisReadTask* task, double, char*, size_t) -> void* {
    return refuse_resp3(task);
  };
  functions.createBool = [](const redisReadTask* task, int) -> void* { return refuse_resp3(task); };
#else
  (void)refuse;
#endif
  return functions;
}

// The REDIS_REPLY_* type of the item that is being read; -1 if its first byte has not been seen.
inline int CurrentType(const redisReader* reader) {
  return reader->ridx < 0 ? -1 : internal::TaskAt(reader, reader->ridx, 0);
}

// Owns the RESP form of a command; empty if memory ran out.
class FormattedCommand {
 public:
  FormattedCommand(int argc, const char** argv, const size_t* lengths) {
    auto n = redisFormatCommandArgv(&data_, argc, argv, lengths);
    size_ = n > 0 ? static_cast<size_t>(n) : 0;
  }
  ~FormattedCommand() {
    if (data_ != nullptr) redisFreeCommand(data_);
  }
  FormattedCommand(const FormattedCommand&) = delete;
  FormattedCommand& operator=(const FormattedCommand&) = delete;

  absl::string_view bytes() const { return absl::string_view(data_, size_); }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace hiredis_compat
}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_RESP_HIREDIS_COMPAT_H_
