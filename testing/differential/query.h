// A query of the differential test, in parts, so that it can be run, asked of the ordinary table in
// a form that says which answers are right, and reduced.

#ifndef REDIS_FDW_TESTING_DIFFERENTIAL_QUERY_H_
#define REDIS_FDW_TESTING_DIFFERENTIAL_QUERY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace redis_fdw::test {

struct OrderKey {
  std::string expression;  // an output's alias ("c2"), or over what FROM has
  std::string direction;   // " DESC NULLS LAST", " USING ..." or nothing
};

// LIMIT or OFFSET: what is written, and its number; nullopt: NULL, or it is not there.
struct RowCount {
  std::string text;  // empty: not there
  std::optional<int64_t> number;
  int param = -1;  // if not negative, the number is this parameter's
};

struct Fetch {
  std::string direction;  // as in FETCH
  bool absolute = false;
  // Rows to go, backwards if negative; or the position.
  int64_t count = 0;
};

struct Query {
  enum class Mode { kPlain, kPrepared, kCursor };

  std::string with;      // "WITH ... ", or nothing
  std::string distinct;  // "DISTINCT ", "DISTINCT ON (...) ", or nothing
  std::vector<std::string> outputs;
  std::string from;
  std::vector<std::string> conjuncts;
  std::string tail;  // GROUP BY ... HAVING ...
  // In place of the five above: a query whose outputs are called c1 and so on.
  std::string whole;

  std::vector<OrderKey> order;
  RowCount limit;
  RowCount offset;
  bool with_ties = false;

  Mode mode = Mode::kPlain;
  std::vector<std::string> params;                  // types of $1 and so on, if prepared
  std::vector<std::vector<std::string>> arguments;  // of each EXECUTE, as expressions
  bool scroll = false;                              // of a cursor
  std::vector<Fetch> fetches;                       // from a cursor

  // What is run.
  std::string Sql() const;
  // What is asked of the ordinary table: all rows without LIMIT and OFFSET, and, if an order is
  // wanted, each one's rank in it as a last column.
  std::string OracleSql() const;
  bool ranked() const { return !order.empty(); }

 private:
  std::string Body(const std::string& more_outputs) const;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_DIFFERENTIAL_QUERY_H_
