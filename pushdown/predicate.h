// Predicate: a condition of a WHERE or join clause, as data that knows nothing of PostgreSQL.
//
// pg_glue makes one only where operator, types and collation prove the semantics named here; what
// it cannot prove never becomes a Predicate and is evaluated by PostgreSQL alone. A table type then
// answers how well it can serve each: see Answer. Values are not here: `operand` is an ordinal into
// the parameter row that execution gets, so that a plan outlives its parameters.

#ifndef REDIS_FDW_PUSHDOWN_PREDICATE_H_
#define REDIS_FDW_PUSHDOWN_PREDICATE_H_

#include <cstdint>
#include <string>

namespace redis_fdw {

// column OP operand. Numeric values are stored in plans: append only.
enum class CompareOp : uint8_t {
  kEq = 0,
  kLt = 1,
  kLe = 2,
  kGt = 3,
  kGe = 4,
  kIn = 5,
  kLike = 6,    // kBytes: SQL's LIKE with backslash as its escape
  kPrefix = 7,  // kBytes: begins with the operand
};

// What the comparison compares. The operand's cell has the kind given (for kIn: a list of such).
enum class Semantics : uint8_t {
  kBytes = 0,    // equality, and order as memcmp() has it, of the bytes that Redis stores; bytes
  kInteger = 1,  // order of integers; int64
  // order of doubles as PostgreSQL sorts them: NaN equals itself, is above all; double
  kDouble = 2,
  kStreamId = 3,  // order of stream ids: milliseconds, then sequence; bytes, "1640995200000-0"
  // Order of text in a collation that sorts the digits as 0 to 9 and of which nothing else is
  // known: of two texts that begin with equally many digits the digits decide, unless they are the
  // same; bytes. Never for equality.
  kText = 4,
  // Order of numerics, with the nearest double in place of the operand: it may be off by half a
  // step of the double, so this only narrows; double.
  kNumeric = 5,
};

// How much of a predicate Redis decides. The weaker of two answers counts.
enum class Answer : uint8_t {
  kLocal = 0,     // nothing: PostgreSQL evaluates it on rows fetched otherwise
  kSuperset = 1,  // narrows: PostgreSQL evaluates it again
  kExact = 2,     // all: PostgreSQL need not look
};

inline Answer Weaker(Answer a, Answer b) { return a < b ? a : b; }

struct Predicate {
  int column = 0;  // ordinal of the bound column (Table::columns())
  CompareOp op = CompareOp::kEq;
  Semantics semantics = Semantics::kBytes;
  int operand = 0;  // ordinal in the parameter row
};

// "=", "<", "IN" ...
const char* OpName(CompareOp op);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PUSHDOWN_PREDICATE_H_
