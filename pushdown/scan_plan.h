// ScanPlan: what a scan will do, as data.
//
// A table type makes it (Table::Plan) from a ScanRequest; pg_glue copies it into PostgreSQL's plan
// tree and back, EXPLAIN prints it, Table::OpenScan runs it, unit tests assert it. It holds no
// pointer, connection or credential, and names no command: those are chosen at execution, from the
// server's capabilities and the key's present size.

#ifndef REDIS_FDW_PUSHDOWN_SCAN_PLAN_H_
#define REDIS_FDW_PUSHDOWN_SCAN_PLAN_H_

#include <cstdint>
#include <vector>

#include "pushdown/predicate.h"

namespace redis_fdw {

// Numeric values are stored in plans: append only.
enum class ScanOp : uint8_t {
  kScan = 0,    // every element
  kLookup = 1,  // the elements that equalities name
  kRange = 2,   // the elements between bounds
  kCount = 3,   // how many; reserved for the planner
};

// How the keys are found whose elements `ScanOp` reads. Numeric values are stored in plans: append
// only.
enum class KeyAccess : uint8_t {
  kOne = 0,     // the table is one key
  kLookup = 1,  // equalities name them
  kScan = 2,    // all that match, by SCAN
};

enum class ScanMode : uint8_t {
  kAuto = 0,      // the table type decides by size
  kSnapshot = 1,  // one command, atomic
  kCursor = 2,    // by cursor where the Redis type has one
};

// What a row of the result holds. Numeric values are stored in plans: append only.
enum class OutputKind : uint8_t { kColumns = 0, kCount = 1, kMin = 2, kMax = 3 };

struct OutputShape {
  OutputKind kind = OutputKind::kColumns;
  std::vector<int> columns;  // ordinals of bound columns, in output order
  // How many of these, the last ones, nobody asked for: they name the row in messages.
  int naming = 0;
};

struct Ordering {
  int column = -1;  // ordinal of the bound column the rows are sorted by; -1: no order is promised
  bool descending = false;
};

// A predicate that the scan makes use of.
struct PlannedPredicate {
  Predicate predicate;
  Answer answer = Answer::kLocal;  // kSuperset or kExact
};

struct ScanCost {
  double startup = 0;  // in the planner's units, without transferring rows
  double rows = 0;     // expected
  double per_row = 0;
};

struct ScanPlan {
  KeyAccess keys = KeyAccess::kOne;
  ScanOp op = ScanOp::kScan;  // within a key
  std::vector<PlannedPredicate> predicates;
  OutputShape output;
  Ordering order;
  int64_t limit = -1;  // rows after which no more are wanted; -1: none
  ScanCost cost;
};

// What pg_glue asks a table type to plan.
struct ScanRequest {
  std::vector<Predicate> predicates;  // all that were proven, in the order of the clauses
  OutputShape output;
  double rows_in_key = 1000;  // estimate of the elements there are
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_PUSHDOWN_SCAN_PLAN_H_
