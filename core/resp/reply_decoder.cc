#include "core/resp/reply_decoder.h"

#include <algorithm>
#include <new>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/resp/hiredis_compat.h"

namespace redis_fdw {
namespace {

// A status or error line, which hiredis buffers until it ends, may not be longer than this.
constexpr size_t kMaxLine = size_t{64} * 1024;
// "1099511627776" and the like: what follows '$', '*' and ':' before CRLF.
constexpr size_t kMaxHeader = 32;
// hiredis 0.14 has nine levels; later releases would grow their stack for as long as the peer
// likes.
constexpr int kMaxDepth = 8;
// An empty buffer of up to this size is kept between feeds and replies; a larger one is freed.
constexpr size_t kKeepBuffer = size_t{256} * 1024;

// hiredis wants an object per item and stops at null; what it points at is never looked at.
char g_object;
void* const kGoOn = &g_object;
void* const kStop = nullptr;

// Without a message a Status allocates nothing. DecodeOne() makes a proper one of it.
absl::Status NoMemory() { return absl::Status(absl::StatusCode::kResourceExhausted, ""); }

int DepthOf(const redisReadTask* task) {
  int depth = 0;
  for (const redisReadTask* t = task->parent; t != nullptr; t = t->parent) ++depth;
  return depth;
}

}  // namespace

// The reader and what its callbacks need. The callbacks are called by C code, so none throws: what
// goes wrong is latched in `status` and ends decoding.
struct ReplyDecoder::State {
  explicit State(int64_t limit) : max_bulk(limit) {
    functions =
        hiredis_compat::ObjectFunctions(&OnString, &OnArray, &OnInteger, &OnNil, &OnRefused);
    reader = NewReader();
    if (reader == nullptr) throw std::bad_alloc();
  }
  ~State() { redisReaderFree(reader); }

  redisReader* NewReader();
  // After a reply: gives back what a large value has made the reader allocate.
  void Shrink();
  // Passes an element on; false if decoding must stop.
  bool Emit(const redisReadTask* task, ReplyType type, int64_t integer, absl::string_view bytes);
  // Latches `why` (the first counts) and returns what stops hiredis.
  void* Stop(absl::Status why) {
    if (status.ok()) status = std::move(why);
    return kStop;
  }
  // Looks at an item of which hiredis waits for the rest: kProtocol or kReplyTooLarge if it should
  // not.
  absl::Status CheckIncomplete() const;
  absl::Status CheckHeader(absl::string_view unread, int type) const;
  // What hiredis itself did not like.
  absl::Status ReaderError() const;
  absl::Status TooLarge(absl::string_view length) const;

  static State* Of(const redisReadTask* task) { return static_cast<State*>(task->privdata); }
  static void* OnString(const redisReadTask* task, char* bytes, size_t length) noexcept;
  static void* OnArray(const redisReadTask* task, hiredis_compat::ArrayCount count) noexcept;
  static void* OnInteger(const redisReadTask* task, long long value) noexcept;  // NOLINT
  static void* OnNil(const redisReadTask* task) noexcept;
  static void* OnRefused(const redisReadTask* task) noexcept;

