// What Redis holds of a table, and what a statement that failed may have made of it.
//
//   const Contents before = ReadContents(redis, target);
//   ... a statement with `effect` fails ...
//   EXPECT_TRUE(MayBeAfter(target, before, effect, ReadContents(redis, target)));

#ifndef REDIS_FDW_TESTING_FAULTS_CONTENTS_H_
#define REDIS_FDW_TESTING_FAULTS_CONTENTS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "testing/redis_server.h"

namespace redis_fdw::test {

enum class Kind { kString, kHash, kSet, kZset, kList, kStream };

// A table of one session: one key, or for strings all keys that begin with `key`.
struct Target {
  Kind kind;
  std::string table;
  std::string key;

  // Whether rows have a place of their own and no name: lists, streams.
  bool sequence() const { return kind == Kind::kList || kind == Kind::kStream; }
  // The name of the n-th row there may be.
  std::string Id(int n) const;
};

// Rows as (name, value). Sequences: in their order, without names. Else sorted by name; sets
// without values.
using Contents = std::vector<std::pair<std::string, std::string>>;

Contents ReadContents(RedisServer& redis, const Target& target);

// One row that a statement adds, changes, renames or takes away; atomic in Redis.
struct Change {
  std::string id;                     // what was there before, if anything was
  std::optional<std::string> new_id;  // none: the row goes
  std::string value;
};

// What a statement does to a table. Of a sequence: either appends or leaves `remaining`.
struct Effect {
  std::vector<Change> changes;
  std::vector<std::string> appended;
  std::optional<Contents> remaining;
};

// After the statement succeeded.
Contents Applied(const Target& target, const Contents& before, const Effect& effect);

// Whether `after` is `before` with a part of the effect, each element of it once or not at all; of
// what is appended, a beginning.
bool MayBeAfter(const Target& target, const Contents& before, const Effect& effect,
                const Contents& after);

// For messages.
std::string ToString(const Contents& contents);

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAULTS_CONTENTS_H_
