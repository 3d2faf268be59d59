// The two boundaries between C++ and PostgreSQL.
//
// PostgreSQL raises errors by longjmp, which skips destructors; C++ raises exceptions, which
// PostgreSQL's C frames cannot carry. So neither may cross the other:
//
// - Outer: a callback that PostgreSQL calls keeps no C++ object with a destructor in its own frame.
// It does its C++ work in
//   CallCpp(), which runs it, turns its Status or exception into plain data, lets every C++ frame
//   end, and only then raises the PostgreSQL error.
// - Inner: C++ code that must call PostgreSQL does so in CallPg(), which parks an error raised
// there and returns a Status of kind
//   kHost. CallCpp() raises the parked error again, unchanged, once the C++ frames have ended.
//
// C++ objects that outlive a callback hang on a memory context (Hung), whose reset deletes them.
//
// Not for use by functions that hold a lock or are in a critical section.

#ifndef REDIS_FDW_PG_GLUE_GUARD_H_
#define REDIS_FDW_PG_GLUE_GUARD_H_

#include <type_traits>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/base/status.h"

namespace redis_fdw {

// An error on its way from C++ to ereport(): plain data, texts in the memory context that was
// current.
struct Raised {
  ErrorKind kind = ErrorKind::kInternal;
  const char* message = "";
  const char* detail = "";  // empty: none
  const char* hint = "";    // empty: none
};
static_assert(std::is_trivially_destructible<Raised>::value, "longjmp skips destructors");

// Runs `body`. False if it failed, by Status or exception, with *raised filled. Never raises, never
// throws.
bool RunCpp(absl::FunctionRef<absl::Status()> body, Raised* raised) noexcept;

// Raises as a PostgreSQL error: ereport(ERROR), or the parked error again if the kind is kHost.
[[noreturn]] void Raise(const Raised& raised);

// RunCpp(), and Raise() what comes of it. `body` must be a lambda that captures by reference only.
template <typename Body>
void CallCpp(Body&& body) {
  static_assert(std::is_trivially_destructible<std::remove_reference_t<Body>>::value,
                "capture by reference: longjmp skips destructors");
  Raised raised;
  if (!RunCpp(body, &raised)) Raise(raised);
}

// Runs `body`, which may raise PostgreSQL errors and must create no C++ object with a destructor.
// An error is parked, and returned as kHost.
absl::Status CallPg(absl::FunctionRef<void()> body);

// The Status of an error that is parked already, or OK. Waits end at once while there is one.
absl::Status ParkedError();

// Its SQLSTATE, as errcode() takes it; 0 if none is parked.
int ParkedSqlState();

// Forgets a parked error that nobody raised: at the end of a transaction, which has answered it
// otherwise, or where it is an answer itself.
void ForgetParkedError();

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_GUARD_H_