  const int64_t max_bulk;
  redisReplyObjectFunctions functions;
  redisReader* reader = nullptr;
  size_t largest_buffer = 0;  // since `reader` was made
  absl::Status status;        // non-OK: dead
  // Of the call to DecodeOne() in progress.
  ReplySink* sink = nullptr;
  std::string* error = nullptr;
};

namespace {

absl::Status ProtocolError(absl::string_view what) {
  return MakeError(ErrorKind::kProtocol, absl::StrCat("invalid reply: ", what),
                   "Check that the port is that of a Redis server, without TLS.");
}

absl::Status TooDeep() {
  return MakeError(ErrorKind::kReplyTooLarge,
                   "a reply whose arrays are nested more than eight deep cannot be read");
}

absl::Status OutOfMemory() {
  return MakeError(ErrorKind::kOutOfMemory, "out of memory while decoding a reply");
}

}  // namespace

redisReader* ReplyDecoder::State::NewReader() {
  redisReader* made = redisReaderCreateWithFunctions(&functions);
  if (made == nullptr) return nullptr;
  made->privdata = this;
  made->maxbuf = kKeepBuffer;
  return made;
}

void ReplyDecoder::State::Shrink() {
  if (largest_buffer <= kKeepBuffer || reader->len > reader->pos) return;
  redisReader* fresh = NewReader();
  if (fresh == nullptr) return;  // the old one will do
  redisReaderFree(reader);
  reader = fresh;
  largest_buffer = 0;
}

absl::Status ReplyDecoder::State::ReaderError() const {
  if (reader->err == REDIS_ERR_OOM) return OutOfMemory();
  // The peer speaks RESP well enough; hiredis 0.14 has no code of its own for this.
  if (absl::StrContains(reader->errstr, "nested multi bulk")) return TooDeep();
  return ProtocolError(reader->errstr);
}

bool ReplyDecoder::State::Emit(const redisReadTask* task, ReplyType type, int64_t integer,
                               absl::string_view bytes) {
  ReplyElement element;
  element.type = type;
  element.depth = DepthOf(task);
  element.index = element.depth == 0 ? 0 : task->idx;
  element.integer = integer;
  element.bytes = bytes;
  if (element.depth > kMaxDepth) {
    Stop(TooDeep());
    return false;
  }
  absl::Status result = sink->OnElement(element);
  if (result.ok()) return true;
  Stop(std::move(result));
  return false;
}

void* ReplyDecoder::State::OnString(const redisReadTask* task, char* bytes,
                                    size_t length) noexcept {
  State* state = Of(task);
  try {
    const absl::string_view view(bytes, length);
    if (task->type == REDIS_REPLY_STRING) {
      // hiredis 0.14 skips the two bytes after a bulk string without looking. They are buffered.
      if (bytes[length] != '\r' || bytes[length + 1] != '\n') {
        return state->Stop(ProtocolError("a bulk string does not end where it should"));
      }
      if (static_cast<int64_t>(length) > state->max_bulk) {
        return state->Stop(state->TooLarge(absl::StrCat(length)));
      }
      return state->Emit(task, ReplyType::kBulk, 0, view) ? kGoOn : kStop;
    }
    if (task->type == REDIS_REPLY_STATUS) {
      return state->Emit(task, ReplyType::kStatus, 0, view) ? kGoOn : kStop;
    }
    if (task->type != REDIS_REPLY_ERROR) return OnRefused(task);
    if (task->parent == nullptr) {
      state->error->assign(length == 0 ? "ERR" : bytes, length == 0 ? 3 : length);
      return kGoOn;
    }
    return state->Emit(task, ReplyType::kError, 0, view) ? kGoOn : kStop;
  } catch (...) {
    return state->Stop(NoMemory());
  }
}

void* ReplyDecoder::State::OnArray(const redisReadTask* task,
                                   hiredis_compat::ArrayCount count) noexcept {
  State* state = Of(task);
  try {
    if (task->type != REDIS_REPLY_ARRAY) return OnRefused(task);
    return state->Emit(task, ReplyType::kArray, static_cast<int64_t>(count), {}) ? kGoOn : kStop;
  } catch (...) {
    return state->Stop(NoMemory());
  }
}

void* ReplyDecoder::State::OnInteger(const redisReadTask* task,
                                     long long value) noexcept {  // NOLINT(runtime/int)
  State* state = Of(task);
  try {
    if (task->type != REDIS_REPLY_INTEGER) return OnRefused(task);
    return state->Emit(task, ReplyType::kInteger, value, {}) ? kGoOn : kStop;
  } catch (...) {
    return state->Stop(NoMemory());
  }
}

void* ReplyDecoder::State::OnNil(const redisReadTask* task) noexcept {
  State* state = Of(task);
  try {
    return state->Emit(task, ReplyType::kNil, 0, {}) ? kGoOn : kStop;
  } catch (...) {
    return state->Stop(NoMemory());
  }
}

void* ReplyDecoder::State::OnRefused(const redisReadTask* task) noexcept {
  State* state = Of(task);
  try {
    return state->Stop(ProtocolError("it is of a type that RESP2 does not have"));
  } catch (...) {
    return state->Stop(NoMemory());
  }
}

absl::Status ReplyDecoder::State::TooLarge(absl::string_view length) const {
  return MakeError(
      ErrorKind::kReplyTooLarge,
      absl::StrCat("reply has a value of ", length, " bytes, the limit is ", max_bulk, " bytes"));
}

absl::Status ReplyDecoder::State::CheckIncomplete() const {
  const absl::string_view unread(reader->buf + reader->pos, reader->len - reader->pos);
  switch (hiredis_compat::CurrentType(reader)) {
    case REDIS_REPLY_STRING:
      return CheckHeader(unread, REDIS_REPLY_STRING);
    case REDIS_REPLY_ARRAY:
    case REDIS_REPLY_INTEGER:
      return CheckHeader(unread, REDIS_REPLY_INTEGER);
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
      if (unread.size() > kMaxLine) return ProtocolError("a line does not end");
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

// `unread` begins after the type's byte.
absl::Status ReplyDecoder::State::CheckHeader(absl::string_view unread, int type) const {
  const absl::string_view header = unread.substr(0, kMaxHeader);
  const size_t end = header.find('\r');
  if (end == absl::string_view::npos) {
    if (unread.size() > kMaxHeader) return ProtocolError("a length does not end");
    return absl::OkStatus();
  }
  if (type != REDIS_REPLY_STRING) return absl::OkStatus();
  // hiredis has parsed the number before it waits for the bytes, so it is one, and short enough.
  int64_t length = 0;
  for (char c : header.substr(0, end)) {
    if (c < '0' || c > '9') return absl::OkStatus();
    if (length > max_bulk) break;
    length = length * 10 + (c - '0');
  }
  return length > max_bulk ? TooLarge(header.substr(0, end)) : absl::OkStatus();
}

ReplyDecoder::ReplyDecoder(int64_t max_bulk) : state_(std::make_unique<State>(max_bulk)) {}
ReplyDecoder::~ReplyDecoder() = default;

absl::Status ReplyDecoder::Feed(absl::string_view bytes) {
  if (!state_->status.ok()) return state_->status;
  if (redisReaderFeed(state_->reader, bytes.data(), bytes.size()) != REDIS_OK) {
    state_->status = OutOfMemory();
  }
  state_->largest_buffer = std::max(state_->largest_buffer, state_->reader->len);
  return state_->status;
}

absl::StatusOr<bool> ReplyDecoder::DecodeOne(ReplySink* sink, std::string* error) {
  State& state = *state_;
  if (!state.status.ok()) return state.status;
  state.sink = sink;
  state.error = error;
  error->clear();
  void* reply = nullptr;
  const int result = redisReaderGetReply(state.reader, &reply);
  state.sink = nullptr;
  state.error = nullptr;
  if (result != REDIS_OK) {
    // A callback that stops looks like lack of memory to hiredis; the reason is ours.
    if (state.status.ok()) {
      state.status = state.ReaderError();
    } else if (state.status.message().empty()) {
      state.status = OutOfMemory();  // latched by a callback that could not allocate a message
    }
    return state.status;
  }
  if (reply != nullptr) {
    state.Shrink();
    return true;
  }
  absl::Status check = state.CheckIncomplete();
  if (!check.ok()) {
    state.status = check;
    return check;
  }
  return false;
}

bool ReplyDecoder::mid_reply() const {
  // hiredis opens its first task before it has a byte to read.
  const redisReader* reader = state_->reader;
  return reader->ridx > 0 || hiredis_compat::CurrentType(reader) >= 0;
}

bool ReplyDecoder::has_buffered() const { return state_->reader->len > state_->reader->pos; }

}  // namespace redis_fdw
