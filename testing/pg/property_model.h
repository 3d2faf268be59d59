// The ordinary table that means the same as a foreign table, and the means to compare the two.
//
// `f` is the foreign table and `m` the model. m has two columns more: `ord`, in whose order the
// elements of a list are, and `one`, by which a table of one row has a name for it. What Redis
// makes of a value when it is stored, a trigger makes of it in m; what is refused, constraints and
// the trigger refuse with the SQLSTATE that the foreign table owes. `loc_COLUMN (k, n)` are local
// tables to join with.

#ifndef REDIS_FDW_TESTING_PG_PROPERTY_MODEL_H_
#define REDIS_FDW_TESTING_PG_PROPERTY_MODEL_H_

#include <string>
#include <vector>

#include "testing/pg/property_layout.h"
#include "testing/redis_server.h"

namespace redis_fdw::test {

// "'it''s'", for servers with standard_conforming_strings.
std::string Quote(const std::string& text);

// CREATE FOREIGN TABLE f. `options`: more of them, each with a comma in front.
std::string ForeignDdl(const Layout& layout, const std::string& options);
// m, its trigger and the tables to join with.
std::string ModelDdl(const Layout& layout);

// What to select of a column so that both tables show the same: a TTL that a few seconds are gone
// of is rounded, -0 is 0.
std::string Shown(const Column& column);
// That of all columns, of the table aliased `t`.
std::string ShownColumns(const Layout& layout);
// Whether columns of it can be compared and joined: no arrays, no JSON, no TTL.
bool IsScalar(const Column& column);

// The columns of m that name a row, for ON CONFLICT.
std::vector<std::string> Conflict(const Layout& layout);

// Makes a list's indexes follow from `ord`; empty for what is no list.
std::string Renumber(const Layout& layout);

// What Redis holds as text, a line per element, sorted: what the independent client found...
std::vector<std::string> RedisState(const Layout& layout, RedisServer* redis,
                                    const std::vector<std::string>& ignored);
// ... and the query that says the same of m, in any order.
std::string ModelState(const Layout& layout);
// A line of its result, in the form of the former.
std::string StateLine(const Layout& layout, std::vector<std::string> parts);

// Keys of other types that match the pattern of `layout`: its tables neither see nor touch them.
std::vector<std::string> MakeStrangers(const Layout& layout, RedisServer* redis);

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_PG_PROPERTY_MODEL_H_
