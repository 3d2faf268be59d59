// Which answers to a query are right: the rows that the ordinary table gives, in an order that is
// as open as the query leaves it.

#ifndef REDIS_FDW_TESTING_DIFFERENTIAL_ANSWERS_H_
#define REDIS_FDW_TESTING_DIFFERENTIAL_ANSWERS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "testing/differential/query.h"

namespace redis_fdw::test {

using ResultRow = std::vector<std::optional<std::string>>;

// "a | NULL": two rows that differ have texts that do.
std::string RowText(const ResultRow& row);

class Answers {
 public:
  // `rows`: of Query::OracleSql(); the last column is the rank if `ranked`.
  Answers(const std::vector<ResultRow>& rows, bool ranked);

  // Restricts them to OFFSET and LIMIT; nullopt: none.
  void Limit(std::optional<int64_t> offset, std::optional<int64_t> limit, bool with_ties);

  // Each of these says what is wrong, or nothing.
  std::string Check(const std::vector<ResultRow>& rows) const;
  // The rows of each FETCH from a cursor that has not been used.
  std::string CheckFetches(const std::vector<Fetch>& fetches,
                           const std::vector<std::vector<ResultRow>>& rows) const;

  size_t size() const { return last_ - first_; }

 private:
  // Rows not yet given, by rank and text.
  using Left = std::map<std::pair<int64_t, std::string>, int>;

  Left All() const;
  // Takes the row at `position` (from 0, after OFFSET) out of `left`.
  std::string Take(size_t position, const std::string& row, Left* left) const;

  std::vector<std::pair<int64_t, std::string>> rows_;  // rank, text; in the order of ranks
  bool ranked_;
  size_t first_ = 0;
  size_t last_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_DIFFERENTIAL_ANSWERS_H_
