// Whether a text is JSON, and whether PostgreSQL's jsonb would give it back byte by byte.

#ifndef REDIS_FDW_TABLES_IMPORT_JSON_TEXT_H_
#define REDIS_FDW_TABLES_IMPORT_JSON_TEXT_H_

#include "absl/strings/string_view.h"

namespace redis_fdw {

enum class JsonForm {
  kNone,   // no JSON object or array, or one that PostgreSQL might refuse
  kText,   // valid; a json column keeps it as it is, a jsonb column would write it differently
  kBinary  // in the spelling of jsonb: ", " and ": ", keys by length and bytes, none twice
};

// Scalars are kNone: a text that happens to be a number is no JSON document. So is what is in doubt
// (\u0000, surrogates, nesting beyond 64). REQUIRES: `text` is valid UTF-8.
JsonForm CheckJson(absl::string_view text);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_IMPORT_JSON_TEXT_H_
