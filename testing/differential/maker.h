// Makes random queries over a world.

#ifndef REDIS_FDW_TESTING_DIFFERENTIAL_MAKER_H_
#define REDIS_FDW_TESTING_DIFFERENTIAL_MAKER_H_

#include <functional>
#include <string>
#include <vector>

#include "testing/differential/query.h"
#include "testing/differential/random.h"
#include "testing/differential/world.h"

namespace redis_fdw::test {

// A column as a query names it.
struct Ref {
  std::string sql;  // "t.f"
  const Column* column = nullptr;
  const Table* table = nullptr;  // whose rows hold values of it

  Kind kind() const { return column->type->kind; }
};

class Maker {
 public:
  Maker(const World& world, Random* random) : world_(world), random_(*random) {}

  Query Next();

 private:
  using Refs = std::vector<Ref>;

  // --- Operands (operands.cc) ---
  // A text that the column's type reads: of a row, near one, or any.
  std::string DrawText(const Ref& ref, Random* random) const;
  // An expression of a type, as a literal or, in prepared queries, mostly as a parameter.
  std::string Emit(const std::string& type, std::function<std::string(Random*)> draw);
  // To compare the column with.
  std::string Operand(const Ref& ref);
  std::string NumberOperand(const Ref& ref);
  std::string ArrayOperand(const Ref& ref);
  std::string ListOfOperands(const Ref& ref);
  std::string LikePattern(const Ref& ref, Random* random) const;
  std::string TextOperand(const std::function<std::string(Random*)>& draw);

  // --- Conditions (conditions.cc), about one row and always without error ---
  std::string Condition(const Refs& refs, int depth = 2);
  std::string Simple(const Ref& ref);
  std::string Comparison(const Ref& ref);
  std::string OfKind(const Ref& ref);
  std::string OfText(const Ref& ref);
  std::string OfNumber(const Ref& ref);
  std::string OfList(const Ref& ref);
  std::string OfJson(const Ref& ref);
  std::string OfRow(const Refs& refs);
  std::string Impossible(const Ref& ref);
  void AddConjuncts(const Refs& refs, size_t most, std::vector<std::string>* conjuncts);
  // " WHERE ...", or nothing.
  std::string Where(const Refs& refs, size_t most);
  // Like `ref`, or under "C" where equal texts may differ or functions do not take its collation.
  std::string Determined(const Ref& ref);

  const Table& PickTable() { return random_.Pick(world_.tables); }
  Refs RefsOf(const Table& table, const std::string& alias);
  const Ref& PickOrdered(const Refs& refs);

  // --- Expressions, orders and limits (orders.cc) ---
  // Any expression without error.
  std::string Expression(const Ref& ref);
  // One whose values are equal only if their texts are.
  std::string Canonical(const Ref& ref);
  std::string Direction();
  std::vector<OrderKey> SomeOrder(const Refs& refs);
  // Keys that leave nothing open but the order of rows that look the same.
  std::string TotalOrder(const Refs& refs);
  RowCount Count(int64_t most);
  void AddLimit(Query* query);
  void AddFetches(Query* query);

  // --- Single tables (shapes.cc) ---
  std::string Aggregate(const Ref& ref);
  void Plain(Query* query);
  void Aggregates(Query* query);
  void Groups(Query* query);
  void Exists(Query* query);
  void Distinct(Query* query);
  void Windows(Query* query);
  void Lookup(Query* query);
  void Range(Query* query);

  // --- Several (joins.cc) ---
  // A table, a local one or VALUES, as FROM names it.
  std::string Source(const std::string& alias, Refs* refs);
  std::string SmallSource(const std::string& alias, Refs* refs);
  // "a = b" of columns that can be compared; "true" if there are none.
  std::string Equality(const Refs& left, const Refs& right);
  void Join(Query* query);
  void Semi(Query* query);
  void Lateral(Query* query);
  void Correlated(Query* query);
  void Ctes(Query* query);
  void SetOperations(Query* query);
  void Appended(Query* query);

  bool Chance(uint64_t percent) { return random_.Chance(percent); }
  std::string Word(const std::vector<std::string>& words) { return random_.Pick(words); }

  struct Param {
    std::string type;
    std::function<std::string(Random*)> draw;  // an expression for EXECUTE
  };

  const World& world_;
  Random& random_;
  bool prepared_ = false;
  std::vector<Param> params_;  // of the query in the making
};

// Whether two columns can be compared by the operator =.
bool Comparable(const Ref& left, const Ref& right);

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_DIFFERENTIAL_MAKER_H_
