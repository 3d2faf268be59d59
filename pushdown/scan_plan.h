// ScanPlan: what a scan will do, as data.
//
// A table type makes it (Table::Plan) from a ScanRequest; pg_glue copies it into PostgreSQL's plan
// tree and back, EXPLAIN prints it, Table::OpenScan runs it, unit tests assert it. It holds no
// pointer, connection or credential, and names no command: those are chosen at execution, from the
// server's capabilities and the key's present size.

#ifndef REDIS_FDW_PUSHDOWN_SCAN_PLAN_H_
#define REDIS_FDW_PUSHDOWN_SCAN_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pushdown/predicate.h"

namespace redis_fdw {

// Numeric values are stored in plans: append only.
enum class ScanOp : uint8_t {
  kScan = 0,     // every element
  kLookup = 1,   // the elements that equalities name
  kRange = 2,    // the elements between bounds
  kCount = 3,    // how many, without their values
  kNothing = 4,  // none: a predicate is true of no row
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

// What the result is. Numeric values are stored in plans: append only.
enum class OutputKind : uint8_t {
  kColumns = 0,  // rows
  kCount = 1,    // one row of one int64: how many rows there are
};

struct OutputShape {
  OutputKind kind = OutputKind::kColumns;
  std::vector<int> columns;  // ordinals of bound columns, in output order
  // How many of these, the last ones, nobody asked for: they name the row in messages.
  int naming = 0;

  // Cells in a row of the result.
  size_t width() const { return kind == OutputKind::kCount ? 1 : columns.size(); }
};

struct Ordering {
  int column = -1;  // ordinal of the bound column the rows are sorted by; -1: no order is promised
  bool descending = false;
  // The rows of a group (RowBatch::row_number says which) follow each other, and every row of a
  // group is before every row of the next, but within it they come as they come.
  bool grouped = false;

  friend bool operator==(const Ordering& a, const Ordering& b) {
    return a.column == b.column && a.descending == b.descending && a.grouped == b.grouped;
  }
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
  // Rows after which no more are wanted: a number, or the ordinal of an int64 operand (NULL there:
  // none), or the lesser of both; -1: none.
  int64_t limit = -1;
  int limit_operand = -1;
  int offset_operand = -1;  // ordinal of an int64 operand: rows to pass over first (NULL: 0)
  // Rows that the query will probably take before it stops; -1: all. Only a hint for page sizes.
  int64_t expected_rows = -1;
  ScanCost cost;
};

// What the planner believes of a predicate.
struct PredicateStats {
  double selectivity = -1;  // the share of rows it is true of; -1: unknown
  double operands = -1;     // of kIn: how many values the list has; -1: unknown
};

// What pg_glue asks a table type to plan.
struct ScanRequest {
  std::vector<Predicate> predicates;  // all that were proven, in the order of the clauses
  std::vector<PredicateStats> stats;  // of each; may be shorter, the rest is unknown
  OutputShape output;                 // of kCount, only the kind matters; columns are not known yet
  // The order that is wanted, which the plan may deliver or not; column -1: none.
  Ordering order;
  // Rows that will be taken, where it is known; -1: all.
  double rows_wanted = -1;
  double rows_in_key = 1000;  // estimate of the rows there are (of all keys, for Table::Plan)
  double keys = -1;           // estimate of the keys there are, where a table has many; -1: unknown
  // In the planner's units: a command that is waited for; an element, to be sent and decoded.
  double round_trip_cost = 10;
  double element_cost = 0.02;

  PredicateStats StatsOf(size_t i) const { return i < stats.size() ? stats[i] : PredicateStats(); }
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_PUSHDOWN_SCAN_PLAN_H_
