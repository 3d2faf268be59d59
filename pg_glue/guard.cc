#include "pg_glue/guard.h"

#include <algorithm>
#include <exception>
#include <new>
#include <string>

#include "absl/strings/str_cat.h"
#include "pg_glue/error_map.h"
#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

// The error that CallPg() caught and CallCpp() has not raised yet. In a context of its own, since
// it outlives whatever context was current.
ErrorData* parked_error = nullptr;
MemoryContext parked_context = nullptr;

// Longer texts are cut: a message is for people, and palloc must not be asked for too much.
constexpr size_t kMaxText = 8192;

// A copy in the current memory context that cannot raise: on exhaustion it gives a constant.
const char* CopyText(const std::string& text) {
  size_t n = std::min(text.size(), kMaxText);
  n = static_cast<size_t>(pg_mbcliplen(text.data(), static_cast<int>(n), static_cast<int>(n)));
  char* copy = static_cast<char*>(palloc_extended(n + 1, MCXT_ALLOC_NO_OOM));
  if (copy == nullptr) return "out of memory while reporting an error";
  std::copy(text.data(), text.data() + n, copy);
  copy[n] = '\0';
  return copy;
}

void FillRaised(const absl::Status& status, Raised* raised) {
  ErrorInfo info = GetErrorInfo(status);
  raised->kind = info.kind;
  if (info.kind == ErrorKind::kHost) return;
  raised->message = CopyText(info.message);
  raised->detail = CopyText(info.detail);
  raised->hint = CopyText(info.hint);
}

}  // namespace

bool RunCpp(absl::FunctionRef<absl::Status()> body, Raised* raised) noexcept {
  try {
    absl::Status status = body();
    // An interrupt may have been swallowed on the way (stopping early, for one): it still has to be
    // answered.
    if (status.ok()) status = ParkedError();
    if (status.ok()) return true;
    FillRaised(status, raised);
  } catch (const std::bad_alloc&) {
    raised->kind = ErrorKind::kOutOfMemory;
    raised->message = "out of memory";
  } catch (const std::exception& e) {
    raised->kind = ErrorKind::kInternal;
    raised->message = "unexpected C++ exception in redis_fdw";
    try {
      raised->detail = CopyText(e.what());
    } catch (...) {
      raised->detail = "";
    }
  } catch (...) {
    raised->kind = ErrorKind::kInternal;
    raised->message = "unexpected C++ exception in redis_fdw";
  }
  return false;
}

void Raise(const Raised& raised) {
  if (parked_error != nullptr) {
    // Whatever else failed came of the interrupt; the interrupt is what happened.
    ErrorData* copy = parked_error;
    parked_error = nullptr;
    ReThrowError(copy);
  }
  ereport(ERROR, (errcode(SqlStateOf(raised.kind)), errmsg_internal("%s", raised.message),
                  raised.detail[0] != '\0' ? errdetail_internal("%s", raised.detail) : 0,
                  raised.hint[0] != '\0' ? errhint("%s", raised.hint) : 0));
  pg_unreachable();
}

absl::Status CallPg(absl::FunctionRef<void()> body) {
  MemoryContext caller = CurrentMemoryContext;
  volatile bool failed = false;
  PG_TRY();
  { body(); }
  PG_CATCH();
  {
    failed = true;
    if (parked_context == nullptr) {
      parked_context =
          AllocSetContextCreate(TopMemoryContext, "redis_fdw parked error", ALLOCSET_SMALL_SIZES);
    }
    MemoryContextReset(parked_context);
    MemoryContextSwitchTo(parked_context);
    parked_error = CopyErrorData();
    FlushErrorState();
    MemoryContextSwitchTo(caller);
  }
  PG_END_TRY();
  return failed ? ParkedError() : absl::OkStatus();
}

absl::Status ParkedError() {
  if (parked_error == nullptr) return absl::OkStatus();
  return MakeError(ErrorKind::kHost, "an error of PostgreSQL is parked");
}

int ParkedSqlState() { return parked_error == nullptr ? 0 : parked_error->sqlerrcode; }

void ForgetParkedError() { parked_error = nullptr; }

}  // namespace redis_fdw
