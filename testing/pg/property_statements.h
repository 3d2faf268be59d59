// Random statements for a foreign table and its model (property_model.h), the same for the same
// seed.

#ifndef REDIS_FDW_TESTING_PG_PROPERTY_STATEMENTS_H_
#define REDIS_FDW_TESTING_PG_PROPERTY_STATEMENTS_H_

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "testing/pg/property_layout.h"

namespace redis_fdw::test {

using Row = std::vector<std::optional<std::string>>;

// Stands in a statement for an array of the stream ids that the foreign table's has returned.
extern const char kReturnedIds[];

struct Statement {
  std::string foreign;
  std::string model;
  bool returning = false;  // both give rows, which are compared
  bool counts = true;      // both tell the same number of rows in their command tags
  bool one_row = false;    // if it fails, it has done nothing
  bool is_update = false;
  std::string copied;                 // what the foreign table's COPY copies
  std::vector<const Column*> params;  // of which columns $1 and so on are values
};

// "a, b": the names of columns.
std::string NameList(const std::vector<const Column*>& columns);

class Statements {
 public:
  Statements(const Layout& layout, uint64_t seed) : layout_(layout), random_(seed) {}

  // What the tables hold, the columns of the layout as ShownColumns() shows them. Statements then
  // mostly name what is there.
  void Know(std::vector<Row> rows) { rows_ = std::move(rows); }
  // Ids of a stream up to this one are taken.
  void KnowId(const std::string& id);

  // The next to apply to both.
  Statement Next();
  // One with parameters, to be run several times with Arguments().
  Statement NextPrepared();
  std::string Arguments(const Statement& statement);
  // A query, for both tables and with joins, of which they have to give the same rows.
  Statement Query();
  // Settings that must not matter: "SET a = b; SET ...".
  std::string Settings();

  uint64_t Below(uint64_t bound) { return random_() % bound; }
  bool Chance(uint64_t percent) { return Below(100) < percent; }

 private:
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }
  const Column& PickScalar();
  // nullptr if there is none. Columns that UPDATE can set, but for what names the row.
  const Column* PickSettable();
  const Column* PickIdentity();

  // A value of a column: a literal, or a parameter where the statement is to be prepared.
  std::string Value(const Column& column);
  std::string RawValue(const Column& column);
  std::string Literal(const Column& column);
  std::string ValueOrNull(const Column& column);
  std::string Pattern(const Column& column);

  // Conditions on the table aliased `t`.
  std::string Condition();
  std::string ConditionOn(const Column& column);
  std::string TextCondition(const Column& column, const std::string& c);
  std::string JsonCondition(const Column& column, const std::string& c);
  std::string Where() { return " WHERE " + Condition(); }
  // That names one row by its identity, mostly (or if `there`: surely) of one that is there.
  std::string WhereOne(bool there = false);

  // What an UPDATE may set a column to.
  std::string Changed(const Column& column);
  std::string SetList();
  // Something that depends on all of `column` and is not there yet.
  std::string Fresh(const Column& column);

  // The values of a row to insert, for `columns`.
  std::vector<std::string> NewRow(const std::vector<const Column*>& columns);
  std::vector<const Column*> InsertedColumns();
  // Makes of it the INSERT of the model, and that of the foreign table if there is none yet.
  void AddInsert(const std::string& columns, const std::string& source, bool ignore,
                 Statement* statement);
  std::string ReturningList() const;

  Statement Insert(bool one, bool returning);
  Statement InsertFromSelf();
  Statement InsertIntoStream();
  Statement Copy();
  Statement Update();
  Statement Rename();
  Statement Delete();
  Statement Truncate();
  struct Bad;
  std::vector<Bad> AllBad() const;
  Statement Refused();
  Statement OfBoth(const std::string& sql);
  void MaybeReturning(Statement* statement);

  const Layout& layout_;
  std::mt19937_64 random_;
  std::vector<Row> rows_;
  uint64_t next_id_ = 1000;
  uint64_t serial_ = 0;
  bool prepare_ = false;
  std::vector<const Column*> params_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_PG_PROPERTY_STATEMENTS_H_
