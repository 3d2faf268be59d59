// SQL types of the differential test, and values of them: as SQL reads them and as Redis holds
// them.

#ifndef REDIS_FDW_TESTING_DIFFERENTIAL_VALUES_H_
#define REDIS_FDW_TESTING_DIFFERENTIAL_VALUES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "testing/differential/random.h"

namespace redis_fdw::test {

enum class Kind {
  kText,
  kBytes,
  kInteger,
  kNumeric,
  kFloat,
  kBool,
  kUuid,
  kInstant,
  kDate,
  kEnum,
  kJson,
  kStreamId,  // as text
  kSortedId,  // redis_stream_id
  kList
};

struct Type {
  std::string name;  // as columns are declared
  std::string base;  // as literals are cast: a domain's base type, no length
  Kind kind;
  size_t width = 0;               // of text: the most characters; 0: any number
  int bits = 0;                   // of integers
  const Type* element = nullptr;  // of arrays
};

// What scripts need before these types: domains, an enum, collations.
extern const char kTypeSetup[];

// The type of that declaration, which must be one of this file's.
const Type& TypeOf(const std::string& name);

// Types whose values write back the bytes they are read from, for what names an element.
const Type& IdentityType(Random* random);
// Any but arrays.
const Type& ValueType(Random* random);
// As a sorted set's score.
const Type& ScoreType(Random* random);
// An array type; its elements' types are those of IdentityType() if `identity`.
const Type& ListType(bool identity, Random* random);

struct Value {
  std::string sql;    // what the type's input function reads
  std::string redis;  // what Redis holds
};

// `canonical`: `redis` is what is written for the value; otherwise it may be another text of it.
Value RandomValue(const Type& type, bool canonical, Random* random);
// Of a score: what ZADD takes, and what SQL makes of it.
Value RandomScore(const Type& type, Random* random);
// A value like `sql` but for a small change.
std::string NearMiss(const Type& type, const std::string& sql, Random* random);
// A value of the element's type from an array's text, or any.
std::string ArrayText(const Type& type, const std::vector<std::string>& elements);

// "'it''s'", for servers with standard_conforming_strings.
std::string Quoted(const std::string& text);
// "'a'::text" or "NULL::text".
std::string Literal(const Type& type, const std::optional<std::string>& sql);

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_DIFFERENTIAL_VALUES_H_
