// Replies as Redis writes them, for fakes.
//
//   Array({Bulk("field"), Nil(), Int(3), Error("WRONGTYPE nested")})

#ifndef REDIS_FDW_TESTING_FAKES_RESP_H_
#define REDIS_FDW_TESTING_FAKES_RESP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace redis_fdw::test {

inline std::string Simple(absl::string_view text) { return absl::StrCat("+", text, "\r\n"); }
inline std::string Ok() { return Simple("OK"); }
// `text` begins with the code: "ERR ...", "WRONGTYPE ...".
inline std::string Error(absl::string_view text) { return absl::StrCat("-", text, "\r\n"); }
inline std::string Int(int64_t value) { return absl::StrCat(":", value, "\r\n"); }
inline std::string Bulk(absl::string_view bytes) {
  return absl::StrCat("$", bytes.size(), "\r\n", bytes, "\r\n");
}
inline std::string Nil() { return "$-1\r\n"; }
inline std::string NilArray() { return "*-1\r\n"; }
// Of replies.
inline std::string Array(const std::vector<std::string>& replies) {
  return absl::StrCat("*", replies.size(), "\r\n", absl::StrJoin(replies, ""));
}
// Of bulk strings.
inline std::string Bulks(const std::vector<std::string>& strings) {
  std::string reply = absl::StrCat("*", strings.size(), "\r\n");
  for (const std::string& bytes : strings) absl::StrAppend(&reply, Bulk(bytes));
  return reply;
}

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAKES_RESP_H_
