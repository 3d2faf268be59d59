// Guessing a column's type from values, conservatively.
//
// A type is possible only if every value that was seen is exactly what PostgreSQL writes for it, so
// that reading and writing back changes no byte: "07" is no number, "true" no boolean (PostgreSQL
// writes "t"), "2024-01-01T00:00:00Z" no timestamp. What is in doubt is text, and what is no valid
// UTF-8 is bytea.
//
//   TypeGuess guess;
//   guess.Add("19.90");
//   guess.Add("7");
//   guess.Get();  // kNumeric

#ifndef REDIS_FDW_TABLES_IMPORT_VALUE_TYPES_H_
#define REDIS_FDW_TABLES_IMPORT_VALUE_TYPES_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace redis_fdw {

// In the order in which they are preferred, where several are possible.
enum class ValueType : uint8_t {
  kBoolean,
  kBigint,  // never integer: the next value may not fit
  kNumeric,
  kDouble,  // only for what has an exponent: numeric keeps every plain decimal as it is written
  kTimestampTz,
  kTimestamp,
  kDate,
  kUuid,
  kJsonb,
  kJson,
  kText,
  kBytea,
  kStreamId,  // redis_stream_id; never guessed
};

// Whether the bytes are valid UTF-8 without NUL: what a text column can hold.
bool IsText(absl::string_view bytes);

class TypeGuess {
 public:
  // A value. `cut`: these are only its first bytes, so that nothing but text can be told.
  void Add(absl::string_view value, bool cut = false);

  // The type for all values added; kText if there were none.
  ValueType Get() const;
  // The same for what names a row. Only kBigint, kUuid, kText and kBytea: a wrong guess makes whole
  // rows unreadable.
  ValueType GetIdentity() const;

 private:
  uint32_t possible_ = ~uint32_t{0};  // a bit for each ValueType
  bool any_ = false;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_IMPORT_VALUE_TYPES_H_
