// What statements that read and statements that write are made of alike.

#ifndef REDIS_FDW_TESTING_FAULTS_LOAD_PARTS_H_
#define REDIS_FDW_TESTING_FAULTS_LOAD_PARTS_H_

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "testing/faults/contents.h"

namespace redis_fdw::test {

constexpr int kNames = 300;  // rows there may be in a table with names
constexpr int kBatch = 7;    // option batch_size

inline std::string Quoted(const std::string& text) { return absl::StrCat("'", text, "'"); }

// A row as statements give it.
inline std::string Line(const std::pair<std::string, std::string>& row, Kind kind) {
  return kind == Kind::kSet ? row.first : absl::StrCat(row.first, "|", row.second);
}

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAULTS_LOAD_PARTS_H_
